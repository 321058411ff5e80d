"""A moment becomes the six numbers of opentrack's "UDP over network": where the head is and how it
is turned.
"""
import struct
from appliance.outputs.dialects.dialect import Dialect

PORT = 4242
_PACKET = struct.Struct("<6d")      # x, y, z in cm, yaw, pitch, roll in degrees


class OpenTrack(Dialect):
    """The head as seen by the camera; opentrack centres it. Nothing is sent while it is lost.

    Zeros would snap the view: a lost face eases to the straight look, then there is silence and
    opentrack keeps what it has.
    """

    usual_port, parts = PORT, ("head",)
    top_rate = 250.0
    lost = (0.0, 0.0)

    def __init__(self):
        self._buffer = bytearray(_PACKET.size)
        self._datagrams = (memoryview(self._buffer),)

    def __call__(self, moment):
        """The datagram of this moment, valid until the next call."""
        if moment.face is None:
            return ()
        x, y, z = moment.face.translation.tolist()
        yaw, pitch, roll = moment.face.angles
        _PACKET.pack_into(self._buffer, 0, x / 10, -y / 10, z / 10, -yaw, pitch, roll)
        return self._datagrams
