"""Rotations, viewing rays and crops as pure functions on small arrays; no state, no picture.

camera_from_head R = Ry(-yaw) Rx(-pitch) Rz(roll), right-handed rotations about X right, Y down, Z
forward.
"""
from math import asin, atan2, cos, degrees, radians, sin, sqrt, tan

import numpy as np


def matrix_from_angles(yaw, pitch, roll):
    """(3, 3) camera_from_head from degrees."""
    cy, sy = cos(radians(yaw)), sin(radians(yaw))
    cx, sx = cos(radians(pitch)), sin(radians(pitch))
    cz, sz = cos(radians(roll)), sin(radians(roll))
    return np.array([[cy * cz + sy * sx * sz, sy * sx * cz - cy * sz, -sy * cx],
                     [cx * sz, cx * cz, sx],
                     [sy * cz - cy * sx * sz, -sy * sz - cy * sx * cz, cy * cx]])


def angles_from_matrix(matrix):
    """(yaw, pitch, roll) in degrees; yaw and roll in (-180, 180], pitch in [-90, 90]."""
    (_, _, c), (d, e, f), (_, _, i) = matrix.tolist()
    return degrees(atan2(-c, i)), degrees(asin(max(-1.0, min(1.0, f)))), degrees(atan2(d, e))


def quaternion_from_matrix(matrix):
    """(4,) unit quaternion (w, x, y, z), w >= 0, by the largest of the four squares (Shepperd)."""
    (a, b, c), (d, e, f), (g, h, i) = matrix.tolist()
    squares = (a + e + i, a, e, i)
    k = squares.index(max(squares))
    w, x, y, z = ((1 + a + e + i, h - f, c - g, d - b), (h - f, 1 + a - e - i, b + d, c + g),
                  (c - g, b + d, 1 - a + e - i, f + h), (d - b, c + g, f + h, 1 - a - e + i))[k]
    n = sqrt(w * w + x * x + y * y + z * z)
    n = n if w >= 0 else -n
    return np.array([w / n, x / n, y / n, z / n])


def matrix_from_quaternion(q):
    """(3, 3) matrix from a unit quaternion (w, x, y, z)."""
    w, x, y, z = np.asarray(q).tolist()
    return np.array([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
                     2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
                     2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]
                    ).reshape(3, 3)


def unit(q):
    """(w, x, y, z) as floats of length 1 with w >= 0; anything not finite spreads to all four."""
    w, x, y, z = np.asarray(q).tolist()
    n = sqrt(w * w + x * x + y * y + z * z)
    n = n if w >= 0 else -n
    return (w / n, x / n, y / n, z / n) if n else (1.0, 0.0, 0.0, 0.0)


def angles_from_quaternion(q):
    """angles_from_matrix of a unit quaternion (w, x, y, z), without the matrix."""
    w, x, y, z = np.asarray(q).tolist()
    pitch = asin(max(-1.0, min(1.0, 2 * (y * z - w * x))))
    yaw = atan2(-2 * (x * z + w * y), 1 - 2 * (x * x + y * y))
    roll = atan2(2 * (x * y + w * z), 1 - 2 * (x * x + z * z))
    return degrees(yaw), degrees(pitch), degrees(roll)


def quaternion_product(a, b):
    """(4,) quaternion a b: the rotation b, then a."""
    (w, x, y, z), (p, q, r, s) = np.asarray(a).tolist(), np.asarray(b).tolist()
    return np.array([w * p - x * q - y * r - z * s, w * q + x * p + y * s - z * r,
                     w * r - x * s + y * p + z * q, w * s + x * r - y * q + z * p])


def slerp(a, b, share):
    """(4,) unit quaternion on the shorter arc from a (share 0) to b (share 1), w >= 0."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    c = float(a.dot(b))
    if c < 0:
        b, c = -b, -c
    if c > 0.9995:          # closer than 2 degrees the chord is the arc to 1e-7
        q = a + share * (b - a)
    else:
        angle = np.arccos(min(1.0, c))
        q = (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)
    q = q / np.sqrt(q.dot(q))
    return -q if q[0] < 0 else q


def focal_length(width, field_of_view):
    """Focal length in pixels of a picture `width` pixels wide; field_of_view: degrees, across."""
    return 0.5 * width / tan(radians(field_of_view) / 2)


def ray_rotation(x, y):
    """(3, 3) smallest rotation that turns the optical axis onto the viewing ray (x, y, 1)."""
    n = sqrt(x * x + y * y + 1)
    x, y, z = x / n, y / n, 1 / n
    k = 1 / (1 + z)
    return np.array([[1 - k * x * x, -k * x * y, x], [-k * x * y, 1 - k * y * y, y], [-x, -y, z]])


def crop_transform(centre, side, roll, size):
    """(2, 3) matrix from picture pixels to the pixels of a square crop, and its inverse.

    centre: (x, y) of the square's middle. side: its side in picture pixels. roll: degrees by which
    the square is turned (a head tilted by `roll` stands upright in it). size: pixels of the crop's
    side.
    """
    k, m = size / float(side), (size - 1) / 2.0
    c, s = cos(radians(roll)), sin(radians(roll))
    x, y = float(centre[0]), float(centre[1])
    there = np.array([[k * c, k * s, m - k * (c * x + s * y)],
                      [-k * s, k * c, m - k * (c * y - s * x)]])
    return there, crop_way_back(centre, side, roll, size)


def crop_way_back(centre, side, roll, size):
    """The inverse of crop_transform alone: (2, 3) matrix from a crop's pixels to the picture's."""
    k, m = size / float(side), (size - 1) / 2.0
    c, s = cos(radians(roll)), sin(radians(roll))
    return np.array([c / k, -s / k, centre[0] - (c - s) * m / k,
                     s / k, c / k, centre[1] - (c + s) * m / k]).reshape(2, 3)


def apply(transform, points):
    """(N, 2) points moved by a (2, 3) matrix."""
    return points.dot(transform[:, :2].T) + transform[:, 2]


def quaternion_from_vector(v):
    """(4,) unit quaternion of a rotation vector: axis times angle, radians, up to half a turn."""
    x, y, z = np.asarray(v).tolist()
    angle = sqrt(x * x + y * y + z * z)
    k = sin(0.5 * angle) / angle if angle > 1e-9 else 0.5
    return np.array([cos(0.5 * angle), k * x, k * y, k * z])


def rotation_between(a, b):
    """(3,) rotation vector in radians that leads from quaternion a to b, in the frame of a."""
    (w, x, y, z), (p, q, r, s) = a.tolist(), b.tolist()
    w, x, y, z = (w * p + x * q + y * r + z * s, w * q - x * p - y * s + z * r,
                  w * r + x * s - y * p - z * q, w * s - x * r + y * q - z * p)
    if w < 0:
        w, x, y, z = -w, -x, -y, -z
    s = sqrt(x * x + y * y + z * z)
    k = 2 * atan2(s, w) / s if s > 1e-9 else 2.0
    return np.array([k * x, k * y, k * z])


def matrix_from_columns(six, roll=0.0):
    """(3, 3) rotation whose first two columns follow any six numbers (Gram-Schmidt), turned by
    `roll` degrees about Z."""
    ax, ay, az, bx, by, bz = np.asarray(six, float).tolist()
    c, s = cos(radians(roll)), sin(radians(roll))
    ax, ay, bx, by = c * ax - s * ay, s * ax + c * ay, c * bx - s * by, s * bx + c * by
    n = sqrt(ax * ax + ay * ay + az * az)
    if not n > 1e-6:
        ax, ay, az, n = 1.0, 0.0, 0.0, 1.0
    ax, ay, az = ax / n, ay / n, az / n
    d = ax * bx + ay * by + az * bz
    bx, by, bz = bx - d * ax, by - d * ay, bz - d * az
    n = sqrt(bx * bx + by * by + bz * bz)
    if not n > 1e-6:        # the two are parallel: any second axis at a right angle to the first
        bx, by, bz = (-ay, ax, 0.0) if abs(az) < 0.9 else (0.0, -az, ay)
        n = sqrt(bx * bx + by * by + bz * bz)
    bx, by, bz = bx / n, by / n, bz / n
    return np.array([ax, bx, ay * bz - az * by, ay, by, az * bx - ax * bz,
                     az, bz, ax * by - ay * bx]).reshape(3, 3)


def tight_box(points):
    """(4,) x0, y0, x1, y1 around (N, 2) points."""
    x, y = points.T.tolist()        # numpy takes three times as long over two short columns
    return np.array([min(x), min(y), max(x), max(y)])


def turned_box(points, roll):
    """((x, y), width, height) of the box, turned by `roll` degrees, around (N, 2) points."""
    c, s = cos(radians(roll)), sin(radians(roll))
    u0, v0, u1, v1 = tight_box(points.dot(np.array([[c, -s], [s, c]]))).tolist()
    u, v = 0.5 * (u0 + u1), 0.5 * (v0 + v1)
    return (c * u - s * v, s * u + c * v), u1 - u0, v1 - v0


def overlap(a, b):
    """Share of the union of two boxes (x0, y0, x1, y1) that both cover, 0 to 1."""
    (ax, ay, ar, ab), (bx, by, br, bb) = a, b
    # Comparisons cost a third of min and max, and a picture takes a hundred of these.
    w = (ar if ar < br else br) - (ax if ax > bx else bx)
    h = (ab if ab < bb else bb) - (ay if ay > by else by)
    if w <= 0 or h <= 0:
        return 0.0
    union = (ar - ax) * (ab - ay) + (br - bx) * (bb - by) - w * h
    return float(w * h / union)
