"""A picture, a face's points and both eyes in, the 52 ARKit blendshapes out.

The expression network looks closely at mouth and jaw and is told how far the head is turned; what
the eyes do is known from the irises' stage. Shapes that the manifest does not call driven stay 0:
what cannot be told yet is not guessed.
"""
from typing import NamedTuple

import numpy as np

from appliance.face import ARKIT, ARKIT_MIRROR, ARKIT_NAMES
from appliance.stages import crop

LOOK_FULL = 30.0        # degrees of gaze at which an eyeLook shape is 1
WIDE_FULL = 0.3         # openness beyond 1 at which eyeWide is 1
BLINK = (ARKIT["eyeBlinkLeft"], ARKIT["eyeBlinkRight"])
WIDE = (ARKIT["eyeWideLeft"], ARKIT["eyeWideRight"])
# For each eye the shape of a gaze to the subject's left, to the right, up, down.
LOOK = tuple([ARKIT["eyeLook" + way + side] for way in ways] for side, ways in (
    ("Left", ("Out", "In", "Up", "Down")), ("Right", ("In", "Out", "Up", "Down"))))
# What the network answers, in order: the place of each among the 52, and its partner's here.
SHAPES = np.array([i for i, name in enumerate(ARKIT_NAMES)
                   if name.startswith(("jaw", "mouth", "cheekPuff", "tongue"))])
MIRROR = np.searchsorted(SHAPES, ARKIT_MIRROR[SHAPES])
# What each of the 68 points counts for in the middle of mouth and jaw: lips, chin, nostrils
MOUTH = np.zeros(68)
MOUTH[48:68], MOUTH[6:11], MOUTH[31:36] = 0.45 / 20, 0.25 / 5, 0.3 / 5


class Turned(NamedTuple):
    """Where a face is: its (68, 2) points, sqrt(w h) of their upright box, roll in degrees."""

    points: np.ndarray
    size: float
    roll: float


def mouth_square(face):
    """The square of mouth and jaw, from the nose to below the chin, of a Turned."""
    centre = MOUTH.dot(face.points)
    return crop.Square(tuple(centre.tolist()), max(crop.SMALLEST, 0.8 * face.size), face.roll)


class Expression:
    """The expression network with its crop in front and the eyes' own word behind."""

    def __init__(self, engine):
        self._engine = engine
        self._input, self._turn = engine.inputs["image"][0, :, :, 0], engine.inputs["turn"]
        self._pixels = np.zeros(self._input.shape, np.uint8)
        self.driven = np.isin(ARKIT_NAMES, engine.network.driven).astype(float)

    def __call__(self, luma, reading, upright, left, right, thorough=False):
        """(52,) in the order of ARKIT_NAMES, 0 to 1, of a landmarks reading and its two Eyes.

        upright: the reading's next_square(). thorough: the crop's mirror image is looked at too.
        """
        turn = reading.turn()
        face = Turned(reading.points, upright.side / crop.LANDMARKS_MARGIN, upright.roll)
        crop.cut(luma, mouth_square(face), self._pixels)
        shapes = np.zeros(len(ARKIT_NAMES))
        shapes[SHAPES] = self._infer(self._pixels, turn)
        if thorough:
            other = self._infer(self._pixels[:, ::-1], (-turn[0], turn[1]))
            shapes[SHAPES] = 0.5 * (shapes[SHAPES] + other[MIRROR])
        return with_eyes(shapes, left, right) * self.driven

    def _infer(self, pixels, turn):
        self._input[...], self._turn[...] = pixels, turn
        return self._engine.infer()["shapes"][0]


def with_eyes(shapes, left, right):
    """The shapes with what the Eyes tell: eyeBlink is 1 - openness, eyeWide what is beyond 1,
    eyeLook the gaze, 30 degrees is 1."""
    for side, eye in enumerate((left, right)):
        yaw, pitch = eye.gaze.tolist()
        yaw, pitch = yaw / LOOK_FULL, pitch / LOOK_FULL
        shapes[BLINK[side]] = _unit(1.0 - eye.openness)
        shapes[WIDE[side]] = _unit((eye.openness - 1.0) / WIDE_FULL)
        for index, value in zip(LOOK[side], (yaw, -yaw, pitch, -pitch)):
            shapes[index] = _unit(value)
    return shapes


def _unit(value):
    return min(1.0, max(0.0, value))
