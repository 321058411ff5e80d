"""head.bin is what its own description says, and a head with the 52 shapes."""
import json
import os

import numpy as np
import pytest

from appliance.face import ARKIT_NAMES

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "appliance", "panel",
                    "static", "head.bin")


class Head:
    """The file, read."""

    def __init__(self):
        with open(PATH, "rb") as f:
            self.data = f.read()
        length = int.from_bytes(self.data[4:8], "little")
        self.said = json.loads(self.data[8:8 + length].decode())
        self.begin = 8 + length

    def array(self, name):
        """One of its arrays."""
        kind, offset, count = self.said["arrays"][name]
        return np.frombuffer(self.data, np.dtype(kind).newbyteorder("<"), count,
                             self.begin + offset)

    def shape(self, name):
        """(N, 3) mm by which a shape moves the vertices."""
        first, count, step = self.said["shapes"][name]
        out = np.zeros((self.said["vertices"], 3))
        out[self.array("moved")[first:first + count]] = step * self.array("deltas").reshape(
            -1, 3)[first:first + count]
        return out

    @property
    def positions(self):
        """(N, 3) mm."""
        return self.array("positions").reshape(-1, 3) * self.said["step"]


@pytest.fixture(scope="module")
def head():
    return Head()


def test_it_is_a_small_file(head):
    assert head.data[:4] == b"KGHD" and len(head.data) < 400e3


def test_its_arrays_fill_it_and_begin_where_a_browser_can_read_them(head):
    ends = [offset + count * np.dtype(kind).itemsize
            for kind, offset, count in head.said["arrays"].values()]
    assert head.begin % 4 == 0
    assert all(offset % 4 == 0 for _, offset, _ in head.said["arrays"].values())
    assert 0 <= len(head.data) - head.begin - max(ends) < 4


def test_it_has_as_many_vertices_as_it_says(head):
    count = head.said["vertices"]
    assert 1500 <= count <= 3000
    assert len(head.positions) == len(head.array("colours").reshape(-1, 3)) == count
    assert head.array("triangles").max() == count - 1


def test_it_has_the_52_shapes_in_order(head):
    assert list(head.said["shapes"]) == list(ARKIT_NAMES)
    assert sum(count for _, count, _ in head.said["shapes"].values()) == len(head.array("moved"))


@pytest.mark.parametrize("name", ARKIT_NAMES)
def test_every_shape_moves_something_but_not_far(head, name):
    assert 1.0 < np.abs(head.shape(name)).max() < 50.0


def test_left_is_the_subjects_own(head):
    moved = np.abs(head.shape("eyeBlinkLeft")).max(1) > 2
    assert head.positions[moved, 0].min() > 0


def test_the_jaw_opens_downwards(head):
    assert head.shape("jawOpen")[:, 1].max() > 20


def test_both_halves_are_alike(head):
    mirrored = head.positions * [-1, 1, 1]
    away = [np.abs(head.positions - point).sum(1).min() for point in mirrored[::5]]
    assert np.percentile(away, 99) < 0.5
