"""WIDER FACE: photographs with the boxes of all faces in each, for the detector.

wider_face_split/wider_face_train_bbx_gt.txt (or _val_) and WIDER_train/images/EVENT/NAME.jpg. The
list has for each picture its path, a line with the number of its faces, and a line for each face:
x y w h blur expression illumination invalid occlusion pose. A picture without faces says 0 and has
one line of zeros all the same. A box is of the whole face, from the hair to the chin, whole pixels.
Faces marked invalid, or without a width or height, become `face_ignored`. Sources: the set's own
readme.txt; openvinotoolkit/datumaro, the page on its WIDER format.
"""
import os

import numpy as np

from appliance.errors import DataError
from engines.training.layouts.pictures import Unfit, below, lines, numbers, stored

INVALID = 7         # column of a face's line


def find(folder, part):
    """[(picture, its faces' lines)]"""
    name = "wider_face_%s_bbx_gt.txt" % part
    text, path = lines(folder, os.path.join("wider_face_split", name), name)
    images = below(folder, os.path.join("WIDER_" + part, "images"), "images")
    rows, at = [], 0
    while at < len(text):
        count = _count(text, at, path)
        rows.append((os.path.join(images, text[at]), text[at + 2:at + 2 + count]))
        at += 2 + max(1, count)
    return rows


def _count(text, at, path):
    count = text[at + 1] if at + 1 < len(text) else ""
    if not count.isdigit() or at + 2 + int(count) > len(text):
        raise DataError(path, "no list of faces after %s" % text[at], "fetch it again")
    return int(count)


def read(row):
    """The faces of a picture; the edges of a box lie half a pixel outside of its pixels' centres."""
    path, faces = row
    image, _ = stored(path)
    marks = [numbers(face.split(), path) for face in faces]
    if any(len(mark) < INVALID + 1 for mark in marks):
        raise Unfit("%s: a face's line is too short" % path)
    marks = np.array([mark[:INVALID + 1] for mark in marks]).reshape(-1, INVALID + 1)
    boxes = np.hstack([marks[:, :2], marks[:, :2] + np.maximum(marks[:, 2:4], 0)]) - 0.5
    ignored = (marks[:, INVALID] == 1) | (marks[:, 2:4] <= 0).any(1)
    return image, {"faces": boxes, "ignored": ignored}
