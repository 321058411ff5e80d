"""What never ends by itself comes in, Frames go out; a camera that goes away is waited for."""
import logging
from fractions import Fraction
from threading import Thread
from time import monotonic, sleep

from appliance.errors import PartMissing
from appliance.face import Frame
from appliance.sources import Source
from appliance.sources.arrival import Arrival
from appliance.sources.cameras import Away
from appliance.sources.count import Count, by_number
from appliance.sources.gstreamer import Broken, Pipeline
from appliance.sources.lines import line

log = logging.getLogger("kagami.source")
AGAIN = 1.0           # seconds between two tries
FAREWELL = 0.5        # seconds for a camera to end its stream
SILENCE = 3.0         # seconds without a picture after which a pipeline counts as wedged
LEAVING = 5.0         # seconds for a pipeline to close; a camera daemon that hangs holds it up


def pattern(camera, rgb=False):
    """The moving pattern, at the size and rate of the [camera] options."""
    return Live("the test pattern", Pattern(camera, rgb))


class Opening:
    """What Live opens, and opens again: each kind of camera has its own.

    patience: seconds for the first picture.
    """

    patience = SILENCE

    def __call__(self):
        """(name, mode, rate, Pipeline), the first two for people; raises Away, PartMissing,
        Broken."""
        raise NotImplementedError

    def expose(self, exposure):
        """See Source.expose."""
        raise PartMissing("exposure", "this source has none to set", "give a camera as source")

    def first(self, picture):
        """The first picture of what was opened; Broken where it is none."""

    def lost(self, reason, ran):
        """It is gone, or was not to be had; gives the seconds until the next try. reason: an Away
        or Broken. ran: whether a picture had come of it."""
        return AGAIN

    def soon(self):
        """Whether the next try need not be waited for."""
        return False


class Pattern(Opening):
    """The moving pattern."""

    def __init__(self, camera, rgb):
        rate = Fraction(camera.rate).limit_denominator(1001)
        self._text = line("test", camera, "live", rgb, width=camera.width, height=camera.height,
                          rate=written(rate))
        self._rate = rate

    def __call__(self):
        """See Opening."""
        return "the test pattern", "at %g Hz" % self._rate, self._rate, Pipeline(self._text)


def written(rate):
    """A Fraction as GStreamer writes it."""
    return "%d/%d" % (rate.numerator, rate.denominator)


class Live(Source):
    """Pictures of what `start`, an Opening, opens, as long as it lasts, and again when it is back.

    name: what is waited for before the first is known.
    """

    def __init__(self, name, start):
        super().__init__(live=True)
        self._start, self._name, self._mode, self._count = start, name, "", Count(by_number)
        self._pipeline, self._next, self._heard, self._told = None, 0.0, 0.0, None
        self._leaving, self._arrival = Thread(), Arrival()
        self.state = "waiting for %s: starting" % name
        self._open()

    def read(self, wait=0.5):
        """The newest Frame (see Source.read)."""
        if self.ended or self._pipeline is None and not self._again(wait):
            return None
        self._arrival.ask()
        try:
            picture = self._pipeline.pull(wait)
            if picture is not None:
                return self._frame(picture)
        except Broken as e:
            return self._lose(e)
        if self._pipeline.ended:
            return self._lose(Broken("it stopped"))
        silence = SILENCE if self.state == "running" else self._start.patience
        if monotonic() - self._heard > silence:
            return self._lose(Broken("no picture for %g s" % silence))
        return None

    def expose(self, exposure):
        """See Source.expose."""
        self._start.expose(exposure)

    def close(self):
        """Let go of the camera."""
        super().close()
        if self._pipeline is not None:
            # A pipeline that is told while it starts sometimes never answers.
            self._leave(FAREWELL if self.state == "running" else 0.0)
            self._leaving.join(LEAVING)

    def _again(self, wait):
        """True where it runs again; else False, after `wait` seconds at most."""
        left = self._next - monotonic()
        if self._leaving.is_alive() and left > -LEAVING:
            self._leaving.join(wait)
            return False
        if left > 0 and not self._start.soon():
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
        ran = self.state == "running"
        # Asked first: what lets go of a pipeline may wait for what this sets going.
        self._next = monotonic() + self._start.lost(reason, ran)
        if self._pipeline is not None:
            self._leave()
        self.restarts += ran
        self._count.restart()
        self.state, self.absent = "waiting for %s: %s" % (self._name, reason), True
        if self._told != "away":
            self._told = "away"
            log.warning(self.state)

    def _leave(self, farewell=0.0):
        """Close the pipeline beside the loop, which has to go on."""
        self._leaving = Thread(target=self._pipeline.close, args=(farewell,), daemon=True)
        self._leaving.start()
        self._pipeline = None

    def _frame(self, picture):
        if self.state != "running":
            self._start.first(picture)
        self._heard, self.state, self.absent = monotonic(), "running", False
        number = self._count(picture)
        self.dropped, self.size = self._count.dropped, picture.luma.shape[1::-1]
        if self._told != "here":
            self._told = "here"
            log.info("%s: %dx%d %s", self._name, self.size[0], self.size[1], self._mode)
        time = self._heard if picture.time is None else self._pipeline.started + picture.time
        time = min(time, self._heard)
        return Frame(number, time, self._arrival(time), picture.luma, picture.rgb)
