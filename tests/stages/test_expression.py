"""Expression: what the eyes measure becomes shapes of the right names, sides and signs."""
import numpy as np
import pytest

from appliance.face import ARKIT, ARKIT_NAMES, Eye
from appliance.stages.expression import expression


def shapes(net=0.0, left=(1.0, 0, 0), right=(1.0, 0, 0)):
    """{name: value} that is not 0; an eye is openness, yaw, pitch."""
    eyes = [Eye(np.zeros((5, 2)), o, np.array([y, p], float), 1.0) for o, y, p in (left, right)]
    values = expression(np.full(52, net), *eyes)
    return {name: value for name, value in zip(ARKIT_NAMES, values) if value}


def test_open_eyes_that_look_ahead_are_neutral():
    assert shapes() == {}


def test_blink_is_one_minus_openness_on_its_own_side():
    assert shapes(left=(0.25, 0, 0)) == {"eyeBlinkLeft": 0.75}
    assert shapes(right=(0.0, 0, 0)) == {"eyeBlinkRight": 1.0}


def test_the_network_s_own_blink_is_not_used():
    assert "eyeBlinkLeft" not in shapes(net=1.0)


def test_a_widened_eye_is_half_its_own_word_half_the_network_s():
    assert np.isclose(shapes(left=(1.3, 0, 0))["eyeWideLeft"], 0.5)
    wide = expression(np.ones(52), *[Eye(None, 1.3, np.zeros(2), 1)] * 2)
    assert np.isclose(wide[ARKIT["eyeWideRight"]], 1.0)


@pytest.mark.parametrize("gaze, names", [
    ((15, 0), {"eyeLookOutLeft", "eyeLookInRight"}),
    ((-15, 0), {"eyeLookInLeft", "eyeLookOutRight"}),
    ((0, 15), {"eyeLookUpLeft", "eyeLookUpRight"}),
    ((0, -15), {"eyeLookDownLeft", "eyeLookDownRight"})])
def test_gaze_moves_the_shapes_of_its_side(gaze, names):
    found = shapes(left=(1.0,) + gaze, right=(1.0,) + gaze)
    assert set(found) == names and np.allclose(list(found.values()), 0.5)


def test_everything_stays_within_0_and_1():
    for net in (-3.0, 5.0):
        values = expression(np.full(52, net), *[Eye(None, 1.9, np.array([99, -99]), 1)] * 2)
        assert values.min() >= 0 and values.max() <= 1


def test_the_network_s_answer_is_left_as_it_was():
    given = np.full(52, 0.5)
    expression(given, *[Eye(None, 0.0, np.zeros(2), 1)] * 2)
    assert (given == 0.5).all()
