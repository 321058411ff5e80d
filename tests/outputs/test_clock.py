import time

import pytest

from appliance.outputs import clock


def test_a_monotonic_time_becomes_the_wall_time_of_the_same_moment():
    assert clock.unix(time.monotonic()) == pytest.approx(time.time(), abs=0.5)
    assert clock.unix(10.5) - clock.unix(10.0) == pytest.approx(0.5, abs=0.1)


def test_whether_the_clock_is_kept_is_a_yes_or_no():
    assert clock.synchronised() in (True, False)


def test_where_the_kernel_cannot_be_asked_it_is_not_kept(monkeypatch):
    def none(_):
        raise OSError
    monkeypatch.setattr("appliance.outputs.clock.ctypes.CDLL", none)
    assert clock.synchronised() is False
