"""Gaze and lids of drawn eyes are right on known answers."""
import numpy as np
import pytest

from benchmarks import eyes, sitters
from tests.benchmarks.faces import TRUE, face


def test_dim_light_leaves_little_and_grain():
    dark = eyes.dim(np.full((60, 60), 128, np.uint8), np.random.RandomState(1))
    assert dark.mean() == pytest.approx(128 * eyes.DIM ** (1 / 2.2), abs=1)
    assert dark.std() == pytest.approx(eyes.GRAIN, rel=0.1)


@pytest.mark.parametrize("gaze, way", [((0, 0), (0, 0, -1)), ((90, 0), (1, 0, 0)),
                                       ((0, 90), (0, -1, 0))])
def test_a_gaze_is_a_direction_in_the_heads_axes(gaze, way):
    assert eyes.direction(np.array(gaze, float)) == pytest.approx(np.array(way), abs=1e-9)


def drawn(count, **more):
    """Labels of `count` heads with both eyes open and looking ahead."""
    return dict({"gaze": np.zeros((count, 2, 2)), "openness": np.ones((count, 2)),
                 "eye_visible": np.ones((count, 2), bool), "points": np.array([TRUE] * count),
                 "pictures": np.full((count, 8, 8), 90, np.uint8)}, **more)


def test_the_angle_between_the_ways_is_the_error():
    found = eyes.gaze_errors([face(gaze=(3, 4))], drawn(1))
    assert found["angle"] == pytest.approx(5, abs=0.01)
    assert (found["yaw"], found["pitch"], found["eyes"]) == (3, 4, 2)


def test_an_eye_that_is_shut_looks_nowhere():
    shut = drawn(2, openness=np.array([[1, 0.1], [0.1, 0.1]]))
    assert eyes.gaze_errors([face(gaze=(2, 0)), face(gaze=(90, 0))], shut)["eyes"] == 1


def test_gaze_with_glasses_and_in_dim_light_counts_apart_from_plain(monkeypatch):
    monkeypatch.setattr(sitters, "spectacles", lambda *words: drawn(4))
    off = {90: 1.0}
    found = eyes.gaze(lambda picture, rois: [face(gaze=(off.get(int(picture.max()), 7.0), 0))],
                      "nowhere", "nowhere", 2)
    assert found["plain"]["angle"] == found["glasses"]["angle"] == pytest.approx(1)
    assert found["dim"]["angle"] == pytest.approx(7)
    assert found["glasses or dim"]["angle"] == pytest.approx((7 + 1 + 7) / 3.0)
    assert found["glasses or dim"]["eyes"] == 3 * found["plain"]["eyes"]


def test_lids_are_told_by_each_eyes_openness(monkeypatch):
    states = np.arange(4)
    monkeypatch.setattr(sitters, "lids", lambda *words: drawn(4, state=states))
    answers = iter([face(), face(openness=(0.2, 1)), face(openness=(0.2, 0.2)),
                    face(openness=(0.2, 0.2))])
    found = eyes.lids(lambda picture, rois: [next(answers)], "nowhere", "nowhere", 1)
    assert (found["right"], found["wink"]) == (75, pytest.approx(200 / 3.0))
    assert found["table"]["wink right"] == [0, 0, 0, 100]
    text = eyes.tables({"gaze": {}, "lids": found})[1]
    assert "| wink left | 0.00 | 100.00 | 0.00 | 0.00 |" in text
