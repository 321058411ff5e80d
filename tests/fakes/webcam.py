"""Kagami on a machine whose one USB camera is the file /dev/video0, for a container without one:
taken away it is pulled out, made anew it is plugged in. What the kernel tells of it is played; its
pictures, through real GStreamer, are those of STAND_IN_CLIP ("WIDTHxHEIGHT:PATH", gray)."""
import os
import sys
from threading import Thread
from time import sleep

from appliance.cli import main
from appliance.sources import gstreamer, lines, usb, v4l2
from tests.fakes.kernel import Kernel

NODE = "/dev/video0"
RAW = ("multifilesrc name=camera location=%s loop=true ! rawvideoparse format=gray8 width=%s "
       "height=%s framerate=30/1 ! videorate ! identity sync=true ! videoconvert")


def fails(element, words):
    """A camera's element whose driver says no more than this."""
    Gst, GLib = gstreamer.Gst, gstreamer.GLib
    error = GLib.Error.new_literal(Gst.ResourceError.quark(), words, Gst.ResourceError.READ)
    element.post_message(Gst.Message.new_error(element, error, "the test"))
    element.send_event(Gst.Event.new_eos())           # a source that fails ends its stream


def watched(text):
    """A pipeline that fails once the node is gone."""
    made = gstreamer.Pipeline(text)
    Thread(target=_watch, args=(made._pipeline.get_by_name("camera"),), daemon=True).start()
    return made


def _watch(element):
    while os.path.exists(NODE):
        sleep(0.01)
    fails(element, "Could not read from resource.")


if __name__ == "__main__":
    size, film = os.environ["STAND_IN_CLIP"].split(":")
    width, height = size.split("x")
    kernel = Kernel(os.path.dirname(NODE))
    kernel.nodes[NODE] = ("Webcam", 0x1, 0x1, {"YUYV": {
        (int(width), int(height)): [(1, 30)]}}, {v4l2.POWER_LINE: (0, 2)})
    v4l2.ioctl, usb.Pipeline = kernel.ioctl, watched
    lines.LINES["raw"] = RAW % (film, width, height)
    sys.exit(main())
