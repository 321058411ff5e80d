"""A measured face comes in, the numbers by which its expression is told from others go out,
whatever way the head is turned.

Points are put at the depth of a mean face, turned upright with the head and fitted onto that face
by what no expression moves: nose and corners of the eyes.
"""
import numpy as np

from appliance import geometry
from appliance.face import ARKIT_NAMES
from appliance.mean_face import MODEL
from appliance.stages.pose import STABLE

# Brows, wings of the nose, lids, mouth: their points, and the mm that weigh like one whole unit.
PARTS = np.array(list(range(17, 27)) + list(range(31, 36)) + [37, 38, 40, 41, 43, 44, 46, 47]
                 + list(range(48, 68)))
UNITS = np.array([4.0] * 10 + [2.0] * 5 + [2.0] * 8 + [4.0] * 20)
SHAPE_UNIT = 0.25
# Where the eyes look is no expression.
SHAPES = np.array([i for i, name in enumerate(ARKIT_NAMES) if not name.startswith("eyeLook")])
COUNT = 2 * len(PARTS) + len(SHAPES)
_FIXED = MODEL[STABLE, :2]


class Features:
    """The (COUNT,) float32 features of a Face in a picture of `size` (width, height), as the
    tracker gave it. fov: degrees across the picture."""

    def __init__(self, fov):
        self._fov, self._plane = fov, np.ones((len(STABLE), 3))

    def __call__(self, face, size):
        upright = self._upright(face, size)
        self._plane[:, :2] = upright[STABLE]
        square = self._plane.T.dot(self._plane)
        square.flat[::4] += 1e-6        # solvable even where all points are one
        fit = np.linalg.solve(square, self._plane.T.dot(_FIXED))
        moved = upright[PARTS].dot(fit[:2]) + fit[2] - MODEL[PARTS, :2]
        out = np.empty(COUNT, np.float32)
        out[:2 * len(PARTS)] = (moved / UNITS[:, None]).reshape(-1)
        out[2 * len(PARTS):] = face.blendshapes[SHAPES] / SHAPE_UNIT
        return out

    def _upright(self, face, size):
        """(68, 2) mm in the head frame."""
        width, height = size
        matrix = face.matrix
        depth = face.translation[2] + MODEL.dot(matrix[2])
        scale = depth / geometry.focal_length(width, self._fov)
        seen = np.empty((len(MODEL), 3))
        seen[:, 0] = (face.landmarks[:, 0] - (width - 1) / 2.0) * scale
        seen[:, 1] = (face.landmarks[:, 1] - (height - 1) / 2.0) * scale
        seen[:, 2] = depth
        return (seen - face.translation).dot(matrix[:, :2])
