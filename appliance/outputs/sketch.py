"""A pose becomes box, points and irises of a mean face as a moment's camera would see them: for
faces that were not measured, or not altogether.
"""
import numpy as np

from appliance import geometry
from appliance.mean_face import MODEL

FAR = 600.0                     # mm, where a head is that nobody measured
_EYES = np.array([[31.5, 0.0, -8.0], [-31.5, 0.0, -8.0]])      # their irises, left first
_ROUND = 5.85 * np.array([[0, 0, 0], [-1, 0, 0], [0, -1, 0], [1, 0, 0], [0, 1, 0]], float)
_OTHER = np.array([-1.0, 1.0, 1.0])
_IRISES = [centre + _ROUND * turned for centre, turned in zip(_EYES, (1.0, _OTHER))]


def seen(matrix, place, moment):
    """(box (4,), points (68, 2), left iris (5, 2), right iris (5, 2)), picture pixels.

    matrix: (3, 3), camera from head. place: (3,) mm.
    """
    def pixels(points):
        there = points.dot(matrix.T) + place
        middle = 0.5 * (np.array(moment.size) - 1)
        return there[:, :2] / there[:, 2:] * moment.focal + middle
    points = pixels(MODEL)
    return (geometry.tight_box(points), points) + tuple(pixels(iris) for iris in _IRISES)
