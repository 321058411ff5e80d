"""A face made of plain numbers, for what comes after the tracker."""
import numpy as np

from appliance import geometry
from appliance.face import Eye, Face
from tests.fakes import dots


def face(x=320.0, y=200.0, size=1.0, yaw=0.0, pitch=0.0, roll=0.0, **changes):
    """A Face whose eyes' middle lies at (x, y); any field can be given instead."""
    points = dots.face_points(x, y, size, roll)
    eyes = [Eye(points[corners].mean(axis=0) + 5.0 * np.array(
                [[0, 0], [nose, 0], [0, -1], [-nose, 0], [0, 1]]), 0.9, np.array([5.0, -3.0]), 0.8)
            for corners, nose in (([42, 45], -1), ([36, 39], 1))]
    made = Face(3, 0.97, geometry.tight_box(points), points, np.full(68, 1.5),
                geometry.quaternion_from_matrix(geometry.matrix_from_angles(yaw, pitch, roll)),
                np.array([0.0, -40.0, 550.0]), eyes[0], eyes[1], np.linspace(0, 1, 52))
    return made._replace(**changes)
