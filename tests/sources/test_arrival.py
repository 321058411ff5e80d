"""Arrival: exact for a picture waited for, worked out for one that lay ready."""
import pytest

from appliance.sources import arrival


@pytest.fixture
def clock(monkeypatch):
    """A clock to be set by hand; perf_counter is 1000 s ahead."""
    class Clock:
        now = 50.0
    monkeypatch.setattr(arrival, "monotonic", lambda: Clock.now)
    monkeypatch.setattr(arrival, "perf_counter", lambda: Clock.now + 1000)
    return Clock


def arrived(clock, arrivals, asked, came, time):
    clock.now = asked
    arrivals.ask()
    clock.now = came
    return arrivals(time)


def test_a_picture_waited_for_arrives_when_it_comes(clock):
    assert arrived(clock, arrival.Arrival(), 50.0, 50.02, 50.01) == pytest.approx(1050.02)


def test_a_picture_that_lay_ready_arrived_with_the_delay_of_the_others(clock):
    arrivals = arrival.Arrival()
    arrived(clock, arrivals, 50.0, 50.02, 50.01)
    assert arrived(clock, arrivals, 50.08, 50.08, 50.04) == pytest.approx(1050.05)


def test_nothing_arrives_in_the_future(clock):
    arrivals = arrival.Arrival()
    arrived(clock, arrivals, 50.0, 50.02, 50.01)
    assert arrived(clock, arrivals, 50.045, 50.045, 50.04) == pytest.approx(1050.045)
