"""A moment comes in, the same moment with a head that turns, looks along, blinks, speaks and nods
goes out: for whoever wants to see that a target hears us.
"""
from math import pi, sin

import numpy as np

from appliance import geometry
from appliance.face import ARKIT, Eye, Face
from appliance.outputs.moment import NEUTRAL
from appliance.outputs.sketch import FAR, seen

SECONDS = 3.0
TURN, NOD, LOOK = 25.0, 15.0, 15.0      # degrees, to either side


class Wave:
    """Call with the moments of one target until it gives None: then it is over."""

    def __init__(self):
        self._began = None

    def __call__(self, moment):
        begins = self._began is None
        self._began = moment.time if begins else self._began
        passed = moment.time - self._began
        if not 0.0 <= passed < SECONDS:
            return None
        shown = face(passed, moment)
        return moment._replace(face=shown, id=shown.id, age=passed, fresh=begins, slots=())


def face(passed, moment):
    """The Face that waves, `passed` seconds after its begin, before the moment's camera.

    First it turns to either side and looks along, then it nods, speaks and shuts the eyes once.
    """
    first = passed < SECONDS / 2
    phase = sin(4 * pi * passed / SECONDS)
    yaw, pitch, look = (TURN * phase, 0.0, LOOK * phase) if first else (0.0, NOD * phase, 0.0)
    spoken = 0.0 if first else abs(phase)
    matrix = geometry.matrix_from_angles(yaw, pitch, 0.0)
    place = np.array([0.0, 0.0, FAR])
    box, points, *irises = seen(matrix, place, moment)
    sides = [Eye(iris, 1.0 - spoken, np.array([look, 0.0]), 1.0) for iris in irises]
    return Face((moment.id + 1) % (1 << 31), 1.0, box, points,
                np.ones(68), geometry.quaternion_from_matrix(matrix), place, sides[0], sides[1],
                _weights(look / 30.0, spoken), taught=_untaught(moment))


def _weights(look, spoken):
    out = np.zeros(len(ARKIT))
    for name, weight in (("eyeBlinkLeft", spoken), ("eyeBlinkRight", spoken),
                         ("jawOpen", 0.6 * spoken), ("mouthSmileLeft", abs(look)),
                         ("mouthSmileRight", abs(look)), ("eyeLookOutLeft", look),
                         ("eyeLookInRight", look), ("eyeLookInLeft", -look),
                         ("eyeLookOutRight", -look)):
        out[ARKIT[name]] = max(0.0, weight)
    return out


def _untaught(moment):
    """No taught expression is shown, and none is missing."""
    return dict.fromkeys(moment.face.taught, 0.0) if moment.face is not None else NEUTRAL.taught
