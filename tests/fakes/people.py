"""Faces and frames out of thin air, for tests of what comes after the tracker."""
import numpy as np

from appliance import geometry
from appliance.face import ARKIT, Eye, Face, Frame


def person(id=1, yaw=20.0, pitch=10.0, roll=5.0, gaze=(12.0, 6.0), openness=(0.8, 0.7), **weights):
    """A Face turned by degrees; `weights` are blendshapes by name."""
    points = 100.0 + np.arange(136.0).reshape(68, 2)
    blendshapes = np.zeros(52)
    for name, value in weights.items():
        blendshapes[ARKIT[name]] = value
    rotation = geometry.quaternion_from_matrix(geometry.matrix_from_angles(yaw, pitch, roll))
    left, right = [Eye(x + np.array([(0, 0), (nose, 0), (0, -5), (-nose, 0), (0, 5)], float), o,
                       np.array(gaze, float), 0.9)
                   for x, nose, o in ((np.array([220.0, 150.0]), -6, openness[0]),
                                      (np.array([160.0, 152.0]), 6, openness[1]))]
    return Face(id=id, score=0.95, box=geometry.tight_box(points), landmarks=points,
                sigma=np.linspace(0.5, 2.0, 68), rotation=rotation,
                translation=np.array([30.0, -20.0, 550.0]), left=left, right=right,
                blendshapes=blendshapes)


def frame(time, number=0, size=(640, 480)):
    """A black Frame of `size` (width, height)."""
    return Frame(number, time, 0.0, np.zeros(size[::-1], np.uint8))
