"""Portraits kept out of training and backgrounds in, pictures with one face of a known width out.

The portraits are the validation rows of the training folder (of the best labels), the backgrounds
those of backgrounds_test, which nothing was trained on.
"""
import glob
import os
import zipfile

import cv2
import numpy as np

from appliance.errors import InputMissing, PartMissing


class Faces:
    """The material of a data folder; InputMissing where it is not there."""

    def __init__(self, data):
        self._folder = os.path.join(data, "train")
        path = os.path.join(self._folder, "portraits.npz")
        self._backgrounds = sorted(glob.glob(os.path.join(data, "backgrounds_test", "*.jpg")))
        if not os.path.exists(path) or not self._backgrounds:
            raise InputMissing(data, "no train/portraits.npz or no backgrounds_test in it",
                               "give the folder with --data")
        labels = np.load(path, allow_pickle=True)
        rows = np.flatnonzero(labels["val"] & (labels["quality"] == 2))
        self._places = [(int(labels["zip"][i]), str(labels["name"][i])) for i in rows]
        self._points = _points(labels["mp"][rows], float(labels["mp_scale"]))

    def pictures(self, width, count, size=(640, 480)):
        """`count` pictures ((H, W) uint8 luma, box of the 68 points) with a face `width` wide."""
        rng = np.random.RandomState(7 + int(width))
        for k in range(count):
            which = k * 5 % len(self._places)
            ground = cv2.imread(self._backgrounds[(k * 7 + int(width)) % len(self._backgrounds)],
                                cv2.IMREAD_GRAYSCALE)
            yield paste(cover(ground, size), self._portrait(which), self._points[which], width,
                        rng)

    def _portrait(self, which):
        number, name = self._places[which]
        path = os.path.join(self._folder, "portraits", "portraits_%02d.zip" % number)
        with zipfile.ZipFile(path) as archive:
            inside = next(n for n in archive.namelist() if os.path.basename(n) == name)
            return cv2.imdecode(np.frombuffer(archive.read(inside), np.uint8),
                                cv2.IMREAD_GRAYSCALE)


def _points(mesh, scale):
    """(N, 68, 2) pixels of the teacher's meshes."""
    try:
        from engines.training.portraits import MESH_TO_68
    except ImportError as why:
        raise PartMissing("engines.training", str(why), "take it from the repository") from why
    mesh = mesh[:, :, :2].astype(np.float32) * scale - 0.5      # it counts from edges
    return np.stack([mesh[:, np.atleast_1d(ids)].mean(axis=1) for ids in MESH_TO_68], axis=1)


def cover(picture, size):
    """A picture scaled and cut to fill (width, height)."""
    scale = max(size[0] / float(picture.shape[1]), size[1] / float(picture.shape[0]))
    whole = tuple(int(np.ceil(side * scale)) for side in picture.shape[1::-1])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(picture, whole, interpolation=way)[:size[1], :size[0]].copy()


def paste(ground, portrait, points, width, rng):
    """(picture, box): the head of a portrait with a soft edge somewhere on the ground, its 68
    points `width` pixels wide and inside the picture."""
    scale = width / float(np.ptp(points[:, 0]))
    head = cv2.resize(portrait, None, fx=scale, fy=scale,
                      interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    points = (points + 0.5) * scale - 0.5
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.array(ground.shape[1::-1]) - 1 - high
    at = np.array([rng.uniform(min(-a, b), b) for a, b in zip(low, room)]).astype(int)
    picture = ground.copy()
    _blend(picture, head, _mask(head.shape, low, high), at)
    return picture, np.concatenate((low + at, high + at))


def _mask(shape, low, high):
    """(H, W) 0 to 1: an ellipse around the face and its hair, soft at its edge."""
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    mask = np.zeros(shape, np.float32)
    cv2.ellipse(mask, (int(middle[0]), int(middle[1] - 0.2 * half[1])),
                (int(1.25 * half[0]) + 1, int(1.5 * half[1]) + 1), 0, 0, 360, 1.0, -1)
    return cv2.GaussianBlur(mask, (0, 0), max(0.5, 0.08 * half[0]))


def _blend(picture, head, mask, at):
    """Lay the head over the picture with its corner at (x, y), where both are."""
    x0, y0 = np.maximum(at, 0)
    x1, y1 = np.minimum(at + head.shape[::-1], picture.shape[::-1])
    part = slice(y0, y1), slice(x0, x1)
    own = slice(y0 - at[1], y1 - at[1]), slice(x0 - at[0], x1 - at[0])
    picture[part] = mask[own] * head[own] + (1 - mask[own]) * picture[part] + 0.5
