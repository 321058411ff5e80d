"""Measurements are drawn where they were measured."""
import numpy as np
import pytest

from appliance.geometry import focal_length
from appliance.overlay import AXES, GREEN, ORANGE, STAGES, YELLOW, Overlay
from appliance.stages.detector import Candidate
from tests.fakes.faces import face


def drawn(only=None, faces=(), candidates=(), height=480, width=640):
    picture = np.full((height, width, 3), 128, np.uint8)
    Overlay(60, only)(picture, faces, candidates)
    return picture


def where(picture, colour, tolerance=30):
    """(x, y) of the pixels of about a colour."""
    return np.argwhere(np.abs(picture.astype(int) - colour).max(axis=2) < tolerance)[:, ::-1]


def test_nothing_is_drawn_without_a_face():
    assert (drawn() == 128).all()


def test_landmarks_lie_where_they_were_found():
    one = face()
    seen = drawn("landmarks", [one])
    for x, y in np.round(one.landmarks).astype(int):
        assert (seen[y - 1:y + 2, x - 1:x + 2] != 128).any()


def test_the_nose_axis_of_a_head_turned_to_its_left_points_to_the_right_of_the_picture():
    one = face(yaw=40, translation=np.array([0.0, 0.0, 550.0]))
    tip = where(drawn("pose", [one]), AXES[2])[:, 0].max()
    x, z = 60 * np.sin(np.radians(40)), 550 - 60 * np.cos(np.radians(40))
    expected = 319.5 + focal_length(640, 60) * x / z
    assert abs(tip - expected) < 3


def test_gaze_goes_the_way_the_eyes_look():
    left_eye = face().left
    one = face(left=left_eye._replace(gaze=np.array([30.0, 0.0])))
    rays = where(drawn("iris", [one]), YELLOW, 60)
    assert rays[:, 0].max() > left_eye.iris[0, 0] + 40


def test_an_eye_that_is_not_believed_has_another_colour():
    one = face(left=face().left._replace(score=0.0), right=face().right._replace(score=0.0))
    seen = drawn("iris", [one])
    assert len(where(seen, ORANGE)) and not len(where(seen, YELLOW))


def test_the_liveliest_blendshape_has_the_longest_bar_on_top():
    weights = np.zeros(52)
    weights[24], weights[44] = 1.0, 0.5
    bars = where(drawn("expression", [face(blendshapes=weights)]), ORANGE)
    top = bars[bars[:, 1] < 14]
    second = bars[(bars[:, 1] > 20) & (bars[:, 1] < 28)]
    assert top[:, 0].max() > second[:, 0].max() + 20


def test_candidates_of_the_detector_are_boxes():
    box = np.array([100.0, 120.0, 200.0, 260.0])
    seen = drawn("detector", candidates=[Candidate(box, 0.9, np.array([[120.0, 150.0]] * 5))])
    found = where(seen, YELLOW, 60)
    assert np.abs(np.concatenate((found.min(axis=0), found.max(axis=0))) - box).max() <= 2


def test_the_detector_alone_is_drawn_without_the_faces_of_the_tracker():
    assert (drawn("detector", [face()]) == 128).all()


def test_one_stage_alone_is_less_than_all():
    one = face()
    assert len(where(drawn("pose", [one]), GREEN)) < len(where(drawn(None, [one]), GREEN))


@pytest.mark.parametrize("only", (None,) + STAGES)
@pytest.mark.parametrize("one", [
    face(x=-4000, y=9000, size=20), face(yaw=90), face(translation=np.array([0.0, 0.0, 1.0])),
    face(translation=np.array([1e7, 0.0, 11.0]))])
def test_no_face_is_too_far_out_to_draw(only, one):
    drawn(only, [one], height=24, width=32)
