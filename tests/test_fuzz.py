"""A few thousand packets into every port that listens; `python3 -m tests.fuzz` sends more."""
import logging

import pytest

from appliance.outputs.question import Question
from tests import fuzz, listeners


@pytest.fixture(autouse=True)
def quiet():
    """python-osc has a word for each datagram that it cannot read."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("name", sorted(listeners.LISTENERS))
def test_nothing_breaks_grows_or_answers(name):
    assert fuzz.fuzz(listeners.LISTENERS[name], 3000)["packets"] == 3000


def test_questions_among_the_packets_are_answered():
    assert fuzz.fuzz(listeners.LISTENERS["vts"], 1000)["answered"] > 0


class Chatty(listeners.Monitor):
    """Answers every packet at length."""

    def turn(self):
        """Send much to whoever sent little."""
        while True:
            try:
                datagram, peer = self._socket.recvfrom(65536)
            except BlockingIOError:
                return
            self._socket.sendto(bytes(2000) + datagram, peer)


class Hoarding(listeners.Monitor):
    """Keeps what it hears."""

    def __init__(self):
        super().__init__()
        self._kept = []

    def turn(self):
        """Keep a list for each turn."""
        self._kept += [[] for _ in range(20)]
        super().turn()


@pytest.mark.parametrize("faulty", [Chatty, Hoarding])
def test_it_would_find(faulty):
    with pytest.raises(AssertionError):
        fuzz.fuzz(faulty, 2000)


def test_a_crash_comes_through(monkeypatch):
    monkeypatch.setattr("appliance.outputs.dialects.vts.Vts.question",
                        lambda self, datagram: Question((int(datagram[:4]),), 1.0))
    with pytest.raises(ValueError):
        fuzz.fuzz(listeners.LISTENERS["vts"], 100)
