"""A picture, a face's points and both eyes in, the 52 ARKit blendshapes out.

Two networks look closely at parts of the face: `upper` at each eye with its brow (the right one
mirrored), `lower` at mouth and jaw. Both are told how far the head is turned. Shapes that the
manifest does not call driven stay 0: what a network cannot tell yet is not guessed. A brow that
the turned head hides follows the other one. What the eyes do is known from the irises' stage.
"""
from typing import NamedTuple

import numpy as np

from appliance.face import ARKIT, ARKIT_NAMES
from appliance.stages import crop
from appliance.stages.iris import in_view
from appliance.stages.landmarks import TURN_FULL

LOOK_FULL = 30.0        # degrees of gaze at which an eyeLook shape is 1
WIDE_FULL = 0.3         # openness beyond 1 at which eyeWide is 1
BLINK = (ARKIT["eyeBlinkLeft"], ARKIT["eyeBlinkRight"])
WIDE = (ARKIT["eyeWideLeft"], ARKIT["eyeWideRight"])
# For each eye the shape of a gaze to the subject's left, to the right, up, down.
LOOK = tuple([ARKIT["eyeLook" + way + side] for way in ways] for side, ways in (
    ("Left", ("Out", "In", "Up", "Down")), ("Right", ("In", "Out", "Up", "Down"))))
# What each network answers, in order; `upper` for the side it is shown.
SHAPES = {
    "upper": ("browDown", "browInnerUp", "browOuterUp", "cheekSquint", "eyeSquint", "eyeWide",
              "noseSneer"),
    "lower": tuple(name for name in ARKIT_NAMES
                   if name.startswith(("jaw", "mouth", "cheekPuff", "tongue")))}
LOWER = np.array([ARKIT[name] for name in SHAPES["lower"]])
# Left and right; browInnerUp has no side: both answers have the same place.
UPPER = np.array([[ARKIT.get(name + side, ARKIT.get(name)) for name in SHAPES["upper"]]
                  for side in ("Left", "Right")])
INNER_UP = SHAPES["upper"].index("browInnerUp")
# The points of each eye and its brow, left and right.
EYE_AND_BROW = ((slice(42, 48), slice(22, 27)), (slice(36, 42), slice(17, 22)))


class Turned(NamedTuple):
    """Where a face is: its (68, 2) points, sqrt(w h) of their upright box, roll in degrees."""

    points: np.ndarray
    size: float
    roll: float


def upper_square(face, side):
    """The square of one eye with its brow; side: 0 left, 1 right."""
    eye, brow = (face.points[part].mean(axis=0) for part in EYE_AND_BROW[side])
    return _square(0.6 * eye + 0.4 * brow, 0.6, face)


def lower_square(face):
    """The square of mouth and jaw, from the nose to below the chin."""
    mouth, chin, nose = (face.points[part].mean(axis=0)
                         for part in (slice(48, 68), slice(6, 11), slice(31, 36)))
    return _square(0.45 * mouth + 0.25 * chin + 0.3 * nose, 0.8, face)


def _square(centre, share, face):
    return crop.Square(tuple(centre.tolist()), max(crop.SMALLEST, share * face.size), face.roll)


class Expression:
    """Both networks with their crops in front and the eyes' own word behind."""

    def __init__(self, upper, lower):
        self._upper, self._lower = upper, lower
        self._driven = {name: np.isin(SHAPES[name], engine.network.driven)
                        for name, engine in (("upper", upper), ("lower", lower))}
        self._eyes = np.zeros(upper.inputs["image"].shape[:3], np.uint8)
        self._mouth = np.zeros(lower.inputs["image"].shape[1:3], np.uint8)

    def __call__(self, luma, reading, left, right):
        """(52,) in the order of ARKIT_NAMES, 0 to 1, of a landmarks reading and its two Eyes."""
        shapes = np.zeros(len(ARKIT_NAMES))
        square = reading.next_square()
        face = Turned(reading.points, square.side / crop.LANDMARKS_MARGIN, square.roll)
        if self._lower.network.driven:
            shapes[LOWER] = self._below(luma, face, reading.turn())
        if self._upper.network.driven:
            above = self._above(luma, face, reading.turn())
            for side, share in enumerate(in_view(reading.turn()[0] * TURN_FULL)):
                shapes[UPPER[side]] += share * above[side] + (1 - share) * above[1 - side]
            shapes[UPPER[0, INNER_UP]] *= 0.5
        return with_eyes(shapes, left, right)

    def _below(self, luma, face, turn):
        crop.cut(luma, lower_square(face), self._mouth)
        self._lower.inputs["image"][0, :, :, 0] = self._mouth
        self._lower.inputs["turn"][0] = turn
        return self._lower.infer()["shapes"][0] * self._driven["lower"]

    def _above(self, luma, face, turn):
        for side in (0, 1):
            crop.cut(luma, upper_square(face, side), self._eyes[side])
        image = self._upper.inputs["image"]
        image[0, :, :, 0] = self._eyes[0]
        image[1, :, :, 0] = self._eyes[1, :, ::-1]
        self._upper.inputs["turn"][:] = turn, (-turn[0], turn[1])
        return self._upper.infer()["shapes"] * self._driven["upper"]


def with_eyes(shapes, left, right):
    """The shapes with what the Eyes tell: eyeBlink is 1 - openness, eyeWide the mean of the
    network's and the widening measured, eyeLook the gaze, 30 degrees is 1."""
    for side, eye in enumerate((left, right)):
        yaw, pitch = eye.gaze[0] / LOOK_FULL, eye.gaze[1] / LOOK_FULL
        shapes[BLINK[side]] = _unit(1.0 - eye.openness)
        shapes[WIDE[side]] = 0.5 * (shapes[WIDE[side]] + _unit((eye.openness - 1.0) / WIDE_FULL))
        for index, value in zip(LOOK[side], (yaw, -yaw, pitch, -pitch)):
            shapes[index] = _unit(value)
    return shapes


def _unit(value):
    return min(1.0, max(0.0, value))
