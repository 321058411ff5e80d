"""A moment becomes the datagram of the OpenSeeFace tracker: pose, points, features.

That tracker's solver ends behind the camera, and its receivers undo just that: its axes are
exchanged on the wire. Points in the head are what the pixels show at the depth of a mean head,
turned as the face is; gaze is told by them alone, as pupils before the centres of the eyeballs.
"""
import struct
from math import atan2, cos, degrees, hypot, radians, sin, sqrt

import numpy as np

from appliance.face import ARKIT, LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS
from appliance.mean_face import MODEL
from appliance.outputs.dialects.dialect import Dialect
from appliance.outputs.moment import MOST

PORT = 11573
UNIT = 145.0            # mm that one unit of its built-in face measures
PACKET = np.dtype([     # packed: 1785 bytes
    ("time", "<f8"), ("id", "<i4"), ("size", "<f4", 2), ("eyes", "<f4", 2), ("success", "u1"),
    ("error", "<f4"), ("quaternion", "<f4", 4), ("euler", "<f4", 3), ("translation", "<f4", 3),
    ("confidence", "<f4", 68), ("points", "<f4", (68, 2)), ("points3d", "<f4", (70, 3)),
    ("features", "<f4", 14)])
_HEAD = struct.Struct("<di4fBf10f")     # its fields before `confidence`
# Which of the 68 its 66 points are: the corners of the mouth are one point each, 58 and 62.
IBUG = np.array(list(range(48)) + [49, 50, 51, 52, 53, 55, 56, 57, 58, 59]
                + [48, 61, 62, 63, 54, 65, 66, 67])
EYEBALL = 0.385         # radius / distance of the eye's corners, as in the tracker itself
NOSE = 30               # the origin of its head
_COUNTS = 68, 68 * 2, 70 * 3, 14    # floats from `confidence` to the end, which are neighbours
_ENDS = np.cumsum(_COUNTS)[:-1]
_HALF = sqrt(0.5)
_AXES = np.array(3 * [[-1.0, 1.0, 1.0]]) / UNIT     # of the points on the wire, from the head's


def _features():
    """(14, 52): what each feature takes of each blendshape."""
    sides = {}
    for side in ("Left", "Right"):
        sides["eye" + side] = {"eyeWide" + side: 1, "eyeBlink" + side: -1}
        sides["steepness" + side] = {"browInnerUp": 1, "browOuterUp" + side: -1}
        sides["updown" + side] = {"browInnerUp": 0.5, "browOuterUp" + side: 0.5,
                                  "browDown" + side: -1}
        sides["corner" + side] = {"mouthFrown" + side: 1, "mouthSmile" + side: -1}
        sides["inout" + side] = {"mouthStretch" + side: 1, "mouthSmile" + side: 0.5,
                                 "mouthPucker": -1}
    order = ("eyeLeft", "eyeRight", "steepnessLeft", "updownLeft", "", "steepnessRight",
             "updownRight", "", "cornerLeft", "inoutLeft", "cornerRight", "inoutRight")
    out = np.zeros((14, len(ARKIT)))
    for row, name in enumerate(order):
        for shape, share in sides.get(name, {}).items():
            out[row, ARKIT[shape]] = share
    out[12, [ARKIT["jawOpen"], ARKIT["mouthClose"]]] = 1, -1
    out[13] = 0.5 * (out[9] + out[11])
    return out


FEATURES = _features()


class OpenSeeFace(Dialect):
    """The faces that are seen, back to back, the primary first; an id is a slot, 0 where there is
    one face. Nothing is sent while all are lost.
    """

    usual_port = PORT
    top_rate = float("inf")
    lost = (0.0, 0.0)

    def __init__(self):
        self._buffer = bytearray(MOST * PACKET.itemsize)
        self._packets = [_Packet(self._buffer, at) for at in range(MOST)]

    def __call__(self, moment):
        """The datagram of this moment, valid until the next call."""
        shown = []
        for number, slot in enumerate(moment.slots or (moment,)):
            if slot.face is not None:
                shown.insert(0 if slot.id == moment.id else MOST, (number, slot.face))
        for packet, (number, face) in zip(self._packets, shown):
            packet(number, face, moment)
        return (memoryview(self._buffer)[:len(shown) * PACKET.itemsize],) if shown else ()


class _Packet:
    """The place of one face in the datagram."""

    def __init__(self, buffer, at):
        self._buffer, self._at = buffer, at * PACKET.itemsize
        self._wire = np.frombuffer(buffer, "<f4", sum(_COUNTS), self._at + _HEAD.size)
        # Everything behind the head is put together here and written in one piece.
        self._floats = np.zeros(sum(_COUNTS))
        confidence, points, points3d, self._features = np.split(self._floats, _ENDS)
        self._confidence, self._confidences = confidence[:66], confidence[66:]
        points = points.reshape(68, 2)
        self._points, (self._right_pupil, self._left_pupil) = points[:66], points[66:]
        self._points3d, self._eyes = points3d[:-12].reshape(66, 3), points3d[-12:]
        self._nose, self._mean = MODEL[NOSE], MODEL[IBUG] - MODEL[NOSE]
        self._tip, self._lens, self._centre = np.zeros(3), None, (0.0, 0.0)
        # A row each, and the depth of the tip as an array: numpy is slow along rows of two or
        # three, and where it has to convert a number.
        self._rays, self._depth = np.ones((4, len(IBUG))), np.zeros(len(IBUG))
        self._across, self._behind, self._far = self._rays[:2], self._rays[2], self._tip[2, ...]
        self._places = np.eye(4, 3)

    def __call__(self, number, face, moment):
        """Write a face with its number."""
        matrix = face.matrix
        np.add(face.translation, matrix.dot(self._nose), self._tip)
        self._head(number, face, moment, matrix)
        face.landmarks.take(IBUG, axis=0, out=self._points, mode="clip")    # it is not buffered
        self._right_pupil[:] = face.right.iris[0]
        self._left_pupil[:] = face.left.iris[0]
        self._confidence.fill(face.score)
        self._confidences[:] = face.right.score, face.left.score
        self._in_head(matrix, moment)
        self._eyes[:] = _eyes(face, self._points3d)
        FEATURES.dot(face.weights, out=self._features)
        self._wire[:] = self._floats

    def _head(self, number, face, moment, matrix):
        """Everything before the points: time, size, lids and pose."""
        x, y, z = self._tip.tolist()
        _HEAD.pack_into(self._buffer, self._at, moment.unix, number, *moment.size,
                        _share(face.right.openness), _share(face.left.openness), 1, 0.0,
                        *_quaternion(face.rotation), *_angles(matrix),
                        -y / UNIT, -x / UNIT, -z / UNIT)

    def _in_head(self, matrix, moment):
        """The points in the head, in the wire's axes and units from the tip of the nose: the
        pixels at the mean head's depth.

        With p a pixel, c the picture's centre, f the focal length and d the depth behind the tip t
        of the nose: ((p - c) (d + t) / f - t, d), as one product with (p (d + t), d, 1).
        """
        if self._lens != (moment.size, moment.focal):
            self._lens = moment.size, moment.focal
            self._centre = [(side - 1) / 2.0 / moment.focal for side in moment.size]
            self._places[[0, 1], [0, 1]] = 1.0 / moment.focal
            self._places[2, :2] = -self._centre[0], -self._centre[1]
        self._mean.dot(matrix[2], out=self._behind)
        np.add(self._behind, self._far, self._depth)
        np.multiply(self._points.T, self._depth, self._across)
        (x, y, z), (u, v) = self._tip.tolist(), self._centre
        self._places[3, :2] = -x - u * z, -y - v * z
        self._rays.T.dot(self._places.dot(matrix * _AXES), out=self._points3d)


def _share(value):
    return min(1.0, max(0.0, value))


def _quaternion(rotation):
    """x, y, z, w of the transpose of the wire's rotation; x >= 0 keeps it from jumping to its
    negative about the straight look, where w is 0.
    """
    w, x, y, z = rotation.tolist()
    k = _HALF if w + z > 0 else -_HALF      # (0, 1, 1, 0) / sqrt(2) is the exchange of axes
    return k * (w + z), k * (w - z), k * (y - x), k * (x + y)


def _angles(matrix):
    """Three angles of the wire's rotation, degrees."""
    (d, e, _), (a, b, _), (g, h, i) = matrix.tolist()
    return degrees(atan2(-h, -i)), degrees(atan2(g, hypot(a, d))), degrees(atan2(d, a))


def _eyes(face, points):
    """x, y, z of four points in the wire's axes and units: the right and left pupil, the right and
    left centre of the eyeballs; points: (66, 3).
    """
    pupils, centres = (), ()
    for eye, (outer, inner) in ((face.right, RIGHT_EYE_CORNERS), (face.left, LEFT_EYE_CORNERS)):
        (a, b, c), (p, q, r) = points[outer].tolist(), points[inner].tolist()
        radius = EYEBALL * sqrt((a - p) ** 2 + (b - q) ** 2 + (c - r) ** 2)
        yaw, pitch = (radians(v) for v in eye.gaze.tolist())
        x, y, z = 0.5 * (a + p), 0.5 * (b + q), 0.5 * (c + r) + radius
        centres += (x, y, z)
        pupils += (x - radius * sin(yaw) * cos(pitch), y - radius * sin(pitch),
                   z - radius * cos(yaw) * cos(pitch))
    return pupils + centres
