"""A sigma that is right is told as right, one that is half as told as half."""
import numpy as np
import pytest

from benchmarks import sigma


def errors(count=300):
    """(off, sigma) of errors that are normal, with sigmas from 1 to 3."""
    rng = np.random.RandomState(2)
    said = rng.uniform(1, 3, (count, 68))
    return rng.normal(0, 1, (count, 68, 2)) * said[..., None], said


def test_errors_as_predicted_lie_within_one_and_two_sigma():
    found = sigma.figures(*errors())
    assert (found["within1"], found["within2"]) == pytest.approx(sigma.NORMAL, abs=0.5)
    assert found["ratio"] == pytest.approx(1, abs=0.01)
    assert found["seen"] == pytest.approx(found["predicted"], rel=0.05)


def test_a_sigma_of_half_the_errors_is_told():
    off, said = errors()
    assert sigma.figures(off, said / 2)["ratio"] == pytest.approx(2, abs=0.02)


def test_deciles_rise_with_what_is_predicted():
    found = sigma.figures(*errors())
    assert len(found["predicted"]) == 10 and np.all(np.diff(found["predicted"]) > 0)


def test_the_chart_shows_every_set_beside_the_line():
    found = {"one set": sigma.figures(*errors(20))}
    assert sigma.drawing(found).count("<polyline") == 2
    assert "| one set |" in sigma.table(found)
