"""A moment becomes the messages of Project Babble: the mouth, one datagram for each of 45 weights.

Its receivers read the first message of a datagram alone, so nothing is bundled; 45 datagrams a
frame are why only changes are sent.
"""
import numpy as np

from appliance.face import ARKIT, ARKIT_NAMES
from appliance.outputs.changes import Changes
from appliance.outputs.dialects.dialect import Dialect
from appliance.outputs.dialects.taught import Values
from appliance.outputs.moment import NEUTRAL
from appliance.outputs.osc import Float, Layout
from appliance.outputs.parts import PARTS, part_of

PORT = 8888
NAMES = tuple((
    "cheekPuffLeft cheekPuffRight cheekSuckLeft cheekSuckRight jawOpen jawForward jawLeft "
    "jawRight noseSneerLeft noseSneerRight mouthFunnel mouthPucker mouthLeft mouthRight "
    "mouthRollUpper mouthRollLower mouthShrugUpper mouthShrugLower mouthClose mouthSmileLeft "
    "mouthSmileRight mouthFrownLeft mouthFrownRight mouthDimpleLeft mouthDimpleRight "
    "mouthUpperUpLeft mouthUpperUpRight mouthLowerDownLeft mouthLowerDownRight mouthPressLeft "
    "mouthPressRight mouthStretchLeft mouthStretchRight tongueOut tongueUp tongueDown tongueLeft "
    "tongueRight tongueRoll tongueBendDown tongueCurlUp tongueSquish tongueFlat tongueTwistLeft "
    "tongueTwistRight").split())
_UNKNOWN = len(ARKIT_NAMES)     # the place of the one 0 behind the 52 weights
_OF = dict(ARKIT, cheekPuffLeft=ARKIT["cheekPuff"], cheekPuffRight=ARKIT["cheekPuff"])


class Babble(Dialect):
    """Project Babble's weights, 0 to 1; what no weight tells (sucked cheeks, most of the tongue)
    stays 0.

    babble_set: "babble", or "arkit" for receivers of the 52 names in the same form. changed_only:
    leave out what has not moved by 1/255; all is sent every second. parts: the values of the
    others are left out.
    """

    options = ("prefix", "parts", "babble_set", "changed_only")
    usual_port = PORT
    top_rate = 60.0
    lost = (1.0, float("inf"))

    def __init__(self, prefix="", parts=PARTS, babble_set="babble", changed_only=True):
        names = NAMES if babble_set == "babble" else ARKIT_NAMES
        names = [name for name in names if part_of(name) in parts]
        self._changed_only, self._changes = changed_only, Changes()
        self._weights = np.zeros(_UNKNOWN + 1)
        self._of = np.array([_OF.get(name, _UNKNOWN) for name in names])
        self._layout = Layout([(prefix + "/" + name, (Float(i),)) for i, name in enumerate(names)],
                              bundle=False)
        self._taught = Values(prefix + "/%s", bundle=False)

    def __call__(self, moment):
        """The datagrams of this moment, valid until the next call."""
        face = moment.face or NEUTRAL
        self._weights[:_UNKNOWN] = face.weights
        self._layout.floats[:] = self._weights[self._of]
        everything = moment.face is None or not self._changed_only
        chosen = self._changes(self._layout.floats, moment.time, everything)
        written = self._layout.write()
        return [written[i] for i in chosen] + list(self._taught(moment))

    @staticmethod
    def carries(target):
        """The mouth alone, or with the 52 names the eyes too."""
        return PARTS[1:] if getattr(target, "babble_set", "babble") == "arkit" else PARTS[2:]
