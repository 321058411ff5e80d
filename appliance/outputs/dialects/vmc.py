"""A moment becomes the datagrams of the VMC protocol: head, neck and eye bones and the blendshapes
of an avatar.

Unity's axes of an avatar are the head's own axes with all three signs turned, and a point
reflection leaves every rotation as it is: quaternions go out with the numbers they have, as x, y,
z, w. Positions are the rest pose of a usual avatar in metres; receivers that apply them would fold
the neck into the chest for zeros.
"""
from math import atan2, cos, radians, sin, sqrt

import numpy as np

from appliance.face import ARKIT, ARKIT_NAMES
from appliance.geometry import unit
from appliance.outputs.dialects.dialect import Dialect
from appliance.outputs.dialects.unified import both
from appliance.outputs.moment import NEUTRAL
from appliance.outputs.osc import LIMIT, Float, Int, Layout
from appliance.outputs.parts import PARTS, part_of

PORT, ASSISTANT_PORT = 39539, 39540
# Local position in metres and Unity's axes, then where x, y, z, w stand among the floats.
BONES = (("Neck", (0.0, 0.13, -0.02), 0), ("Head", (0.0, 0.08, 0.01), 4),
         ("LeftEye", (-0.03, 0.06, 0.02), 8), ("RightEye", (0.03, 0.06, 0.02), 12))
PRESETS = ("A", "I", "U", "E", "O", "Blink", "Blink_L", "Blink_R", "Joy", "Angry", "Sorrow", "Fun",
           "LookUp", "LookDown", "LookLeft", "LookRight")
# The same in the words of VRM 1.0.
PRESETS_1 = ("aa", "ih", "ou", "ee", "oh", "blink", "blinkLeft", "blinkRight", "happy", "angry",
             "sad", "relaxed", "lookUp", "lookDown", "lookLeft", "lookRight")
_PRESETS = {"vrm0": (PRESETS,), "vrm1": (PRESETS_1,), "both": (PRESETS, PRESETS_1)}
_WEIGHTS = 16                   # floats before the weights: four quaternions
_LOOKS = np.array([i for i, name in enumerate(ARKIT_NAMES) if name.startswith("eyeLook")])
# Loaded, calibrated, normal mode, tracking.
_ARGUMENTS = {1: (1,), 3: (1, 3, 0), 4: (1, 3, 0, Int(0))}


class Vmc(Dialect):
    """The VMC performer or assistant.

    role: "performer" sends root, bones, weights, OK and T to an application that draws;
    "assistant" only weights and the look target to another performer. blendshapes: "arkit" (52
    names), "vrm0" or "vrm1" (the 16 presets of VRM 0.x or 1.0) or "both" of these. case: spelling
    of the 52 names, "pascal", "camel" or "both". eyes: whether gaze goes out as "bones", as
    "blend" weights or as "both"; "" is both for arkit and bones for presets, whose models would
    turn the eyes twice. neck_share: share of the head's turn that the neck takes. ok_args: length
    of the OK message, 1, 3 or 4. positions: of the bones, "rest" or "zero". parts: bones, weights
    and look of the others are left out.
    """

    options = ("limit", "bundle", "prefix", "parts", "neck_share", "keepalive", "role",
               "blendshapes", "case", "eyes", "ok_args", "positions")
    top_rate = 60.0             # frames per second; receivers drop or choke above

    def __init__(self, limit=LIMIT, bundle=True, prefix="", parts=PARTS, neck_share=0.4,
                 keepalive=5.0, role="performer", blendshapes="arkit", case="pascal", eyes="",
                 ok_args=4, positions="rest"):
        self._neck_share, self._presets = neck_share, blendshapes != "arkit"
        eyes = eyes or ("bones" if self._presets else "both")
        self._bones, self._looks = eyes != "blend", eyes != "bones"
        self._performer = role == "performer"
        self._shape = prefix, limit, bundle
        self._values = [m for m in _values(blendshapes, case) if part_of(m[1][0]) in parts]
        self._end = _WEIGHTS + len(PRESETS if self._presets else ARKIT_NAMES)
        if self._performer:
            self.lost = (keepalive, float("inf")) if keepalive else (5.0, 1.0)
            self._before = [m for m in _bones(positions == "rest") if part_of(m[1][0]) in parts]
            self._after = _ending(ok_args, self._end)
        else:
            self.lost = (0.0, 0.0)      # once: then the performer's own face is not overlaid
            self._before = []
            look = ("/VMC/Ext/Set/Eye", (Int(0),) + _floats(self._end, 3))
            self._after = [look] if "eyes" in parts else []
        self._lay_out(())

    def __call__(self, moment):
        """The datagrams of this moment, valid until the next call."""
        face = moment.face or NEUTRAL
        if moment.face is not None and tuple(face.taught) != self._taught:
            self._lay_out(tuple(face.taught))
        out, ints = self._layout.floats, self._layout.ints
        ints[:] = moment.face is not None and face.state != "returning"
        self._weights(face, out[_WEIGHTS:self._end])
        if self._performer:
            out[:_WEIGHTS] = self._pose(face)
            out[self._end] = moment.time
        else:
            ints[:] = moment.face is not None
            out[self._end:self._end + 3] = _look(face) if moment.face is not None else 0.0
        if self._taught:
            out[-len(self._taught):] = [face.taught.get(name, 0.0) for name in self._taught]
        return self._layout.write()

    @staticmethod
    def port(target):
        """Where its receivers listen."""
        return ASSISTANT_PORT if target.role == "assistant" else PORT

    @staticmethod
    def carries(target):
        """An assistant leaves the head to the performer."""
        return PARTS[1:] if getattr(target, "role", "") == "assistant" else PARTS

    def _lay_out(self, taught):
        """The messages, with those of taught expressions before Apply and their floats last."""
        self._taught, (prefix, limit, bundle) = taught, self._shape
        first = self._end + (1 if self._performer else 3)
        values = self._values + [("/VMC/Ext/Blend/Val", (name, Float(first + i)))
                                 for i, name in enumerate(taught)]
        if values:
            values = values + [("/VMC/Ext/Blend/Apply", ())]
        self._layout = Layout([(prefix + address, rest) for address, rest
                               in self._before + values + self._after], limit, bundle,
                              room=first + len(taught))

    def _pose(self, face):
        """x, y, z, w of the bones in their order."""
        whole, out = unit(face.rotation), []
        neck = power(whole, self._neck_share)
        head = power(whole, 1.0 - self._neck_share)     # the same axis: the rest of it
        for w, x, y, z in (neck, head, self._eye(face.left), self._eye(face.right)):
            out += (x, y, z, w)
        return out

    def _eye(self, eye):
        return turn(*eye.gaze.tolist()) if self._bones else (1.0, 0.0, 0.0, 0.0)

    def _weights(self, face, out):
        if self._presets:
            out[:] = presets(face)
            out[12:] *= self._looks
            return
        out[:] = face.weights
        if not self._looks:
            out[_LOOKS] = 0.0


def _bones(at_rest):
    nowhere = 0.0, 0.0, 0.0
    root = [("/VMC/Ext/Root/Pos", ("root",) + nowhere + (0.0, 0.0, 0.0, 1.0))]
    return root + [("/VMC/Ext/Bone/Pos", (name,) + (rest if at_rest else nowhere) + _floats(at, 4))
                   for name, rest, at in BONES]


def _values(blendshapes, case):
    lists = _PRESETS.get(blendshapes) or [ARKIT_NAMES]
    spelt = [(n, i) for names in lists for i, name in enumerate(names)
             for n in (_spelt(name, case) if names is ARKIT_NAMES else (name,))]
    return [("/VMC/Ext/Blend/Val", (name, Float(_WEIGHTS + i))) for name, i in spelt]


def _spelt(name, case):
    pascal = name[0].upper() + name[1:]
    return {"pascal": (pascal,), "camel": (name,), "both": (pascal, name)}[case]


def _ending(ok_args, time):
    return [("/VMC/Ext/OK", _ARGUMENTS[ok_args]), ("/VMC/Ext/T", (Float(time),))]


def _floats(start, count):
    return tuple(Float(start + i) for i in range(count))


def power(q, share):
    """The rotation `share` of the way from none to the unit quaternion q (w >= 0) along the
    shorter arc.
    """
    w, x, y, z = q
    s = sqrt(x * x + y * y + z * z)
    half = share * atan2(s, w)
    k = sin(half) / s if s > 1e-12 else share
    return cos(half), k * x, k * y, k * z


def turn(yaw, pitch):
    """Ry(-yaw) Rx(-pitch) as (w, x, y, z), degrees in."""
    a, b = radians(yaw) / 2, radians(pitch) / 2
    return cos(a) * cos(b), -cos(a) * sin(b), -sin(a) * cos(b), -sin(a) * sin(b)


def _look(face):
    """The point one metre ahead of the head along the mean gaze, in Unity's axes."""
    yaw, pitch = np.radians(0.5 * (face.left.gaze + face.right.gaze))
    return -sin(yaw) * cos(pitch), sin(pitch), cos(yaw) * cos(pitch)


def presets(face):
    """The 16 weights of PRESETS from the 52 and the gaze, 0 to 1.

    Blink stays 0 because models add it to Blink_L and Blink_R.
    """
    w = face.weights.tolist()
    moods = [_bound((both(w, name) - 0.3) / 0.7)
             for name in ("mouthSmile", "browDown", "mouthFrown")]
    yaw, pitch = (0.5 * (face.left.gaze + face.right.gaze) / 30.0).tolist()
    blinks = [0.0, w[ARKIT["eyeBlinkLeft"]], w[ARKIT["eyeBlinkRight"]]]
    looks = [_bound(pitch), _bound(-pitch), _bound(yaw), _bound(-yaw)]
    return vowels(face) + blinks + moods + [0.0] + looks


def vowels(face):
    """The first five of PRESETS, A I U E O, never more than 1 together: as the face tells them,
    else from how open, round and wide the mouth is."""
    told = _shaped(face.weights.tolist()) if face.vowels is None else [
        _bound(value) for value in face.vowels.tolist()]
    total = max(1.0, sum(told))
    return [value / total for value in told]


def _shaped(w):
    """The vowels of 52 weights."""
    pucker, funnel = w[ARKIT["mouthPucker"]], w[ARKIT["mouthFunnel"]]
    opened = w[ARKIT["jawOpen"]] * (1 - w[ARKIT["mouthClose"]])
    wide = _bound(0.6 * both(w, "mouthStretch") + 0.4 * both(w, "mouthSmile"))
    return [opened * (1 - max(funnel, pucker)) * (1 - 0.5 * wide), 0.7 * wide * (1 - opened),
            pucker * (1 - 0.5 * opened), 0.5 * wide * opened, funnel * max(opened, 0.3)]


def _bound(value):
    return min(1.0, max(0.0, value))
