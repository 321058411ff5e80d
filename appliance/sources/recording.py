"""A file, or a stream on standard input, comes in; its pictures go out until it ends."""
import logging
import os
from time import perf_counter

from appliance.errors import DataError, InputMissing, PartMissing
from appliance.face import Frame
from appliance.sources import Source
from appliance.sources.count import Count
from appliance.sources.gstreamer import Broken, Pipeline, line

log = logging.getLogger("kagami.source")
OPENING = 20.0        # seconds; a 4K file on a slow card, and a machine that does other things


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
    """Pictures from a Pipeline until it ends; one that breaks off ends there, with a log line."""

    def __init__(self, pipeline, name, every_frame):
        super().__init__()
        self._pipeline, self._name, self._every = pipeline, name, every_frame
        self._count, self._playing, self._time = Count(), False, 0.0

    def read(self, wait=0.5):
        """The next Frame (see Source.read)."""
        if self.ended:
            return None
        try:
            if not self._playing:
                self._pipeline.play()
                self._playing = True
            picture = self._pipeline.pull(wait)
        except Broken as e:
            log.warning("%s: breaks off after %d pictures (%s)", self._name, self._count.number + 1, e)
            picture, self.ended = None, True
        if picture is None:
            self.ended = self.ended or self._pipeline.ended
            return None
        return self._frame(picture)

    def close(self):
        """Let go of the file."""
        super().close()
        self._pipeline.close(0)

    def _frame(self, picture):
        arrived, height = perf_counter(), picture.luma.shape
        number = self._count(picture)
        self.dropped, self.size = self._count.dropped, picture.luma.shape[1::-1]
        time = number / 30.0 if picture.time is None else picture.time
        if not self._every:
            time += self._pipeline.started
        return Frame(number, time, arrived, picture.luma, picture.rgb)


def _check(path):
    if not os.path.exists(path):
        raise InputMissing(path or "file:", "no such file", "name a video that is there")
    if os.path.isdir(path):
        raise InputMissing(path, "a folder, not a file", "give stills:%s for its pictures" % path)
    if not os.access(path, os.R_OK):
        raise InputMissing(path, "it may not be read", "allow it: chmod +r")


def _unreadable(path, broken):
    if broken.missing:
        return PartMissing(path, "no decoder here for %s" % broken.missing,
                           "sudo apt-get install gstreamer1.0-libav gstreamer1.0-plugins-bad")
    return DataError(path, str(broken), "give a video that plays elsewhere")
