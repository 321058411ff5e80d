"""Faces that benchmarks are tried on: all that matters to a test can be told."""
import numpy as np

from appliance import geometry
from appliance.face import Eye, Face
from benchmarks import stills
from tests.fakes.dots import face_points

TRUE = face_points(60, 50, 0.5)
SIZE = stills.size(TRUE)


def face(points=TRUE, angles=(0, 0, 0), score=0.9, gaze=(0.0, 0.0), openness=1.0, shapes=None,
         sigma=1.0):
    """A Face with what matters to a test; openness: of both eyes, or (left, right)."""
    left, right = np.broadcast_to(openness, 2)
    eyes = [Eye(np.zeros((5, 2)), float(one), np.array(gaze), 1.0) for one in (left, right)]
    turn = geometry.quaternion_from_matrix(geometry.matrix_from_angles(*angles))
    return Face(1, score, np.array(stills.box(points)), points, np.full(68, sigma), turn,
                np.array([0, 0, 500.0]), eyes[0], eyes[1],
                np.zeros(52) if shapes is None else shapes)
