"""What the tests of builds share."""
import functools

import pytest


@pytest.fixture
def turn(monkeypatch):
    """Gives what turns the played machine of the processes; without a call it is a Nano."""
    from tests.engines.played import play       # after a test has found its libraries
    play(monkeypatch)
    return functools.partial(play, monkeypatch)
