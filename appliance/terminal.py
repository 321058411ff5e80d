"""Lines for somebody who watches: rewritten in place on a terminal, now and then elsewhere.

Log records and the line share the stream, so both pass through here.
"""
import logging
import os
import shutil
import sys
import time
from collections import deque

PLAIN_EVERY = 5.0        # seconds between lines where nothing can be rewritten
REDRAW_EVERY = 0.1
LAST, LONGEST = 100, 300  # log lines that are kept; characters of each
FIRST_AFTER = 1.0         # a plain line before that would tell nothing yet


def attached():
    """Whether this program still has a terminal, even one that it does not write to."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


class LiveLine:
    """The one line at the foot of `stream` that changes; on anything but a terminal a plain line
    each 5 s."""

    def __init__(self, stream=None):
        self.stream = stream or sys.stderr
        self.live = self.stream.isatty()
        self._shown, self._next = False, None

    def show(self, text):
        """Show what text() gives, if it is time; text is called only then."""
        now = time.monotonic()
        if self._next is None:
            self._next = now + (0.0 if self.live else FIRST_AFTER)
        if now < self._next:
            return
        self._next = now + (REDRAW_EVERY if self.live else PLAIN_EVERY)
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            self._put("\r\x1b[K" + text()[:width])
            self._shown = True
        else:
            self._put(text() + "\n")

    def draw(self, lines):
        """Draw lines in place from the top of the terminal; what is below them stays."""
        self._put("\x1b[H" + "".join(line + "\x1b[K\n" for line in lines))

    def write(self, text):
        """Write a line that stays where the live one was."""
        self.clear()
        self._put(text + "\n")

    def clear(self):
        """Take the line away, so that something else can be written."""
        if self._shown:
            self._put("\r\x1b[K")
            self._shown = False

    def _put(self, text):
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError:
            # Nobody reads any more; tracking goes on.
            if self.live:
                self._let_go()
            self.live, self._next = False, float("inf")

    def _let_go(self):
        """Of a terminal that has gone: what waits in the stream would fail once more at the end,
        which Python 3.6 makes the exit status."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.stream.fileno())
        os.close(nowhere)


def write(text, stream=None):
    """Write a line where a LiveLine may have been left."""
    stream = stream or sys.stderr
    stream.write(("\r\x1b[K" if stream.isatty() else "") + text + "\n")


class LastLines(logging.Handler):
    """The last log records as lines with their time, for whoever comes later: `lines`."""

    def __init__(self):
        super().__init__()
        self._lines = deque(maxlen=LAST)

    @property
    def lines(self):
        """A list of texts, the oldest first."""
        return list(self._lines)

    def emit(self, record):
        """Keep one record."""
        level = "" if record.levelno <= logging.INFO else record.levelname.lower() + ": "
        when = time.strftime("%H:%M:%S", time.localtime(record.created))
        self._lines.append("%s %s%s" % (when, level, record.getMessage()[:LONGEST]))


def log(line=None):
    """Write what Kagami logs above a LiveLine; gives it."""
    line = line or LiveLine()
    logger = logging.getLogger("kagami")
    logger.handlers[:] = [LogLines(line), LastLines()]
    logger.setLevel(logging.INFO)
    return line


def last_lines():
    """The LastLines since log() was called, or from now on."""
    logger = logging.getLogger("kagami")
    kept = [handler for handler in logger.handlers if isinstance(handler, LastLines)]
    if not kept:
        kept = [LastLines()]
        logger.addHandler(kept[0])
    return kept[0]


class LogLines(logging.Handler):
    """Log records as plain text above a LiveLine; where journald reads, their level before it."""

    levels = {logging.DEBUG: "<7>", logging.INFO: "<6>", logging.WARNING: "<4>",
              logging.ERROR: "<3>", logging.CRITICAL: "<2>"}

    def __init__(self, line):
        super().__init__()
        self.line, self.journal = line, "JOURNAL_STREAM" in os.environ

    def emit(self, record):
        """Write one record."""
        prefix = self.levels.get(record.levelno, "<5>") if self.journal else ""
        self.line.write(prefix + self.format(record))
