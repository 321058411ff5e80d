"""Points, sigmas and the network's rotation in, the head's rotation and place before the camera
and how sure both are out.

The network's rotation is turned by the viewing ray, the place follows from it by linear least
squares, then a Gauss-Newton step moves all six numbers so that the stable points fall where they
were seen; a second one would turn the head by 0.005 degrees more. The rotation is held near the
network's, since these points are those of a mean face and would twist it; the depth is a
logarithm, so that the head can never come to lie behind the camera.
"""
from math import degrees, exp, sqrt
from typing import NamedTuple

import cv2
import numpy as np

from appliance import geometry

EYE_DISTANCE = 63.0     # mm between the eyeball centres of the model below
STABLE = np.array([27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 39, 42, 45])
# Where those points lie on the mean face of ICT-FaceKit (light model, neutral, MIT licence), in
# the head frame: the vertices that engines/training/definition.py names, both sides averaged.
MODEL = np.array([
    [0.00, 0.67, -28.85], [0.00, 15.01, -39.72], [0.00, 24.65, -47.33], [0.00, 32.30, -51.42],
    [-11.01, 44.45, -31.33], [-7.37, 46.30, -33.83], [0.00, 46.59, -37.87], [7.37, 46.30, -33.83],
    [11.01, 44.45, -31.33], [-45.07, 1.71, -6.27], [-18.64, 3.53, -12.26], [18.64, 3.53, -12.26],
    [45.07, 1.71, -6.27]])
# How far the refined rotation may leave the network's, one standard deviation. Found on portraits
# and renders kept out of training: with exact points and a network 2.7 degrees off 1.0 left 1.9
# degrees, 0.5 left 2.2, 2.5 left 2.9.
HOLD = np.radians(1.0)
# Added to the normal equations: that hold, and next to nothing that keeps a picture without
# information solvable.
_HELD = np.diag([1 / HOLD ** 2] * 3 + [1e-9] * 3)
# How sure the answer is follows from what it was made of: points, whose errors hang together since
# every face differs from the mean one (variance times this), and the network's rotation, off by
# TURN_OFF radians a share of its square's side that points are unsure by, besides TURN_LEAST.
# `python -m engines.training.unsure` fitted the three, and checks them.
SHAPE, TURN_OFF, TURN_LEAST = 5.3, 4.0, np.radians(2.1)
LEAST_SIGMA = 1e-3      # pixels
NEAREST, FARTHEST = 90.0, 20000.0       # mm: nearer, the nose would touch the lens
LARGEST_TURN = 0.2      # radians: beyond this the linear model does not hold
LARGEST_ZOOM = 0.5      # of log z
_POINTS = np.ascontiguousarray(MODEL.T)      # rows of x, y, z, as all below
# Of du and dv by each radian in turn: what is added or taken away, of head and 1, u head and u, v
# head and v.
_TURNS = ((0, 5, -1), (1, 2, -1), (1, 9, -1), (2, 2, 1), (2, 4, 1), (3, 8, 1), (4, 1, -1),
          (5, 0, 1))


class Placed(NamedTuple):
    """A head before the camera.

    rotation: (3, 3) camera_from_head. place: (3,) mm. rotation_sigma: degrees, one standard
    deviation about any axis. place_sigma: (3,) mm, along each axis, of a head whose eyes are as
    far apart as configured.
    """

    rotation: np.ndarray
    place: np.ndarray
    rotation_sigma: float
    place_sigma: np.ndarray


class Pose:
    """Solver for one camera and head size; keeps nothing between calls.

    field_of_view: horizontal, degrees. eye_distance: mm between the eyeball centres of the person.
    """

    def __init__(self, field_of_view=60.0, eye_distance=EYE_DISTANCE):
        self._fov, self._scale = field_of_view, eye_distance / EYE_DISTANCE
        self._sums = np.ones((5, len(STABLE)))
        self._parts = np.zeros((12, len(STABLE)))
        self._times_rays = self._parts[4:].reshape(2, 4, -1)
        self._sums_of_parts = np.zeros((12, 12))
        for row, part, sign in _TURNS:
            self._sums_of_parts[row, part] = sign

    def __call__(self, reading, shape):
        """Placed, of a Reading in a picture of (H, W)."""
        height, width = shape[:2]
        focal = geometry.focal_length(width, self._fov)
        x, y = (width - 1) / 2.0, (height - 1) / 2.0
        centre = reading.square.centre
        ray = geometry.ray_rotation((centre[0] - x) / focal, (centre[1] - y) / focal)
        seen = (reading.points.take(STABLE, 0) - (x, y)).T / focal
        sigma = np.maximum(reading.sigma.take(STABLE), LEAST_SIGMA)
        rotation, place, solution = self.refine(ray.dot(reading.rotation), seen, focal / sigma)
        vague = float(sigma.sum()) / (len(STABLE) * reading.square.side)
        turn, *way = unsure(solution, place, vague)
        return Placed(rotation, np.array(place) * self._scale, turn,
                      np.array(way) * self._scale)

    def refine(self, start, seen, weight):
        """(rotation, [x, y, z], (6, 6) inverse of the normal equations) from a first rotation and
        (2, 13) rays, weight = 1 / sigma."""
        head = start.dot(_POINTS)
        place = self._place(head, seen, weight)
        q = head + [[v] for v in place]
        rays = q[:2] / q[2]
        slopes = self._slope(head, place, rays, weight / q[2])
        solution = _inverse(slopes)
        step = solution.dot(slopes.dot(((seen - rays) * weight).reshape(-1))).tolist()
        return _turned(start, step[:3]), _moved(place, step[3:]), solution

    def _place(self, head, seen, weight):
        """[x, y, z] that puts turned model points onto rays: weighted linear least squares."""
        rows = self._sums           # 1, ray, how far each point misses its ray at z = 0
        rows[1:3] = seen
        rows[3:] = seen * head[2] - head[:2]
        (n, u, v, a, b), (_, uu, _, ua, _), (_, _, vv, _, vb) = (
            (rows * (weight * weight)).dot(rows.T)[:3].tolist())
        spread, cross = (uu + vv) - (u * u + v * v) / n, (u * a + v * b) / n - (ua + vb)
        z = cross / spread if spread > 1e-12 * n else FARTHEST
        z = min(max(z, NEAREST), FARTHEST)
        return [(a + u * z) / n, (b + v * z) / n, z]

    def _slope(self, head, place, rays, scale):
        """(6, 26): weighted rays by three radians about the camera's axes, then x/z, y/z and log z
        of the place; scale: (13,) weight / q_z.

        With q = head + place and its ray (u, v): d(u, v) = ([1 0 -u; 0 1 -v] / q_z) dq, dq = turn
        x head for the turn, z (du, dv, 0) for the place's ray, and `place` itself for log z. All
        are sums of head and 1, of u times these, of v times these: one product makes them.
        """
        (x, y, z), parts, sums = place, self._parts, self._sums_of_parts
        np.multiply(head, scale, out=parts[:3])
        parts[3] = scale
        np.multiply(rays[:, None], parts[:4], out=self._times_rays)
        sums[6, 3] = sums[9, 3] = z
        sums[10, 3], sums[11, 3], sums[10, 7], sums[11, 11] = x, y, -z, -z
        return sums.dot(parts).reshape(6, -1)


def _inverse(slopes):
    """(6, 6) of the normal equations. numpy's own would cost more than it computes."""
    normal = slopes.dot(slopes.T) + _HELD
    return cv2.invert(normal, flags=cv2.DECOMP_CHOLESKY)[1]


def unsure(solution, place, vague):
    """(degrees about any axis, mm in x, in y, in z): one standard deviation each, from the inverse
    of the normal equations, [x, y, z] and the points' mean sigma as a share of the square's side.

    With S that inverse, H the hold and N the network's own variance the answer varies by
    SHAPE (S - S H S) + S H N H S.
    """
    turn = (TURN_OFF * vague) ** 2 + TURN_LEAST ** 2
    held = (turn / HOLD ** 2 - SHAPE) / HOLD ** 2
    varies = (SHAPE * solution + held * solution[:, :3].dot(solution[:3])).tolist()
    (x, y, z), far = place, varies[5][5]
    squares = [degrees(degrees(varies[0][0] + varies[1][1] + varies[2][2])) / 3]
    squares += [z * z * varies[i][i] + 2 * z * at * varies[i][5] + at * at * far
                for i, at in ((3, x), (4, y))] + [z * z * far]
    return [min(FARTHEST, sqrt(max(0.0, one))) for one in squares]


def _turned(rotation, turn):
    x, y, z = [min(max(v, -LARGEST_TURN), LARGEST_TURN) for v in turn]
    return geometry.matrix_from_vector(x, y, z).dot(rotation)


def _moved(place, step):
    """The place moved by a step in its ray and in the logarithm of its depth."""
    x, y, z = place
    further = z * exp(min(max(step[2], -LARGEST_ZOOM), LARGEST_ZOOM))
    further = min(max(further, NEAREST), FARTHEST)
    return [(x / z + step[0]) * further, (y / z + step[1]) * further, further]
