"""Durations in, percentiles out."""
import tracemalloc

import numpy as np
import pytest

from appliance.timing import RING, ROWS, Timing


@pytest.fixture
def timing():
    return Timing()


def test_percentiles_are_those_of_numpy_in_milliseconds(timing):
    seconds = np.random.RandomState(0).rand(1000) / 100
    for s in seconds:
        timing.add("pose", s)
    assert timing.percentile("pose", 50) == pytest.approx(np.percentile(seconds, 50) * 1e3)
    assert timing.percentile("pose", 95) == pytest.approx(np.percentile(seconds, 95) * 1e3)


def test_a_row_that_never_ran_is_zero(timing):
    assert timing.percentile("iris", 95) == 0.0 and timing.as_dict()["rows"]["iris"]["count"] == 0


def test_only_the_newest_count_once_the_ring_is_full(timing):
    for _ in range(RING):
        timing.add("total", 1.0)
    for _ in range(RING):
        timing.add("total", 0.001)
    assert timing.percentile("total", 100) == pytest.approx(1.0)
    assert timing.count("total") == 2 * RING


def test_the_newest_few_can_be_asked_for_across_the_end_of_the_ring(timing):
    for i in range(RING + 5):
        timing.add("total", 0.5 if i < RING - 5 else 0.002)
    assert timing.percentile("total", 100, last=10) == pytest.approx(2.0)
    assert timing.percentile("total", 100, last=11) == pytest.approx(500.0)


def test_an_unknown_row_is_refused(timing):
    with pytest.raises(KeyError):
        timing.add("lunch", 1.0)


def test_the_table_has_every_row_and_the_frames_dropped(timing):
    timing.add("publish", 0.0021)
    lines = timing.table(dropped=7).splitlines()
    assert [line.split()[0] for line in lines] == ["stage"] + list(ROWS) + ["dropped"]
    assert lines[ROWS.index("publish") + 1].split()[1:] == ["2.100", "2.100", "1"]
    assert lines[-1].split() == ["dropped", "7"]


def test_as_dict_says_the_same(timing):
    timing.add("publish", 0.0021)
    out = timing.as_dict(dropped=7)
    assert out["dropped"] == 7
    assert out["rows"]["publish"] == {"p50_ms": 2.1, "p95_ms": 2.1, "count": 1}


def test_nothing_grows_with_the_frames(timing):
    timing.add("total", 0.1)
    tracemalloc.start()
    for _ in range(20000):
        timing.add("total", 0.001)
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert grown < 2000
