"""Files of samples in, sources of training pictures as the trainers draw from them out.

Every tenth row, or every tenth person where people are told apart, is kept out for validation. A
share says how often a file is drawn from beside the portraits of the prepared material, which have
1; `FILE.h5:0.5` on the command line.
"""
import glob
import os
import tempfile
import time
from typing import NamedTuple

import cv2
import numpy as np

from appliance import geometry
from appliance.errors import DataError, InputMissing, UsageError
from appliance.stages import crop
from engines.training import eyes
from engines.training.layouts.gaze import angles
from engines.training.samples import Reader
from engines.training.scenes import Scenes

SIDE, AROUND = 256, 1.7             # of the cut picture: pixels, and sides of the face's box
EYES_SIDE, EYES_AROUND = 384, 2.2   # likewise, of the distance between the outer corners
FACE_OF_EYES = 1.6                  # a face's size / that distance, of the mean face
CORNERS = [36, 39, 42, 45]
PATTERNS = 60
EVERY = 10                          # of how many rows or people one is kept out
OFTEN = 10.0                        # seconds between two lines about how far it is


class Given(NamedTuple):
    """A file and how often it is drawn from beside the portraits."""

    samples: Reader
    share: float


def given(words):
    """[Given] of the words of --samples; UsageError for a share that is no number above 0."""
    found = []
    for word in words:
        path, colon, share = word.rpartition(":")
        if not colon or os.path.exists(word):
            path, share = word, "1"
        try:
            number = float(share)
        except ValueError:
            number = 0.0
        if not 0 < number < float("inf"):
            raise UsageError("--samples %s" % word, "%s is no share above 0" % share,
                             "write FILE.h5:0.5, or FILE.h5 alone")
        found.append(Given(Reader(path), number))
    return found


def kept_out(samples):
    """(N,) bool: which rows only validation sees."""
    numbers = samples["person"].astype(np.int64)
    alone = numbers < 0
    numbers[alone] = np.arange(len(numbers))[alone] + numbers.max(initial=0) + 1
    groups, place = np.unique(numbers, return_inverse=True)
    if len(groups) < EVERY:
        return place == len(groups) - 1 if len(groups) > 1 else np.zeros(len(numbers), bool)
    return place % EVERY == EVERY - 1


def heads(files, folder, held=False):
    """[(source of `faces.Faces`, share)]: the rows with all 68 points. folder: where the cut
    pictures lie, unnamed, while the program runs. held: the rows kept out."""
    return _sources(files, held, lambda s: s.known("points"),
                    lambda s, rows: _heads(s, rows, folder))


def shaped(files, folder, held=False):
    """[(source of `expressions.Expressions`, share)]: rows with points, rotation, some shapes."""
    return _sources(files, held, _has_shapes, lambda s, rows: _shapes(s, rows, folder))


def looking(files, folder, held=False):
    """[(source of `eyes.Eyes`, share)]: rows with gaze, rotation and the corners of the eyes."""
    return _sources(files, held, _looks, lambda s, rows: _eyes(s, rows, folder))


def scenes(files, _folder, held=False):
    """[(Scenes, share)]: the pictures of files with `faces`."""
    return _sources([one for one in files if "faces" in one.samples], held,
                    lambda s: np.ones(len(s), bool), Scenes)


def _sources(files, held, usable, make):
    found = []
    for one in files:
        rows = np.flatnonzero(usable(one.samples) & (kept_out(one.samples) == held))
        if len(rows):
            found.append((make(one.samples, rows), one.share))
    return found


def wanted(sources, files, what):
    """The sources; DataError where files were named and none of them has `what`."""
    if files and not sources:
        raise DataError(", ".join(one.samples.path for one in files), "no row has %s" % what,
                        "`samples info` tells what a file has")
    return sources


def _heads(samples, rows, folder):
    points = samples["points"][rows].astype(float)
    box = np.stack([points.min(1), points.max(1)], 1)
    size = np.sqrt(np.prod(box[:, 1] - box[:, 0], axis=1))
    luma, points = _cut(samples, rows, folder, points, box.mean(1), AROUND * size, SIDE)
    posed = samples.known("rotation")[rows]
    rotation = samples["rotation"][rows]
    for k in np.flatnonzero(~posed):        # upright by the eyes, which is all that a crop asks
        rotation[k] = geometry.matrix_from_angles(0, 0, _roll(points[k]))
    return {"luma": luma, "points": points, "rotation": rotation,
            "weight": samples["weight"][rows], "posed": posed.astype(np.float32)}


def _roll(points):
    x, y = points[42:48].mean(0) - points[36:42].mean(0)
    return float(np.degrees(np.arctan2(y, x)))


def _has_shapes(samples):
    return (samples.known("points") & samples.known("rotation")
            & np.isfinite(samples["blendshapes"]).any(1))


def _shapes(samples, rows, folder):
    shapes = samples["blendshapes"][rows]
    known = np.isfinite(shapes)
    return dict(_heads(samples, rows, folder), blendshapes=np.where(known, shapes, 0).clip(0, 1),
                blend_weight=known * samples["weight"][rows, None])


def _corners(samples):
    """(N, 4, 2) of the eyes, told by themselves or among the 68 points; NaN where they are not."""
    alone = samples.known("eyes")[:, None, None]
    return np.where(alone, samples["eyes"], samples["points"][:, CORNERS])


def _looks(samples):
    return (samples.known("gaze") & samples.known("rotation")
            & np.isfinite(_corners(samples)).all((1, 2)))


def _eyes(samples, rows, folder):
    corners = _corners(samples)[rows].astype(float)
    wide = np.linalg.norm(corners[:, 3] - corners[:, 0], axis=1)
    luma, corners = _cut(samples, rows, folder, corners, corners.mean(1), EYES_AROUND * wide,
                         EYES_SIDE)
    points = np.zeros((len(rows), 68, 2), np.float32)
    points[:, CORNERS] = corners
    wide = np.linalg.norm(corners[:, 3] - corners[:, 0], axis=1)
    return eyes.that_look(luma, points, FACE_OF_EYES * wide, samples["rotation"][rows],
                          in_head(samples["gaze"][rows], samples["rotation"][rows]))


def in_head(gaze, rotation):
    """(N, 2) angles relative to the head of gaze (N, 2) in the camera's axes, degrees."""
    found = []
    for (yaw, pitch), matrix in zip(gaze, rotation):
        ahead = geometry.matrix_from_angles(yaw, pitch, 0).dot([0, 0, -1])
        found.append(angles(matrix.astype(float).T.dot(ahead)))
    return np.array(found, np.float32).reshape(-1, 2)


def _cut(samples, rows, folder, points, centres, sides, size):
    """((N, size, size) uint8 squares, (N, K, 2) points in them). A file without a name holds the
    pictures: there may be more than fit the memory."""
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        luma = np.memmap(file, np.uint8, "w+", shape=(len(rows), size, size))
    moved, said = np.empty(points.shape, np.float32), time.monotonic()
    for k, i in enumerate(rows):
        square = crop.Square(tuple(centres[k].tolist()), max(crop.SMALLEST, float(sides[k])))
        back = crop.cut(samples.luma(i), square, np.asarray(luma[k]))
        moved[k] = geometry.apply(cv2.invertAffineTransform(back), points[k])
        if time.monotonic() - said > OFTEN:
            said = time.monotonic()
            print("%s: %d of %d pictures cut" % (samples.path, k + 1, len(rows)), flush=True)
    return luma, moved


def backgrounds(folder=None):
    """[luma] of the pictures in a folder; smooth patterns where none is given. InputMissing where
    the folder has no pictures."""
    if folder is None:
        return _patterns()
    paths = sorted(path for kind in ("jpg", "jpeg", "png")
                   for path in glob.glob(os.path.join(folder, "*." + kind)))
    found = [picture for picture in (cv2.imread(path, 0) for path in paths) if picture is not None]
    if not found:
        raise InputMissing(folder, "no .jpg or .png in it", "name one of pictures without faces")
    return found


def _patterns():
    rng, found = np.random.RandomState(0), []
    for _ in range(PATTERNS):
        small = rng.randint(0, 256, rng.randint(2, 40, 2)).astype(np.uint8)
        found.append(cv2.resize(small, (480, 360), interpolation=rng.choice([
            cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST])))
    return found
