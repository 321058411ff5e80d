"""The door to GStreamer: luma without a copy, memory given back, colour beside it, no noise."""
import os
import resource
import subprocess
import sys

import numpy as np
import pytest

from appliance.errors import PartMissing

pytest.importorskip("gi", reason="no GStreamer for this Python")

from appliance.sources import gstreamer, lines, open_source  # noqa: E402
from appliance.sources.gstreamer import Pipeline  # noqa: E402
from appliance.sources.lines import line  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


@pytest.fixture
def pulled(camera, monkeypatch):
    """pulled(launch line, sink, rgb): a Pipeline at work, closed after the test."""
    pipelines = []

    def make(text, sink="every", rgb=False):
        monkeypatch.setitem(lines.LINES, "made", text)
        pipelines.append(Pipeline(line("made", camera, sink, rgb)))
        pipelines[-1].play()
        return pipelines[-1]
    yield make
    for pipeline in pipelines:
        pipeline.close()


def pattern(form, width=322, height=242):
    return ("videotestsrc pattern=smpte100 ! video/x-raw,format=%s,width=%d,height=%d "
            "! videoconvert" % (form, width, height))


@pytest.mark.parametrize("form", ["GRAY8", "NV12", "NV21", "YV12", "Y42B", "Y444", "YUY2", "UYVY",
                                  "RGB", "BGR"])
def test_every_format_gives_its_luma(pulled, form):
    one, other = (pulled(pattern(f)).pull(5).luma.astype(float) for f in ("I420", form))
    assert one.shape == other.shape == (242, 322)
    # Equal up to limited and full range.
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.999


@pytest.mark.parametrize("size", [(321, 241), (1, 1), (2, 3), (16, 16), (640, 2), (3840, 2160)])
def test_odd_and_extreme_sizes_keep_their_rows_apart(pulled, size):
    luma = pulled(pattern("I420", *size).replace("smpte100", "gradient")).pull(5).luma
    assert luma.shape == size[::-1]
    # The pattern runs from top to bottom: each row is of one value.
    assert (luma == luma[:, :1]).all()


def test_luma_lies_in_the_memory_of_gstreamer(pulled):
    luma = pulled(pattern("I420", 321, 241)).pull(5).luma
    assert luma.strides == (324, 1) and not luma.flags.owndata and not luma.flags.writeable


def test_a_picture_kept_too_long_is_no_crash(pulled):
    pipeline = pulled(pattern("I420"))
    kept = [pipeline.pull(5).luma for _ in range(5)]
    pipeline.close()
    assert all(picture.sum() >= 0 for picture in kept)


@pytest.mark.parametrize("rgb", [False, True])
def test_memory_does_not_grow(pulled, rgb):
    pipeline = pulled(pattern("I420", 640, 480), rgb=rgb)

    def after(pictures):
        for _ in range(pictures):
            assert pipeline.pull(5).luma is not None
        return resident()
    first = after(100)
    assert after(500 if rgb else 2000) - first < 10        # a leak would be 400 kB a picture


def test_memory_of_large_pictures_does_not_grow(pulled):
    pipeline = pulled(pattern("I420", 3840, 2160).replace("smpte100", "black"))
    for _ in range(10):
        pipeline.pull(5)
    before = resident()
    for _ in range(60):
        pipeline.pull(5)
    assert resident() - before < 30                             # a leak would be 12 MB a picture


def resident():
    """Resident memory in MB."""
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize() / 1e6


@pytest.mark.parametrize("sink", ["live", "every"])
def test_colour_and_luma_are_of_one_picture(pulled, sink):
    ball = pattern("I420").replace("smpte100", "ball") + " ! identity sleep-time=2000"
    pipeline = pulled(ball, sink, rgb=True)
    for _ in range(30):
        picture = pipeline.pull(5)
        ball = np.unravel_index(picture.luma.argmax(), picture.luma.shape)
        assert picture.rgb[ball].min() > 200
        assert abs(int(picture.rgb[:, :, 1].mean()) - int(picture.luma.mean())) < 20


def test_an_element_that_is_not_installed_is_told_with_its_package(monkeypatch, camera):
    monkeypatch.setitem(lines.LINES, "test", "nosuchelement name=x")
    with pytest.raises(PartMissing, match="nosuchelement: not installed; sudo apt-get install"):
        open_source("test", camera)


def test_every_element_of_the_lines_has_its_package_named():
    words = " ".join(list(lines.LINES.values()) + list(lines.FLIPS.values())).split()
    elements = {word for before, word in zip(["!"] + words, words) if before == "!"}
    plugged = {e for e in elements if not e.startswith(("video/", "image/", "nv", "{"))}
    assert plugged - {"filesrc", "fdsrc"} <= set(lines.PACKAGES)


READ = """
import logging, sys
from appliance import config
from appliance.errors import KagamiError
from appliance.sources import open_source
for url in sys.argv[1:]:
    try:
        source = open_source(url, config.defaults().camera, url.startswith("file:"))
        for _ in range(3):
            source.read(0.1)
    except KagamiError as e:
        print(e)
"""


def ran(program, *words):
    """What a program said in a process of its own."""
    return subprocess.run([sys.executable, "-c", program] + list(words), cwd=ROOT, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)


def test_gstreamer_itself_says_nothing(film, tmp_path):
    broken = tmp_path / "broken.avi"
    content = bytearray(open(film(12), "rb").read())
    content[9000::97] = bytes(len(content[9000::97]))
    broken.write_bytes(content)
    words = tmp_path / "words.mp4"
    words.write_text("no film")
    urls = ["file:%s" % broken, "file:%s" % words, "file:" + film(12), "usb:/dev/video99", "test"]
    run = ran(READ, *urls)
    heard = [row for row in run.stderr.splitlines() if not row.startswith("waiting for camera")]
    assert run.returncode == 0 and heard == []


def test_without_its_bindings_gstreamer_is_named(tmp_path):
    (tmp_path / "gi").mkdir()
    (tmp_path / "gi" / "__init__.py").write_text("raise ImportError('No module named gi')")
    told = ran("import sys; sys.path.insert(0, %r)\n%s" % (str(tmp_path), READ), "test").stdout
    assert "GStreamer: its Python bindings do not load" in told
    assert "apt-get install python3-gi" in told


@pytest.mark.parametrize("name", sorted(lines.PACKAGES))
def test_an_element_is_in_the_package_that_is_named_for_it(name):
    gstreamer.Gst.init(None)
    factory = gstreamer.Gst.ElementFactory.find(name)
    if factory is None:
        pytest.skip("no %s here" % name)
    assert factory.get_plugin().get_source() == "gst-plugins-" + lines.PACKAGES[name]
