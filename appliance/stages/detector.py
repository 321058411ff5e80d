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
        self._limit = self._odds / (1 + self._odds)
        self._cells = [_Cells(stride, self._height // stride, self._width // stride)
                       for stride in STRIDES]

    def __call__(self, luma):
        """Candidates of a picture ((H, W) uint8), surest first; none in one too small to tell."""
        if min(luma.shape) < SMALLEST_PICTURE:
            return []
        scale = self._letterbox(luma)
        return self._read(self._engine.infer(), scale)

    def _read(self, out, scale):
        """Candidates in the pixels of a picture that was shrunk by `scale` in x and y."""
        found = zip(*(cells(out, self._limit) for cells in self._cells))
        scores, boxes, points = (np.concatenate(part) for part in found)
        kept = surest(scores, boxes)
        offset = 0.5 / scale - 0.5      # corners coincide, and pixels count from centres
        boxes = boxes[kept].reshape(-1, 2, 2) / scale + offset
        points = points[kept].reshape(-1, 5, 2) / scale + offset
        return [Candidate(*one) for one in zip(
            boxes.reshape(-1, 4), [calibrated(score, self._odds) for score in
                                   scores[kept].tolist()], points)]

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


class _Cells:
    """The cells of one stride. Their centres are laid out as boxes and as points once, so that
    reading takes one product and one sum each."""

    def __init__(self, stride, rows, columns):
        self._names = ["%s%d" % (what, stride) for what in ("score", "box", "points")]
        y, x = np.mgrid[:rows, :columns]
        centres = np.stack((x, y), axis=-1).reshape(-1, 2) * float(stride) + (stride - 1) / 2.0
        self._corners, self._points = np.tile(centres, 2), np.tile(centres, 5)
        self._reach, self._stride = stride * np.array([-1.0, -1.0, 1.0, 1.0]), float(stride)

    def __call__(self, out, limit):
        """(scores (N,), boxes (N, 4), points (N, 10)) in input pixels of the MOST surest cells
        over the limit."""
        score, box, points = (out[name] for name in self._names)
        score = score.reshape(-1)
        at = (score > limit).nonzero()[0]
        if len(at) > MOST:
            at = at[np.argsort(-score[at], kind="stable")[:MOST]]
        # take() is five times as fast as an index here
        box, points = box.reshape(-1, 4).take(at, 0), points.reshape(-1, 10).take(at, 0)
        return (score.take(at), self._corners.take(at, 0) + box * self._reach,
                self._points.take(at, 0) + points * self._stride)


def surest(scores, boxes):
    """Indices of the boxes that are no surer one's copy, surest first: non-maximum suppression.

    In plain Python: with so few boxes that beats arrays several times.
    """
    order = np.argsort(-scores, kind="stable")[:MOST]
    kept, left = [], list(zip(order.tolist(), boxes[order].tolist()))
    while left:
        best, box = left[0]
        kept.append(best)
        left = [one for one in left[1:] if overlap(one[1], box) < SAME_FACE]
    return kept
