"""A picture in, the boxes where faces may be out, each with score and five points."""
from typing import NamedTuple

import cv2
import numpy as np

from appliance.geometry import overlap
from appliance.stages.landmarks import calibrated, odds

STRIDES = (8, 16)
SAME_FACE = 0.4         # overlap from which two boxes are one face
MOST = 50               # boxes that are looked at: a picture with more is noise
SMALLEST_PICTURE = 16   # pixels: below this no face can be told


class Candidate(NamedTuple):
    """Where a face may be: box (4,) and points (5, 2) in picture pixels, score 0.5 to 1.

    Points: subject's right eye, left eye, tip of the nose, right and left corner of the mouth.
    """

    box: np.ndarray
    score: float
    points: np.ndarray

    @property
    def roll(self):
        """Degrees by which the line from the right to the left eye is turned."""
        x, y = self.points[1] - self.points[0]
        return float(np.degrees(np.arctan2(y, x)))


class Detector:
    """The detector network with its letterbox in front and its cells read behind."""

    def __init__(self, engine):
        self._engine = engine
        self._input = engine.inputs["image"]
        self._height, self._width = self._input.shape[1:3]
        self._pixels = np.zeros((self._height, self._width), np.uint8)
        self._odds = odds(engine.network.score)
        self._centres = {s: _cell_centres(self._height // s, self._width // s, s) for s in STRIDES}

    def __call__(self, luma):
        """Candidates of a picture ((H, W) uint8), surest first; none in one too small to tell."""
        if min(luma.shape) < SMALLEST_PICTURE:
            return []
        scale = self._letterbox(luma)
        out = self._engine.infer()
        limit = self._odds / (1 + self._odds)
        found = [self._cells(out, s, limit) for s in STRIDES]
        scores, boxes, points = (np.concatenate(part) for part in zip(*found))
        kept = surest(scores, boxes)
        offset = 0.5 / scale - 0.5      # corners coincide, and pixels count from centres
        return [Candidate((boxes[i].reshape(2, 2) / scale + offset).reshape(4),
                          calibrated(float(scores[i]), self._odds), points[i] / scale + offset)
                for i in kept]

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

    def _cells(self, out, stride, limit):
        """(scores, boxes, points) in input pixels of the cells over the limit."""
        score = out["score%d" % stride].reshape(-1)
        at = np.flatnonzero(score > limit)
        centre = self._centres[stride][at]
        sides = out["box%d" % stride].reshape(-1, 4)[at] * stride
        boxes = np.hstack((centre - sides[:, :2], centre + sides[:, 2:]))
        points = out["points%d" % stride].reshape(-1, 5, 2)[at] * stride + centre[:, None]
        return score[at], boxes, points


def _cell_centres(rows, columns, stride):
    y, x = np.mgrid[:rows, :columns]
    return np.stack((x, y), axis=-1).reshape(-1, 2) * float(stride) + (stride - 1) / 2.0


def surest(scores, boxes):
    """Indices of the boxes that are no surer one's copy, surest first: non-maximum suppression."""
    kept = []
    for i in np.argsort(-scores, kind="stable")[:MOST]:
        if all(overlap(boxes[i], boxes[k]) < SAME_FACE for k in kept):
            kept.append(int(i))
    return kept
