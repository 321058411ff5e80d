"""Launch lines come in, pictures as they lie in GStreamer's memory go out: its only door."""
import ctypes
import re
import weakref
from time import monotonic
from typing import NamedTuple, Optional

import numpy as np

from appliance.errors import PartMissing
from appliance.sources import lines
from appliance.sources.memory import Memory

APT = ("sudo apt-get install python3-gi gir1.2-gst-plugins-base-1.0 gstreamer1.0-plugins-base "
       "gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav")

# Before GStreamer: behind the libunwind that comes with it the exceptions of others, such as
# OpenVINO's, end the program.
ctypes.CDLL("libgcc_s.so.1", ctypes.RTLD_GLOBAL)
try:
    import gi
    for _name in ("Gst", "GstApp", "GstVideo"):
        gi.require_version(_name, "1.0")
    from gi.repository import GLib, Gst, GstApp, GstVideo  # noqa: F401 (GstApp gives appsink)
except (ImportError, ValueError) as e:
    raise PartMissing("GStreamer", "its Python bindings do not load (%s)" % e, APT) from e

BESIDE_WAIT = 2 * 10 ** 9         # nanoseconds


class Picture(NamedTuple):
    """One picture: luma (H, W) and rgb (H, W, 3) or None, read-only views that are valid until
    the next pull; time and duration in seconds since the start, None where unknown; number as the
    camera counts, or None."""

    luma: np.ndarray
    rgb: Optional[np.ndarray]
    time: Optional[float]
    duration: Optional[float]
    number: Optional[int]


class Broken(Exception):
    """What GStreamer says where a pipeline cannot go on; `missing`: the decoder that is not
    installed, or None."""

    missing = None


def need(*names):
    """PartMissing for the first of these elements that is not installed."""
    Gst.init(None)
    for name in names:
        if not Gst.ElementFactory.find(name):
            raise _missing(name)


def known(element, *names):
    """Those of these properties that an element has, as it is installed here."""
    Gst.init(None)
    made = Gst.ElementFactory.make(element)
    return {name for name in names if made is not None and made.find_property(name)}


def sinks(text):
    """The names of the elements of a launch line in which pictures would end; Broken where the
    line means nothing, PartMissing as of Pipeline."""
    try:
        parsed = _parsed(text)
    except (Broken, PartMissing):           # it may end in caps, which nothing follows yet
        parsed = _parsed(text + " ! identity")
    parts = parsed.children if isinstance(parsed, Gst.Bin) else [parsed]
    made = [part.get_factory() for part in parts if part.get_factory()]
    return [factory.get_name() for factory in made
            if factory.list_is_type(Gst.ELEMENT_FACTORY_TYPE_SINK)]


class Pipeline:
    """A launch line at work. PartMissing where an element of it is not installed, Broken where the
    line means nothing here."""

    def __init__(self, text):
        self._pipeline = _parsed(text)
        # Runs when this is closed, forgotten, or the program ends: GStreamer complains otherwise.
        self._stop = weakref.finalize(self, self._pipeline.set_state, Gst.State.NULL)
        # The clock of time.monotonic(), whatever clock an element would offer.
        self._pipeline.use_clock(Gst.SystemClock.obtain())
        sinks = (self._pipeline.get_by_name(name) for name in ("luma", "rgb"))
        self._views = [_View(sink) for sink in sinks if sink is not None]
        self._bus = self._pipeline.get_bus()
        self.ended = False

    def prepare(self, wait):
        """Go as far as the first picture, within `wait` seconds. Broken where there is none."""
        self._pipeline.set_state(Gst.State.PAUSED)
        message, end, idle = None, monotonic() + wait, 0
        while message is None:
            message = self._bus.timed_pop_filtered(Gst.SECOND // 10, _READY)
            # decodebin now and then loses the error of what it plugs in; then no thread runs on.
            idle = 0 if _busy(self._pipeline) else idle + 1
            if message is None and (idle == 5 or monotonic() > end):
                raise Broken("nothing in it can be played")
        _raise_error(message)
        if self._views[0].ended:
            raise Broken("no picture in it")

    def play(self):
        """Let it run. Broken where it cannot start."""
        if self._pipeline.set_state(Gst.State.PLAYING) == Gst.StateChangeReturn.FAILURE:
            self._check()
            raise Broken("it does not start")

    def change(self, name, **properties):
        """Set properties of the element of this name, while it runs."""
        for key, value in properties.items():
            self._pipeline.get_by_name(name).set_property(key.replace("_", "-"), value)

    @property
    def length(self):
        """Seconds in all, None where the file does not tell."""
        told, nanoseconds = self._pipeline.query_duration(Gst.Format.TIME)
        return nanoseconds / 1e9 if told and nanoseconds > 0 else None

    @property
    def started(self):
        """time.monotonic() of the moment that Picture.time counts from."""
        return self._pipeline.get_base_time() / 1e9

    def pull(self, wait):
        """The next Picture, or None: nothing came within `wait` seconds, or `ended`. Broken where
        none will come any more."""
        if not self._views[0].pull(int(wait * Gst.SECOND)) or not self._pair():
            return self._nothing()
        luma, rgb = self._views[0], [view.array() for view in self._views[1:]] or [None]
        return Picture(luma.array(), rgb[0], luma.time, luma.duration, luma.number)

    def close(self, farewell=0.0):
        """Stop. farewell: seconds in which a camera's driver may bring its stream to an end; only
        where nothing holds the stream up, for this waits for it."""
        for view in self._views:
            view.drop()
        # The end of the program does not wait for it once more.
        stop = self._stop.detach()
        if farewell and stop and not self.ended:
            self._pipeline.send_event(Gst.Event.new_eos())
            ends = Gst.MessageType.EOS | Gst.MessageType.ERROR
            self._bus.timed_pop_filtered(int(farewell * Gst.SECOND), ends)
        if stop:
            self._pipeline.set_state(Gst.State.NULL)
        self.ended = True

    def _pair(self):
        """The colours of the luma that was pulled: they come a conversion later. Where one of the
        two was replaced by a newer one meanwhile, the other is pulled anew."""
        luma, others = self._views[0], self._views[1:]
        return all(view.pull(BESIDE_WAIT) and self._level(luma, view) for view in others)

    @staticmethod
    def _level(luma, rgb):
        while luma.pts != rgb.pts:
            if not min(luma, rgb, key=lambda view: view.pts).pull(BESIDE_WAIT):
                return False
        return True

    def _nothing(self):
        self._check()
        self.ended = any(view.ended for view in self._views)

    def _check(self):
        message = self._bus.pop_filtered(Gst.MessageType.ERROR)
        if message is not None:
            _raise_error(message)


class _View:
    """One appsink: its newest sample, and that sample's memory until the next."""

    def __init__(self, sink):
        self._sink, self._colours = sink, 3 if sink.get_name() == "rgb" else 1
        self._memory, self._sample, self._caps = Memory(), None, None
        self.pts = self.time = self.duration = self.number = None

    @property
    def ended(self):
        """True after the last sample."""
        return self._sink.is_eos()

    def pull(self, nanoseconds):
        """True where a sample came in time."""
        self.drop()
        sample = self._sink.try_pull_sample(nanoseconds)
        if sample is None:
            return False
        buffer = sample.get_buffer()
        self._sample, self._buffer, self.pts = sample, buffer, buffer.pts
        self.time = None if buffer.pts == _NONE else (
            buffer.pts - sample.get_segment().start) / 1e9
        self.duration = None if buffer.duration in (0, _NONE) else buffer.duration / 1e9
        self.number = None if buffer.offset == _NONE else buffer.offset
        return True

    def array(self):
        """The picture, as it lies in GStreamer's memory."""
        caps = self._sample.get_caps()
        if self._caps is None or not caps.is_equal(self._caps):
            self._caps, self._size, self._layout = (caps,) + _layout(caps)
        # PyGObject hashes a boxed structure by its address.
        array = self._memory.picture(hash(self._buffer), self._sample, self._size, self._layout,
                                     self._colours)
        if array is None:
            raise Broken("a picture that cannot be read (%s)" % caps.to_string())
        return array

    def drop(self):
        """Let go of the sample."""
        self._memory.release()
        self._sample = self._buffer = None


def _busy(container):
    """True while a thread moves data anywhere in a bin."""
    return any(_busy(element) if isinstance(element, Gst.Bin) else
               any(pad.get_task_state() == Gst.TaskState.STARTED for pad in element.pads)
               for element in container.children)


def _raise_error(message):
    """Broken for a message that is an error."""
    if message.type != Gst.MessageType.ERROR:
        return
    error, details = message.parse_error()
    why = _STOPPED.search(details or "")
    broken = Broken(error.message.rstrip(".") + (" (%s)" % why.group(1) if why else ""))
    if "Missing decoder" in (details or ""):
        broken.missing = details.split("Missing decoder:")[1].split("\n")[0].strip()
    raise broken


_STOPPED = re.compile(r"streaming stopped, reason ([\w-]+)")
_READY = Gst.MessageType.ASYNC_DONE | Gst.MessageType.ERROR
_NONE = Gst.CLOCK_TIME_NONE


def _layout(caps):
    """((width, height), (offset, stride)) of the first plane."""
    if hasattr(GstVideo.VideoInfo, "new_from_caps"):
        info = GstVideo.VideoInfo.new_from_caps(caps)
    else:                                       # GStreamer 1.14
        info = GstVideo.VideoInfo()
        info.from_caps(caps)
    return (info.width, info.height), (info.offset[0], info.stride[0])


def _parsed(text):
    Gst.init(None)
    try:
        return Gst.parse_launch(text)
    except GLib.Error as e:
        if e.matches(Gst.ParseError.quark(), Gst.ParseError.NO_SUCH_ELEMENT):
            raise _missing(e.message.split('"')[1] if '"' in e.message else e.message) from e
        raise Broken(e.message.rstrip(".")) from e


def _missing(name):
    """PartMissing for an element, with the package that brings it."""
    return PartMissing("GStreamer's " + name, "not installed", lines.package(name))
