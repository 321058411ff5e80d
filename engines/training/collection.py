"""Several files of samples in, their rows as one list out: what the trainers of head pose and gaze draw pictures from.

    rows = Collection(["mine.h5", "drawn.h5:0.5"])      # a row of the second half as often
    rows.luma(7), rows["rotation"][7]
"""
import os

import numpy as np

from appliance import geometry
from appliance.errors import DataError
from appliance.stages import crop
from engines.training import mixture
from engines.training.samples import DOCUMENT

# Where a row knows no face but its head: the square's side, and how far below the head's centre its middle lies, in radii of
# the head; medians over drawn heads
SIDE_OF_HEAD, BELOW_HEAD = 1.9, 0.4


class Collection:
    """words: FILE.h5 or FILE.h5:SHARE. field_of_view: degrees across, of pictures in which rotation and gaze hold for the
    camera's axes; None where they hold for a camera that looks at the head, as it is with crops."""

    def __init__(self, words, field_of_view=None):
        given = mixture.given(words)
        self.readers = [one.samples for one in given]
        self.field_of_view = field_of_view
        self._at = [(k, i) for k, reader in enumerate(self.readers) for i in range(len(reader))]
        self.weight = np.concatenate([one.share * one.samples["weight"] for one in given])
        if not len(self):
            raise DataError(", ".join(r.path for r in self.readers), "no rows", DOCUMENT)

    def __len__(self):
        return len(self._at)

    def __getitem__(self, name):
        """The array of a label over all files; NaN or -1 where it is not known."""
        return np.concatenate([reader[name] for reader in self.readers])

    def known(self, name):
        """(N,) bool: of which rows the label is there."""
        return np.concatenate([reader.known(name) for reader in self.readers])

    def kept_out(self):
        """(N,) bool: which rows only validation sees: of each file every tenth person, or row where nobody is named."""
        return np.concatenate([mixture.kept_out(reader) for reader in self.readers])

    def luma(self, row):
        """(H, W) uint8 of a row's picture."""
        k, i = self._at[row]
        return self.readers[k].luma(i)

    def name(self, row):
        """FILE row NUMBER, for people."""
        k, i = self._at[row]
        return "%s row %d" % (os.path.basename(self.readers[k].path), i)

    def persons(self):
        """(N,) int: a number for each person, the same number in two files being two people; -1 where nobody is named."""
        files = len(self.readers)
        return np.concatenate([np.where(r["person"] >= 0, r["person"].astype(int) * files + k, -1)
                               for k, r in enumerate(self.readers)])

    def towards(self, shape, point):
        """(3, 3) that turns a direction or rotation of the camera's axes into those of a camera that looks straight at the
        point of a picture of (H, W)."""
        if self.field_of_view is None:
            return np.eye(3)
        focal = geometry.focal_length(shape[1], self.field_of_view)
        x, y = (point[0] - (shape[1] - 1) / 2) / focal, (point[1] - (shape[0] - 1) / 2) / focal
        return geometry.ray_rotation(x, y).T


def squares(rows):
    """[crop.Square or None] of the face in each row, upright: around its points, else its box, else its head."""
    return [_square(*labels) for labels in zip(rows["points"].astype(float), rows["box"], rows["head"].tolist())]


def _square(points, box, head):
    if np.isfinite(points).all():
        return crop.around_points(points, 0.0)
    if np.isfinite(box).all():
        return crop.around_box(box)
    x, y, radius = head
    return crop.Square((x, y + BELOW_HEAD * radius), SIDE_OF_HEAD * radius) if np.isfinite(head).all() else None
