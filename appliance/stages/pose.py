"""Points, sigmas and the network's rotation in, the head's rotation and place before the camera
out.

The network's rotation is turned by the viewing ray, the place follows from it by linear least
squares, then a few Gauss-Newton steps move all six numbers so that the stable points fall where
they were seen. The rotation is held near the network's, since these points are those of a mean
face and would twist it; the depth is a logarithm, so that the head can never come to lie behind
the camera.
"""
from math import exp

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
_HOLDING = np.array([1 / HOLD ** 2] * 3 + [1e-9] * 3)
STEPS = 2
LEAST_SIGMA = 1e-3      # pixels
NEAREST, FARTHEST = 90.0, 20000.0       # mm: nearer, the nose would touch the lens
LARGEST_TURN = 0.2      # radians a step: beyond this the linear model does not hold
LARGEST_ZOOM = 0.5      # of log z a step
# Turned model points times this: for each the matrix that gives its way under a small turn (turn x
# point).
_CROSS = np.array([[0, 0, 0, 0, 0, 1, 0, -1, 0], [0, 0, -1, 0, 0, 0, 1, 0, 0],
                   [0, 1, 0, -1, 0, 0, 0, 0, 0.0]])


class Pose:
    """Solver for one camera and head size; keeps nothing between calls.

    field_of_view: horizontal, degrees. eye_distance: mm between the eyeball centres of the person.
    """

    def __init__(self, field_of_view=60.0, eye_distance=EYE_DISTANCE):
        self._fov, self._scale = field_of_view, eye_distance / EYE_DISTANCE
        self._ways = np.zeros((len(STABLE), 3, 6))      # d point / d unknowns
        self._lens = np.zeros((len(STABLE), 2, 3))      # d ray / d point, times the weight

    def __call__(self, reading, shape):
        """(camera_from_head (3, 3), translation (3,) mm) of a Reading in a picture of (H, W)."""
        height, width = shape[:2]
        focal = geometry.focal_length(width, self._fov)
        x, y = (width - 1) / 2.0, (height - 1) / 2.0
        centre = reading.square.centre
        ray = geometry.ray_rotation((centre[0] - x) / focal, (centre[1] - y) / focal)
        seen = (reading.points[STABLE] - (x, y)) / focal
        weight = focal / np.maximum(reading.sigma[STABLE], LEAST_SIGMA)
        rotation, place = self.refine(ray.dot(reading.rotation), seen, weight)
        return rotation, place * self._scale

    def refine(self, start, seen, weight):
        """(rotation, translation) from a first rotation and (13, 2) rays, weight = 1 / sigma."""
        head, rotation, turned = MODEL.dot(start.T), start, np.zeros(6)
        place = _place(head, seen, weight)
        slopes = self._slopes(head, place, weight)
        normal = slopes.T.dot(slopes)
        normal.flat[::7] += _HOLDING
        # One for all steps: the slopes hardly change. numpy's would cost more than it computes.
        solution = cv2.invert(normal, flags=cv2.DECOMP_CHOLESKY)[1]
        for _ in range(STEPS):
            q = head + place
            missed = (seen - q[:, :2] / q[:, 2:]) * weight[:, None]
            step = solution.dot(missed.reshape(-1).dot(slopes) - _HOLDING * turned)
            turned += step
            rotation = _turned(rotation, step[:3].tolist())
            head = MODEL.dot(rotation.T)
            place = _moved(place.tolist(), step[3:].tolist())
        return rotation, place

    def _slopes(self, head, place, weight):
        """(26, 6): weighted rays by three radians about the camera's axes, then x/z, y/z and log z
        of the place.

        With q = head + place and its ray (u, v): d(u, v) = ([1 0 -u; 0 1 -v] / q_z) dq, dq = turn
        x head for the turn, z (du, dv, 0) for the place's ray, and `place` itself for log z.
        """
        q = head + place
        inverse = (weight / q[:, 2])[:, None]
        ways, lens = self._ways, self._lens
        ways[:, :, :3] = head.dot(_CROSS).reshape(-1, 3, 3)
        ways[:, 0, 3] = ways[:, 1, 4] = place[2]
        ways[:, :, 5] = place
        lens[:, 0, :1] = lens[:, 1, 1:2] = inverse
        lens[:, :, 2] = q[:, :2] * (-inverse / q[:, 2:])
        return np.matmul(lens, ways).reshape(-1, 6)


def _turned(rotation, turn):
    turn = [min(max(v, -LARGEST_TURN), LARGEST_TURN) for v in turn]
    return geometry.matrix_from_quaternion(geometry.quaternion_from_vector(turn)).dot(rotation)


def _place(head, seen, weight):
    """Translation that puts turned model points onto rays: weighted linear least squares."""
    w = weight * weight
    w = w / w.sum()
    off = seen * head[:, 2:] - head[:, :2]
    mean_ray, mean_off = w.dot(seen), w.dot(off)
    spread = w.dot((seen * seen).sum(axis=1)) - mean_ray.dot(mean_ray)
    cross = mean_ray.dot(mean_off) - w.dot((seen * off).sum(axis=1))
    z = cross / spread if spread > 1e-12 else FARTHEST
    z = min(max(float(z), NEAREST), FARTHEST)
    x, y = (mean_off + mean_ray * z).tolist()
    return np.array([x, y, z])


def _moved(place, step):
    """The place moved by a step in its ray and in the logarithm of its depth."""
    x, y, z = place
    further = z * exp(min(max(step[2], -LARGEST_ZOOM), LARGEST_ZOOM))
    further = min(max(further, NEAREST), FARTHEST)
    return np.array([(x / z + step[0]) * further, (y / z + step[1]) * further, further])
