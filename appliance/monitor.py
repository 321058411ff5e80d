"""OSC that arrives on a port becomes a picture of bars on a terminal, or a line for each message
elsewhere.

It shows what a receiver would see: whether anything arrives, from whom, how often, with which
values.
"""
import errno
import logging
import math
import shutil
import socket
import sys
import time
from collections import OrderedDict, deque, namedtuple

from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage

from appliance.errors import PartMissing, UsageError
from appliance.face import ARKIT_NAMES

PORT = 39539
REDRAW_EVERY = 0.1          # seconds
STALE = 2.0                 # seconds after which a group counts as silent
ROWS_MOST = 2000            # values remembered: a stranger's datagrams must not fill the memory
SENDERS_MOST = 8
NAME, BAR, CELL = 20, 12, 42
Message = namedtuple("Message", "address arguments")


def monitor(port=PORT, stream=None):
    """Show what arrives on UDP `port` until interrupted; UsageError where it cannot be had."""
    stream = stream or sys.stdout
    with listen(port) as receiver:
        # python-osc has a word for each datagram that it cannot read.
        logging.disable(logging.WARNING)
        try:
            (_watch if stream.isatty() else _log)(receiver, stream)
        except (KeyboardInterrupt, BrokenPipeError):
            pass
        finally:
            logging.disable(logging.NOTSET)


def listen(port):
    """A UDP socket bound to `port` on every IPv4 address of this machine."""
    if not 1 <= port <= 65535:
        raise UsageError("port %d" % port, "out of range", "name one from 1 to 65535")
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        receiver.bind(("", port))
    except OSError as e:
        receiver.close()
        if e.errno == errno.EADDRINUSE:
            raise UsageError("port %d" % port, "another program listens there already",
                             "close it, or send to another port and name that one here") from e
        raise PartMissing("port %d" % port, e.strerror, "name a port from 1024 to 65535") from e
    return receiver


def read(datagram):
    """[Message] of a datagram, bundles unfolded; ValueError where it is no OSC."""
    try:
        if OscBundle.dgram_is_bundle(datagram):
            return [m for part in OscBundle(datagram) for m in read(part.dgram)]
        message = OscMessage(datagram)
        return [Message(printable(message.address), tuple(map(printable, message.params)))]
    except Exception as e:          # python-osc lets several kinds through on hostile bytes
        raise ValueError("no OSC: %s" % e) from e


def printable(value):
    """A text without what a stranger could steer the terminal with; anything else as it is."""
    if not isinstance(value, str):
        return value
    return "".join(c if c.isprintable() else "?" for c in value)


class Board:
    """What was heard, by sender and address; `lines()` draws it."""

    def __init__(self, full="#", empty="."):
        self._full, self._empty = full, empty
        self._senders, self.unreadable = OrderedDict(), 0

    def hear(self, datagram, name, now):
        """Take in one datagram of the sender `name` at `now` seconds."""
        if name not in self._senders and len(self._senders) >= SENDERS_MOST:
            self._senders.popitem(last=False)
        sender = self._senders.setdefault(name, _Sender())
        sender.arrivals.append((now, len(datagram)))
        try:
            messages = read(datagram)
        except ValueError:
            self.unreadable += 1
            return
        for message in messages:
            for group, row, values in rows(message):
                sender.take(group, row, values, now)

    def lines(self, width, height, now):
        """At most `height` lines of at most `width` characters."""
        out = [] if self._senders else ["nothing has arrived yet"]
        if self.unreadable:
            out.append("%d datagrams that are no OSC" % self.unreadable)
        for name, sender in self._senders.items():
            out.append("from %s   %s" % (name, sender.rate(now)))
            for group, held in sender.groups.items():
                out += ["", "%s   %s" % (group, _pulse(held.values(), now))]
                out += self._cells(held, width)
        if len(out) > height:
            more = len(out) - height + 1
            out = out[:height - 1] + ["... %d lines more: make the window larger" % more]
        return [line[:width] for line in out]

    def _cells(self, held, width):
        """Bars side by side, everything else on lines of its own."""
        bars = [self._cell(name, row) for name, row in held.items() if row.is_bar]
        across = max(1, width // CELL)
        down = -(-len(bars) // across)
        lines = ["".join(cell.ljust(CELL) for cell in bars[i::down]).rstrip() for i in range(down)]
        return lines + [self._cell(name, row) for name, row in held.items() if not row.is_bar]

    def _cell(self, name, row):
        shown = spelt(row.values)
        if row.is_bar:
            drawn = bar(row.values[0], row.low, row.high, BAR, self._full, self._empty)
            shown = "%s %+.2f" % (drawn, row.values[0])
        return "%s %s" % (name[:NAME].ljust(NAME), shown)


class _Sender:
    """The arrivals of one sender and its groups {address: {name: _Row}}."""

    def __init__(self):
        self.arrivals, self.groups, self._count = deque(maxlen=1000), OrderedDict(), 0

    def take(self, group, name, values, now):
        """The values of one row, as long as there is room for it."""
        held = self.groups.get(group, {})
        if name not in held:
            if self._count >= ROWS_MOST:
                return
            self._count += 1
            held = self.groups.setdefault(group, OrderedDict())
            held[name] = _Row()
        held[name].take(values, now)

    def rate(self, now):
        """Datagrams and bytes of the last second, as text."""
        recent = [size for at, size in self.arrivals if now - at <= 1.0]
        return "%d datagrams/s   %.1f kB/s" % (len(recent), sum(recent) / 1000.0)


class _Row:
    """The newest values of one name, the range they have had, and when they came."""

    def __init__(self):
        self.values, self.low, self.high = (), 0.0, 1.0
        self.heard = deque(maxlen=30)

    def take(self, values, now):
        """The newest values."""
        self.values = values
        self.heard.append(now)
        if self.is_bar and math.isfinite(values[0]):
            self.low, self.high = min(self.low, values[0]), max(self.high, values[0])

    @property
    def is_bar(self):
        """Whether it can be drawn as a bar: one float."""
        return len(self.values) == 1 and isinstance(self.values[0], float)

    @property
    def rate(self):
        """Times a second, over the last times it was heard."""
        passed = self.heard[-1] - self.heard[0]
        return (len(self.heard) - 1) / passed if passed > 0 else 0.0


def _pulse(held, now):
    """How often the rows of a group come, or for how long they have not."""
    silent = now - max(row.heard[-1] for row in held)
    if silent > STALE:
        return "silent for %d s" % silent
    return "%.1f/s" % max(row.rate for row in held)


def rows(message):
    """[(group, name, values)] of a message: named by its first text, by the 52 names, or by its
    own last part.
    """
    address, arguments = message
    if arguments and isinstance(arguments[0], str) and len(arguments) > 1:
        return [(address, arguments[0], arguments[1:])]
    if address.endswith("/arkit") and len(arguments) == len(ARKIT_NAMES):
        return [(address, name, (value,)) for name, value in zip(ARKIT_NAMES, arguments)]
    group, _, name = address.rpartition("/")
    return [(group or "/", name, arguments)]


def bar(value, low, high, width, full="#", empty="."):
    """`value` as `width` characters between `low` (0, or below: then zero lies in the middle) and
    `high`.
    """
    if not math.isfinite(value):
        return "?" * width
    if low >= 0:
        n = int(round(min(1.0, max(0.0, value / high)) * width))
        return full * n + empty * (width - n)
    half = width // 2
    n = int(round(min(1.0, abs(value) / max(high, -low)) * half))
    right = full * n + empty * (half - n)
    return empty * half + right if value >= 0 else right[::-1] + empty * half


def spelt(values, most=8):
    """Values as text: floats to three places, at most `most` of them."""
    some = " ".join("%.3f" % v if isinstance(v, float) else str(v) for v in values[:most])
    return some + (" ... %d values" % len(values) if len(values) > most else "")


def _name(peer):
    return "%s:%d" % peer[:2]


def _log(receiver, stream):
    """A line for each message: sender, address, arguments."""
    while True:
        datagram, peer = receiver.recvfrom(65536)
        try:
            lines = ["%s %s %s" % (_name(peer), m.address, spelt(m.arguments, 256))
                     for m in read(datagram)]
        except ValueError as e:
            lines = ["%s %s" % (_name(peer), e)]
        stream.write("".join(line.rstrip() + "\n" for line in lines))
        stream.flush()


def _watch(receiver, stream):
    """The board, drawn in place ten times a second."""
    blocks = (stream.encoding or "").lower().startswith("utf")
    board = Board("\u2588", "\u00b7") if blocks else Board()
    port, drawn = receiver.getsockname()[1], 0.0
    receiver.settimeout(REDRAW_EVERY)
    stream.write("\x1b[2J")
    while True:
        try:
            datagram, peer = receiver.recvfrom(65536)
            board.hear(datagram, _name(peer), time.monotonic())
        except socket.timeout:
            pass
        if time.monotonic() - drawn >= REDRAW_EVERY:
            drawn = time.monotonic()
            columns, rows = shutil.get_terminal_size()      # zeros where a terminal has no size
            lines = ["listening on port %d, Ctrl-C ends" % port]
            lines += board.lines((columns or 80) - 1, (rows or 24) - 2, drawn)
            stream.write("\x1b[H" + "".join(line + "\x1b[K\n" for line in lines) + "\x1b[J")
            stream.flush()
