"""Corners of two eyes in, the square that shows every face alike out: the eye line level, at 35 % of the height, the eyes
40 % of the width apart; gaze into the axes of that square and back, unit vectors, angles between them.

Whoever turns the picture has to turn the answer back: `from_square` does.
"""
import numpy as np

from appliance import geometry
from appliance.stages import crop

SIZE = 112
LINE, APART = 0.35, 0.40        # of the square's side: eye line from above; between the middles of the eyes
CORNERS = (36, 39, 42, 45)      # of the 68 points: both of the eye on the left of the picture, then of the other


def square(corners):
    """crop.Square for (4, 2) corners of the eyes in picture pixels, in the order of CORNERS."""
    one, other = corners[:2].mean(0), corners[2:].mean(0)
    way = other - one
    side = max(crop.SMALLEST, float(np.hypot(*way)) / APART)
    down = np.array([-way[1], way[0]]) / max(1e-6, float(np.hypot(*way)))
    centre = 0.5 * (one + other) + (0.5 - LINE) * side * down
    return crop.Square(tuple(centre.tolist()), side, float(np.degrees(np.arctan2(way[1], way[0]))))


def vectors(gaze):
    """(N, 3) unit vectors in the camera's axes (X right, Y down, Z away) of (N, 2) yaw, pitch in degrees; (0, 0) looks into
    the camera."""
    yaw, pitch = np.radians(np.asarray(gaze, float)).T
    return np.stack([np.sin(yaw) * np.cos(pitch), -np.sin(pitch), -np.cos(yaw) * np.cos(pitch)], 1)


def angles(directions):
    """(N, 2) yaw, pitch in degrees of (N, 3) directions of any length."""
    x, y, z = (directions / np.linalg.norm(directions, axis=1, keepdims=True)).T
    return np.degrees(np.stack([np.arctan2(x, -z), np.arcsin(np.clip(-y, -1, 1))], 1))


def error(a, b):
    """(N,) degrees between gazes (N, 2): the angle of their unit vectors, of yaw and pitch alike."""
    a, b = vectors(a), vectors(b)
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b), axis=1), (a * b).sum(1)))


def to_square(gaze, roll, towards=None):
    """(2,) gaze in the camera's axes as it looks in a square turned by roll degrees. towards: (3, 3), see
    `collection.Collection.towards`."""
    return angles(vectors(np.reshape(gaze, (1, 2))).dot(_turn(roll, towards).T))[0]


def from_square(gaze, roll, towards=None):
    """The inverse: what a network says of the square, in the camera's axes."""
    return angles(vectors(np.reshape(gaze, (1, 2))).dot(_turn(roll, towards)))[0]


def _turn(roll, towards):
    turn = geometry.matrix_from_angles(0, 0, -roll)
    return turn if towards is None else turn.dot(towards)
