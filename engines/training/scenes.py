"""Pictures with the boxes of all their faces in, parts of them as large as the detector sees out,
with marks where the faces are."""
from typing import NamedTuple, Optional

import cv2
import numpy as np

LARGEST = 3.0       # by how much a picture is enlarged at most
SEEN = 0.6          # share of a box that lies in the part, from which it is to be found


class Mark(NamedTuple):
    """A face in a picture of the detector's size: box x0, y0, x1, y1 in its pixels; its five
    points (5, 2) where they are known; ignored: finding it is neither right nor wrong."""

    box: tuple
    five: Optional[np.ndarray] = None
    ignored: bool = False


class Scenes:
    """rows: which pictures of a Reader."""

    def __init__(self, samples, rows):
        self._samples, self._rows = samples, rows

    def __len__(self):
        return len(self._rows)

    def draw(self, rng, size, wanted):
        """((height, width) uint8, [Mark]) of a random part of a random picture.

        size: (width, height). wanted: about how large, sqrt(w h) in pixels, one of the faces then
        is; a picture without faces is shown whole.
        """
        i = self._rows[rng.randint(len(self._rows))]
        luma, faces = self._samples.luma(i), self._samples.faces(i)
        counted = faces.boxes[~faces.ignored]
        target = counted[rng.randint(len(counted))] if len(counted) else None
        x0, y0, x1, y1, k = _window(rng, luma.shape, size, target, wanted)
        part = luma[y0:y1, x0:x1]
        w, h = (min(most, max(1, int(round(side * k))))
                for side, most in zip(part.shape[::-1], size))
        out = np.zeros(size[::-1], np.uint8)
        out[:h, :w] = cv2.resize(part, (w, h),
                                 interpolation=cv2.INTER_AREA if k < 1 else cv2.INTER_LINEAR)
        scale = np.array([w, h], float) / part.shape[::-1]
        boxes = (faces.boxes.reshape(-1, 2, 2) + 0.5 - (x0, y0)) * scale - 0.5
        return out, [mark for box, ignored in zip(boxes.reshape(-1, 4), faces.ignored)
                     for mark in _marked(box, ignored, w, h)]


def _window(rng, shape, size, target, wanted):
    """Whole pixels x0, y0, x1, y1 of the picture and the scale that the part then takes."""
    height, width = shape
    fit = min(size[0] / width, size[1] / height)
    if target is None:
        return 0, 0, width, height, fit
    face = max(1.0, float(np.sqrt(np.prod(target[2:] - target[:2]))))
    k = max(fit, min(wanted / face, LARGEST))
    found = []
    for most, side, centre in zip(size, (width, height), (target[:2] + target[2:]) / 2):
        span = min(side, int(np.ceil(most / k)))
        first = int(round(float(centre) - span * rng.uniform(0.15, 0.85)))
        found.append((min(max(0, first), side - span), span))
    (x, w), (y, h) = found
    return x, y, x + w, y + h, k


def _marked(box, ignored, width, height):
    """[Mark] of a box as far as the part shows it, none where it does not."""
    low, high = np.maximum(box[:2], -0.5), np.minimum(box[2:], (width - 0.5, height - 0.5))
    if (high <= low).any():
        return []
    seen = np.prod(high - low) / max(1e-6, np.prod(box[2:] - box[:2]))
    return [Mark(tuple(box.tolist()), None, bool(ignored or seen < SEEN))]
