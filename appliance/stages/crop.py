"""A picture and a turned square in, its pixels at a network's size and the way back out."""
from math import sqrt
from typing import NamedTuple, Tuple

import cv2
import numpy as np

from appliance import geometry

LANDMARKS_MARGIN = 1.35     # side of the face's square / sqrt(w h) of its points, as in training
SMALLEST = 8.0              # picture pixels: a square below this holds nothing to measure


class Square(NamedTuple):
    """A square of the picture: its middle (x, y) and side in pixels, turned by roll degrees."""

    centre: Tuple[float, float]
    side: float
    roll: float = 0.0


def around_box(box, roll=0.0):
    """The face's square for a tight box (x0, y0, x1, y1) of its 68 points."""
    w, h = max(1.0, float(box[2] - box[0])), max(1.0, float(box[3] - box[1]))
    centre = (0.5 * float(box[0] + box[2]), 0.5 * float(box[1] + box[3]))
    return Square(centre, max(SMALLEST, LANDMARKS_MARGIN * sqrt(w * h)), roll)


def around_points(points, roll):
    """The face's square, turned by roll degrees, for its (68, 2) points."""
    centre, w, h = geometry.turned_box(points, roll)
    return Square(centre, max(SMALLEST, LANDMARKS_MARGIN * sqrt(max(1.0, w * h))), roll)


def cut(luma, square, out):
    """Fill `out` ((S, S) uint8) with the square's pixels; returns the (2, 3) matrix from `out` to
    the picture.

    Beyond the picture its border is repeated. A square of more than twice S is averaged down by a
    whole number first, because reading every other pixel would flicker.
    """
    size = out.shape[0]
    back = geometry.crop_transform(square.centre, square.side, square.roll, size)[1]
    factor = int(square.side / size)
    if factor >= 2:
        luma, matrix = _shrunk(luma, square, back, factor)
    else:
        matrix = back
    cv2.warpAffine(luma, matrix, (size, size), dst=out, borderMode=cv2.BORDER_REPLICATE,
                   flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return back


def _shrunk(luma, square, back, factor):
    """The part of the picture under the square, smaller by `factor`, and the matrix into it."""
    height, width = luma.shape
    (x, y), reach = square.centre, 0.7072 * square.side + factor
    x0, x1 = max(0, int(x - reach)), min(width, int(x + reach) + 1)
    y0, y1 = max(0, int(y - reach)), min(height, int(y + reach) + 1)
    w, h = (x1 - x0) // factor, (y1 - y0) // factor
    if w < 1 or h < 1:
        return luma, back
    part = luma[y0:y0 + h * factor, x0:x0 + w * factor]
    matrix = back / factor
    first = (factor - 1) / 2.0      # the first small pixel's centre, in pixels of the part
    matrix[0, 2] -= (x0 + first) / factor
    matrix[1, 2] -= (y0 + first) / factor
    return cv2.resize(part, (w, h), interpolation=cv2.INTER_AREA), matrix


def mirrored(back, size):
    """The way back from the mirror image of a crop whose own way back is `back`."""
    other = back.copy()
    other[:, 0] = -back[:, 0]
    other[:, 2] += (size - 1) * back[:, 0]
    return other


def as_luma(image):
    """(H, W) uint8 luma of a picture: itself, or the BT.601 weights of (H, W, 3) R, G, B."""
    if image.ndim == 2:
        return image
    return cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
