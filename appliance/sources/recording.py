"""A file, or a stream on standard input, comes in; its pictures go out until it ends."""
import logging
import os
from time import monotonic, perf_counter

from appliance.errors import DataError, InputMissing, PartMissing
from appliance.face import Frame
from appliance.sources import Source, count
from appliance.sources.arrival import Arrival
from appliance.sources.count import Count
from appliance.sources.gstreamer import Broken, Pipeline
from appliance.sources.lines import line

log = logging.getLogger("kagami.source")
OPENING = 20.0        # seconds; a 4K file on a slow card, and a machine that does other things
WHOLE = 0.9           # of the length: the sound may go on for a while after the last picture


def open_file(path, camera, every_frame=False, rgb=False):
    """The Source of a video or picture. InputMissing where it is not there, DataError where there
    is no picture in it, PartMissing where its decoder is not installed."""
    _check(path)
    sink = "every" if every_frame else "paced"
    pipeline = Pipeline(line("file", camera, sink, rgb, path=path))
    try:
        pipeline.prepare(OPENING)
    except Broken as e:
        pipeline.close()
        raise _unreadable(path, e) from e
    return Recording(pipeline, path, every_frame)


class Recording(Source):
    """Pictures from a Pipeline until it ends; one that breaks off ends there, with a log line.

    live: no pace of its own, times are those of arrival. DataError where not one picture came.
    """

    def __init__(self, pipeline, name, every_frame, live=False):
        super().__init__(live)
        self._pipeline, self._name, self._every = pipeline, name, every_frame
        self.length, self._reached = pipeline.length, 0.0
        if live:
            self.state = "waiting for " + name
        self._arrival = Arrival()
        self._count, self._playing = Count(count.none if every_frame else count.by_time), False

    def read(self, wait=0.5):
        """The next Frame (see Source.read)."""
        if self.ended:
            return None
        try:
            picture = self._pull(wait)
        except Broken as e:
            return self._end(str(e))
        if picture is not None:
            return self._frame(picture)
        return self._end() if self._pipeline.ended else None

    def close(self):
        """Let go of the file."""
        super().close()
        self._pipeline.close()

    def _pull(self, wait):
        self._arrival.ask()
        if not self._playing:            # only now, lest a paced file runs on before it is read
            self._pipeline.play()
            self._playing = True
        return self._pipeline.pull(wait)

    def _end(self, reason=None):
        self.ended = True
        pictures = self._count.number + 1
        if not pictures:
            why = "it ended before one whole picture" + (" (%s)" % reason if reason else "")
            raise DataError(self._name, why, "check its size and format")
        if not reason and self._reached < WHOLE * (self.length or 0) - 1:
            reason = "%.1f of %.1f s are there" % (self._reached, self.length)
        if reason:
            log.warning("%s: breaks off after %d pictures: %s", self._name, pictures, reason)

    def _frame(self, picture):
        number = self._count(picture)
        time = self._time(number, picture)
        self.dropped, self.size = self._count.dropped, picture.luma.shape[1::-1]
        self.state = "running"
        arrived = perf_counter() if self._every else self._arrival(time)
        return Frame(number, time, arrived, picture.luma, picture.rgb)

    def _time(self, number, picture):
        if self.live:
            return monotonic()
        time = number / 30.0 if picture.time is None else picture.time
        self._reached = time
        return time if self._every else self._pipeline.started + time


def _check(path):
    if not os.path.exists(path):
        raise InputMissing(path or "file:", "no such file", "name a video that is there")
    if os.path.isdir(path):
        raise InputMissing(path, "a folder, not a file", "give stills:%s for its pictures" % path)
    if not os.access(path, os.R_OK):
        raise InputMissing(path, "it may not be read", "allow it: chmod +r")
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        raise InputMissing(repr(path), "its name is not UTF-8", "give it another name") from None


def _unreadable(path, broken):
    if broken.missing and "audio/" not in broken.missing:
        return PartMissing(path, "no decoder here for %s" % broken.missing,
                           "sudo apt-get install gstreamer1.0-libav gstreamer1.0-plugins-bad")
    why = "no picture in it, only sound" if broken.missing else str(broken)
    return DataError(path, why, "give a video that plays elsewhere")
