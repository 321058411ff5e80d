"""Kagami on a machine whose one USB camera is the file /dev/video0, for a container without one:
taken away it is pulled out, made anew it is plugged in. What the kernel tells of it is played; its
pictures, through real GStreamer, are those of STAND_IN_CLIP ("WIDTHxHEIGHT:PATH", gray)."""
import os
import sys

from appliance.cli import main
from appliance.sources import gstreamer, lines, usb, v4l2
from tests.fakes.kernel import Kernel

NODE = "/dev/video0"
RAW = ("multifilesrc location=%s loop=true ! rawvideoparse format=gray8 width=%s "
       "height=%s framerate=30/1 ! videorate ! identity name=camera sync=true ! videoconvert")


def fails(element, words):
    """A camera's element tells its driver's error."""
    Gst, GLib = gstreamer.Gst, gstreamer.GLib
    error = GLib.Error.new_literal(Gst.ResourceError.quark(), words, Gst.ResourceError.READ)
    element.post_message(Gst.Message.new_error(element, error, "the test"))


def watched(text):
    """A pipeline that fails once the node is gone."""
    made = gstreamer.Pipeline(text)
    pad = made._pipeline.get_by_name("camera").get_static_pad("src")
    pad.add_probe(gstreamer.Gst.PadProbeType.BUFFER, _passes)
    return made


def _passes(pad, _):
    if os.path.exists(NODE):
        return gstreamer.Gst.PadProbeReturn.OK
    fails(pad.get_parent(), "Could not read from resource.")
    pad.push_event(gstreamer.Gst.Event.new_eos())     # a source that fails ends its stream
    return gstreamer.Gst.PadProbeReturn.DROP


if __name__ == "__main__":
    size, film = os.environ["STAND_IN_CLIP"].split(":")
    width, height = size.split("x")
    kernel = Kernel(os.path.dirname(NODE))
    kernel.nodes[NODE] = ("Webcam", 0x1, {"YUYV": {
        (int(width), int(height)): [(1, 30)]}}, {v4l2.POWER_LINE: (0, 2)})
    v4l2.ioctl, usb.Pipeline = kernel.ioctl, watched
    lines.LINES["raw"] = RAW % (film, width, height)
    sys.exit(main())
