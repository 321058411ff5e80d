"""Boxes that a detector found and those that are there in, its average precision by the protocol
of WIDER FACE out.

In each picture, the surest first, a box belongs to the true one that it overlaps most, if by
half. The first one of a counted face is a hit, every other one and all that belong to none are
false; what belongs to a face that is not counted is neither. Precision over recall follows from
taking every score of a hit or a false box as the threshold; the average is the area under it,
where precision is made never to rise with recall (as in PASCAL VOC from 2010 on). The set's own
program reads 1,000 thresholds off the same curve. Source: Yang et al., WIDER FACE (arXiv
1511.06523), and its eval_tools as others have written them anew.

Three levels, each of which counts the faces of the one before too. Which faces they are the set
tells in lists of its own (`face_level` of a file of samples); where there are none the height of
a box decides, which is not the same and not to be compared with published figures.
"""
from collections import OrderedDict
from typing import NamedTuple

import numpy as np

SAME = 0.5          # overlap
HEIGHTS = OrderedDict([("easy", 50.0), ("medium", 30.0), ("hard", 10.0)])   # least, pixels


class Level(NamedTuple):
    """faces: how many count. average: precision, 0 to 1, NaN without faces. recall, false: of all
    boxes, whatever their score, the share found and the false ones a picture."""

    faces: int
    average: float
    recall: float
    false: float


def counted(faces, listed):
    """{name: (k,) bool} of the `samples.Faces` of a picture; listed: by their levels, not by their
    heights."""
    height, level = faces.boxes[:, 3] - faces.boxes[:, 1], faces.level
    return OrderedDict((name, ~faces.ignored & ((level > 0) & (level <= k) if listed else
                                                height >= least))
                       for k, (name, least) in enumerate(HEIGHTS.items(), 1))


def overlaps(found, boxes):
    """(n, k) shares of the union that two boxes both cover."""
    low = np.maximum(found[:, None, :2], boxes[None, :, :2])
    high = np.minimum(found[:, None, 2:], boxes[None, :, 2:])
    both = np.prod(np.maximum(high - low, 0), axis=2)
    areas = [np.prod(np.maximum(b[:, 2:] - b[:, :2], 0), axis=1) for b in (found, boxes)]
    return both / np.maximum(areas[0][:, None] + areas[1][None] - both, 1e-9)


def judged(found, boxes, counts):
    """(n,) int for boxes that were found (n, 4), the surest first: 1 hit, 0 false, -1 neither.

    boxes: (k, 4) all true ones. counts: (k,) bool, whether each counts.
    """
    verdict, taken = np.zeros(len(found), int), np.zeros(len(boxes), bool)
    if not len(boxes):
        return verdict
    share = overlaps(found, boxes)
    for i, best in enumerate(share.argmax(1)):
        if share[i, best] < SAME:
            continue
        if not counts[best]:
            verdict[i] = -1
        elif not taken[best]:
            verdict[i], taken[best] = 1, True
    return verdict


def average(scores, verdict, faces):
    """Average precision of boxes with scores (n,) and verdicts (n,) beside so many true faces."""
    if not faces:
        return float("nan")
    valid = verdict >= 0
    scores, hits = scores[valid], verdict[valid]
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)[:len(order)]
    hit = np.cumsum(hits[order])[last]
    precision, recall = hit / (last + 1.0), hit / float(faces)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(np.append(0.0, recall)) * envelope).sum())


class Tally:
    """Adds up pictures; `levels()` tells what came of it. listed: see `counted`."""

    def __init__(self, listed=False):
        self.pictures, self._listed = 0, listed
        self._scores, self._verdicts = [], OrderedDict((name, []) for name in HEIGHTS)
        self._faces = dict.fromkeys(HEIGHTS, 0)

    def add(self, found, scores, faces):
        """A picture: boxes (n, 4) that were found with scores (n,), and its `samples.Faces`."""
        order = np.argsort(-scores, kind="stable")
        self.pictures += 1
        self._scores.append(scores[order])
        for name, counts in counted(faces, self._listed).items():
            self._verdicts[name].append(judged(found[order], faces.boxes, counts))
            self._faces[name] += int(counts.sum())

    def levels(self):
        """{name: Level}"""
        scores = np.concatenate(self._scores or [np.zeros(0)])
        return OrderedDict((name, self._level(name, scores)) for name in HEIGHTS)

    def _level(self, name, scores):
        verdict = np.concatenate(self._verdicts[name] or [np.zeros(0, int)])
        faces = self._faces[name]
        return Level(faces, average(scores, verdict, faces),
                     (verdict == 1).sum() / max(1.0, faces),
                     (verdict == 0).sum() / max(1.0, self.pictures))
