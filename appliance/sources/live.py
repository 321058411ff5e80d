"""What never ends by itself comes in, Frames go out; a camera that goes away is waited for."""
import logging
from time import monotonic, perf_counter, sleep

from appliance.face import Frame
from appliance.sources import Source
from appliance.sources.count import Count
from appliance.sources.gstreamer import Broken, Pipeline, line

log = logging.getLogger("kagami.source")
AGAIN = 1.0           # seconds between two tries
SILENCE = 3.0         # seconds without a picture after which a pipeline counts as wedged


class Away(Exception):
    """A camera that cannot be opened now, with the reason."""


def pattern(camera, rgb=False):
    """The moving pattern, at the size and rate of the [camera] options."""
    text = line("test", camera, "live", rgb, width=camera.width, height=camera.height,
                rate=fraction(camera.rate))
    return Live("the test pattern", lambda: ("the test pattern", Pipeline(text)))


def fraction(rate):
    """A rate as GStreamer writes it."""
    return "%d/1000" % round(rate * 1000) if rate % 1 else "%d/1" % rate


class Live(Source):
    """Pictures of what `start` opens, as long as it lasts, and again when it is back.

    start: gives (name, Pipeline); raises Away. name: what it is called while it is away.
    """

    def __init__(self, name, start):
        super().__init__(live=True)
        self._start, self._name, self._count = start, name, Count()
        self._pipeline, self._next, self._heard, self._told = None, 0.0, 0.0, None
        self._try()

    def read(self, wait=0.5):
        """The newest Frame (see Source.read)."""
        if self._pipeline is None and not self._try():
            sleep(max(0.0, min(wait, self._next - monotonic())))
            return None
        try:
            picture = self._pipeline.pull(wait)
        except Broken as e:
            return self._lose(str(e))
        if picture is not None:
            return self._frame(picture)
        if self._pipeline.ended:
            return self._lose("it stopped")
        if monotonic() - self._heard > SILENCE:
            return self._lose("no picture for %g s" % SILENCE)
        return None

    def close(self):
        """Let go of the camera."""
        super().close()
        if self._pipeline is not None:
            self._pipeline.close()
            self._pipeline = None

    def _try(self):
        """True where the pipeline runs now."""
        now = monotonic()
        if now < self._next:
            return False
        self._next = now + AGAIN
        try:
            self._name, self._pipeline = self._start()
            self._pipeline.play()
        except (Away, Broken) as e:
            self._lose(str(e))
            return False
        self._heard = now
        return True

    def _lose(self, reason):
        self._next = monotonic() + AGAIN
        if self._pipeline is not None:
            self._pipeline.close()
            self._pipeline = None
            self.restarts += 1
        self._count.restart()
        self.state = "waiting for %s: %s" % (self._name, reason)
        if self._told is not False:
            log.warning(self.state)
            self._told = False

    def _frame(self, picture):
        arrived = perf_counter()
        self._heard = monotonic()
        if self._told is not True:
            log.info("%s: %dx%d" % ((self._name,) + picture.luma.shape[1::-1]))
            self._told, self.state = True, "running"
        number = self._count(picture)
        self.dropped, self.size = self._count.dropped, picture.luma.shape[1::-1]
        time = self._heard if picture.time is None else self._pipeline.started + picture.time
        return Frame(number, min(time, self._heard), arrived, picture.luma, picture.rgb)
