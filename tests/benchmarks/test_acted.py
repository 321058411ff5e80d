"""A head that stays is told as still, one that turns as late as it is."""
import numpy as np
import pytest

from benchmarks import acted
from tests.benchmarks.faces import TRUE, face

LABELS = np.array([-1, 0, 0, 1, 2])     # at rest, two pictures of a blink, talk, smile
PICTURES = np.arange(5)[:, None] * np.ones((5, 4), np.uint8)


class Nodding:
    """A tracker whose head turns by as many degrees as the picture is bright."""

    def __init__(self, lose=None):
        self.lose = lose

    def __call__(self, picture, time):
        return [] if picture[0] == self.lose else [face(angles=(0, float(picture[0]), 0))]

    def reset(self):
        """Nothing is remembered."""


def test_every_act_is_played_between_rests():
    order = acted.played(LABELS)
    assert order[:acted.REST] == [0] * acted.REST
    assert [k for k in order if k] == [1, 2, 3, 4]


def test_a_turn_is_told_against_the_head_at_rest():
    apart = acted.turned(Nodding(), PICTURES, LABELS)
    assert apart["blink"] == pytest.approx([1, 2])
    assert (apart["talk"], apart["smile"]) == (pytest.approx([3]), pytest.approx([4]))


def test_the_act_that_turns_the_head_most_counts():
    by = acted._by_act([acted.turned(Nodding(), PICTURES, LABELS)])
    assert by["worst"] == pytest.approx(4) and by["blink"]["mean"] == pytest.approx(1.5)


def test_a_picture_without_a_face_tells_nothing():
    assert acted.turned(Nodding(lose=2), PICTURES, LABELS)["blink"] == pytest.approx([1])


@pytest.mark.parametrize("rate", [15, 30, 60])
def test_lag_is_what_a_signal_is_behind(rate):
    t = np.arange(3 * rate) / float(rate)
    prompt, late = (np.sin(2 * np.pi * acted.HERTZ * (t - d)) for d in (0, 0.02))
    assert acted.lag(0.8 * late + 3, prompt, rate) == pytest.approx((20, 0.8))


class Behind:
    """A tracker that tells the turn of some pictures before, 60 a second."""

    def __init__(self, pictures):
        self.pictures = pictures

    def __call__(self, picture, time):
        swing = np.sin(2 * np.pi * (picture[0] - self.pictures) / acted.PERIOD)
        return [face(TRUE + [10 * swing, 0], (5 * swing, 0, 0))]

    def reset(self):
        """Nothing is remembered."""


@pytest.mark.parametrize("rate", acted.RATES)
def test_smoothing_is_late_against_what_is_not_smoothed(rate):
    both = {"per picture": Behind(0), "tracked": Behind(1)}
    swing = np.arange(acted.PERIOD)[:, None] * np.ones((1, 4))
    found = acted.lags(both, swing, rate)
    assert found["head"] == pytest.approx((1000 / 60.0, 1), abs=0.2)
    assert found["points"] == pytest.approx((1000 / 60.0, 1), abs=0.2)
