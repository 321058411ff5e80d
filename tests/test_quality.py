"""The option quality: which network places the points, what happens where it is not to be had, and
that nothing counts on the usual network's size."""
import gc
import os
import weakref

import cv2
import numpy as np
import pytest

import appliance
from appliance import cli, config, quality
from appliance.backends import manifest
from appliance.errors import ConfigError, DataError, PartMissing, UsageError
from appliance.tracker import Tracker
from tests.fakes import dots

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
pytest.importorskip("onnx", reason="the package onnx is not installed")
from appliance.backends.onnxruntime import OnnxRuntime  # noqa: E402
from tests.fakes import finer  # noqa: E402

DEMO = os.path.join(os.path.dirname(appliance.__file__), "demo.mp4")
SHIPPED = ["shipped"] * ("fine" in manifest.read())
FACE = (320, 200, 1.1)


def wanting(word, *more):
    """The defaults with a quality, and more options."""
    return config.load(config.DEFAULTS, ["tracker.quality=" + word] + list(more))


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """The path of a manifest whose [fine] sees what the usual network sees."""
    return finer.add(tmp_path_factory.mktemp("engines"))


@pytest.fixture(scope="module", params=["played"] + SHIPPED)
def path(request, played):
    """The path of a manifest with a network [fine]."""
    return played if request.param == "played" else manifest.MANIFEST


@pytest.fixture
def installed(played, monkeypatch):
    """That manifest in place of the program's own."""
    monkeypatch.setattr(manifest, "read", lambda _=None, read=manifest.read: read(played))


@pytest.fixture(scope="module")
def pictures():
    """The demo's first 24, in luma."""
    video = cv2.VideoCapture(DEMO)
    return [cv2.cvtColor(video.read()[1], cv2.COLOR_BGR2GRAY) for _ in range(24)]


class Without(dots.Dots):
    """A backend with no engine of a finer network."""

    def load(self, name, faces=1):
        """As of the dots."""
        if name == "fine":
            raise PartMissing("engine of fine", "none here", "build it")
        return dots.Dots.load(self, name, faces)


def size(face):
    return np.sqrt(np.prod(np.ptp(face.landmarks, axis=0)))


@pytest.mark.parametrize("word, spared", [("standard", ["fine"]), ("fine", [])])
def test_the_finer_network_is_needed_where_it_is_wanted_alone(word, spared):
    names = ["landmarks", "detector", "fine", "my_own"]
    assert quality.needed(names, word) == [name for name in names if name not in spared]


def test_a_quality_is_known_where_its_network_is():
    assert quality.known(["landmarks", "iris"]) == ["standard"]
    assert quality.known(["landmarks", "fine"]) == ["standard", "fine"]


def test_both_look_alike_through_the_finer_crop(path, pictures):
    """Close, for another network; the same, for the one that is the usual one inside."""
    far, turned = (0.05, 6) if path == manifest.MANIFEST else (0.004, 1)
    usual, fine = (Tracker(wanting(word), backend=OnnxRuntime(path))
                   for word in ("standard", "fine"))
    for number, luma in enumerate(pictures):
        (one,), (other,) = usual(luma, number / 30.0), fine(luma, number / 30.0)
        assert np.hypot(*(one.landmarks - other.landmarks).T).mean() < far * size(one)
        assert np.abs(np.subtract(one.angles, other.angles)).max() < turned
        assert 0.5 < np.mean(other.sigma) / np.mean(one.sigma) < 2


def test_a_given_box_is_looked_at_from_both_sides_in_the_finer_crop(played, pictures):
    tracked, = Tracker(wanting("standard"), backend=OnnxRuntime(played))(pictures[0])
    usual, fine = (Tracker(wanting(word), backend=OnnxRuntime(played))(
        pictures[0], rois=[tracked.box])[0] for word in ("standard", "fine"))
    assert np.abs(usual.landmarks - fine.landmarks).max() < 0.02 * size(usual)
    assert usual.sigma == pytest.approx(fine.sigma, rel=0.1)


def test_two_faces_go_through_the_finer_network_at_once(path, pictures):
    small = [cv2.resize(luma, (320, 240)) for luma in pictures]
    tracker = Tracker(wanting("fine", "tracker.max_faces=2"), backend=OnnxRuntime(path))
    found = [tracker(np.hstack((one, other))) for one, other in zip(small, small[3:])]
    assert [len(faces) for faces in found[1:]] == [2] * len(found[1:])
    alone = Tracker(wanting("fine"), backend=OnnxRuntime(path))(small[0])[0]
    assert min(np.abs(face.landmarks - alone.landmarks).max() for face in found[0]) < 0.02 * size(
        alone)


def test_another_quality_goes_on_with_the_faces_as_they_are(played, pictures):
    usual, changing = (Tracker(wanting("standard"), backend=OnnxRuntime(played)) for _ in range(2))
    for number, luma in enumerate(pictures):
        if number in (8, 16):
            changing.change(wanting("fine" if number == 8 else "standard"))
        (one,), (other,) = usual(luma, number / 30.0), changing(luma, number / 30.0)
        assert (other.id, other.state) == (1, "tracked")
        assert np.abs(one.landmarks - other.landmarks).max() < 0.01 * size(one)


def test_of_two_networks_only_the_one_at_work_stays_loaded():
    backend, loaded = dots.Dots(), weakref.WeakValueDictionary()
    load = backend.load
    backend.load = lambda name, faces=1: loaded.setdefault(name, load(name, faces))
    tracker = Tracker(wanting("standard"), backend=backend)
    assert "landmarks" in loaded and "fine" not in loaded
    tracker.change(wanting("fine"))
    gc.collect()
    assert "fine" in loaded and "landmarks" not in loaded
    assert tracker(dots.picture(FACE)) and backend.calls["fine"] and not backend.calls["landmarks"]


def test_other_options_load_no_network_again():
    backend, names = dots.Dots(), []
    load = backend.load
    backend.load = lambda name, faces=1: names.append((name, faces)) or load(name, faces)
    tracker = Tracker(wanting("fine"), backend=backend)
    del names[:]
    tracker.change(wanting("fine", "tracker.score=0.4", "smoothing.head_cutoff=2"))
    assert names == []
    tracker.change(wanting("standard", "tracker.max_faces=2"))
    assert [one for one in names if one[0] in ("landmarks", "fine")] == [
        ("landmarks", 1), ("landmarks", 2)]


def test_at_a_terminal_a_start_without_the_finer_engine_tells_what_to_do():
    with pytest.raises(PartMissing, match="engine of fine: none here; build it"):
        Tracker(wanting("fine"), backend=Without())


def test_a_manifest_without_it_is_told_by_every_backend(tmp_path):
    folder = os.path.dirname(manifest.MANIFEST)
    for file in os.listdir(folder):
        if file.endswith(".onnx") and file != "fine.onnx":
            os.symlink(os.path.join(folder, file), str(tmp_path / file))
    with open(manifest.MANIFEST) as f:
        text = f.read().replace("[fine]", "[another]").replace("fine.onnx", "iris.onnx")
    (tmp_path / "manifest.ini").write_text(text)
    with pytest.raises(DataError, match=r"manifest.ini: has no section \[fine\]"):
        Tracker(wanting("fine"), backend=OnnxRuntime(str(tmp_path / "manifest.ini")))


def test_a_service_without_the_finer_engine_goes_on_as_usual_and_says_so(monkeypatch, caplog):
    monkeypatch.setenv("NOTIFY_SOCKET", "@nobody")
    tracker = Tracker(wanting("fine"), backend=Without())
    assert tracker(dots.picture(FACE))
    assert caplog.messages == [
        "engine of fine: none here; build it (meanwhile landmarks places the points)"]


def test_a_change_to_what_is_not_there_leaves_the_network_at_work_and_says_so(caplog):
    backend = Without()
    tracker = Tracker(wanting("standard"), backend=backend)
    face, = tracker(dots.picture(FACE))
    tracker.change(wanting("fine", "tracker.max_faces=2"))
    again, = tracker(dots.picture(FACE))
    assert again.id == face.id and len(caplog.messages) == 1
    assert caplog.messages[0].endswith("(meanwhile landmarks places the points)")


def test_it_is_tried_again_with_the_next_change():
    backend = Without()
    tracker = Tracker(wanting("standard"), backend=backend)
    tracker.change(wanting("fine"))
    backend.load = lambda name, faces=1: dots.Dots.load(backend, name, faces)
    tracker.change(wanting("fine"))
    assert tracker(dots.picture(FACE)) and backend.calls["fine"]


def test_the_usual_quality_reads_no_manifest(monkeypatch):
    monkeypatch.setattr(manifest, "read", lambda *_: pytest.fail("read"))
    quality.check("standard")


def test_a_network_that_is_not_the_manifests_is_told(played, tmp_path, monkeypatch):
    known = manifest.read(played)
    (tmp_path / "fine.onnx").write_bytes(b"another")
    for name, told in (("fine.onnx", "SHA-256 differs"), ("none.onnx", "No such file")):
        one = dict(known, fine=known["fine"]._replace(path=str(tmp_path / name)))
        monkeypatch.setattr(manifest, "read", lambda *_, one=one: one)
        with pytest.raises(UsageError, match=told):
            quality.check("fine")


def without(monkeypatch):
    """A manifest that has no [fine]."""
    monkeypatch.setattr(manifest, "read", lambda *path, read=manifest.read: {
        name: network for name, network in read(*path).items() if name != "fine"})


def test_a_quality_without_its_network_is_a_mistake_of_its_line(tmp_path, monkeypatch, capsys):
    without(monkeypatch)
    path = tmp_path / "kagami.conf"
    path.write_text("[tracker]\nscore = 0.4\nquality = fine\n")
    assert cli.main(["config", "--config", str(path)]) == ConfigError.status
    told, = capsys.readouterr().err.splitlines()
    assert told.startswith("kagami: error: %s:3: tracker.quality = fine: " % path)
    assert "there is no network [fine]" in told and told.endswith("; set it to standard")


def test_a_word_that_is_no_quality_is_told_with_the_nearest():
    with pytest.raises(ConfigError, match="did you mean fine?"):
        wanting("fin")


def test_a_file_is_measured_by_the_finer_network_where_that_is_asked(
        installed, tmp_path, monkeypatch, pictures):
    pytest.importorskip("gi", reason="GStreamer's Python bindings are not here")
    loaded, load = [], OnnxRuntime.load
    monkeypatch.setattr(OnnxRuntime, "load", lambda self, name, faces=1: (
        loaded.append(name) or load(self, name, faces)))
    cv2.imwrite(str(tmp_path / "face.png"), pictures[0])
    words = ["track", str(tmp_path / "face.png"), "--json", str(tmp_path / "out.jsonl"),
             "--set", "backend.name=onnxruntime", "--set", "tracker.quality=fine"]
    assert cli.main(words) == 0
    assert "fine" in loaded and "landmarks" not in loaded
    assert '"faces": [{' in (tmp_path / "out.jsonl").read_text()
