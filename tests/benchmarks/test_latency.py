"""Lag, drops and distribution are counted from what became of each picture."""
import json

import pytest

from benchmarks import fed, latency, memory
from benchmarks.__main__ import main

GIVEN = [k / 30.0 for k in range(40)]


def notes(wait, work, pictures=range(0, 30, 3)):
    """Pictures taken up `wait` seconds after they were given, and heard `work` later."""
    return [fed.Note(k, GIVEN[k], GIVEN[k] + wait, GIVEN[k] + wait + work) for k in pictures]


def test_latency_is_waiting_and_work_together():
    found = latency.figures(notes(0.010, 0.020), GIVEN, 30)
    assert found["latency"]["p50_ms"] == pytest.approx(30)
    assert found["lag"]["most_ms"] == pytest.approx(10)
    assert found["lag_frames"] == pytest.approx(0.3)


def test_pictures_between_those_sent_were_dropped():
    found = latency.figures(notes(0.01, 0.02), GIVEN, 30)
    assert (found["sent"], found["dropped"]) == (10, 18)


@pytest.mark.parametrize("wait, newer", [(0.01, 0), (0.05, 1), (0.15, 4)])
def test_newer_pictures_that_were_there_are_counted(wait, newer):
    assert latency.figures(notes(wait, 0.02), GIVEN, 30)["newer"] == newer


@pytest.mark.parametrize("wait, status", [(0.01, 0), (0.08, 1)])
def test_the_command_fails_where_a_picture_lags(monkeypatch, tmp_path, capsys, wait, status):
    monkeypatch.setattr(latency, "pictures", lambda url, most: [])
    monkeypatch.setattr(latency, "case", lambda *given: (notes(wait, 0.02), GIVEN))
    assert main(["latency", "--source", "test", "--out", str(tmp_path)]) == status
    with open(str(tmp_path / "latency.json")) as f:
        assert len(json.load(f)["figures"]["cases"]) == len(latency.CASES)
    assert ("lag over one picture" in capsys.readouterr().out) is bool(status)


def test_growth_is_what_came_after_it_had_settled():
    looks = [(1, 50.0)] + [(k, 100.0 + k / 1000.0) for k in range(1000, 10001, 1000)]
    assert memory.growth(looks) == pytest.approx(8.0, abs=1.1)
    assert memory.growth([(k, 100.0) for k in range(1, 11)]) == 0


@pytest.mark.parametrize("mib, status", [(0.0, 0), (-0.01, 0), (0.01, 1)])
def test_memory_that_grows_fails_the_command(monkeypatch, tmp_path, mib, status):
    monkeypatch.setattr(memory, "pictures", lambda url, most: [])
    monkeypatch.setattr(memory, "watched", lambda frames, count: [
        (k, 100 + mib * k) for k in range(100, 1001, 50)])
    assert main(["memory", "--source", "test", "--out", str(tmp_path)]) == status
    assert "flat" in (tmp_path / "memory.md").read_text() or status
