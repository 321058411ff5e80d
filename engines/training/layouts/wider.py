"""WIDER FACE: photographs with the boxes of all faces in each, for the detector.

wider_face_split/wider_face_train_bbx_gt.txt (or _val_) and WIDER_train/images/EVENT/NAME.jpg. The
list has for each picture its path, a line with the number of its faces, and a line for each face:
x y w h blur expression illumination invalid occlusion pose. A picture without faces says 0 and
has one line of zeros all the same. A box is of the whole face, from the hair to the chin, whole
pixels. Faces marked invalid, or without a width or height, become `face_ignored`.

Which faces of the part val are easy, medium or hard is told by eval_tools/ground_truth/
wider_face_val.mat and wider_easy_val.mat, wider_medium_val.mat, wider_hard_val.mat, where they
lie in the folder too: `file_list` names each event's pictures, `gt_list` the numbers, from 1, of
the faces of each that count; medium holds easy, hard holds both. Sources: the set's own
readme.txt; openvinotoolkit/datumaro, the page on its WIDER format; the evaluation programs of
others, which read these files.
"""
import os

import numpy as np
import scipy.io

from appliance.errors import DataError
from engines.training.layouts.pictures import Unfit, below, lines, numbers, stored
from engines.training.samples import all_faces

INVALID = 7         # column of a face's line
LISTS = os.path.join("eval_tools", "ground_truth")
LEVELS = ("easy", "medium", "hard")


def find(folder, part):
    """[(picture, its faces' lines, {number of a face from 0: level})]"""
    name = "wider_face_%s_bbx_gt.txt" % part
    text, path = lines(folder, os.path.join("wider_face_split", name), name)
    images = below(folder, os.path.join("WIDER_" + part, "images"), "images")
    levels = _levels(os.path.join(folder, LISTS), part)
    rows, at = [], 0
    while at < len(text):
        count = _count(text, at, path)
        rows.append((os.path.join(images, text[at]), text[at + 2:at + 2 + count],
                     levels.get(os.path.splitext(os.path.basename(text[at]))[0], {})))
        at += 2 + max(1, count)
    return rows


def _levels(folder, part):
    """{name of a picture: {number of a face: level}}, empty where the lists are not there."""
    if not os.path.isfile(os.path.join(folder, "wider_face_%s.mat" % part)):
        return {}
    try:
        path = os.path.join(folder, "wider_face_%s.mat" % part)
        events = _cells(scipy.io.loadmat(path)["file_list"])
        found = {str(_cells(name)[0]): {} for event in events for name in _cells(event)}
        for level in range(3, 0, -1):       # the easiest that holds a face is written last
            path = os.path.join(folder, "wider_%s_%s.mat" % (LEVELS[level - 1], part))
            lists = _cells(scipy.io.loadmat(path)["gt_list"])
            for names, faces in zip(events, lists):
                for name, numbers_ in zip(_cells(names), _cells(faces)):
                    found[str(_cells(name)[0])].update(
                        (int(n) - 1, level) for n in np.ravel(numbers_))
        return found
    except (OSError, KeyError, ValueError, IndexError) as why:
        raise DataError(folder, "its lists of easy, medium and hard faces are broken (%s)" % why,
                        "fetch them again, or move them away") from why


def _cells(values):
    """What is in a cell array of Matlab, in a row."""
    return list(np.ravel(values))


def _count(text, at, path):
    count = text[at + 1] if at + 1 < len(text) else ""
    if not count.isdigit() or at + 2 + int(count) > len(text):
        raise DataError(path, "no list of faces after %s" % text[at], "fetch it again")
    return int(count)


def read(row):
    """The faces of a picture; the edges of a box lie half a pixel outside its pixels' centres."""
    path, faces, levels = row
    image, _ = stored(path)
    marks = [numbers(face.split(), path) for face in faces]
    if any(len(mark) < INVALID + 1 for mark in marks):
        raise Unfit("%s: a face's line is too short" % path)
    marks = np.array([mark[:INVALID + 1] for mark in marks]).reshape(-1, INVALID + 1)
    boxes = np.hstack([marks[:, :2], marks[:, :2] + np.maximum(marks[:, 2:4], 0)]) - 0.5
    ignored = (marks[:, INVALID] == 1) | (marks[:, 2:4] <= 0).any(1)
    level = [levels.get(i, 0) for i in range(len(boxes))]
    return image, {"faces": all_faces(boxes, ignored, level)}
