"""A moment becomes the line of text that the iFacialMocap app sends: 52 blendshapes in percent,
head and eyes.
"""
from appliance.outputs.dialects.dialect import Dialect
from appliance.outputs.dialects.phone import NAMES, ORDER
from appliance.outputs.moment import NEUTRAL
from appliance.outputs.question import Question

PORT = 49983            # of both ends: the app asks there and listens there
START = b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719"
STREAM = b"iFacialMocap_UDPTCP_sahuasouryya9218sauhuiayeta91555dy3719"
STOP = b"iFacialMocap_UDPTCPSTOP_sahuasouryya9218sauhuiayeta91555dy3719"
STREAM_PORT, MARK = 49986, b"___iFacialMocap"       # where the asker listens for TCP; its end
SECOND = b"|sendDataVersion=v2"
# Apps ask once and then only listen: half a day outlasts every session.
SECONDS = 12 * 3600.0
_SAME = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")     # keep their names


def _spelt(name):
    if name in _SAME:
        return name
    for side in ("Left", "Right"):
        if name.endswith(side):
            return name[:-len(side)] + "_" + side[0]
    return name


def _template(version):
    mark = "-%d|" if version == 1 else "&%d|"
    shapes = "".join(name + mark for name in ("trackingStatus",) + tuple(map(_spelt, NAMES)))
    turn = "%.6f,%.6f,%.6f"
    return (shapes + "=head#" + turn + "," + turn + "|rightEye#" + turn + "|leftEye#" + turn
            + "|").encode("ascii")


class IFacialMocap(Dialect):
    """ifm_version: 1, what every receiver reads, or 2, with & in place of - before the numbers.

    While nobody is there the last values are repeated with trackingStatus 0; receivers take
    numbers that stand still for a lost face.
    """

    options = ("ifm_version",)
    asked_only = False
    usual_port = PORT
    top_rate = 60.0
    lost, slows_after = (1.0, float("inf")), 3.0

    def __init__(self, ifm_version=1):
        self._version, self._template = ifm_version, _template(ifm_version)
        self._values = _values(NEUTRAL)

    def __call__(self, moment):
        """The datagram of this moment."""
        if moment.face is not None:
            self._values = _values(moment.face)
        return (self._template % ((moment.face is not None,) + self._values),)

    def question(self, datagram):
        """The Question in a datagram, or None."""
        words = datagram.rstrip(b"\0 \t\r\n")
        if words == STOP:
            return Question((PORT,), 0.0)
        version = 2 if words.endswith(SECOND) else 1
        if version == self._version and words.startswith(START):
            return Question((PORT,), SECONDS)
        if version == self._version and words.startswith(STREAM):
            return Question((STREAM_PORT,), SECONDS, MARK)
        return None


def _values(face):
    """52 percent, rounded half up; the head's degrees and metres in ARKit's axes; the eyes'
    degrees.
    """
    percent = (face.weights[ORDER] * 100 + 0.5).astype(int)     # twice as fast as text as floats
    yaw, pitch, roll = face.angles
    x, y, z = face.translation.tolist()
    a, b, c, d = face.looks
    return tuple(percent.tolist()) + (-pitch, yaw, -roll, x / 1000.0, -y / 1000.0, -z / 1000.0,
                                      -d, c, 0.0, -b, a, 0.0)
