"""A picture in, the boxes where faces may be out, each with score and five points."""
from typing import NamedTuple

import cv2
import numpy as np

from appliance.backends import duties
from appliance.geometry import overlap
from appliance.stages.landmarks import believed, log_odds

STRIDES = (8, 16)
SAME_FACE = 0.4         # overlap from which two boxes are one face
MOST = 50               # boxes that are looked at: a picture with more is noise
SMALLEST_PICTURE = 16   # pixels: below this no face can be told
# The five points of an upright face seen from the front, x and y from their middle, mm.
UPRIGHT = np.array([(-32, 32, 0, -26, 26), (-35.2, -35.2, -3.2, 36.8, 36.8)])


class Candidate(NamedTuple):
    """Where a face may be: box (4,) and points (5, 2) in picture pixels, score 0.5 to 1.

    Points: subject's right eye, left eye, tip of the nose, right and left corner of the mouth.
    """

    box: np.ndarray
    score: float
    points: np.ndarray

    @property
    def roll(self):
        """Degrees by which the points as a whole are turned from those of an upright face: in a
        profile the eyes lie in one place, and beyond it change sides."""
        x, y = (self.points - self.points.mean(axis=0)).T
        return float(np.degrees(np.arctan2(y.dot(UPRIGHT[0]) - x.dot(UPRIGHT[1]),
                                           x.dot(UPRIGHT[0]) + y.dot(UPRIGHT[1]))))


class Detector:
    """The detector network with its letterbox in front and its cells read behind. least: the raw
    score from which a cell counts, the manifest's where none is given; most: boxes looked at."""

    def __init__(self, engine, least=None, most=MOST):
        duties.check(engine.network)
        self._engine = engine
        self._input = engine.inputs["image"]
        self._height, self._width = self._input.shape[1:3]
        self._pixels = np.zeros((self._height, self._width), np.uint8)
        self._limit, self._most = log_odds(engine.network.score), most
        self._least = self._limit if least is None else log_odds(least)
        cells = [_cells(self._height // s, self._width // s, s) for s in STRIDES]
        self._first, self._cells = cells[0].shape[1], np.concatenate(cells, axis=1)

    def __call__(self, luma):
        """Candidates of a picture ((H, W) uint8), surest first; none in one too small to tell."""
        if min(luma.shape) < SMALLEST_PICTURE:
            return []
        scale = self._letterbox(luma)
        return self._read(self._engine.infer(), scale.tolist())

    def _read(self, out, scale):
        """Candidates in the pixels of a picture that was shrunk by `scale` in x and y.

        Few calls on whole arrays: behind a network the caches are cold, and each costs as much as
        it does on a hundred cells.
        """
        odds = np.concatenate([out["score%d" % stride] for stride in STRIDES], axis=None)
        at = (odds > self._least).nonzero()[0]
        if not at.size:
            return []
        at = at.take((-odds.take(at)).argsort(kind="stable")[:self._most])
        sides = np.concatenate([out["box%d" % stride].reshape(4, -1)
                                for stride in STRIDES], axis=1)
        places = self._cells.take(at, 1)
        boxes = places[:4] + np.maximum(sides.take(at, 1), 0) * places[4:]
        return [self._candidate(out, i, float(odds[i]), box, scale)
                for i, box in distinct(zip(at.tolist(), zip(*boxes.tolist())))]

    def _candidate(self, out, cell, odds, box, scale):
        (x0, y0, x1, y1), (sx, sy) = box, scale
        x, y = 0.5 / sx - 0.5, 0.5 / sy - 0.5   # corners coincide, and pixels count from centres
        near = cell < self._first
        stride, place = (STRIDES[0], cell) if near else (STRIDES[1], cell - self._first)
        left, up = self._cells[:2, cell].tolist()
        five = out["points%d" % stride].reshape(10, -1)[:, place].tolist()
        points = np.array([((left + stride * a) / sx + x, (up + stride * b) / sy + y)
                           for a, b in zip(five[::2], five[1::2])])
        box = np.array((x0 / sx + x, y0 / sy + y, x1 / sx + x, y1 / sy + y))
        return Candidate(box, believed(odds, self._limit), points)

    def _letterbox(self, luma):
        """Fit the picture into the upper left of the input; returns its scale in x and y."""
        height, width = luma.shape
        fit = min(self._width / float(width), self._height / float(height))
        w, h = max(1, int(round(width * fit))), max(1, int(round(height * fit)))
        self._pixels[:] = 0
        way = cv2.INTER_AREA if fit < 1 else cv2.INTER_LINEAR
        self._pixels[:h, :w] = cv2.resize(luma, (w, h), interpolation=way)
        self._input[0, :, :, 0] = self._pixels
        return np.array([w / float(width), h / float(height)])


def _cells(rows, columns, stride):
    """(8, N): centres as corners of boxes, and the pixels of a side, outwards."""
    y, x = np.mgrid[:rows, :columns]
    centres = np.stack((x, y), axis=-1).reshape(-1, 2) * float(stride) + (stride - 1) / 2.0
    outwards = np.tile([-stride, -stride, stride, stride], (len(centres), 1))
    return np.hstack((centres, centres, outwards)).T.copy()


def distinct(ranked):
    """[(key, box)] without copies of an earlier box; in plain Python, which beats arrays several
    times on so few."""
    kept, left = [], list(ranked)
    while left:
        best = left[0]
        kept.append(best)
        left = [one for one in left[1:] if overlap(one[1], best[1]) < SAME_FACE]
    return kept
