"""Samples files and trained runs in, a samples file with the runs' answers as labels out: to look at them (`samples show`), to
label what nobody labelled, or to learn from several networks at once.

Where a row tells of no face, ours are asked where it is: the tracker of the appliance.
"""
import os
import time

import numpy as np

from appliance.errors import DataError, UsageError
from engines.training import eye_line, face_gaze, head_crops, head_scores
from engines.training.collection import Collection
from engines.training.evaluate import geodesic
from engines.training.runs import Exported, Run
from engines.training.samples import FIELDS, Reader, Writer

OFTEN = 10.0            # seconds between two lines about how far it is


def write(path, out, folders, agree=None, field_of_view=None, say=print):
    """Write the file `out`; returns how many rows. folders: of runs of one network, whose mean answer counts. agree: degrees;
    rows about which two runs differ by more are left out."""
    runs = [Run.read(folder) for folder in folders]
    name = runs[0].name
    if any(run.name != name for run in runs):
        raise UsageError(" ".join(folders), "they are of different networks", "name runs of one")
    if os.path.realpath(path) == os.path.realpath(out):
        raise UsageError(out, "it is what is read", "name another file")
    label = LABELLERS[name](Collection([path], field_of_view), [Exported(folder, name) for folder in folders])
    reader = Reader(path)
    licences = sorted({reader.licence} | {licence for run in runs for licence in run.about["licences"]})
    apart, last = [], time.monotonic()
    with Writer(out, "%s, labelled by %s" % (reader.source, " ".join(map(os.path.basename, folders))),
                " + ".join(licences)) as writer:
        for i in range(len(reader)):
            answer = label(i)
            if answer is not None:
                apart.append(answer[1])
                if agree is None or answer[1] <= agree:
                    writer.add(reader.encoded(i), **dict(_kept(reader, i), **answer[0]))
            if time.monotonic() - last > OFTEN:
                say("%d of %d rows" % (i + 1, len(reader)))
                last = time.monotonic()
        if not apart:
            raise DataError(path, "no face was found in it", "tell where it is: points, box, head or eyes")
        written = len(writer)
    if len(runs) > 1:
        say("runs differ by %.2f degrees in the middle, %.2f in nine of ten" % tuple(np.quantile(apart, (0.5, 0.9))))
    return written


def _kept(reader, i):
    """What a row says of person and worth."""
    return {name: reader[name][i] for name in ("person", "weight") if name in reader and name in FIELDS}


class _Heads:
    def __init__(self, rows, answers):
        self._heads, self._answers, self._tracker = head_crops.Heads(rows), answers, Finder()

    def __call__(self, i):
        """({label: array}, degrees between the runs) of row i, or None where no face is."""
        heads, luma = self._heads, self._heads.collection.luma(i)
        square = heads.squares[i] or self._tracker.square(luma)
        if square is None:
            return None
        found = [head_scores.asked(answer, luma, square) for answer in self._answers]
        rotations = np.stack([f["rotation"] for f in found])
        middle = head_scores.middle(rotations)
        points = np.mean([f["points"] for f in found], axis=0)
        turn = heads.collection.towards(luma.shape, square.centre).T
        return {"rotation": turn.dot(middle), "head": np.mean([f["head"] for f in found], axis=0), "points": points,
                "box": np.r_[points.min(0), points.max(0)]}, _widest(geodesic, rotations)


class _Gazes:
    def __init__(self, rows, answers):
        self._gazes, self._answers, self._tracker = face_gaze.Gazes(rows), answers, Finder()

    def __call__(self, i):
        """({label: array}, degrees between the runs) of row i, or None where no eyes are."""
        gazes = self._gazes
        if not np.isfinite(gazes.corners[i]).all():
            points = self._tracker.points(gazes.collection.luma(i))
            if points is None:
                return None
            gazes.corners[i] = points[list(eye_line.CORNERS)]
        image = gazes.image(i)
        found = np.stack([gazes.in_camera(i, answer([image])["gaze"][0]) for answer in self._answers])
        middle = eye_line.angles(eye_line.vectors(found).mean(0, keepdims=True))[0]
        return {"gaze": middle, "eyes": gazes.corners[i]}, _widest(eye_line.error, found)


LABELLERS = {"head": _Heads, "gaze": _Gazes}


def _widest(between, answers):
    return float(max(between(answers, np.repeat(one[None], len(answers), 0)).max() for one in answers))


class Finder:
    """Where the appliance's networks see a face; loaded when they are first asked."""

    def __init__(self):
        self._tracker = None

    def points(self, luma):
        """(68, 2) of the largest face, or None."""
        from appliance.tracker import Tracker
        self._tracker = self._tracker or Tracker()
        self._tracker.reset()
        faces = self._tracker(luma)
        return max(faces, key=lambda face: np.prod(np.ptp(face.landmarks, axis=0))).landmarks if faces else None

    def square(self, luma):
        """crop.Square of the largest face, upright, or None."""
        from appliance.stages import crop
        points = self.points(luma)
        return None if points is None else crop.around_points(points.astype(float), 0.0)
