"""One line says who holds the rate under what was asked for."""
import logging

import pytest

from appliance.shortfall import EVERY, Shortfall
from appliance.timing import Timing


def timed(**milliseconds):
    timing = Timing()
    for row, value in milliseconds.items():
        for _ in range(60):
            timing.add(row, value / 1e3)
    return timing


@pytest.fixture
def logged(caplog):
    caplog.set_level(logging.INFO, "kagami.rate")
    return caplog


def test_a_camera_that_gives_less_is_named(logged):
    Shortfall(timed(capture=1, landmarks=4, iris=2, total=9), 0.0)(EVERY, 15.0, 30.0)
    assert logged.messages == [
        "15.0 pictures a second instead of 30: the source gives no more (a camera in the dark: "
        "set camera.exposure)"]


def test_the_slowest_stage_is_named(logged):
    timing = timed(capture=1, landmarks=40, iris=12, total=60)
    timing.add("detector", 0.2)          # slow, but it hardly ever runs
    Shortfall(timing, 0.0)(EVERY, 16.0, 30.0)
    assert "landmarks is the slowest stage, 40.0 of 59.0 ms" in logged.messages[0]


def test_it_is_told_once_until_the_rate_was_reached(logged):
    shortfall = Shortfall(timed(total=5), 0.0)
    for turn, fps in enumerate((15.0, 15.0, 30.0, 15.0), 1):
        shortfall(turn * EVERY, fps, 30.0)
    assert len(logged.messages) == 2


@pytest.mark.parametrize("now, fps, rate", [
    (EVERY, 29.0, 30.0), (EVERY, 0.0, 30.0), (EVERY, 15.0, None), (EVERY - 1, 15.0, 30.0)])
def test_there_is_nothing_to_tell(logged, now, fps, rate):
    Shortfall(timed(total=5), 0.0)(now, fps, rate)
    assert logged.messages == []
