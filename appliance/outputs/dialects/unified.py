"""A face becomes the parameters that VRCFaceTracking calls v2 or Unified Expressions: base shapes
and what is derived from them.

Each is a weighted sum of the 52 weights and a few numbers more, so all that are sent are one
product with a matrix.
"""
from math import copysign, radians, tan

import numpy as np

from appliance.face import ARKIT, ARKIT_NAMES

SIDES = ("Left", "Right")
# What comes behind the 52 weights: a constant, gaze, openness and the larger of two weights.
_SOURCES = ARKIT_NAMES + ("one", "xLeft", "yLeft", "xRight", "yRight", "openLeft", "openRight",
                          "eyeWide", "eyeSquint", "sadLeft", "sadRight")
_BOTH = {name[:-4]: (i, ARKIT[name[:-4] + "Right"]) for name, i in ARKIT.items()
         if name.endswith("Left")}
_LARGER = [(ARKIT[a], ARKIT[b]) for a, b in (
    ("eyeWideLeft", "eyeWideRight"), ("eyeSquintLeft", "eyeSquintRight"),
    ("mouthFrownLeft", "mouthStretchLeft"), ("mouthFrownRight", "mouthStretchRight"))]
# @ is a side. Each of these also exists without a side, as the mean of both.
_SIDED = {
    "Eye@X": {"x@": 1}, "Eye@Y": {"y@": 1}, "EyeOpen@": {"open@": 1},
    "EyeClosed@": {"one": 1, "open@": -1}, "EyeLid@": {"open@": 0.75, "eyeWide@": 0.25},
    "EyeWide@": {"eyeWide@": 1}, "EyeSquint@": {"eyeSquint@": 1},
    "BrowPinch@": {"browDown@": 1}, "BrowLowerer@": {"browDown@": 1},
    "BrowDown@": {"browDown@": 1}, "BrowInnerUp@": {"browInnerUp": 1},
    "BrowOuterUp@": {"browOuterUp@": 1},
    "BrowUp@": {"browOuterUp@": 0.6, "browInnerUp": 0.4},
    "BrowExpression@": {"browInnerUp": 0.5, "browOuterUp@": 0.5, "browDown@": -1},
    "NoseSneer@": {"noseSneer@": 1}, "CheekSquint@": {"cheekSquint@": 1},
    "CheekPuff@": {"cheekPuff": 1}, "CheekPuffSuck@": {"cheekPuff": 1},
    "LipSuckUpper@": {"mouthRollUpper": 1}, "LipSuckLower@": {"mouthRollLower": 1},
    "LipFunnelUpper@": {"mouthFunnel": 1}, "LipFunnelLower@": {"mouthFunnel": 1},
    "LipPuckerUpper@": {"mouthPucker": 1}, "LipPuckerLower@": {"mouthPucker": 1},
    "LipSuckFunnelUpper@": {"mouthRollUpper": 1, "mouthFunnel": -1},
    "LipSuckFunnelLower@": {"mouthRollLower": 1, "mouthFunnel": -1},
    "MouthUpperUp@": {"mouthUpperUp@": 1}, "MouthLowerDown@": {"mouthLowerDown@": 1},
    "MouthOpen@": {"mouthUpperUp@": 0.5, "mouthLowerDown@": 0.5},
    "MouthCornerPull@": {"mouthSmile@": 1}, "MouthCornerSlant@": {"mouthSmile@": 1},
    "MouthSmile@": {"mouthSmile@": 1}, "MouthFrown@": {"mouthFrown@": 1},
    "MouthStretch@": {"mouthStretch@": 1}, "MouthTightenerStretch@": {"mouthStretch@": -1},
    "MouthSad@": {"sad@": 1}, "MouthCornerY@": {"mouthSmile@": 1, "mouthFrown@": -1},
    "SmileFrown@": {"mouthSmile@": 1, "mouthFrown@": -1},
    "SmileSad@": {"mouthSmile@": 1, "sad@": -1},
    "MouthDimple@": {"mouthDimple@": 1}, "MouthPress@": {"mouthPress@": 1}}
_SINGLE = {
    "EyeWide": {"eyeWide": 1}, "EyeSquint": {"eyeSquint": 1}, "JawOpen": {"jawOpen": 1},
    "MouthClosed": {"mouthClose": 1}, "JawLeft": {"jawLeft": 1}, "JawRight": {"jawRight": 1},
    "JawX": {"jawRight": 1, "jawLeft": -1}, "JawZ": {"jawForward": 1},
    "JawForward": {"jawForward": 1}, "LipSuck": {"mouthRollUpper": 0.5, "mouthRollLower": 0.5},
    "LipFunnel": {"mouthFunnel": 1}, "LipPucker": {"mouthPucker": 1},
    "MouthUpperLeft": {"mouthLeft": 1}, "MouthUpperRight": {"mouthRight": 1},
    "MouthLowerLeft": {"mouthLeft": 1}, "MouthLowerRight": {"mouthRight": 1},
    "MouthUpperX": {"mouthRight": 1, "mouthLeft": -1},
    "MouthLowerX": {"mouthRight": 1, "mouthLeft": -1},
    "MouthX": {"mouthRight": 1, "mouthLeft": -1}, "MouthRaiserUpper": {"mouthShrugUpper": 1},
    "MouthRaiserLower": {"mouthShrugLower": 1}, "TongueOut": {"tongueOut": 1}}


def _sums():
    """{name: {source: coefficient}} of every parameter that these weights can reach."""
    out = {}
    for name, terms in _SIDED.items():
        both = {}
        for side in SIDES:
            mine = {source.replace("@", side): k for source, k in terms.items()}
            out[name.replace("@", side)] = mine
            for source, k in mine.items():
                both[source] = both.get(source, 0) + 0.5 * k
        out[name.replace("@", "")] = both
    return dict(out, **_SINGLE)


SUMS = _sums()
# Those that are told from -1 to 1; the others never leave 0 to 1.
SIGNED = frozenset(name for name, terms in SUMS.items() if name[:3] == "Eye" and name[-1] in "XY"
                   or min(terms.values()) < 0 and "one" not in terms)
# What avatars made after the common templates have, in the order in which it is sent.
USUAL = tuple(
    "EyeLeftX EyeLeftY EyeRightX EyeRightY EyeX EyeY EyeLidLeft EyeLidRight EyeLid EyeSquintLeft "
    "EyeSquintRight EyeSquint".split()
    + [name + side for side in SIDES for name in (
        "BrowPinch BrowLowerer BrowInnerUp BrowOuterUp BrowUp BrowDown BrowExpression").split()]
    + ("BrowInnerUp BrowOuterUp NoseSneerLeft NoseSneerRight NoseSneer CheekSquintLeft "
       "CheekSquintRight CheekPuffSuckLeft CheekPuffSuckRight JawOpen MouthClosed JawX JawZ "
       "JawForward LipSuckUpper LipSuckLower LipFunnel LipPucker MouthUpperX MouthLowerX "
       "MouthX").split()
    + [name + side for side in SIDES for name in ("MouthUpperUp", "MouthLowerDown")]
    + ["MouthUpperUp", "MouthLowerDown"]
    + [name + side for side in SIDES for name in (
        "MouthCornerPull MouthCornerSlant MouthSmile MouthFrown MouthStretch MouthSad SmileFrown "
        "SmileSad MouthDimple MouthPress").split()]
    + ["MouthRaiserUpper", "MouthRaiserLower", "TongueOut"])


def matrix(names):
    """(len(names), len(sources)): its product with `sources(face)` are the parameters `names`; a
    name that is none of SUMS gives 0.
    """
    out = np.zeros((len(names), len(_SOURCES)))
    for row, name in zip(out, names):
        for source, k in SUMS.get(name, {}).items():
            row[_SOURCES.index(source)] = k
    return out


def sources(face):
    """What `matrix()` multiplies: weights and openness bounded to 0 to 1, gaze to -1 to 1."""
    out = np.empty(len(_SOURCES))
    out[:len(ARKIT)] = face.weights
    w = face.weights.tolist()
    larger = [max(w[a], w[b]) for a, b in _LARGER]
    out[len(ARKIT):] = (1.0,) + sight(face) + openness(face) + tuple(larger)
    return out


def sight(face):
    """x, y of the left eye, then of the right: x > 0 to the own right, y > 0 up, 1 is 45 degrees
    from straight ahead, where it ends.
    """
    yaw, pitch, other, more = face.looks
    return _tangent(-yaw), _tangent(pitch), _tangent(-other), _tangent(more)


def openness(face):
    """Of the left and the right eye, bounded to 0 (shut) to 1 (usual)."""
    left, right = face.left.openness, face.right.openness
    return min(1.0, max(0.0, left)), min(1.0, max(0.0, right))


def both(weights, name):
    """The mean of a left and a right weight; weights: a list of the 52."""
    left, right = _BOTH[name]
    return 0.5 * (weights[left] + weights[right])


def _tangent(angle):
    return tan(radians(angle)) if abs(angle) < 45.0 else copysign(1.0, angle)
