"""What a picture and a face are made of: the types that every stage, wire and file shares.

Units, axes and signs are those of docs/architecture.md: pixels (x, y) with the centre of the first
pixel at (0, 0), millimetres and the OpenCV camera frame, left and right always the subject's own.
"""
from types import MappingProxyType
from typing import Mapping, NamedTuple, Optional

import numpy as np

from appliance import geometry

ARKIT_NAMES = (
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight",
    "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft",
    "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight",
    "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight",
    "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower",
    "mouthShrugUpper", "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft",
    "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight", "noseSneerLeft",
    "noseSneerRight", "tongueOut")
ARKIT = {name: i for i, name in enumerate(ARKIT_NAMES)}
VOWELS = ("A", "I", "U", "E", "O")
SILENT = np.zeros(len(VOWELS))


def _other_side(name):
    if name.endswith("Left"):
        return name[:-4] + "Right"
    return name[:-5] + "Left" if name.endswith("Right") else name


# Index of the shape, or of the iBUG point, that takes each one's place in a mirrored picture.
ARKIT_MIRROR = np.array([ARKIT[_other_side(name)] for name in ARKIT_NAMES])
LANDMARK_MIRROR = np.array(
    list(range(16, -1, -1)) + list(range(26, 16, -1)) + list(range(27, 31)) + [35, 34, 33, 32, 31]
    + [45, 44, 43, 42, 47, 46] + [39, 38, 37, 36, 41, 40]
    + [54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55] + [64, 63, 62, 61, 60, 67, 66, 65])

# Outer and inner corner of each eye among the 68 points.
LEFT_EYE_CORNERS = (45, 42)
RIGHT_EYE_CORNERS = (36, 39)


class Frame(NamedTuple):
    """One picture of a source.

    number: counts up, never back. time: monotonic seconds, the end of the exposure as well as the
    source can tell. arrived: `time.perf_counter()` when it reached this program. luma: (H, W)
    uint8, rows may be padded, valid until the next frame is asked for. rgb: (H, W, 3) uint8, or
    None unless it was asked for.
    """

    number: int
    time: float
    arrived: float
    luma: np.ndarray
    rgb: Optional[np.ndarray] = None


class Eye(NamedTuple):
    """One eye.

    iris: (5, 2) picture pixels: centre, then the contour towards the nose, up, towards the ear,
    down. openness: 0 closed, 1 usual, up to 1.3. gaze: (2,) yaw and pitch relative to the head,
    degrees. score: 0 to 1, how far the measurement is believed (0 for an eye that the head hides).
    """

    iris: np.ndarray
    openness: float
    gaze: np.ndarray
    score: float


class _Once:
    """What follows from a face, computed when it is first asked for: a face never changes."""

    def __init__(self, compute):
        self._compute, self._name, self.__doc__ = compute, compute.__name__, compute.__doc__

    def __get__(self, face, owner=None):
        if face is None:
            return self
        value = face.__dict__[self._name] = self._compute(face)
        return value


class _Measured(NamedTuple):
    id: int
    score: float
    box: np.ndarray
    landmarks: np.ndarray
    sigma: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray
    left: Eye
    right: Eye
    blendshapes: np.ndarray
    state: str = "tracked"
    taught: Mapping[str, float] = MappingProxyType({})
    rotation_sigma: float = 0.0
    translation_sigma: np.ndarray = np.zeros(3)
    vowels: Optional[np.ndarray] = None


class Face(_Measured):
    """One face in one picture.

    id: counts up with each new face. score: probability, under 0.5 it is not believed. box: (x0,
    y0, x1, y1), tight around the 68 landmarks. landmarks: (68, 2) pixels, iBUG order. sigma: (68,)
    pixels, one standard deviation along each axis. rotation: camera_from_head as (w, x, y, z), w
    >= 0. translation: (3,) mm, the midpoint of the eyeballs in the camera frame. left, right: Eye.
    blendshapes: (52,) in the order of ARKIT_NAMES, 0 to 1. state: "tracked", "held" (the last
    values, repeated) or "returning" (to neutral). taught: {name: 0 to 1}, the expressions that
    somebody taught (teach.py). rotation_sigma: degrees, one standard deviation about any axis.
    translation_sigma: (3,) mm, along each axis, of a head whose eyes are as far apart as
    configured. vowels: (5,) how far the mouth says each of VOWELS, 0 to 1, None where nothing
    tells it.
    """

    @_Once
    def matrix(self):
        """camera_from_head as a (3, 3) matrix."""
        return geometry.matrix_from_quaternion(self.rotation)

    @_Once
    def weights(self):
        """(52,) the blendshapes bounded to 0 to 1; to be read only."""
        return self.blendshapes.clip(0.0, 1.0)

    @_Once
    def looks(self):
        """(yaw, pitch, yaw, pitch) of the left and the right eye's gaze, as plain numbers."""
        return tuple(self.left.gaze.tolist() + self.right.gaze.tolist())

    @_Once
    def angles(self):
        """(yaw, pitch, roll) in degrees; yaw > 0 to the subject's own left, pitch > 0 up, roll > 0
        to the own left shoulder."""
        return geometry.angles_from_quaternion(self.rotation)

    def gaze_vector(self, eye):
        """(3,) unit vector in the camera frame along which self.left or self.right looks."""
        yaw, pitch = np.radians(eye.gaze)
        in_head = np.array([np.sin(yaw) * np.cos(pitch), -np.sin(pitch),
                            -np.cos(yaw) * np.cos(pitch)])
        return self.matrix.dot(in_head)
