"""A camera in a fake kernel whose pictures come from a pattern, and how a source is read until
something holds."""
import os
import time

from appliance.sources import gstreamer, lines, usb, v4l2
from tests.fakes import webcam

STAND_IN = {"raw": "videotestsrc name=camera is-live=true ! video/x-raw,format={format},"
                   "width={width},height={height},framerate={rate} ! videoconvert",
            "jpeg": "videotestsrc name=camera is-live=true ! video/x-raw,format=I420,"
                    "width={width},height={height},framerate={rate} ! jpegenc ! {decoder}"}
FORMATS = {"YUYV": {(640, 480): [(1, 30)], (1280, 720): [(1, 5)]},
           "MJPG": {(1280, 720): [(1, 30)]}}


class Plug:
    """A camera in a fake kernel whose pictures come from a pattern; while it is occupied, the real
    v4l2src refuses it."""

    def __init__(self, kernel, monkeypatch):
        self.kernel, self.lines, self.pipelines = kernel, [], []
        self._patch, self._real = monkeypatch, dict(lines.LINES)
        monkeypatch.setattr(usb, "Pipeline", self._pipeline)
        self.insert()

    def insert(self, number=0, card="Webcam"):
        self.path = self.kernel.plug(number, card, FORMATS, by_id="usb-%s-video-index0" % card,
                                     controls={v4l2.POWER_LINE: (0, 2)})
        self._lines(STAND_IN)

    def remove(self):
        """Pull it out: the driver's error, then nothing there."""
        self.break_off("Could not read from resource.")
        self.kernel.unplug(self.path)
        os.remove(os.path.join(self.kernel.dev, "v4l", "by-id", "usb-Webcam-video-index0"))

    def occupy(self):
        """The real v4l2src opens the fake node, which is no device to it."""
        self._lines(self._real)

    def release(self):
        self._lines(STAND_IN)

    def break_off(self, words):
        element = self.element("camera")
        webcam.fails(element, words)
        element.send_event(gstreamer.Gst.Event.new_eos())     # a source that fails ends its stream

    def element(self, name):
        return self.pipelines[-1]._pipeline.get_by_name(name)

    def _lines(self, spelt):
        for name in STAND_IN:
            self._patch.setitem(lines.LINES, name, spelt[name])

    def _pipeline(self, text):
        self.lines.append(text)
        self.pipelines.append(gstreamer.Pipeline(text))
        return self.pipelines[-1]


def until(source, holds, seconds=10):
    """Read until holds(frame) and give that frame; frames before it are forgotten."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        frame = source.read(0.2)
        if holds(frame):
            return frame
    raise AssertionError("not within %d s; state: %s" % (seconds, source.state))


def picture(frame):
    return frame is not None


def nothing(frame):
    return frame is None
