"""A moment becomes what VTube Studio's plugin API is told: values for its own inputs, and the 52
weights for inputs that carry their names.

The 52 that VTube Studio does not have itself are made by whoever holds the connection (CREATED).
"""
from appliance.face import ARKIT, ARKIT_NAMES
from appliance.outputs.dialects.dialect import Dialect
from appliance.outputs.moment import NEUTRAL
from appliance.outputs.parts import PARTS, part_of

PORT = 8001
PORTS = range(8000, 9000)       # where a `vts` target means this wire, not the phone's
REQUEST = "frame"               # the requestID of every frame
# VTube Studio's own inputs, in the order of _own().
OWN = ("FaceAngleX", "FaceAngleY", "FaceAngleZ", "FacePositionX", "FacePositionY",
       "FacePositionZ", "EyeOpenLeft", "EyeOpenRight", "EyeLeftX", "EyeLeftY", "EyeRightX",
       "EyeRightY", "MouthOpen", "MouthSmile", "MouthX", "Brows", "BrowLeftY", "BrowRightY",
       "TongueOut", "CheekPuff")
_PASCAL = {name[0].upper() + name[1:]: i for i, name in enumerate(ARKIT_NAMES)}
CREATED = tuple(name for name in _PASCAL if name not in OWN)
_PLACES = [_PASCAL[name] for name in CREATED]
_HEAD = ('{"apiName":"VTubeStudioPublicAPI","apiVersion":"1.0","requestID":"' + REQUEST
         + '","messageType":"InjectParameterDataRequest","data":{"faceFound":%s,"mode":"set",'
         + '"parameterValues":[')
_NEAREST, _FARTHEST = 0.0, 2000.0       # mm; beyond, the distance says nothing to a model
_SHUT = 0.2                             # openness at which a drawn eye is shut
_TONGUE = 0.4                           # weight from which the tongue is out


class VtsPlugin(Dialect):
    """One request a frame; when nobody is there, one that says so, and silence: VTube Studio then
    plays what its user chose for that.

    parts: inputs of the others are left out, and free for another plugin."""

    options = ("parts",)
    posted = True
    usual_port = PORT
    top_rate = 60.0
    lost = (0.0, 0.0)

    def __init__(self, parts=PARTS):
        names = [name if part_of(name) in parts else "" for name in OWN + CREATED]
        self._left = [place for place, name in reversed(list(enumerate(names))) if not name]
        template = _HEAD + ",".join('{"id":"%s","value":%%.4f}' % name
                                    for name in names if name) + "]}}"
        self._template = template.encode("ascii")
        self._values = self._told(NEUTRAL)

    def __call__(self, moment):
        """The request of this moment, as JSON."""
        if moment.face is not None:
            self._values = self._told(moment.face)
        found = b"false" if moment.face is None else b"true"
        return (self._template % ((found,) + self._values),)

    def _told(self, face):
        w = face.weights
        values = list(_own(face, w.tolist())) + w[_PLACES].tolist()
        for place in self._left:
            del values[place]
        return tuple(values)


def _own(face, w):
    """VTube Studio's own inputs: degrees, centimetres, -1 to 1 or 0 to 1."""
    def of(name, sides=("Left", "Right")):
        return [w[ARKIT[name + side]] for side in sides]

    def one(name):
        return w[ARKIT[name]]
    yaw, pitch, roll = face.angles
    x, y, z = face.translation.tolist()
    lids = [_unit((eye.openness - _SHUT) / (1.0 - _SHUT)) for eye in (face.left, face.right)]
    looks = of("eyeLookIn"), of("eyeLookOut"), of("eyeLookUp"), of("eyeLookDown")
    (in_left, in_right), (out_left, out_right), up, down = looks
    brows = [_unit(0.5 + a - b) for a, b in zip(of("browOuterUp"), of("browDown"))]
    smile = sum(of("mouthSmile")) + 0.5 * sum(of("mouthDimple"))
    smile -= sum(of("mouthFrown")) + one("mouthPucker")
    return (yaw, pitch, roll, x / 10.0, -y / 10.0, min(_FARTHEST, max(_NEAREST, z)) / 50.0,
            lids[0], lids[1], in_left - out_left, up[0] - down[0], out_right - in_right,
            up[1] - down[1], _unit(1.2 * (one("jawOpen") - one("mouthClose"))),
            _unit(0.5 + 0.25 * smile), one("mouthLeft") - one("mouthRight"),
            0.5 * (brows[0] + brows[1]), brows[0], brows[1],
            float(one("tongueOut") > _TONGUE), _unit(2.0 * one("cheekPuff")))


def _unit(value):
    return min(1.0, max(0.0, value))
