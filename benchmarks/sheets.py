"""The worst twenty cases of a set in, one picture to look at out: true points green, ours red.

Photographs that may only be measured on stay outside the repository: sheets of them are not
written into it.
"""
import os

import cv2
import numpy as np

from appliance.errors import UsageError
from benchmarks import report

CASES, ACROSS, SIDE = 20, 5, 192
AROUND = 1.7        # times the larger side of the true points' box
TRUE, OURS, WORDS = (0, 220, 0), (40, 40, 255), (255, 255, 255)     # B, G, R


def outside(folder):
    """The folder; UsageError where it lies in the repository."""
    whole, root = os.path.realpath(folder), os.path.realpath(report.ROOT)
    if os.path.commonpath([whole, root]) == root:
        raise UsageError("--sheets %s" % folder, "it lies in the repository, and the photographs "
                         "may not", "give a folder outside of it")
    return folder


def worst(error):
    """Places of the CASES largest of (N,) errors, the worst first; NaN counts as the largest."""
    return [int(i) for i in np.argsort(-np.where(np.isnan(error), np.inf, error))[:CASES]]


def sheet(cases):
    """(H, W, 3) uint8 B, G, R of [(luma, true (68, 2), found (68, 2) or None, words)]."""
    rows = -(-len(cases) // ACROSS)
    out = np.zeros((rows * SIDE, ACROSS * SIDE, 3), np.uint8)
    for k, case in enumerate(cases):
        y, x = k // ACROSS * SIDE, k % ACROSS * SIDE
        out[y:y + SIDE, x:x + SIDE] = _tile(*case)
    return out


def _tile(luma, true, found, words):
    low, high = true.min(axis=0), true.max(axis=0)
    scale = SIDE / (AROUND * max(1.0, (high - low).max()))
    shift = SIDE / 2.0 - scale * (low + high) / 2
    crop = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    tile = cv2.cvtColor(cv2.warpAffine(np.ascontiguousarray(luma), crop, (SIDE, SIDE)),
                        cv2.COLOR_GRAY2BGR)
    for points, colour in ((true, TRUE), (found, OURS)):
        for x, y in [] if points is None else points * scale + shift:
            cv2.circle(tile, (int(x * 16), int(y * 16)), 20, colour, -1, cv2.LINE_AA, 4)
    for colour, thick in (((0, 0, 0), 3), (WORDS, 1)):
        cv2.putText(tile, words, (4, SIDE - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, thick,
                    cv2.LINE_AA)
    return tile


def write(folder, name, cases):
    """Write folder/NAME.jpg and tell where it is."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name + ".jpg")
    cv2.imwrite(path, sheet(cases), [cv2.IMWRITE_JPEG_QUALITY, 80])
    print("the worst %d: %s" % (len(cases), path))
