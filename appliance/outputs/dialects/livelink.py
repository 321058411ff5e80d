"""A moment becomes the packet of the Live Link Face app, version 6: 52 blendshapes, the turn of
head and eyes.
"""
import struct
import uuid
from math import radians

import numpy as np

from appliance.face import ARKIT
from appliance.outputs.dialects.dialect import Dialect
from appliance.outputs.dialects.phone import ORDER

PORT = 11111
RATE = 60               # of its clock; the frame number is the time of the day in these
VALUES = 61             # 52 blendshapes, then yaw, pitch, roll of head, left and right eye
_DAY = 86400
_TIME = struct.Struct(">ifii")      # frame, part of a frame, rate / 1
_SIDES = [ARKIT[name] for name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight")]


class LiveLink(Dialect):
    """One subject. livelink_subject: its name in Unreal. livelink_swap: exchange the sides of jaw
    and mouth, which receivers read either way. device: 36 characters, "" makes them from the
    subject.
    """

    options = ("livelink_subject", "livelink_swap")
    usual_port = PORT
    top_rate = 60.0
    lost = (0.0, float("inf"))      # each frame tells that there is no face

    def __init__(self, livelink_subject="Kagami", livelink_swap=False, device=""):
        made = uuid.uuid5(uuid.NAMESPACE_DNS, "kagami." + livelink_subject)
        head = b"\x06" + _text(device or str(made).upper()) + _text(livelink_subject)
        self._buffer = bytearray(head + bytes(_TIME.size) + bytes([VALUES]) + bytes(4 * VALUES))
        self._clock = len(head)
        self._values = np.frombuffer(self._buffer, ">f4", VALUES, len(self._buffer) - 4 * VALUES)
        self._order = ORDER.copy()
        if livelink_swap:
            for a, b in (_SIDES[:2], _SIDES[2:]):
                self._order[ORDER == a], self._order[ORDER == b] = b, a
        self._shown = (memoryview(self._buffer),)
        self._lost = (memoryview(self._buffer)[:len(head) + _TIME.size],)

    def __call__(self, moment):
        """The datagram of this moment, valid until the next call."""
        time = moment.unix % _DAY * RATE
        part = min(time - int(time), 0.999)     # never 1 as a float32
        _TIME.pack_into(self._buffer, self._clock, int(time), part, RATE, 1)
        face = moment.face
        if face is None:
            return self._lost
        self._values[:52] = face.weights[self._order]
        yaw, pitch, roll = face.angles
        a, b, c, d = face.looks
        turns = -yaw, -pitch, roll, -a, -b, 0.0, -c, -d, 0.0
        self._values[52:] = [radians(turn) for turn in turns]
        return self._shown


def _text(text):
    data = text.encode("ascii")
    return struct.pack(">i", len(data)) + data
