"""Tremble is the step from picture to picture, of what was smoothed and of what was not."""
import numpy as np
import pytest

from appliance import config as configuration
from benchmarks import tremble
from tests.benchmarks.faces import SIZE, TRUE, face


class Stepping:
    """A tracker whose points go one percent of the box, and its head two degrees, to and fro."""

    def __init__(self):
        self.times = []

    def __call__(self, image, time):
        self.times.append(time)
        to = len(self.times) % 2
        return [face(TRUE + [0.01 * SIZE * to, 0], (2 * to, 0, 0))]

    def reset(self):
        """Nothing is remembered."""
        self.times = []


def test_tremble_is_the_step_from_picture_to_picture():
    picture = np.zeros((8, 8, 3), np.float32)
    assert tremble.step(Stepping(), picture) == pytest.approx((1, 2), abs=1e-6)


def test_pictures_come_at_their_rate():
    tracker = Stepping()
    tremble.step(tracker, np.zeros((8, 8, 3), np.float32), 15)
    assert np.diff(tracker.times) == pytest.approx(1 / 15.0)


def test_a_picture_without_a_face_has_no_tremble():
    class Blind(Stepping):
        def __call__(self, image, time):
            return []
    assert np.isnan(tremble.step(Blind(), np.zeros((8, 8, 3), np.float32))).all()


def test_without_smoothing_every_filter_is_off():
    settings = tremble.unsmoothed(configuration.defaults()).smoothing
    cutoffs = [value for name, value in settings._asdict().items() if name.endswith("_cutoff")]
    assert len(cutoffs) >= 4 and not any(cutoffs)


def test_of_the_rates_the_worst_counts(monkeypatch):
    steps = {None: 0.5, 15: 0.3, 30: 0.2, 60: 0.1}
    monkeypatch.setattr(tremble, "Tracker", lambda config: config)
    monkeypatch.setattr(tremble, "pictures", lambda data, limit: {"desk": [np.zeros((2, 2, 3))]})
    monkeypatch.setattr(tremble, "step", lambda tracker, picture, rate=None: (steps[rate], 1.0))
    found = tremble.measure(configuration.defaults(), "nowhere")["desk"]
    assert (found["before"], found["after"], found["after60"]) == (0.5, 0.3, 0.1)
    assert "0.300" in tremble.table({"desk": found}, "nowhere")
