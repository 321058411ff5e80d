"""A picture and a turned square in, its pixels at a network's size and the way back out."""
from math import exp, hypot, log, sqrt
from typing import NamedTuple, Tuple

import cv2
import numpy as np

from appliance import geometry

LANDMARKS_MARGIN = 1.35     # side of the face's square / sqrt(w h) of its points, as in training
SMALLEST = 8.0              # picture pixels: a square below this holds nothing to measure
# A square of so many times the network's pixels is halved first, by means: nothing flickers, and
# portraits of 190 pixels tremble by a sixth less under camera noise than where halving begins at
# twice. Where their points lie, and what is told of shapes and irises, stays.
HALVED_FROM = 1.414
# How far a followed face may leave its square before that is dragged along: centre and side as
# shares of the side, roll in degrees. Half as much and four times as much steady as well.
LEASH, SLACK, TILT = 0.01, 0.02, 1.0


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


def dragged(last, new):
    """The last square, moved towards the new one only by what exceeds LEASH, SLACK and TILT.

    A face at rest is looked at through one and the same square. A square that follows the
    network's answer feeds the answer's tremble back: some still portraits never came to rest.
    """
    x, y = new.centre[0] - last.centre[0], new.centre[1] - last.centre[1]
    pull = max(0.0, 1 - LEASH * last.side / max(1e-9, sqrt(x * x + y * y)))
    zoom, turn = log(new.side / last.side), (new.roll - last.roll + 180) % 360 - 180
    return Square((last.centre[0] + pull * x, last.centre[1] + pull * y),
                  last.side * exp(_beyond(zoom, SLACK)), last.roll + _beyond(turn, TILT))


def _beyond(value, limit):
    """What of a value exceeds a limit to either side."""
    return value - min(limit, max(-limit, value))


def cut(luma, square, out):
    """Fill `out` ((S, S) uint8; where it is wider than high, with the middle rows) with the
    square's pixels; returns the (2, 3) matrix from `out` to the picture."""
    height, size = out.shape
    back = geometry.crop_way_back(*square, size=size)
    if height < size:
        back[:, 2] += (size - height) // 2 * back[:, 1]
    fill(out, luma, back)
    return back


def fill(out, luma, back):
    """Fill `out` ((H, W) uint8) from a picture by the (2, 3) matrix from one to the other.

    Beyond the picture its border is repeated. How the networks see everything, in training too.
    """
    scale, matrix = hypot(back[0, 0], back[1, 0]), back     # pixels of the picture to one of `out`
    if scale >= HALVED_FROM:
        luma, matrix = _part(luma, back, out.shape)
    while scale >= HALVED_FROM and min(luma.shape) > 1:
        luma, matrix, scale = _halved(luma), _into_halved(matrix), scale / 2
    cv2.warpAffine(luma, matrix, out.shape[::-1], dst=out, borderMode=cv2.BORDER_REPLICATE,
                   flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)


def _part(luma, back, shape):
    """The part of the picture under a crop of `shape`, and the matrix into it."""
    (height, width), ((a, b, x), (c, d, y)) = luma.shape, back.tolist()
    down, right = (0.5 * (n - 1) for n in shape)
    x, y = x + a * right + b * down, y + c * right + d * down       # of the middle
    down, right = down + 3, right + 3       # so far halving sees beyond it
    across, along = abs(a) * right + abs(b) * down, abs(c) * right + abs(d) * down
    x0, y0 = min(max(0, int(x - across)), width - 1), min(max(0, int(y - along)), height - 1)
    x0, y0 = x0 & ~7, y0 & ~7       # wherever a part begins the same pixels are halved together
    part = luma[y0:max(y0, int(y + along)) + 1, x0:max(x0, int(x + across)) + 1]
    return part, back - ((0, 0, x0), (0, 0, y0))


def _halved(luma):
    """Each pixel the mean of four."""
    height, width = luma.shape
    return cv2.resize(luma[:height // 2 * 2, :width // 2 * 2], (width // 2, height // 2),
                      interpolation=cv2.INTER_AREA)


def _into_halved(matrix):
    matrix = 0.5 * matrix
    matrix[:, 2] -= 0.25        # the first pixel's centre lies between the first two
    return matrix


def as_luma(image):
    """(H, W) uint8 luma of a picture: itself, or the BT.601 weights of (H, W, 3) R, G, B."""
    if image.ndim == 2:
        return image
    return cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
