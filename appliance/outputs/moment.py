"""What a target is told of one moment: the shown face with its state, and the frame around it."""
from typing import NamedTuple, Optional, Tuple

import numpy as np

from appliance.face import ARKIT_MIRROR, ARKIT_NAMES, LANDMARK_MIRROR, Eye, Face

MOST = 4            # faces at once
_EYE = Eye(iris=np.zeros((5, 2)), openness=1.0, gaze=np.zeros(2), score=0.0)
# Looks straight ahead with open eyes: what is shown while nobody is there.
NEUTRAL = Face(id=0, score=0.0, box=np.zeros(4), landmarks=np.zeros((68, 2)), sigma=np.zeros(68),
               rotation=np.array([1.0, 0.0, 0.0, 0.0]), translation=np.zeros(3),
               left=_EYE, right=_EYE, blendshapes=np.zeros(len(ARKIT_NAMES)))


# What a mirror makes of (w, x, y, z), (x, y, z) and (yaw, pitch).
_OTHER_TURN, _OTHER_PLACE, _OTHER_GAZE = (
    np.array(signs, float) for signs in ((1, 1, -1, -1), (-1, 1, 1), (-1, 1)))


class Slot(NamedTuple):
    """One of several faces at once; the fields mean what they mean in a Moment."""

    face: Optional[Face]
    id: int
    age: float
    fresh: bool


class Moment(NamedTuple):
    """One frame as the dialects see it.

    number: counts moments, wraps to 0 after 2**31 - 1. time: seconds since the outputs were
    opened. unix: seconds since 1970. size: (width, height) of the picture in pixels. face: what is
    shown, None while lost; its `state` says tracked, held or returning. id: of the face, while
    lost of the last one. age: seconds since the face was found, while lost since it was last seen.
    fresh: the state is another one than in the moment before. running: pictures come.
    synchronised: the wall clock is set by a time service. mirrored: see `mirrored()`. focal: the
    camera's focal length in pixels, its principal point is the middle of the picture. slots: every
    face by its place, where there has been more than one; the fields above tell of the primary.
    calibrating: it is being measured or taught now.
    """

    number: int
    time: float
    unix: float
    size: Tuple[int, int]
    face: Optional[Face]
    id: int
    age: float
    fresh: bool = False
    running: bool = True
    synchronised: bool = True
    mirrored: bool = False
    focal: float = 1.0
    slots: Tuple[Slot, ...] = ()
    calibrating: bool = False


def mirrored(moment):
    """The moment as a mirror would show it: left and right exchanged in everything but the
    picture's size.

    Signs of yaw, roll, x and gaze yaw turn, points and boxes are reflected in the picture, sides
    of points, eyes and blendshapes are exchanged. Twice is the identity.
    """
    width = moment.size[0]
    slots = tuple(s._replace(face=s.face and mirrored_face(s.face, width)) for s in moment.slots)
    face = moment.face and mirrored_face(moment.face, width)
    return moment._replace(face=face, slots=slots, mirrored=not moment.mirrored)


def mirrored_face(face, width):
    """A Face as a mirror would show it, in a picture `width` pixels wide."""
    x0, y0, x1, y1 = face.box.tolist()
    points = face.landmarks.take(LANDMARK_MIRROR, axis=0)
    return face._replace(
        box=np.array([width - 1 - x1, y0, width - 1 - x0, y1]),
        landmarks=_reflected(points, width),
        sigma=face.sigma[LANDMARK_MIRROR], rotation=face.rotation * _OTHER_TURN,
        translation=face.translation * _OTHER_PLACE,
        left=_mirrored_eye(face.right, width), right=_mirrored_eye(face.left, width),
        blendshapes=face.blendshapes[ARKIT_MIRROR])


def _mirrored_eye(eye, width):
    return Eye(_reflected(eye.iris.copy(), width), eye.openness, eye.gaze * _OTHER_GAZE, eye.score)


def _reflected(points, width):
    """The same array, reflected in place."""
    across = points[:, 0]
    np.subtract(width - 1, across, out=across)
    return points
