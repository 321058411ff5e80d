"""Points, sigmas and the network's rotation in, the head's rotation and place before the camera
and how sure both are out.

The network's rotation is turned by the viewing ray; the place that puts thirteen points of a mean
head onto their rays follows by weighted linear least squares. The points have no say in the
rotation: they are those of a mean face, which would twist it, and they move with the face.
"""
from math import degrees, sqrt
from typing import NamedTuple

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
# How sure the answer is follows from what it was made of: points, whose errors hang together since
# every face differs from the mean one (variance times this), and the network's rotation, off by
# TURN_OFF radians a share of its square's side that points are unsure by.
# `python -m engines.training.unsure` fitted both, and checks them.
SHAPE, TURN_OFF = 5.0, 4.3
LEAST_SIGMA = 1e-3      # pixels
NEAREST, FARTHEST = 90.0, 20000.0       # mm: nearer, the nose would touch the lens
_POINTS = np.ascontiguousarray(MODEL.T)      # rows of x, y, z


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
        self._rays, self._head = np.ones((5, len(STABLE))), np.ones((4, len(STABLE)))

    def __call__(self, reading, shape):
        """Placed, of a Reading in a picture of (H, W)."""
        height, width = shape[:2]
        focal = geometry.focal_length(width, self._fov)
        x, y = (width - 1) / 2.0, (height - 1) / 2.0
        centre = reading.square.centre
        ray = geometry.ray_rotation((centre[0] - x) / focal, (centre[1] - y) / focal)
        seen = (reading.points.take(STABLE, 0) - (x, y)).T / focal
        sigma = np.maximum(reading.sigma.take(STABLE), LEAST_SIGMA)
        rotation = ray.dot(reading.rotation)
        sums = self.sums(rotation, seen, focal / sigma)
        place = placed(sums)
        vague = float(sigma.sum()) / (len(STABLE) * reading.square.side)
        turn, *way = unsure(sums, place, vague)
        return Placed(rotation, np.array(place) * self._scale, turn,
                      np.array(way) * self._scale)

    def sums(self, rotation, seen, weight):
        """Five lists of four, all that place and sigmas hang on: of the weighted 1, u, v, u u, v v
        of the rays (2, 13) by x, y, z of the turned model points and 1; weight = 1 / sigma."""
        rays, head = self._rays, self._head
        rays[1:3] = seen
        np.multiply(seen, seen, out=rays[3:])
        np.dot(rotation, _POINTS, out=head[:3])
        return (rays * (weight * weight)).dot(head.T).tolist()


def placed(sums):
    """[x, y, z] that puts turned model points onto rays: with q = head + place the squares of
    q_x - u q_z and q_y - v q_z are least together."""
    (hx, hy, _, _), (ux, _, uz, _), (_, vy, vz, _), (_, _, uuz, _), (_, _, vvz, _) = sums
    return _least(sums, uz - hx, vz - hy, uuz - ux + vvz - vy, NEAREST)


def unsure(sums, place, vague):
    """(degrees about any axis, mm in x, in y, in z): one standard deviation each, from `sums`, the
    place and the points' mean sigma as a share of the square's side. The place errs as the points
    do, and as the rotation it was made with."""
    (hx, hy, hz, n), (ux, uy, uz, u), (vx, vy, vz, v), (uux, uuy, _, _), (vvx, vvy, _, _) = sums
    turn = (TURN_OFF * vague) ** 2
    # A radian about each axis moves h by (0, -h_z, h_y), (h_z, 0, -h_x), (-h_y, h_x, 0).
    ways = [_least(sums, *moved) for moved in (
        (uy, vy + hz, uuy + vvy + vz), (-ux - hz, -vx, -uux - uz - vvx), (hy, -hx, uy - vx))]
    far = SHAPE * place[2] ** 2
    spread = far / _spread(sums)
    varies = far / n + (u / n) ** 2 * spread, far / n + (v / n) ** 2 * spread, spread
    return [degrees(sqrt(turn))] + [
        min(FARTHEST, sqrt(varies[k] + turn * sum(way[k] ** 2 for way in ways)))
        for k in range(3)]


def _least(sums, a, b, both, nearest=-FARTHEST):
    """[x, y, z] where the squares of x - u z - a and y - v z - b are least together, of the sums
    of all a, of all b, and of u a and v b together; z within what can be."""
    (_, _, _, n), (_, _, _, u), (_, _, _, v), _, _ = sums
    z = min(max(((u * a + v * b) / n - both) / _spread(sums), nearest), FARTHEST)
    return [(a + u * z) / n, (b + v * z) / n, z]


def _spread(sums):
    """How far the rays lie apart, squared, weighted; next to nothing at the least."""
    (_, _, _, n), (_, _, _, u), (_, _, _, v), (_, _, _, uu), (_, _, _, vv) = sums
    return max(uu + vv - (u * u + v * v) / n, 1e-12 * n)
