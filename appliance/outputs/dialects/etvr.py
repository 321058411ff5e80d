"""A moment becomes the messages of EyeTrackVR: gaze and lids of both eyes, each a datagram of its
own, because its receivers read no more than one.

Every frame is sent whole: a blink may be shorter than the time until a lost datagram is made good.
"""
from appliance.outputs.dialects.dialect import Dialect
from appliance.outputs.dialects.taught import Values
from appliance.outputs.dialects.unified import openness, sight
from appliance.outputs.moment import NEUTRAL
from appliance.outputs.osc import Float, Layout

MODULE_PORT, VRCHAT_PORT = 8889, 9000
_AVATAR, _EYES = "/avatar/parameters/", "/tracking/eye/"
# Floats: x, y of the left eye, of the right, openness of both, mean y, how far both are shut.
SETS = {
    "v2": [(_AVATAR + "v2/" + name, (Float(i),)) for name, i in (
        ("EyeLeftX", 0), ("EyeLeftY", 1), ("EyeLidLeft", 4),
        ("EyeRightX", 2), ("EyeRightY", 3), ("EyeLidRight", 5))],
    "v1": [(_AVATAR + name, (Float(i),)) for name, i in (
        ("LeftEyeX", 0), ("RightEyeX", 2), ("EyesY", 6),
        ("LeftEyeLidExpandedSqueeze", 4), ("RightEyeLidExpandedSqueeze", 5))],
    "native": [(_EYES + "EyesClosedAmount", (Float(7),)),
               (_EYES + "LeftRightVec", (Float(0), Float(1), 1.0, Float(2), Float(3), 1.0))]}


class Etvr(Dialect):
    """EyeTrackVR's eyes. etvr_set: "v2" or "v1", avatar parameters of either name, or "native",
    VRChat's own eye tracking, which ends with the face; what was taught goes to zero then.

    x > 0 is to the own right, y > 0 up, -1 to 1, 1 is 45 degrees; lids 0 shut to 1 usual.
    """

    options, parts = ("prefix", "etvr_set"), ("eyes",)
    top_rate = 60.0
    lost = (1.0, float("inf"))

    def __init__(self, prefix="", etvr_set="v2"):
        self._ends = etvr_set == "native"
        self._layout = Layout([(prefix + address, rest) for address, rest in SETS[etvr_set]],
                              bundle=False)
        self._taught = Values(prefix + _AVATAR + "%s", bundle=False)

    def __call__(self, moment):
        """The datagrams of this moment, valid until the next call."""
        if moment.face is None and self._ends:
            return self._taught(moment)
        face = moment.face or NEUTRAL
        eyes, (left, right) = sight(face), openness(face)
        numbers = eyes + (left, right, 0.5 * (eyes[1] + eyes[3]), 1.0 - 0.5 * (left + right))
        floats = self._layout.floats
        floats[:] = numbers[:len(floats)]
        return self._layout.write() + self._taught(moment)

    @staticmethod
    def port(target):
        """Where its receivers listen."""
        return MODULE_PORT if target.etvr_set == "v2" else VRCHAT_PORT
