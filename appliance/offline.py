"""A file comes in, its measurements go out: JSON lines, a table, a video to look at; one entry for
every frame."""
import csv
import os
from contextlib import ExitStack, closing, contextmanager
from typing import NamedTuple, Optional

import cv2

from appliance import backends, files, overlay, record
from appliance.errors import OutputError, UsageError, nearest
from appliance.sources import open_source
from appliance.stages.detector import Detector
from appliance.tracker import Tracker

SMALLEST = 16         # pixels of a video's width and height


class Outcome(NamedTuple):
    """Where what goes: paths, or None. only: the one stage (of overlay.STAGES) that the overlay
    draws."""

    json: Optional[str] = None
    csv: Optional[str] = None
    overlay: Optional[str] = None
    only: Optional[str] = None


def track(path, outcome, config, line=None):
    """Track every frame of `path` (a video, a picture, a folder of pictures) and write what
    `outcome` asks for.

    line: a terminal.LiveLine for the progress. The files appear when all is done. Returns (frames,
    frames with a face).
    """
    _check(path, outcome)
    url = ("stills:" if os.path.isdir(path) else "file:") + path
    count, seen, coloured, fov = 0, 0, bool(outcome.overlay), config.camera.fov
    backends.ready(*config.backend)
    with closing(open_source(url, config.camera, every_frame=True, rgb=coloured)) as source:
        backend = backends.choose(*config.backend)
        tracker = Tracker(config, backend=backend)
        with ExitStack() as stack:
            writers = [stack.enter_context(writer) for writer in _writers(outcome, fov, backend)]
            for frame in source:
                faces = tracker(frame.luma, frame.time)
                for write in writers:
                    write(frame, faces)
                count, seen = count + 1, seen + bool(faces)
                if line is not None:
                    line.show(lambda: _progress(source.length, frame.time, count, seen))
    return count, seen


def _check(path, outcome):
    outputs = [p for p in (outcome.json, outcome.csv, outcome.overlay) if p]
    if not outputs:
        raise UsageError("kagami track", "nothing to write",
                         "add --json OUT.jsonl, --csv OUT.csv or --overlay OUT.mp4")
    places = [os.path.realpath(p) for p in [path] + outputs]
    for i, place in enumerate(places):
        if place in places[:i]:
            raise UsageError(place, "named twice on one command line", "give each its own name")
    if outcome.only:
        _check_only(outcome)


def _check_only(outcome):
    what = "--only " + outcome.only
    if outcome.only not in overlay.STAGES:
        near = nearest(outcome.only, overlay.STAGES)
        raise UsageError(what, "no such stage", "did you mean %s?" % near if near
                         else "give one of " + ", ".join(overlay.STAGES))
    if not outcome.overlay:
        raise UsageError(what, "it tells what the overlay draws", "add --overlay OUT.mp4")


def _writers(outcome, fov, backend):
    if outcome.json:
        yield _lines(outcome.json)
    if outcome.csv:
        yield _table(outcome.csv)
    if outcome.overlay:
        yield _video(outcome.overlay, fov, outcome.only, backend)


def _progress(length, time, count, seen):
    words = "%d frames, %d with a face" % (count, seen)
    if not length:
        return words
    share = min(1.0, time / length)
    return "[%-30s] %3d %%  %s" % ("#" * int(30 * share), int(100 * share), words)


@contextmanager
def _lines(path):
    with files.whole(path) as temporary, open(temporary, "w", encoding="utf-8") as f:
        yield lambda frame, faces: f.write(record.line(frame.number, frame.time, faces) + "\n")


@contextmanager
def _table(path):
    with files.whole(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as f:
        rows = csv.writer(f)
        rows.writerow(record.COLUMNS)
        yield lambda frame, faces: rows.writerow(record.row(frame.number, frame.time, faces))


@contextmanager
def _video(path, fov, only, backend):
    draw, detector = overlay.Overlay(fov, only), None
    if only == "detector":
        detector = Detector(backend.load("detector"))
    with files.whole(path) as temporary:
        pictures = Pictures(path, temporary)

        def write(frame, faces):
            picture = (cv2.cvtColor(frame.luma, cv2.COLOR_GRAY2BGR) if frame.rgb is None
                       else cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2BGR))
            draw(picture, faces, detector(frame.luma) if detector else ())
            pictures.add(picture, frame.time)

        yield write
        pictures.close()


class Pictures:
    """A video file from pictures: its rate is that of the first two, its size that of the first,
    16x16 at least, which codecs want.

    path: the name that tells the kind of video. temporary: where it is written.
    """

    codecs = {".mp4": "mp4v", ".mov": "mp4v", ".avi": "MJPG"}

    def __init__(self, path, temporary):
        ending = os.path.splitext(path)[1].lower()
        if ending not in self.codecs:
            raise UsageError("--overlay " + path, "unknown kind of video",
                             "name it OUT.mp4, OUT.mov or OUT.avi")
        self._code = cv2.VideoWriter_fourcc(*self.codecs[ending])
        self._path, self._temporary = path, temporary
        self._first = self._writer = None

    def add(self, picture, time):
        """Append an (H, W, 3) uint8 picture in OpenCV's order, taken at `time` seconds."""
        if self._first is None and self._writer is None:
            self._first = picture, time
        elif self._writer is None:
            self._start(1.0 / min(1.0, max(1.0 / 240, time - self._first[1])))
        if self._writer is not None:
            self._put(picture)

    def close(self):
        """Finish the file."""
        if self._first is not None:
            self._start(30.0)
        self._writer.release()

    def _start(self, rate):
        picture, self._first = self._first[0], None
        self._size = max(SMALLEST, picture.shape[1]), max(SMALLEST, picture.shape[0])
        self._writer = cv2.VideoWriter(self._temporary, self._code, rate, self._size)
        if not self._writer.isOpened():
            raise OutputError(self._path, "OpenCV cannot write this kind of video", "name it .avi")
        self._put(picture)

    def _put(self, picture):
        same = (picture.shape[1], picture.shape[0]) == self._size
        self._writer.write(picture if same else cv2.resize(picture, self._size))
