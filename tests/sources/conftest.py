"""What the tests of sources share: GStreamer or a reason to skip, options, and films made here."""
import pytest

from appliance import config


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
    """film(pictures, caps, encoder, muxer, pattern): the path of a film made here, once each."""
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
