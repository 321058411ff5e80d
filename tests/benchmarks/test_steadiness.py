"""Tremble and lag come out right of faces whose tremble and lag are known."""
import json

import numpy as np
import pytest

from appliance import config
from appliance.tracker import Tracker
from benchmarks import motion, steadiness
from benchmarks.__main__ import main
from tests.fakes.dots import Dots, picture
from tests.fakes.faces import face

SETTINGS = config.defaults().smoothing
OFF = SETTINGS._make([0.0] * len(SETTINGS))
STILL = [face()] * 4


@pytest.mark.parametrize("late", [0.0, 7.5, 40.0])
def test_a_sine_that_comes_late_is_found_out(late):
    times = np.arange(90) / 30.0
    shown = 0.8 * np.sin(2 * np.pi * motion.HERTZ * (times - late / 1000)) + 0.1
    assert motion.lag(times, shown) == pytest.approx(late, abs=1e-6)


@pytest.mark.parametrize("values, ms", [
    ([0, 0.95, 1], 0.0), ([0, 0.5, 1.3], 50.0), ([0, 0, 0.9], 100.0), ([0, 0.1, 0.2], None)])
def test_a_step_is_there_once_nine_tenths_are_shown(values, ms):
    found = motion.reached(np.arange(3) / 10.0, np.array(values, float), start=0.1)
    assert np.isnan(found) if ms is None else found == pytest.approx(ms)


def test_a_moved_face_is_turned_with_all_that_it_has():
    one, other = face(), motion.moved(face(), 1.0)
    assert other.angles[0] - one.angles[0] == pytest.approx(10.0)
    assert other.left.gaze[0] - one.left.gaze[0] == 10.0
    nose, jaw = (other.landmarks - one.landmarks)[[30, 0], 0]
    assert nose > 5 and jaw < -5        # the nose goes to the right of the picture, an ear back
    assert motion.moved(one, 0.0).landmarks == pytest.approx(one.landmarks)


@pytest.mark.parametrize("rate", [15, 60])
def test_without_smoothing_nothing_is_late(rate):
    assert max(map(abs, motion.lags(STILL, OFF, rate).values())) < 0.1
    assert list(motion.steps(STILL, OFF, rate).values()) == [0.0] * 4


@pytest.mark.parametrize("rate", steadiness.RATES)
def test_a_turn_is_shown_in_time_at_any_rate(rate):
    late = motion.lags(STILL, SETTINGS, rate)
    assert max(late.values()) < 15.0, late


def test_the_tremble_of_each_kind_is_its_mean_step():
    one = face()
    other = one._replace(
        landmarks=one.landmarks + (3.0, 4.0), rotation=face(yaw=2.0).rotation,
        left=one.left._replace(gaze=one.left.gaze + (3.0, 4.0)),
        blendshapes=one.blendshapes + 0.01 * (np.arange(52) > 0))
    found = steadiness.tremble([one, other, one])
    size = np.sqrt(np.prod(np.ptp(one.landmarks, axis=0)))
    assert found["points"] == pytest.approx(500.0 / size)
    assert found["head"] == pytest.approx(2.0, abs=1e-6)
    assert found["eyes"] == pytest.approx(2.5)      # of both eyes, one looks elsewhere
    assert found["expression"] == pytest.approx(1.0)


def test_smoothing_leaves_less_of_it():
    rng = np.random.RandomState(0)
    faces = [face(x=320 + 0.2 * v, yaw=0.1 * v) for v in rng.normal(size=30)]
    before, after = steadiness.mean_tremble([faces]), steadiness.settled([faces], SETTINGS, 30)
    assert after["points"] < 0.3 * before["points"] and after["head"] < 0.3 * before["head"]


def test_the_command_writes_its_tables_and_a_drawing(monkeypatch, tmp_path):
    shown = np.repeat(picture((320, 200))[:, :, None], 3, axis=2).astype(np.float32)
    monkeypatch.setattr(steadiness, "pictures", lambda data: {"desk": [shown]})
    monkeypatch.setattr(steadiness, "Tracker", lambda config: Tracker(config, backend=Dots()))
    monkeypatch.setattr(steadiness, "FACTORS", (1.0, 2.0))
    assert main(["steadiness", "--data", str(tmp_path), "--out", str(tmp_path)]) == 0
    text = (tmp_path / "steadiness.md").read_text()
    assert "| desk (1) | points, % of the box |" in text and "aims: points 0.10" in text
    with open(str(tmp_path / "steadiness.json")) as f:
        assert set(json.load(f)["figures"]["moving"]["30"]) == {"turn_ms", "step_ms"}
    assert (tmp_path / "steadiness.svg").exists()


def test_without_pictures_it_says_what_is_missing(tmp_path, capsys):
    assert main(["steadiness", "--data", str(tmp_path), "--out", str(tmp_path)]) == 66
    assert "helen_test" in capsys.readouterr().err
