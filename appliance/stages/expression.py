"""The network's blendshapes and both eyes in, the 52 ARKit blendshapes out; eyes as measured."""
import numpy as np

from appliance.face import ARKIT

LOOK_FULL = 30.0        # degrees of gaze at which an eyeLook shape is 1
WIDE_FULL = 0.3         # openness beyond 1 at which eyeWide is 1
BLINK = (ARKIT["eyeBlinkLeft"], ARKIT["eyeBlinkRight"])
WIDE = (ARKIT["eyeWideLeft"], ARKIT["eyeWideRight"])
# For each eye the shape of a gaze to the subject's left, to the right, up, down.
LOOK = tuple([ARKIT["eyeLook" + way + side] for way in ways] for side, ways in (
    ("Left", ("Out", "In", "Up", "Down")), ("Right", ("In", "Out", "Up", "Down"))))


def expression(blendshapes, left, right):
    """(52,) in the order of ARKIT_NAMES, 0 to 1.

    blendshapes: (52,) of the landmarks network. left, right: Eye. eyeBlink is 1 - openness;
    eyeWide the mean of the network's and the widening measured; eyeLook the gaze, 30 degrees is 1.
    """
    shapes = np.clip(blendshapes, 0.0, 1.0)
    for side, eye in enumerate((left, right)):
        yaw, pitch = eye.gaze[0] / LOOK_FULL, eye.gaze[1] / LOOK_FULL
        shapes[BLINK[side]] = _unit(1.0 - eye.openness)
        shapes[WIDE[side]] = 0.5 * (shapes[WIDE[side]] + _unit((eye.openness - 1.0) / WIDE_FULL))
        for index, value in zip(LOOK[side], (yaw, -yaw, pitch, -pitch)):
            shapes[index] = _unit(value)
    return shapes


def _unit(value):
    return min(1.0, max(0.0, value))
