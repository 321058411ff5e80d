"""The worst group is told against the mean of all."""
import numpy as np
import pytest

from benchmarks import groups, sitters
from tests.benchmarks.faces import SIZE, TRUE, face

APART = {"points": np.array([1.0, 1, 2, 4]), "rotation": np.ones(4),
         "gaze": np.array([np.nan, 2, 2, 2])}
HALVES = {"tone": {"dark": np.array([0, 0, 1, 1], bool), "pale": np.array([1, 1, 0, 0], bool),
                   "nobody's": np.zeros(4, bool)}}


def test_the_worst_group_stands_above_the_mean():
    found = groups.figures(APART, HALVES)["tone"]
    assert found["points"] == pytest.approx(50) and found["rotation"] == pytest.approx(0)
    assert list(found["groups"]) == ["dark", "pale"]


def test_who_shows_no_eye_counts_for_no_gaze():
    assert groups.figures(APART, HALVES)["tone"]["groups"]["pale"]["gaze"] == 2


def test_how_sure_that_is_is_told():
    sure = groups.figures(APART, HALVES)["tone"]["points_sure"]
    assert sure == pytest.approx(100 * 1 / np.sqrt(2) / 2)
    assert "50.0 (+-35.4)" in groups.table(groups.figures(APART, HALVES))


def test_heads_are_grouped_by_what_is_drawn_of_them():
    drawn = {"female": np.array([1, 0, 0]), "beard": np.array([0, 0, 0.8]),
             "folds": np.array([0, 0.5, 0])}
    kinds = groups.people(drawn)
    assert [list(mask) for mask in kinds["sex"].values()] == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert [int(mask.sum()) for mask in kinds["age"].values()] == [2, 1]


def test_every_tone_is_a_group():
    kinds = groups.tones({"tone": np.array(sitters.TONES * 2)})
    assert [int(mask.sum()) for mask in kinds["tone"].values()] == [2] * len(sitters.TONES)


def test_errors_are_those_of_points_rotation_and_gaze():
    drawn = {"points": np.array([TRUE] * 2), "rotation_crop": np.array([np.eye(3)] * 2),
             "gaze": np.zeros((2, 2, 2)), "openness": np.array([[1, 0.0], [0, 0]]),
             "eye_visible": np.ones((2, 2), bool)}
    apart = groups.errors([face(TRUE + [0.1 * SIZE, 0], (10, 0, 0), gaze=(4, 2))] * 2, drawn)
    assert apart["points"] == pytest.approx([10, 10])
    assert apart["rotation"] == pytest.approx([10, 10])
    assert apart["gaze"][0] == 3 and np.isnan(apart["gaze"][1])
