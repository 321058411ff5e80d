"""The order in which phone apps list the 52 blendshapes, as Live Link Face began it."""
import numpy as np

from appliance.face import ARKIT

_EYE = ("eyeBlink", "eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp", "eyeSquint", "eyeWide")


def _both(*names):
    return [name + side for name in names for side in ("Left", "Right")]


NAMES = tuple(
    [name + side for side in ("Left", "Right") for name in _EYE]
    + ["jawForward", "jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker",
       "mouthLeft", "mouthRight"]
    + _both("mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch")
    + ["mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"]
    + _both("mouthPress", "mouthLowerDown", "mouthUpperUp", "browDown")
    + ["browInnerUp"] + _both("browOuterUp") + ["cheekPuff"] + _both("cheekSquint", "noseSneer")
    + ["tongueOut"])
ORDER = np.array([ARKIT[name] for name in NAMES])       # where each stands in ARKIT_NAMES
