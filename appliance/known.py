"""What calibration knows of a person becomes a document of plain lists and numbers, and comes back
from one, checked: somebody may have edited it.

A part that is missing is as at first, a shape that is not known is passed over.
"""
from math import isfinite
from typing import NamedTuple

import numpy as np

from appliance.face import ARKIT_NAMES, VOWELS
from appliance.ranges import SHAPES_FACTOR
from appliance.stages.expression import BLINK, LOOK

FORM = 1
REST_MOST = 0.5         # of a weight: what is above it grows to twice itself at most
LEAST_LID = 0.4         # between shut and open: a lid is never told more than 2.5 times as moving
ASTRAY = 20.0           # degrees: whose gaze is that far off is looking elsewhere
OPENEST = 1.3
UPRIGHT = np.array([1.0, 0.0, 0.0, 0.0])
RESTING = np.ones(len(ARKIT_NAMES), bool)
RESTING[list(BLINK) + LOOK[0] + LOOK[1]] = False    # lids and gaze are calibrated apart
_PAIRS = [[0.0, 1.0], [0.0, 1.0]]


class Known(NamedTuple):
    """rotation: (4,) quaternion of straight ahead. rest: (52,) weights of the resting face. quiet:
    (5,) its vowels. hand: [[shut, open], ...] of left and right lid by command, None where there
    was none. gaze: (2, 2) degrees to add, left and right eye. lids, tops: as ranges.Ranges learned
    them."""

    rotation: np.ndarray
    rest: np.ndarray
    quiet: np.ndarray
    hand: list
    gaze: np.ndarray
    lids: list
    tops: np.ndarray


def written(known):
    """The document of a Known."""
    return {"form": FORM, "rotation": _plain(known.rotation), "rest": named(known.rest, 0.0),
            "quiet": named(known.quiet, 0.0, VOWELS), "lids": known.hand,
            "gaze": _plain(known.gaze),
            "learned": {"lids": _plain(known.lids), "tops": named(known.tops, 1.0)}}


def understood(document):
    """The Known of a document, {} for nothing known; ValueError, KeyError or TypeError where it is
    none."""
    if document and document["form"] != FORM:
        raise ValueError("form %r is not %d" % (document["form"], FORM))
    learned = document.get("learned", {})
    hand = [[_lid(value) for value in lid] for lid in document.get("lids", [[None] * 2] * 2)]
    lids = _numbers(learned.get("lids", _PAIRS), (2, 2), 0.0, OPENEST).tolist()
    _check_lids(lids, hand)
    rest = _weights(document.get("rest", {}), 0.0, 0.0, REST_MOST)
    quiet = _weights(document.get("quiet", {}), 0.0, 0.0, REST_MOST, VOWELS)
    return Known(_rotation(document.get("rotation", UPRIGHT)), np.where(RESTING, rest, 0.0), quiet,
                 hand, _numbers(document.get("gaze", [[0.0, 0.0]] * 2), (2, 2), -ASTRAY, ASTRAY),
                 lids, _weights(learned.get("tops", {}), 1.0, 1 / SHAPES_FACTOR - 1e-3, 1.0))


def _rotation(values):
    rotation = _numbers(values, (4,), -1.0, 1.0)
    length = np.sqrt(rotation.dot(rotation))
    if not 0.9 < length < 1.1:
        raise ValueError("%s is no rotation" % (values,))
    return rotation / (length if rotation[0] >= 0 else -length)


def _check_lids(lids, hand):
    if [len(lid) for lid in hand] != [2, 2]:
        raise ValueError("lids are two pairs")
    for shut, wide in lids + [lid for lid in hand if None not in lid]:
        if wide - shut < LEAST_LID - 1e-3:
            raise ValueError("a lid has no range")


def _numbers(values, shape, low, high):
    array = np.array(values, float)
    if array.shape != shape or not np.isfinite(array).all():
        raise ValueError("%s are no %s numbers" % (values, shape))
    if array.min() < low or array.max() > high:
        raise ValueError("%s are not within %g to %g" % (values, low, high))
    return array


def _lid(value):
    if value is not None and not (isfinite(value) and 0.0 <= value <= OPENEST):
        raise ValueError("lid %r" % (value,))
    return value


def _weights(named, usual, low, high, names=ARKIT_NAMES):
    out = np.full(len(names), usual)
    for name, value in named.items():
        if not low <= value <= high:
            raise ValueError("%s %r is not within %g to %g" % (name, value, low, high))
        if name in names:
            out[names.index(name)] = value
    return out


def named(weights, usual, names=ARKIT_NAMES):
    """{name: value} of those weights, one a name, that are not as usual."""
    return {name: round(value, 4) for name, value in zip(names, weights.tolist())
            if round(value, 4) != usual}


def _plain(array):
    return np.round(array, 6).tolist()
