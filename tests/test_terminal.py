"""A line that is rewritten in place on a terminal and printed now and then elsewhere."""
import io
import logging
import os
import pty

import pytest

from appliance import terminal


class Screen(io.StringIO):
    """A terminal that shows nothing."""

    def isatty(self):
        """It is one."""
        return True


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
    return now


def test_on_a_terminal_the_line_is_rewritten(clock):
    screen = Screen()
    line = terminal.LiveLine(screen)
    line.show(lambda: "one")
    clock[0] += 0.2
    line.show(lambda: "two")
    assert screen.getvalue() == "\r\x1b[Kone\r\x1b[Ktwo"


def test_on_a_terminal_it_is_at_most_as_wide(clock, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    screen = Screen()
    terminal.LiveLine(screen).show(lambda: "x" * 50)
    assert screen.getvalue().count("x") == 19


def test_elsewhere_a_plain_line_comes_every_five_seconds(clock):
    out = io.StringIO()
    line = terminal.LiveLine(out)
    for _ in range(115):
        clock[0] += 0.1
        line.show(lambda: "tracking")
    assert out.getvalue() == "tracking\n" * 3


def test_the_text_is_made_only_when_it_is_shown(clock):
    made = []
    line = terminal.LiveLine(Screen())
    for _ in range(50):
        line.show(lambda: made.append(1) or "x")
    assert len(made) == 1


def test_a_log_record_takes_the_place_of_the_line(clock):
    screen = Screen()
    line = terminal.LiveLine(screen)
    line.show(lambda: "status")
    handler = terminal.LogLines(line)
    handler.emit(logging.makeLogRecord({"msg": "camera gone", "levelno": logging.WARNING}))
    assert screen.getvalue().endswith("\r\x1b[Kcamera gone\n")


def test_journald_reads_the_level_before_a_record(clock, monkeypatch):
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    out = io.StringIO()
    handler = terminal.LogLines(terminal.LiveLine(out))
    for level in (logging.WARNING, logging.INFO, logging.ERROR):
        handler.emit(logging.makeLogRecord({"msg": "m", "levelno": level}))
    assert out.getvalue() == "<4>m\n<6>m\n<3>m\n"


def test_a_terminal_that_has_gone_ends_nothing(clock):
    master, slave = pty.openpty()
    with open(slave, "w") as stream:        # what waits in it is written as it is closed
        line = terminal.LiveLine(stream)
        os.close(master)
        for _ in range(3):
            clock[0] += 1
            line.show(lambda: "x")
        terminal.LogLines(line).emit(logging.makeLogRecord({"msg": "m"}))
        assert not line.live


def test_what_is_logged_from_the_start_is_there_for_whoever_comes_later(monkeypatch):
    logger = logging.getLogger("kagami")
    monkeypatch.setattr(logger, "handlers", [])
    terminal.log(terminal.LiveLine(io.StringIO()))
    logger.info("the first word")
    assert terminal.last_lines().lines[-1].endswith(" the first word")
    assert terminal.last_lines() is terminal.last_lines()
