"""A moment becomes the JSON that VTube Studio's phone app sends to "3rd party PC clients"."""
import json
from math import isfinite

from appliance.outputs.dialects.dialect import Dialect
from appliance.outputs.dialects.phone import NAMES, ORDER
from appliance.outputs.moment import NEUTRAL
from appliance.outputs.question import Question

PORT = 21412            # where programs ask the app
PORTS = 4               # of one program that are sent to
SHORTEST, LONGEST = 0.5, 10.0       # seconds of a lease, as the app has them
_POINT = '{"x":%.4f,"y":%.4f,"z":%.4f}'
# Any other hotkey than -1 would do something in the receiving program.
_TEMPLATE = ('{"Timestamp":%d,"Hotkey":-1,"FaceFound":%s,"Rotation":' + _POINT + ',"Position":'
             + _POINT + ',"EyeLeft":' + _POINT + ',"EyeRight":' + _POINT + ',"BlendShapes":['
             + ",".join('{"k":"%s","v":%%.4f}' % (name[0].upper() + name[1:]) for name in NAMES)
             + "]}").encode("ascii")    # bytes are formatted in two thirds of the time of text


class Vts(Dialect):
    """The phone's side; while nobody is there the last values are repeated, not found."""

    asked_only = True
    usual_port = PORT
    top_rate = 60.0
    lost = (0.0, float("inf"))

    def __init__(self):
        self._values = _values(NEUTRAL)

    def __call__(self, moment):
        """The datagram of this moment."""
        if moment.face is not None:
            self._values = _values(moment.face)
        found = b"false" if moment.face is None else b"true"
        return (_TEMPLATE % ((int(moment.unix * 1000), found) + self._values),)

    def question(self, datagram):
        """The Question in a datagram, or None."""
        try:
            asked = json.loads(datagram.decode("utf-8"))
        except (ValueError, RecursionError):
            return None
        if not isinstance(asked, dict) or asked.get("messageType") != "iOSTrackingDataRequest":
            return None
        seconds = asked.get("time", asked.get("sendForSeconds"))
        ports = asked.get("ports")
        if not _is_number(seconds) or not isinstance(ports, list):
            return None
        ports = tuple(sorted({port for port in ports[:PORTS] if _is_port(port)}))
        if not ports:
            return None
        return Question(ports, min(LONGEST, max(SHORTEST, float(seconds))))


def _is_number(value):
    return isinstance(value, (int, float)) and abs(value) < 1e6 and isfinite(value)


def _is_port(value):
    """Not a service of the system: those are no receivers of faces."""
    return type(value) is int and 1024 <= value <= 65535


def _values(face):
    """Rotation and gaze in degrees, position in cm, then the 52 weights."""
    yaw, pitch, roll = face.angles
    x, y, z = face.translation.tolist()
    a, b, c, d = face.looks
    return (yaw, -pitch, -roll, -x / 10.0, -y / 10.0, -z / 10.0, a, -b, 0.0, c, -d, 0.0,
            *face.weights[ORDER].tolist())
