"""How far a build is: for a terminal, for a service, for a program."""
import io
import json

import pytest

from appliance.terminal import LiveLine
from engines import progress

BUILDING = {"step": "building", "detail": "FP16, 128 MB", "expected": 50}


class Stream(io.StringIO):
    """A stream that is a terminal, or is none."""

    def __init__(self, terminal):
        super().__init__()
        self.isatty = lambda: terminal


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands where it is put: clock[0]."""
    now = [100.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def told(monkeypatch):
    """What systemd was told."""
    words = []
    monkeypatch.setattr(progress, "notifier", lambda: words.append)
    return words


def made(terminal=False, lines=None):
    stream = Stream(terminal)
    return progress.Progress(["iris", "landmarks"], LiveLine(stream), lines), stream


def test_a_line_tells_network_step_elapsed_and_expected(clock):
    one, _ = made()
    tell = one.of("landmarks")
    tell(BUILDING)
    clock[0] += 31
    assert one.text() == ("landmarks (2 of 2): building FP16, 128 MB, 0:31 of about 0:50")


def test_what_nobody_expects_is_left_out(clock):
    one, _ = made()
    one.of("iris")({"step": "verifying", "detail": "", "expected": 0})
    assert one.text() == "iris (1 of 2): verifying, 0:00"


def test_where_nothing_can_be_rewritten_each_step_is_a_line(clock):
    one, stream = made()
    tell = one.of("iris")
    for event in (BUILDING, {}, {}, {"step": "writing", "detail": "", "expected": 0}):
        tell(event)
    assert len(stream.getvalue().splitlines()) == 2


def test_on_a_terminal_the_line_is_rewritten(clock):
    one, stream = made(terminal=True)
    one.of("iris")(BUILDING)
    assert "\n" not in stream.getvalue() and "building" in stream.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_what_was_bad_stays_to_be_read(clock, terminal):
    one, stream = made(terminal)
    one.of("iris")({"bad": "x.engine: truncated"})
    assert "x.engine: truncated; it is built anew\n" in stream.getvalue()


def test_a_service_has_the_line_as_its_status_and_time_to_start(clock, told):
    one, _ = made()
    one.of("iris")(BUILDING)
    assert told == ["STATUS=iris (1 of 2): building FP16, 128 MB, 0:00 of about 0:50",
                    "EXTEND_TIMEOUT_USEC=120000000"]


def test_a_program_gets_lines_of_json_and_nothing_else(clock):
    lines = io.StringIO()
    one, stream = made(lines=lines)
    one.of("iris")(BUILDING)
    event = json.loads(lines.getvalue())
    assert event == {"network": "iris", "number": 1, "of": 2, "step": "building", "elapsed": 0.0,
                     "detail": "FP16, 128 MB", "expected": 50}
    assert stream.getvalue() == ""


def test_a_program_hears_now_and_then_while_nothing_happens(clock):
    lines = io.StringIO()
    tell = made(lines=lines)[0].of("iris")
    for _ in range(13):
        tell({})
        clock[0] += 1
    assert len(lines.getvalue().splitlines()) == 3
