"""What never ends by itself comes in, Frames go out; a camera that goes away is waited for."""
import logging
import os
from fractions import Fraction
from threading import Lock
from time import monotonic, sleep

from appliance.errors import PartMissing
from appliance.face import Frame
from appliance.sources import Source, cameras, v4l2
from appliance.sources.arrival import Arrival
from appliance.sources.cameras import Away
from appliance.sources.count import Count, by_number
from appliance.sources.gstreamer import Broken, Pipeline, line, need

log = logging.getLogger("kagami.source")
AGAIN = 1.0           # seconds between two tries
PATIENCE = 10.0       # seconds for which the same camera is waited for while another is there
FAREWELL = 0.5        # seconds for a camera to end its stream
ENOUGH = 0.9          # of the rate that is asked for: a mode with less is told
SILENCE = 3.0         # seconds without a picture after which a pipeline counts as wedged


def pattern(camera, rgb=False):
    """The moving pattern, at the size and rate of the [camera] options."""
    rate = Fraction(camera.rate).limit_denominator(1001)
    text = line("test", camera, "live", rgb, width=camera.width, height=camera.height,
                rate=written(rate))
    name = "the test pattern"
    return Live(name, lambda: (name, "at %g Hz" % rate, rate, Pipeline(text)))


def usb(device, camera, rgb=False):
    """The camera that `device` names (cameras.find), in the mode nearest to the [camera] options.
    """
    need("v4l2src", "jpegdec", "videoconvert")       # told now, not when a camera is plugged in
    opening = Opening(device, camera, rgb)
    return Live("camera " + device if device else "a camera", opening, opening.expose)


class Opening:
    """Opens a camera; called again, the same one rather than another."""

    def __init__(self, device, options, rgb):
        self._device, self._options, self._rgb = device, options, rgb
        self._before = self._missed = self._path = None
        self._refused = self._slow = None
        self._lock = Lock()     # letting go of a camera closes every handle of it

    def __call__(self):
        """(name, mode, rate, Pipeline); raises Away, PartMissing."""
        with self._lock:
            return self._opened()

    def expose(self, exposure):
        """See Source.expose; while the camera is away, it counts when it is back."""
        with self._lock:
            options = self._options._replace(exposure=exposure)
            here = self._path and os.path.exists(self._path)
            if here and "exposure" in cameras.settle(self._path, exposure, options.power_line):
                raise PartMissing("exposure", "the camera does not take it",
                                  "set it where the camera is set up")
            self._options = options

    def _opened(self):
        if self._path:
            v4l2.let_go(self._path)
        options, camera = self._options, self._found()
        self._path = os.path.realpath(camera.path)
        mode, rate = cameras.choose(camera.modes, options.width, options.height, options.rate)
        refused = cameras.settle(camera.path, options.exposure, options.power_line)
        if refused and refused != self._refused:
            log.warning("camera %s: does not take %s; it goes on as it is", camera.card,
                        " and ".join(refused))
        self._refused = refused
        kind, form = cameras.READ[mode.format]
        text = line(kind, options, "live", self._rgb, path=camera.path, format=form,
                    width=mode.width, height=mode.height, rate=written(rate))
        name = "camera %s (%s)" % (camera.card, camera.path)
        if rate < ENOUGH * options.rate and self._slow != (name, mode, rate):
            log.warning("%s: %g pictures a second are the most at %dx%d, not %g", name, rate,
                        mode.width, mode.height, options.rate)
            self._slow = name, mode, rate
        return name, "%s at %g Hz" % (mode.format, rate), rate, Pipeline(text)

    def _found(self):
        camera = cameras.find(self._device, self._before)
        if self._before not in (None, camera.name):
            self._missed = self._missed or monotonic()
            if monotonic() - self._missed < PATIENCE:
                raise Away("not there")
        self._before, self._missed = camera.name, None
        return camera


def written(rate):
    """A Fraction as GStreamer writes it."""
    return "%d/%d" % (rate.numerator, rate.denominator)


class Live(Source):
    """Pictures of what `start` opens, as long as it lasts, and again when it is back.

    start: gives (name, mode, rate, Pipeline), the first two for people; raises Away, PartMissing.
    name: what is waited for before the first is known. expose: as Source.expose, None where
    nothing can be set.
    """

    def __init__(self, name, start, expose=None):
        super().__init__(live=True)
        self._expose = expose or super().expose
        self._start, self._name, self._mode, self._count = start, name, "", Count(by_number)
        self._pipeline, self._next, self._heard, self._told = None, 0.0, 0.0, None
        self._arrival = Arrival()
        self.state = "waiting for %s: starting" % name
        self._open()

    def read(self, wait=0.5):
        """The newest Frame (see Source.read)."""
        if self.ended or self._pipeline is None and not self._again(wait):
            return None
        self._arrival.ask()
        try:
            picture = self._pipeline.pull(wait)
        except Broken as e:
            return self._lose(e)
        if picture is not None:
            return self._frame(picture)
        if self._pipeline.ended:
            return self._lose("it stopped")
        if monotonic() - self._heard > SILENCE:
            return self._lose("no picture for %g s" % SILENCE)
        return None

    def expose(self, exposure):
        """See Source.expose."""
        self._expose(exposure)

    def close(self):
        """Let go of the camera."""
        super().close()
        if self._pipeline is not None:
            # A pipeline that is told while it starts sometimes never answers.
            self._pipeline.close(FAREWELL if self.state == "running" else 0.0)
            self._pipeline = None

    def _again(self, wait):
        """True where it runs again; else False, after `wait` seconds at most."""
        left = self._next - monotonic()
        if left > 0:
            sleep(min(wait, left))
            return False
        try:
            return self._open()
        except PartMissing as e:         # a device just plugged in is not ours for a moment
            return bool(self._lose(e))

    def _open(self):
        try:
            self._name, self._mode, self.rate, self._pipeline = self._start()
            self._pipeline.play()
        except (Away, Broken) as e:
            return bool(self._lose(e))
        self._heard = monotonic()
        return True

    def _lose(self, reason):
        self._next = monotonic() + AGAIN
        if self._pipeline is not None:
            self._pipeline.close()
            self._pipeline = None
        self.restarts += self.state == "running"
        self._count.restart()
        self.state, self.absent = "waiting for %s: %s" % (self._name, reason), True
        if self._told != "away":
            self._told = "away"
            log.warning(self.state)

    def _frame(self, picture):
        self._heard, self.state, self.absent = monotonic(), "running", False
        number = self._count(picture)
        self.dropped, self.size = self._count.dropped, picture.luma.shape[1::-1]
        if self._told != "here":
            self._told = "here"
            log.info("%s: %dx%d %s", self._name, self.size[0], self.size[1], self._mode)
        time = self._heard if picture.time is None else self._pipeline.started + picture.time
        time = min(time, self._heard)
        return Frame(number, time, self._arrival(time), picture.luma, picture.rgb)
