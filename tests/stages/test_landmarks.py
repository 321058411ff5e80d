"""A square's reading: points in the picture, the same from both sides, a score with its limit
at one half."""
import numpy as np
import pytest

from appliance import geometry
from appliance.backends.batches import Batches
from appliance.stages import crop
from appliance.stages.landmarks import Landmarks, believed, log_odds
from tests.fakes import dots


@pytest.fixture
def backend():
    return dots.Dots()


def square(*face):
    return crop.around_box(geometry.tight_box(dots.face_points(*face)))


def towards_the_shade(inputs, outputs):
    """A face that looks to its darker side, and up."""
    dots.read_landmarks(inputs, outputs)
    pixels = inputs["image"][0, :, :, 0]
    yaw = 20 * np.sign(pixels[:, :64].mean() - pixels[:, 64:].mean())
    roll = np.degrees(np.arctan2(outputs["rotation"][0, 1], outputs["rotation"][0, 0]))
    columns = geometry.matrix_from_angles(yaw, 7, roll)[:, :2]
    outputs["rotation"][0] = columns.T.reshape(-1)


def test_points_come_back_in_the_picture(backend):
    place = (250, 180, 1.2, 20)
    seen, = Landmarks(Batches(backend, "landmarks"))(dots.picture(place), [square(*place)])
    assert np.abs(seen.points - dots.face_points(*place)).max() < 2
    assert seen.sigma == pytest.approx(seen.square.side / 128)


@pytest.mark.parametrize("roll", [0, 25, -40])
def test_both_sides_of_a_face_tell_the_same(backend, roll):
    backend.readers["landmarks"] = towards_the_shade
    look, place = Landmarks(Batches(backend, "landmarks")), (320, 200, 1.0, roll)
    luma = dots.picture(place)
    luma[:, 320:] -= luma[:, 320:] // 10
    (one,), both = look(luma, [square(*place)]), look.both_ways(luma, square(*place))
    assert np.abs(one.points - both.points).max() < 1
    angles = [geometry.angles_from_matrix(reading.rotation) for reading in (one, both)]
    assert np.allclose(angles[0], (20, 7, roll), atol=2)
    assert np.allclose(angles[0], angles[1], atol=1)


@pytest.mark.parametrize("limit", [0.12, 0.5, 0.9])
def test_the_limit_of_a_network_lies_at_one_half(limit):
    assert believed(log_odds(limit), log_odds(limit)) == 0.5
    assert believed(-1e4, log_odds(limit)) == 0.0 and believed(1e4, log_odds(limit)) == 1.0


def test_what_is_no_number_is_not_believed():
    assert believed(float("nan"), 0.0) == 0.0


@pytest.mark.parametrize("score", [0.001, 0.3, 0.99])
def test_a_score_without_a_limit_of_its_own_is_a_probability(score):
    assert believed(log_odds(score), log_odds(0.5)) == pytest.approx(score)
