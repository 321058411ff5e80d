"""Several files of samples in, their rows as one list out: what the trainers for one's own data draw
pictures from.

    rows = Mixture(["mine.h5", "drawn.h5:0.5"])     # a row of the second half as often
    rows.luma(7), rows["rotation"][7]
"""
import os

import numpy as np

from appliance import geometry
from appliance.errors import DataError, UsageError
from appliance.stages import crop
from engines.training.samples import DOCUMENT, Reader

# Side of the face's square over the radius of the head, where a row knows no face but its head: the
# median over drawn heads (`stages`, with the circles of `drawn_samples`)
SIDE_OF_RADIUS = 1.9
HELD_OUT = 0.1          # share of the rows that a training never sees, unless it is told which


class Mixture:
    """words: FILE.h5 or FILE.h5:WEIGHT. field_of_view: degrees across, of pictures in which rotation
    and gaze hold for the camera's axes; None where they hold for a camera that looks at the head, as
    it is with crops."""

    def __init__(self, words, field_of_view=None):
        named = [_named(word) for word in words]
        self.readers = [Reader(path) for path, _ in named]
        self.field_of_view = field_of_view
        self._at = [(k, i) for k, reader in enumerate(self.readers) for i in range(len(reader))]
        share = np.concatenate([np.full(len(r), weight) for r, (_, weight) in zip(self.readers, named)])
        self.weight = share * self["weight"]
        if not len(self):
            raise DataError(words[0], "no rows", DOCUMENT)

    def __len__(self):
        return len(self._at)

    def __getitem__(self, name):
        """The array of a label over all files; NaN or -1 where it is not known."""
        return np.concatenate([reader[name] for reader in self.readers])

    def known(self, name):
        """(N,) bool: of which rows the label is there."""
        return np.concatenate([reader.known(name) for reader in self.readers])

    def luma(self, row):
        """(H, W) uint8 of a row's picture."""
        k, i = self._at[row]
        return self.readers[k].luma(i)

    def bgr(self, row):
        """(H, W, 3) uint8 of a row's picture."""
        k, i = self._at[row]
        return self.readers[k].bgr(i)

    def name(self, row):
        """FILE row NUMBER, for people."""
        k, i = self._at[row]
        return "%s row %d" % (os.path.basename(self.readers[k].path), i)

    def persons(self):
        """(N,) int: a number for each person, the same number in two files being two people; -1 where
        nobody is named."""
        numbers = np.concatenate([np.where(r["person"] >= 0, r["person"].astype(int) * len(self.readers) + k, -1)
                                  for k, r in enumerate(self.readers)])
        return numbers

    def towards(self, shape, point):
        """(3, 3) that turns a direction or rotation of the camera's axes into those of a camera that looks
        straight at the point of a picture of (H, W)."""
        if self.field_of_view is None:
            return np.eye(3)
        focal = geometry.focal_length(shape[1], self.field_of_view)
        x, y = (point[0] - (shape[1] - 1) / 2) / focal, (point[1] - (shape[0] - 1) / 2) / focal
        return geometry.ray_rotation(x, y).T


def _named(word):
    path, _, weight = word.rpartition(":")
    try:
        return (path, float(weight)) if path else (word, 1.0)
    except ValueError:
        if path.endswith(".h5"):
            raise UsageError(word, "its weight is no number", "write FILE.h5:0.5") from None
        return word, 1.0


def squares(rows):
    """[crop.Square or None] of the face in each row, upright: around its points, else its box, else its head."""
    found = []
    for points, box, head in zip(rows["points"], rows["box"], rows["head"]):
        points = points[np.isfinite(points).all(1)]
        if len(points) == 68:
            found.append(crop.around_points(points.astype(float), 0.0))
        elif np.isfinite(box).all():
            found.append(crop.around_box(box))
        elif np.isfinite(head).all():
            found.append(crop.Square((float(head[0]), float(head[1])), float(SIDE_OF_RADIUS * head[2])))
        else:
            found.append(None)
    return found


def apart(rows, usable, share=HELD_OUT):
    """(rows to learn from, rows kept out) of the usable ones (N,) bool: whole people where they are named, else every
    tenth row."""
    persons, kept = rows.persons(), np.zeros(len(rows), bool)
    people = np.unique(persons[usable & (persons >= 0)])
    if len(people) > 1:
        order = np.random.RandomState(0).permutation(people)
        kept = np.isin(persons, order[:max(1, int(round(share * len(people))))])
    nobody = np.where(usable & (persons < 0 if len(people) > 1 else True))[0]
    kept[nobody[::max(2, int(round(1 / share)))]] = True
    return np.where(usable & ~kept)[0], np.where(usable & kept)[0]
