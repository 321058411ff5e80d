import numpy as np
import pytest

from appliance.outputs.pace import Pace


def gone(rate, times):
    pace = Pace(rate)
    return [t for t in times if pace.due(t)]


@pytest.mark.parametrize("rate", [1, 5, 20, 24, 29, 30, 60])
def test_a_rate_is_kept_and_reached_from_a_camera_of_60(rate):
    count = len(gone(rate, np.arange(600) / 60.0))
    assert rate * 10 - 1 <= count <= rate * 10 + 1


def test_jitter_costs_no_frame_of_a_camera_that_just_keeps_the_rate():
    times = np.arange(900) / 30.0 + np.random.RandomState(0).uniform(-0.006, 0.006, 900)
    assert len(gone(30, times)) >= 890


def test_a_pause_is_not_caught_up():
    times = list(np.arange(10) / 10.0) + list(10 + np.arange(10) / 100.0)
    assert len([t for t in gone(10, times) if t >= 10]) <= 2


def test_no_limit_lets_every_frame_go():
    assert len(gone(float("inf"), [0.0, 0.0, 0.001, 5.0])) == 4


def test_time_that_stands_still_sends_nothing_more():
    assert len(gone(30, [1.0] * 50)) == 1
