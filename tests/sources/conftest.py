"""What the tests of sources share: GStreamer or a reason to skip, options, and films made here."""
import os

import cv2
import numpy as np
import pytest

from appliance import config
from appliance.cli import DEMO_CLIP
from appliance.sources import open_source, sensors
from tests.fakes import jetson
from tests.fakes.kernel import Kernel


@pytest.fixture(scope="session")
def gst():
    """GStreamer, started."""
    gi = pytest.importorskip("gi", reason="no GStreamer for this Python")
    gi.require_version("Gst", "1.0")
    from gi.repository import Gst
    Gst.init(None)
    return Gst


@pytest.fixture
def camera():
    """The [camera] options as they come."""
    return config.defaults().camera


@pytest.fixture(scope="session")
def film(gst, tmp_path_factory):
    """film(pictures, caps, encoder, muxer, pattern): the path of a film made here, once each;
    "a|b" as an encoder is b where there is no a."""
    made = {}

    def make(pictures=12, caps="format=I420,width=320,height=240,framerate=30/1",
             encoder="jpegenc quality=95", muxer="avimux", pattern="smpte"):
        key = (pictures, caps, encoder, muxer, pattern)
        if key not in made:
            made[key] = str(tmp_path_factory.mktemp("film") / "made.video")
            write(gst, made[key], *key)
        return made[key]
    return make


def write(gst, path, pictures, caps, encoder, muxer, pattern):
    others = encoder.split("|")
    encoder = ([one for one in others if gst.ElementFactory.find(one.split()[0])] or others)[0]
    for element in (encoder.split()[0], muxer.split()[0]):
        if not gst.ElementFactory.find(element):
            pytest.skip("no %s here" % element)
    line = ("videotestsrc num-buffers=%d pattern=%s ! video/x-raw,%s ! %s ! %s ! filesink "
            "location=%s" % (pictures, pattern, caps, encoder, muxer, path))
    pipeline = gst.parse_launch(line)
    pipeline.set_state(gst.State.PLAYING)
    ends = gst.MessageType.EOS | gst.MessageType.ERROR
    message = pipeline.get_bus().timed_pop_filtered(20 * gst.SECOND, ends)
    pipeline.set_state(gst.State.NULL)
    assert message is not None and message.type == gst.MessageType.EOS


@pytest.fixture(scope="session")
def plugin(gst, tmp_path_factory):
    """The path of the plugin with the stand-ins for NVIDIA's elements, made here."""
    why = jetson.lacking()
    if why:
        pytest.skip(why)
    return os.path.join(jetson.build(str(tmp_path_factory.mktemp("plugin"))), jetson.LIBRARY)


@pytest.fixture
def elements(gst, plugin):
    """NVIDIA's elements are there, for one test."""
    loaded = gst.Plugin.load_file(plugin)
    yield loaded
    gst.Registry.get().remove_plugin(loaded)


@pytest.fixture
def board(elements, tmp_path, monkeypatch):
    """board(sensor, ...): the sensors that the system tells of."""
    folder = tmp_path / "system"
    monkeypatch.setattr(sensors, "SYSTEM", str(folder))

    def make(*models):
        for number, model in enumerate(models):
            (folder / ("video%d" % number)).mkdir(parents=True, exist_ok=True)
            (folder / ("video%d" % number) / "name").write_text(
                "vi-output, %s %d-0010\n" % (model, 7 + number) if model else "Webcam\n")
    make("imx219")
    return make


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """The first seconds of the demo's clip as the stand-ins read it."""
    path = str(tmp_path_factory.mktemp("clip") / "luma")
    film, pictures = cv2.VideoCapture(DEMO_CLIP), []
    while len(pictures) < 60:
        pictures.append(cv2.cvtColor(film.read()[1], cv2.COLOR_BGR2GRAY))
    with open(path, "wb") as f:
        f.write(np.array(pictures).tobytes())
    return "%dx%d:%s" % (pictures[0].shape[1], pictures[0].shape[0], path)


@pytest.fixture
def plug(tmp_path, monkeypatch):
    """A camera that is plugged in; see plug.Plug."""
    pytest.importorskip("gi", reason="no GStreamer for this Python")
    from appliance.sources import cameras, live, v4l2
    from tests.sources.plug import Plug
    kernel = Kernel(str(tmp_path))
    monkeypatch.setattr(v4l2, "ioctl", kernel.ioctl)
    monkeypatch.setattr(live, "AGAIN", 0.05)
    find = cameras.find
    monkeypatch.setattr(cameras, "find", lambda *words: find(*words, dev=kernel.dev))
    return Plug(kernel, monkeypatch)


@pytest.fixture
def opened(camera):
    """opened(url, **changes of the options): a source that is closed after the test."""
    sources = []

    def make(url="usb", **changes):
        sources.append(open_source(url, camera._replace(**changes)))
        return sources[-1]
    yield make
    for source in sources:
        source.close()
