"""Where pictures come from: a URL-like name comes in, a Source of Frames goes out.

    usb, usb:DEVICE      a camera: its number, /dev/videoN, stable name, or a part of that
    file:PATH            a video or a picture
    stills:DIR           the pictures of a folder
    stdin:WIDTHxHEIGHT@RATE:FORMAT   raw pictures from another program
    test                 a moving pattern
    csi, csi:ID          a sensor on the Jetson's own connector, counted from 0
    pipeline:LAUNCH      what a launch line of GStreamer delivers
"""
import os

from appliance.errors import PartMissing, UsageError, nearest


class Source:
    """What every source is; `for frame in source` reads until its end.

    live: pictures come when they come, and while none do the loop goes on. ended: True after the
    last picture. dropped: pictures that were there and never handed out. restarts: how often a
    camera was opened anew. state: "running", or "waiting for WHAT: REASON". absent: whether it is
    known to be away. size: (width, height), None before the first picture.
    `length`: seconds in all, None where nobody can tell. `rate`: pictures per second that a camera
    was set to, else None.
    """

    def __init__(self, live=False):
        self.live, self.ended, self.state, self.size = live, False, "running", None
        self.absent = False
        self.length = self.rate = None
        self.dropped = self.restarts = 0

    def read(self, wait=0.5):
        """The newest Frame, or None where none came within `wait` seconds. Its pictures are valid
        until the next is asked for, its number never runs backwards."""
        raise NotImplementedError

    def expose(self, exposure):
        """Set the camera's exposure, microseconds or "auto"; may take a moment. PartMissing where
        there is none to set."""
        raise PartMissing("exposure", "this source has none to set", "give a camera as source")

    def close(self):
        """Let go of camera or file."""
        self.ended = True

    def __iter__(self):
        while not self.ended:
            frame = self.read()
            if frame is not None:
                yield frame


def open_source(url, camera, every_frame=False, rgb=False):
    """The Source that `url` names.

    camera: the [camera] options. every_frame: what ends is read to its end as fast as it goes,
    each picture, with times from 0 (else the newest only, at its own pace). rgb: Frame.rgb is
    filled as well. UsageError where the name means nothing here, or every_frame of what has no
    end; InputMissing, DataError or PartMissing where it cannot be opened.
    """
    understood(url)
    scheme, _, rest = url.partition(":")
    if every_frame and endless(url):
        raise UsageError("source " + url, "it has no end, and --every-frame is for what has one",
                         "leave --every-frame out")
    return _OPENERS[scheme](rest, camera, every_frame, rgb)


def endless(url):
    """Whether pictures of what `url` names come for ever."""
    return url.partition(":")[0] in ENDLESS


def understood(url):
    """UsageError where the name means nothing here; whether what it names is there is not looked
    at, and GStreamer not needed."""
    scheme, _, rest = url.partition(":")
    if scheme not in _OPENERS:
        raise UsageError("source " + url, "not known", _meant(url, scheme))
    if scheme == "test" and rest:
        raise UsageError("source " + url, "the pattern takes nothing after its name", "give test")
    if scheme == "csi" and rest and not (rest.isdigit() and int(rest) <= SENSORS):
        raise UsageError("source " + url, "not a sensor's number", "give csi:0, or csi for it")
    if scheme == "pipeline" and not rest.strip():
        raise UsageError("source " + url, "no launch line", "write for instance "
                         "pipeline:videotestsrc is-live=true")
    if scheme == "stdin":
        from appliance.sources import stream
        stream.read(rest)


def _meant(url, scheme):
    if url.startswith("/dev/"):
        return "did you mean usb:%s?" % url
    if os.path.exists(url):
        return "did you mean %s:%s?" % ("stills" if os.path.isdir(url) else "file", url)
    near = nearest(scheme, _OPENERS)
    return "did you mean %s?" % near if near else "give " + ", ".join(FORMS)


def _usb(device, camera, every_frame, rgb):
    from appliance.sources.usb import usb
    return usb(device, camera, rgb)


def _csi(number, camera, every_frame, rgb):
    from appliance.sources.csi import csi
    return csi(number, camera, rgb)


def _pipeline(text, camera, every_frame, rgb):
    from appliance.sources.launch import launch
    return launch(text, camera, rgb)


def _file(path, camera, every_frame, rgb):
    from appliance.sources import recording
    return recording.open_file(path, camera, every_frame, rgb)


def _stills(folder, camera, every_frame, rgb):
    from appliance.sources.stills import Stills
    return Stills(folder, camera, every_frame, rgb)


def _stdin(form, camera, every_frame, rgb):
    from appliance.sources import stream
    return stream.open_stream(form, camera, every_frame, rgb)


def _test(rest, camera, every_frame, rgb):
    from appliance.sources import live
    return live.pattern(camera, rgb)


SENSORS = 255           # the highest number that the camera daemon takes
ENDLESS = ("usb", "csi", "pipeline", "test")
FORMS = ("usb", "usb:DEVICE", "csi", "csi:ID", "file:PATH", "stills:DIR",
         "stdin:WIDTHxHEIGHT@RATE:FORMAT", "pipeline:LAUNCH", "test")
_OPENERS = {"usb": _usb, "csi": _csi, "file": _file, "stills": _stills, "stdin": _stdin,
            "pipeline": _pipeline, "test": _test}
