"""MPIIFaceGaze: faces before laptops, and where each looked.

p00 to p14, each with pNN.txt, dayDD/NNNN.jpg and Calibration/. A line of pNN.txt, counted from 0:
0 the picture's path; 1 to 2 the point on the screen; 3 to 14 six points x y (corners of the eyes
as iBUG 36, 39, 42, 45, corners of the mouth); 15 to 20 rotation vector and translation of the
head in the camera's axes; 21 to 23 fc, the middle of the six points there; 24 to 26 gt, what was
looked at there, in millimetres, x right, y down, z forward as ours; 27 which eye. The gaze is
gt less fc. The head's model has x to the subject's left, y down, z to the back (outer corners of
the eyes at -45.1, -0.5, 2.4 and 45.1, -0.5, 2.4 mm, of the mouth at -26.3, 68.6, 0 and 26.3, 68.6,
0), so that its rotation is our camera_from_head. Calibration/Camera.mat holds `cameraMatrix`, with
which the head's place in the picture is found. Sources: the set's own readme.txt; the model as
readers of the set repeat it.
"""
import glob
import os

import cv2
import numpy as np

from appliance.errors import InputMissing
from engines.training.layouts.pictures import Unfit, lines, matlab, numbers, stored

COLUMNS = 28
RADIUS = 100.0      # of a head, mm


def find(folder, _part=None):
    """[(folder of a person, its number, line, camera matrix or None)]"""
    people = sorted(path for path in glob.glob(os.path.join(folder, "p[0-9][0-9]"))
                    if os.path.isdir(path))
    if not people:
        raise InputMissing(folder, "no folders p00, p01 ... in it", "name the folder MPIIFaceGaze")
    return [row for path in people for row in _of(path)]


def _of(path):
    name = os.path.basename(path)
    text, _ = lines(path, name + ".txt")
    try:
        camera, = matlab(os.path.join(path, "Calibration", "Camera.mat"), "cameraMatrix")
    except Unfit:
        camera = None
    return [(path, int(name[1:]), line, camera) for line in text]


def read(row):
    """Gaze, corners of the eyes, rotation, person; the head too where the camera is known."""
    folder, person, line, camera = row
    words = line.split()
    if len(words) != COLUMNS:
        raise Unfit("%s: a line has %d columns, not %d" % (folder, len(words), COLUMNS))
    image, _ = stored(os.path.join(folder, words[0]))
    values = numbers(["0"] + words[1:27], folder)
    labels = {"gaze": angles(values[24:27] - values[21:24]), "eyes": values[3:11].reshape(4, 2),
              "rotation": cv2.Rodrigues(values[15:18])[0], "person": person}
    if camera is not None:
        labels["head"] = _seen(values[18:21], camera)
    return image, labels


def angles(way):
    """(yaw, pitch) in degrees of a way (x, y, z) in the camera's axes: 0, 0 towards the camera,
    yaw > 0 to the subject's left, which is the picture's right, pitch > 0 up."""
    x, y, z = way / np.linalg.norm(way)
    return np.degrees([np.arctan2(x, -z), np.arcsin(-y)])


def _seen(place, camera):
    """(x, y, radius) in pixels of a head at a place in mm."""
    x, y, z = camera.dot(place)
    if not z > 0:
        raise Unfit("a head lies behind the camera")
    return np.array([x / z, y / z, RADIUS * camera[0, 0] / z])
