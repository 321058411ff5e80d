"""What each network of the expression looks at: a square of the face, the shapes that it answers.

That of the mouth is the appliance's own; the upper face's is not looked at there yet.
"""
from typing import Callable, NamedTuple

import numpy as np

from appliance.face import ARKIT_NAMES, LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS
from appliance.stages import crop
from appliance.stages.expression import SHAPES, mouth_square

UPPER = np.array([i for i, name in enumerate(ARKIT_NAMES)
                  if name.startswith(("brow", "cheekSquint", "eyeSquint", "eyeWide", "noseSneer"))])
# Held by the corners of the eyes, since brows and lids move; some of the brows, to reach the forehead
_MIDDLE = np.zeros(68)
_MIDDLE[17:27], _MIDDLE[list(LEFT_EYE_CORNERS + RIGHT_EYE_CORNERS)] = 0.2 / 10, 0.8 / 4


class Closeup(NamedTuple):
    """square: of a `expression.Turned`, of which the network sees the middle rows. shapes: indices among the 52, in
    the order of its answers."""

    square: Callable
    shapes: np.ndarray


def brows_square(face):
    """The square from the forehead to the sides of the nose, of a Turned."""
    centre = _MIDDLE.dot(face.points)
    return crop.Square(tuple(centre.tolist()), max(crop.SMALLEST, 0.9 * face.size), face.roll)


CLOSEUPS = {"expression": Closeup(mouth_square, SHAPES), "brows": Closeup(brows_square, UPPER)}
