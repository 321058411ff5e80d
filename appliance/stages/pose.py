"""Points, sigmas and the network's rotation in, the head's rotation and place before the camera out.

The network's rotation is turned by the viewing ray, the place follows from it by linear least squares, then a few
Gauss-Newton steps move all six numbers so that the stable points fall where they were seen. The rotation is held near
the network's, since these points are those of a mean face and would twist it; the depth is a logarithm, so that the
head can never come to lie behind the camera.
"""
from math import exp, log

import numpy as np

from appliance import geometry

EYE_DISTANCE = 63.0     # mm between the eyeball centres of the model below
STABLE = np.array([27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 39, 42, 45])
# Where those points lie on the mean face of ICT-FaceKit (light model, neutral, MIT licence), in the head frame.
MODEL = np.array([
    [0.00, -1.41, -27.82], [0.00, 9.78, -35.74], [0.00, 20.11, -43.70], [0.00, 32.30, -51.42],
    [-12.67, 47.97, -29.20], [-6.09, 47.90, -34.74], [0.00, 48.57, -36.22], [6.09, 47.90, -34.74],
    [12.67, 47.97, -29.20], [-45.07, 1.71, -6.27], [-18.64, 3.53, -12.27], [18.64, 3.53, -12.27],
    [45.07, 1.71, -6.27]])
HOLD = np.radians(2.5)  # how far the refined rotation may leave the network's, one standard deviation
STEPS = 2
NEAREST, FARTHEST = 90.0, 20000.0       # mm: nearer, the nose would touch the lens
LARGEST_TURN = 0.2      # radians a step: beyond this the linear model does not hold


class Pose:
    """Solver for one camera and head size; keeps nothing between calls.

    field_of_view: horizontal, degrees. eye_distance: mm between the eyeball centres of the person.
    """

    def __init__(self, field_of_view=60.0, eye_distance=EYE_DISTANCE):
        self._fov, self._scale = field_of_view, eye_distance / EYE_DISTANCE
        self._jacobian = np.zeros((2 * len(STABLE), 6))
        self._residual = np.zeros(2 * len(STABLE))

    def __call__(self, reading, shape):
        """(camera_from_head (3, 3), translation (3,) mm) of a landmarks reading in a picture of (H, W)."""
        height, width = shape[:2]
        focal = geometry.focal_length(width, self._fov)
        middle = np.array([(width - 1) / 2.0, (height - 1) / 2.0])
        ray = (reading.square.centre - middle) / focal
        rotation = geometry.ray_rotation(ray[0], ray[1]).dot(reading.rotation)
        seen = (reading.points[STABLE] - middle) / focal
        weight = focal / np.maximum(reading.sigma[STABLE], 1e-3)
        rotation, place = self.refine(rotation, seen, weight)
        return rotation, place * self._scale

    def refine(self, start, seen, weight):
        """(rotation, translation) from a first rotation and (13, 2) rays (x/z, y/z), weight = 1 / their sigma."""
        rotation, turned = start, np.zeros(3)
        place = _place(MODEL.dot(rotation.T), seen, weight)
        for _ in range(STEPS):
            head = MODEL.dot(rotation.T)
            step = self._step(head, place, seen, weight, turned)
            turn = np.clip(step[:3], -LARGEST_TURN, LARGEST_TURN)
            turned = turned + turn
            rotation = geometry.matrix_from_quaternion(geometry.quaternion_from_vector(turn)).dot(rotation)
            place = _moved(place, step[3:])
        return rotation, place

    def _step(self, head, place, seen, weight, turned):
        """Gauss-Newton step: three radians about the camera's axes, then x/z, y/z and log z of the place.

        With q = head + place and its ray (u, v): d(u, v) = ([1 0 -u; 0 1 -v] / q_z) dq, dq = turn x head for the
        turn, z (du, dv, 0) for the place's ray, and `place` itself for log z.
        """
        q = head + place
        inverse = weight / q[:, 2]
        u, v = q[:, 0] / q[:, 2], q[:, 1] / q[:, 2]
        hx, hy, hz = head.T
        j, r, n = self._jacobian, self._residual, len(head)
        j[:n, 0], j[n:, 0] = -inverse * u * hy, -inverse * (hz + v * hy)
        j[:n, 1], j[n:, 1] = inverse * (hz + u * hx), inverse * v * hx
        j[:n, 2], j[n:, 2] = -inverse * hy, inverse * hx
        j[:n, 3], j[n:, 4] = inverse * place[2], inverse * place[2]
        j[:n, 5], j[n:, 5] = inverse * (place[0] - u * place[2]), inverse * (place[1] - v * place[2])
        r[:n], r[n:] = weight * (seen[:, 0] - u), weight * (seen[:, 1] - v)
        normal, target = j.T.dot(j), j.T.dot(r)
        normal.flat[:21:7] += 1 / HOLD ** 2
        normal.flat[::7] += 1e-9        # keeps a picture without any information solvable
        target[:3] -= turned / HOLD ** 2
        return np.linalg.solve(normal, target)


def _place(head, seen, weight):
    """Translation that puts turned model points onto rays, linear least squares with one weight a point."""
    w = weight * weight
    w = w / w.sum()
    u, v = seen.T
    a, b = u * head[:, 2] - head[:, 0], v * head[:, 2] - head[:, 1]
    wu, wv, wa, wb = w.dot(u), w.dot(v), w.dot(a), w.dot(b)
    spread = w.dot(u * u + v * v) - wu * wu - wv * wv
    cross = wu * wa + wv * wb - w.dot(u * a + v * b)
    z = cross / spread if spread > 1e-12 else FARTHEST
    z = min(max(z, NEAREST), FARTHEST)
    return np.array([wa + wu * z, wb + wv * z, z])


def _moved(place, step):
    """The place moved by a step in its ray and in the logarithm of its depth."""
    x, y, z = place
    depth = log(z) + min(max(step[2], -0.5), 0.5)
    further = min(max(exp(depth), NEAREST), FARTHEST)
    return np.array([(x / z + step[0]) * further, (y / z + step[1]) * further, further])
