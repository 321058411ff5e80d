"""A moment becomes the bundle of FaceOSC: head pose, a few gestures and 66 points in the picture.

FaceOSC measures a model of points in units of about 3.6 mm, turned upright; its gestures are
distances between them. Here they are put together from the weights, around that model's own values
for a face at rest.
"""
from math import asin, atan2

import numpy as np

from appliance.face import ARKIT
from appliance.outputs.dialects.dialect import Dialect
from appliance.outputs.dialects.taught import Values
from appliance.outputs.dialects.unified import openness
from appliance.outputs.osc import LIMIT, Float, Layout
from appliance.outputs.parts import PARTS, part_of


def _table(*rows):
    """(rows, 52) of {name: share}."""
    out = np.zeros((len(rows), len(ARKIT)))
    for line, shares in zip(out, rows):
        for name, share in shares.items():
            for side in ("Left", "Right") if "@" in name else ("",):
                line[ARKIT[name.replace("@", side)]] = share
    return out


PORT = 8338
UNIT = 3.6                                  # mm
ORIGIN = np.array([0.0, 39.0, -9.0])        # of the model, in the head frame, mm
MESSAGES = (("pose/position", 2), ("pose/scale", 1), ("pose/orientation", 3),
            ("gesture/mouth/width", 1), ("gesture/mouth/height", 1), ("gesture/eyebrow/left", 1),
            ("gesture/eyebrow/right", 1), ("gesture/eye/left", 1), ("gesture/eye/right", 1),
            ("gesture/jaw", 1), ("gesture/nostrils", 1), ("raw", 132))
_STARTS = [sum(n for _, n in MESSAGES[:i]) for i in range(len(MESSAGES))]
# What each gesture takes of the weights, where that is a plain sum; "@" is either side. Then four
# weights as they are.
_GESTURES = _table(
    {"mouthSmile@": 1.5, "mouthStretch@": 1, "mouthDimple@": 0.5},
    {"mouthUpperUp@": 0.25, "mouthLowerDown@": 0.25},
    {"browOuterUpLeft": 1, "browInnerUp": 1, "browDownLeft": -1.5},
    {"browOuterUpRight": 1, "browInnerUp": 1, "browDownRight": -1.5},
    {"eyeWideLeft": 0.8}, {"eyeWideRight": 0.8}, {"jawOpen": 5}, {"noseSneer@": 0.4},
    {"mouthPucker": 1}, {"mouthFunnel": 1}, {"jawOpen": 1}, {"mouthClose": 1})
_RAW = np.delete(np.arange(68), (60, 64))   # it has no inner corners of the mouth


class FaceOsc(Dialect):
    """FaceOSC. faceosc_sides: whether left and right of brows and eyes are those of the "image",
    as FaceOSC has them, or the "subject"'s own. parts: messages of the others are left out, and
    the points, which tell all of it.
    """

    options = ("limit", "bundle", "prefix", "parts", "faceosc_sides")
    usual_port = PORT
    top_rate = float("inf")
    lost = (0.0, float("inf"))      # that nobody is found is told with every frame

    def __init__(self, limit=LIMIT, bundle=True, prefix="", parts=PARTS, faceosc_sides="image"):
        self._swapped = faceosc_sides == "image"
        messages = [(prefix + "/" + name, tuple(Float(start + i) for i in range(n)))
                    for (name, n), start in zip(MESSAGES, _STARTS)
                    if parts == PARTS or _part(name) in parts]
        self._shown = Layout([(prefix + "/found", (1,))] + messages, limit, bundle, room=146)
        self._raw = self._shown.floats[14:].reshape(66, 2)
        self._lost = Layout([(prefix + "/found", (0,))], limit, bundle)
        self._taught = Values(prefix + "/gesture/%s", limit, bundle)

    def __call__(self, moment):
        """The datagrams of this moment, valid until the next call; a face on its way to neutral is
        no longer found.
        """
        face = moment.face
        if face is None or face.state == "returning":
            return self._lost.write()
        out = self._shown.floats
        matrix = face.matrix
        place = (matrix.dot(ORIGIN) + face.translation).tolist()
        out[:14] = (*_place(place, moment), *orientation(matrix), *gestures(face, self._swapped))
        face.landmarks.take(_RAW, axis=0, out=self._raw, mode="clip")   # which is not buffered
        return self._shown.write() + self._taught(moment)


def _part(name):
    """Which part of the face a message tells of, "" where all."""
    return "" if name == "raw" else part_of(name.replace("gesture/", ""))


def _place(point, moment):
    """x, y in pixels and pixels per unit of a point in the camera frame."""
    width, height = moment.size
    scale = moment.focal / max(1.0, point[2])
    return 0.5 * width + scale * point[0], 0.5 * height + scale * point[1], UNIT * scale


def orientation(matrix):
    """x, y, z in radians such that Rx(x) Ry(y) Rz(z) is the matrix (3, 3); y ends at a quarter
    turn.
    """
    r = matrix.tolist()
    return (atan2(-r[1][2], r[2][2]), asin(max(-1.0, min(1.0, r[0][2]))), atan2(-r[0][1], r[0][0]))


def gestures(face, swapped):
    """Width and height of the mouth, left and right brow, left and right eye, jaw, nostrils, in
    units; swapped: what is called left is the subject's right.
    """
    (width, height, left, right, left_eye, right_eye, jaw, nostrils, pucker, funnel, opening,
     closing) = _GESTURES.dot(face.weights).tolist()
    width -= 4 * max(pucker, funnel)
    height += 7 * opening * (1 - closing)
    opened = openness(face)
    brows = [7 + left, 7 + right]
    eyes = [0.8 + left_eye + 2.2 * opened[0], 0.8 + right_eye + 2.2 * opened[1]]
    step = -1 if swapped else 1
    return [14.5 + width, 1 + height] + brows[::step] + eyes[::step] + [21.9 + jaw, 6.9 + nostrils]
