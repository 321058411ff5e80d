"""A launch line of the user's own: what it delivers, what is refused, and that it comes back."""
import pytest

from appliance.errors import PartMissing, UsageError

pytest.importorskip("gi", reason="no GStreamer for this Python")

from appliance.sources import gstreamer, launch  # noqa: E402
from tests.sources.plug import nothing, picture, until  # noqa: E402

LINE = ("pipeline:videotestsrc is-live=true name=mine ! video/x-raw,format=YUY2,width=320,"
        "height=240")


def test_what_the_line_delivers_is_read(opened):
    source = opened(LINE)
    assert until(source, picture).luma.shape == (240, 320)
    assert source.state == "running" and source.rate is None


def test_it_is_turned_as_any_other_camera_is(opened):
    assert until(opened(LINE, rotation=90), picture).luma.shape == (320, 240)


def test_the_documented_example_is_a_line():
    assert gstreamer.sinks(launch.EXAMPLE.partition(":")[2]) == []


def test_elements_that_link_when_pictures_come_are_taken(opened, film):
    assert until(opened("pipeline:filesrc location=%s ! decodebin" % film(12)), picture)


@pytest.mark.parametrize("line, told", [
    ("videotestsrc ! fakesink", "it ends in fakesink; leave that out"),
    ("videotestsrc ! tee name=t t. ! queue ! filesink location=/tmp/x t. ! queue", "filesink"),
    ("videotestsrc nothing=1", 'no property "nothing"'), ("videotestsrc ! ! videoflip", "syntax"),
    ("videotestsrc ! jpegdec", "could not link"), ("audiotestsrc", "could not link"),
    ("videotestsrc !", "syntax")])
def test_a_wrong_line_is_one_error_line(opened, line, told):
    with pytest.raises(UsageError) as e:
        opened("pipeline:" + line)
    assert told in str(e.value) and "\n" not in str(e.value)


def test_an_element_that_is_not_installed_is_told_with_its_package(opened):
    with pytest.raises(PartMissing, match="nosuchelement: not installed; sudo apt-get install"):
        opened("pipeline:nosuchelement ! videoflip")


def test_what_breaks_off_is_begun_anew_and_numbers_go_on(opened, monkeypatch):
    source = opened(LINE)
    before = until(source, picture).number
    element = source._pipeline._pipeline.get_by_name("mine")
    gst, error = gstreamer.Gst, gstreamer.GLib.Error.new_literal(
        gstreamer.Gst.ResourceError.quark(), "it is gone", gstreamer.Gst.ResourceError.READ)
    element.post_message(gst.Message.new_error(element, error, "the test"))
    element.send_event(gst.Event.new_eos())
    until(source, nothing)
    assert source.state == "waiting for the pipeline: it is gone"
    assert until(source, picture).number > before and source.restarts == 1
