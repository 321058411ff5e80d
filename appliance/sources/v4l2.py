"""A video node comes in, what the kernel says of it goes out: its name, kinds, modes and controls.

Layouts and numbers are those of linux/videodev2.h. A node that says nothing is OSError.
"""
import fcntl
import os
import struct
from contextlib import contextmanager
from fractions import Fraction
from typing import NamedTuple, Tuple

# OWN: the flags of the node stand beside those of the whole device.
CAPTURE, OWN = 0x1001, 0x80000000
PICTURES = 1, 9                                  # buffer types: capture, capture in several planes
# Sizes offered where a driver takes any.
USUAL = ((320, 240), (640, 360), (640, 480), (800, 600), (1280, 720), (1920, 1080), (3840, 2160))
USUAL_RATES = 15, 30, 60, 120
DISCRETE = INTEGER = 1

POWER_LINE, EXPOSURE_MODE, EXPOSURE_TIME, EXPOSURE_SLOWS = (
    0x980918, 0x9a0901, 0x9a0902, 0x9a0903)
POWER_LINE_VALUES = {"off": 0, "50": 1, "60": 2, "auto": 3}
MANUAL, APERTURE_PRIORITY = 1, 3


class Layout:
    """One of the kernel's records and the request that carries it."""

    def __init__(self, number, direction, layout):
        self.layout = struct.Struct("=" + layout)
        self.request = direction << 30 | self.layout.size << 16 | ord("V") << 8 | number

    def ask(self, handle, *values):
        """The record's values as the kernel fills them in; `values` begin it, zeros follow."""
        size = self.layout.size
        record = bytearray(struct.pack("=%dI" % len(values), *values).ljust(size, b"\0"))
        ioctl(handle, self.request, record)
        return self.layout.unpack(bytes(record))


ioctl = fcntl.ioctl
CAPABILITY = Layout(0, 2, "16s32s32sIII12x")
FORMAT = Layout(2, 3, "III32s4sI12x")
SIZE = Layout(74, 3, "I4sI6I8x")
INTERVAL = Layout(75, 3, "I4sIII6I8x")
CONTROL = Layout(28, 3, "Ii")
RANGE = Layout(36, 3, "II32siiiiI8x")


class Mode(NamedTuple):
    """format: the kernel's four letters. rates: pictures per second (Fractions), falling."""

    format: str
    width: int
    height: int
    rates: Tuple[Fraction, ...]


class Node(NamedTuple):
    """card: the maker's name of the device. flags: capabilities of this node. modes: [Mode]."""

    card: str
    flags: int
    modes: Tuple[Mode, ...]


@contextmanager
def _opened(path):
    handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)


def node(path):
    """The Node at `path`; it may be in use meanwhile. OSError where it cannot be asked."""
    with _opened(path) as handle:
        _, card, _, _, flags, of_node = CAPABILITY.ask(handle)
        flags = of_node if flags & OWN else flags
        modes = tuple(_modes(handle)) if flags & CAPTURE else ()
        return Node(card.split(b"\0")[0].decode("utf-8", "replace").strip(), flags, modes)


def control(path, settings):
    """Set controls, {number: value}. A quantity is brought into the range that the device tells;
    what it does not have, or a choice it does not know, is passed over. Returns {number: value} of
    those taken."""
    taken = {}
    with _opened(path) as handle:
        for number, value in settings.items():
            try:
                _, kind, _, low, high, *_ = RANGE.ask(handle, number)
                if kind == INTEGER:
                    value = max(low, min(high, value))
                taken[number] = CONTROL.ask(handle, number, value)[1]
            except OSError:
                pass
    return taken


def let_go(path):
    """Close every handle that this process still has of a node.

    GStreamer 1.22 loses one each time it closes a camera (seen with vivid): a number that is never
    free again after unplugging, and after a thousand restarts no handles left. To be called when
    no pipeline and no picture of the node is left.
    """
    for handle in os.listdir("/proc/self/fd"):
        try:
            if os.readlink("/proc/self/fd/" + handle) in (path, path + " (deleted)"):
                os.close(int(handle))
        except OSError:                 # the listing's own handle is gone by now
            pass


def _each(record, handle, *values):
    """The answers for index 0, 1, 2 ... until the kernel has no more."""
    for index in range(256):
        try:
            yield record.ask(handle, index, *values)
        except OSError:
            return


def _modes(handle):
    for kind in PICTURES:
        for answer in _each(FORMAT, handle, kind):
            code = answer[4]
            for width, height in _sizes(handle, struct.unpack("=I", code)[0]):
                rates = tuple(_rates(handle, struct.unpack("=I", code)[0], width, height))
                yield Mode(code.decode("latin-1").strip(), width, height, rates)


def _sizes(handle, code):
    for answer in _each(SIZE, handle, code):
        kind, numbers = answer[2], answer[3:9]
        if kind == DISCRETE:
            yield numbers[:2]
            continue
        low_w, high_w, step_w, low_h, high_h, step_h = numbers
        for width, height in USUAL:
            if low_w <= width <= high_w and low_h <= height <= high_h:
                yield width, height
        return


def _rates(handle, code, width, height):
    found = set()
    for answer in _each(INTERVAL, handle, code, width, height):
        kind, numbers = answer[4], answer[5:11]
        if kind == DISCRETE:
            found.add(Fraction(numbers[1], max(1, numbers[0])))
            continue
        fast, slow = (Fraction(b, max(1, a)) for a, b in (numbers[:2], numbers[2:4]))
        found |= {Fraction(rate) for rate in USUAL_RATES if slow <= rate <= fast} or {fast}
        break
    return sorted(found, reverse=True)
