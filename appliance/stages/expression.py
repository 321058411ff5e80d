"""A picture, faces' points and eyes in, the 52 ARKit blendshapes of each out.

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
    """The expression network, a Batches, with its crop in front and the eyes' own word behind."""

    def __init__(self, engines):
        self._engines = engines
        self._pixels = np.zeros(engines.network.inputs["image"][1:3], np.uint8)
        self.driven = np.isin(ARKIT_NAMES, engines.network.driven).astype(float)

    def __call__(self, luma, faces):
        """[(52,)] in the order of ARKIT_NAMES, 0 to 1, of faces, each (reading, upright, eyes).

        reading: of the landmarks. upright: its next_square(). eyes: its two Eyes.
        """
        found = []
        for engine, some in self._engines.share(faces):
            for i, (reading, upright, _) in enumerate(some):
                self._cut(luma, reading, upright)
                engine.inputs["image"][i, :, :, 0] = self._pixels
                engine.inputs["turn"][i] = reading.turn()
            out = bounded(engine.infer()["shapes"])
            found += [self._named(shapes, eyes) for shapes, (_, _, eyes) in zip(out, some)]
        return found

    def both_ways(self, luma, faces):
        """The same from each crop and its mirror image, in turn."""
        found = []
        for reading, upright, eyes in faces:
            self._cut(luma, reading, upright)
            turned, nodded = reading.turn()
            shapes = self._infer(self._pixels, (turned, nodded)).astype(float)
            other = self._infer(self._pixels[:, ::-1], (-turned, nodded))
            found.append(self._named(0.5 * (shapes + other[MIRROR]), eyes))
        return found

    def _cut(self, luma, reading, upright):
        face = Turned(reading.points, upright.side / crop.LANDMARKS_MARGIN, upright.roll)
        crop.cut(luma, mouth_square(face), self._pixels)

    def _infer(self, pixels, turn):
        inputs = self._engines.one.inputs
        inputs["image"][0, :, :, 0], inputs["turn"][0] = pixels, turn
        return bounded(self._engines.one.infer()["shapes"][0])

    def _named(self, answer, eyes):
        shapes = np.zeros(len(ARKIT_NAMES))
        shapes[SHAPES] = answer
        return with_eyes(shapes, *eyes) * self.driven


def bounded(shapes):
    """The network's answers, 0 to 1."""
    return np.minimum(np.maximum(shapes, 0.0), 1.0)


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
