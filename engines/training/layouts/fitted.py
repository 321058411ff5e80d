"""300W-LP and AFLW2000-3D: photographs with a face model laid over each.

300W-LP has folders AFW, HELEN, IBUG and LFPW with pairs NAME_K.jpg and NAME_K.mat, K = 0 the
photograph itself, the others turned further, and landmarks/SET/NAME_K_pts.mat with `pts_2d` and
`pts_3d` (68, 2): the points of what is seen, and those of the model, which stay on the head when
it turns as ours do. `pt2d` beside the picture is that of the photograph before it was turned.
Folders with _Flip hold all of it mirrored; every trainer mirrors by itself, so they are passed
over. AFLW2000-3D is one folder of pairs imageNNNNN.jpg and .mat with `pt3d_68` (3, 68): x and y
in the picture, z towards the viewer. Matlab counts pixels from 1.

`Pose_Para` (1, 7) of both: pitch, yaw, roll in radians, x, y, z, and the scale in pixels for a
micrometre, in a frame with y up and z towards the viewer, where R = Rx Ry Rz, each turning the
other way than right-handed. Sources: Zhu et al., Face Alignment Across Large Poses (arXiv
1511.07212); the readers in opentrack/neuralnet-tracker-traincode and YadiraF/face3d. That our
matrix is diag(1, -1, -1) R diag(1, -1, -1) was seen on ten pictures of AFLW2000-3D whose angles
and points are known otherwise: equal to 1e-7.
"""
import glob
import os
import re

import numpy as np

from appliance.errors import InputMissing
from engines.training.layouts.pictures import Unfit, matlab, stored

SETS = ("AFW", "HELEN", "IBUG", "LFPW")
FLIP = np.diag([1.0, -1, -1])
RADIUS = 100e3      # of a head, micrometres
# From the model's origin to between the eyes, in our head's axes and radii: opentrack's figure,
# which meets the middle of the eyes' corners within 4 px on pictures whose radius is 105 to 160.
BETWEEN_EYES = np.array([0.0, -0.26, -0.9])


def find_300w_lp(folder, _part=None):
    """[(picture, its points' file, number of its photograph)]"""
    found = [path for name in SETS
             for path in sorted(glob.glob(os.path.join(folder, name, "*.jpg")))]
    if not found:
        raise InputMissing(folder, "no folder %s with .jpg in it" % ", ".join(SETS),
                           "name the folder 300W_LP")
    numbers = {}
    return [(path, _points_of(folder, path), numbers.setdefault(_photograph(path), len(numbers)))
            for path in found]


def _points_of(folder, path):
    where, name = os.path.split(os.path.splitext(path)[0])
    return os.path.join(folder, "landmarks", os.path.basename(where), name + "_pts.mat")


def _photograph(path):
    """What all turned copies of one photograph share."""
    return re.sub(r"_\d+$", "", os.path.splitext(path)[0])


def read_300w_lp(row):
    """Points, rotation, head and the number of the photograph as person; no points where their
    file is missing."""
    path, points, person = row
    image, labels = _posed(path)
    if os.path.exists(points):
        labels["points"] = _shown(points)
    return image, dict(labels, person=person)


def _shown(path):
    try:
        found, = matlab(path, "pts_3d")
    except Unfit:
        found, = matlab(path, "pts_2d")
    return _shaped(found, (68, 2), path) - 1


def find_aflw2000(folder, _part=None):
    """[picture]"""
    found = sorted(glob.glob(os.path.join(folder, "image*.jpg")))
    if not found:
        raise InputMissing(folder, "no image*.jpg in it", "name the folder AFLW2000")
    return found


def read_aflw2000(path):
    """Points, rotation and head."""
    image, labels = _posed(path)
    points, = matlab(os.path.splitext(path)[0] + ".mat", "pt3d_68")
    return image, dict(labels, points=_shaped(points, (3, 68), path)[:2].T - 1)


def _posed(path):
    image, (height, _) = stored(path)
    label = os.path.splitext(path)[0] + ".mat"
    pose, = matlab(label, "Pose_Para")
    pitch, yaw, roll, x, y, _, scale = _shaped(pose, (1, 7), label)[0]
    rotation, radius = camera_from_head(pitch, yaw, roll), RADIUS * scale
    # rows are counted from below and from 1: the first from above is y = height
    centre = np.array([x - 1, height - y]) + rotation.dot(BETWEEN_EYES)[:2] * radius
    return image, {"rotation": rotation, "head": np.append(centre, radius)}


def camera_from_head(pitch, yaw, roll):
    """(3, 3) in our axes from the three angles of Pose_Para, radians."""
    (a, b, c), (u, v, w) = np.cos([pitch, yaw, roll]), np.sin([pitch, yaw, roll])
    x = np.array([[1, 0, 0], [0, a, u], [0, -u, a]])
    y = np.array([[b, 0, -v], [0, 1, 0], [v, 0, b]])
    z = np.array([[c, w, 0], [-w, c, 0], [0, 0, 1]])
    return FLIP.dot(x).dot(y).dot(z).dot(FLIP)


def _shaped(values, shape, path):
    if values.shape != shape or not np.isfinite(values).all():
        raise Unfit("%s: %s instead of %s numbers" % (path, values.shape, shape))
    return values
