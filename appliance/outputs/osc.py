"""A list of OSC messages becomes datagrams, laid out once, into which each frame's numbers are
written in place.

python-osc writes the bytes; this module remembers where every changing number lies in them, so
that a frame costs one numpy assignment instead of some sixty messages built anew.
"""
import struct
from typing import NamedTuple

import numpy as np
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from appliance.errors import UsageError

LIMIT = 1472                    # Ethernet's 1500 bytes less the headers of IPv4 and UDP
LARGEST = float(np.finfo(np.float32).max)
_BUNDLE_HEAD, _ELEMENT_HEAD = 16, 4
_AT_ONCE = b"#bundle\0" + struct.pack(">Q", 1)
_TAGS = np.frombuffer(b"FT", np.uint8)


class Float(NamedTuple):
    """The place of a float32 argument that is `layout.floats[index]`."""

    index: int


class Int(NamedTuple):
    """The place of an int32 argument that is `layout.ints[index]`."""

    index: int


class Bool(NamedTuple):
    """The place of an argument that is true (tag T) or false (F) as `layout.bools[index]`."""

    index: int


class Layout:
    """Datagrams of fixed layout.

    messages: (address, arguments) with str, int, float, Float, Int or Bool arguments; plain ones
    never change. limit: the largest datagram in bytes. bundle: False makes every message its own
    datagram. head: a message with which each bundle begins. Bundles are filled greedily in the
    order of the messages, never nested, timed "immediately". room: how many floats there are at
    least, whether or not a message has a place for them.

    Fill `floats` (float64), `ints` (int32) and `bools`, call `write()`, send each of `datagrams`
    (memoryviews, valid until the next `write()`). A value that is not finite, or too large for
    float32, leaves the last good one in its place.
    """

    def __init__(self, messages, limit=LIMIT, bundle=True, head=None, room=0):
        messages = [_Message(*m) for m in messages]
        head = [_Message(*head)] if head else []
        groups = _packed(messages, head, limit) if bundle else [[m] for m in head + messages]
        encoded = [_bundled(group) for group in groups]
        skipped = 0 if bundle else _BUNDLE_HEAD + _ELEMENT_HEAD
        self._buffer, self._limit = bytearray(b"".join(encoded)), limit
        self._elements = _slices(self._buffer, encoded, _BUNDLE_HEAD)
        self.datagrams = _slices(self._buffer, encoded, skipped)
        places, start = [], 0
        for group, data in zip(groups, encoded):
            places += _places(group, start)
            start += len(data)
        self._lay(places, room)

    def _lay(self, places, room):
        """Make the arrays, and for each place its numbers' way into the buffer."""
        float_at, float_of, floats = _indices(places, Float, 4)
        floats = max(floats, room)
        int_at, int_of, ints = _indices(places, Int, 4)
        self._bool_at, self._bool_of, bools = _indices(places, Bool, 1)
        self._at = np.concatenate((float_at, int_at))
        self._of = np.concatenate((float_of, int_of + floats))
        first = self._of[0] if len(self._of) else 0
        if np.array_equal(self._of, np.arange(first, first + len(self._of))):
            self._of = slice(first, first + len(self._of))      # neighbours: no copy
        self._staged = np.zeros(floats + ints, np.uint32)
        self._single = self._staged[:floats].view(np.float32)
        self.floats, self.ints = np.zeros(floats), self._staged[floats:].view(np.int32)
        self.bools = np.zeros(bools, bool)
        self._zeros = np.zeros(floats, np.float32)
        # First in the order of bytes of the wire, then in their places: one assignment that does
        # both takes three times as long.
        self._swapped = np.zeros(len(self._at), ">u4")
        self._swapped_words = self._swapped.view(np.uint32)
        self._words = np.frombuffer(self._buffer, np.uint32)
        self._bytes = np.frombuffer(self._buffer, np.uint8)

    def write(self):
        """Put `floats`, `ints` and `bools` into the datagrams; returns `datagrams`."""
        if np.vdot(self.floats, self.floats) <= LARGEST:    # then so is every one of them
            self._single[:] = self.floats
        else:
            with np.errstate(invalid="ignore"):
                good = np.abs(self.floats) <= LARGEST
            np.copyto(self._single, self.floats, "same_kind", where=good)
        np.add(self._single, self._zeros, self._single)     # turns -0 into +0
        self._swapped[:] = self._staged[self._of]
        self._words[self._at] = self._swapped_words
        if len(self.bools):
            self._bytes[self._bool_at] = _TAGS.take(self.bools[self._bool_of])
        return self.datagrams

    def bundled(self, chosen):
        """Those of the messages, by index, in as few datagrams as a Layout of them alone would
        have; for one made with bundle=False.
        """
        out, size = [], self._limit
        for element in [self._elements[i] for i in chosen]:
            size += len(element)
            if size > self._limit:
                out.append([_AT_ONCE])
                size = _BUNDLE_HEAD + len(element)
            out[-1].append(element)
        return [b"".join(parts) for parts in out]


def message(address, *arguments):
    """The bytes of one message by itself; floats that are not finite become 0."""
    finite = [0.0 if isinstance(a, float) and not abs(a) <= LARGEST else a for a in arguments]
    return _Message(address, [a + 0.0 if isinstance(a, float) else a for a in finite]).bytes


def bundle(messages):
    """The bytes of some encoded messages as one bundle."""
    return _AT_ONCE + b"".join(struct.pack(">I", len(m)) + m for m in messages)


class _Message:
    """One encoded message and the offsets of its places."""

    def __init__(self, address, arguments):
        builder = OscMessageBuilder(address)
        for argument in arguments:
            builder.add_arg(*_typed(argument))
        self.built = builder.build()
        self.bytes = self.built.dgram
        self.places, end = [], len(self.bytes)
        for argument in reversed(arguments):    # from the end: behind the tags nothing else lies
            end -= _size(argument)
            if isinstance(argument, (Float, Int)):
                self.places.append((end, argument))
        tags = _size(address) + 1
        self.places += [(tags + i, argument) for i, argument in enumerate(arguments)
                        if isinstance(argument, Bool)]

    def __len__(self):
        return len(self.bytes)


def _typed(argument):
    if isinstance(argument, (float, Float)):
        return (0.0 if isinstance(argument, Float) else argument), "f"
    if isinstance(argument, (int, Int)):
        return (0 if isinstance(argument, Int) else argument), "i"
    return (False, "F") if isinstance(argument, Bool) else (argument, "s")


def _size(argument):
    if isinstance(argument, str):
        return (len(argument.encode("utf-8")) // 4 + 1) * 4
    return 0 if isinstance(argument, Bool) else 4       # it is in the tags alone


def _packed(messages, head, limit):
    begin = _BUNDLE_HEAD + sum(_ELEMENT_HEAD + len(m) for m in head)
    groups, room = [], -1
    for m in messages:
        need = _ELEMENT_HEAD + len(m)
        if begin + need > limit:
            raise UsageError("limit of %d bytes" % limit,
                             "one message alone takes %d" % (begin + need),
                             "raise it or shorten the prefix")
        if need > room:
            groups.append(list(head))
            room = limit - begin
        groups[-1].append(m)
        room -= need
    return groups


def _bundled(group):
    builder = OscBundleBuilder(IMMEDIATELY)
    for m in group:
        builder.add_content(m.built)
    return builder.build().dgram


def _places(group, start):
    """[(offset in the whole buffer, its place)] of the bundle that begins at `start`."""
    out, at = [], start + _BUNDLE_HEAD
    for m in group:
        at += _ELEMENT_HEAD
        out += [(at + offset, place) for offset, place in m.places]
        at += len(m)
    return out


def _indices(places, kind, width):
    """Where in items of `width` bytes the numbers of a kind lie, which they are, how many; in the
    numbers' order.
    """
    mine = sorted((place.index, offset // width) for offset, place in places
                  if isinstance(place, kind))
    table = np.array(mine, np.intp).reshape(-1, 2)
    return table[:, 1].copy(), table[:, 0].copy(), table[-1, 0] + 1 if len(mine) else 0


def _slices(buffer, encoded, skipped):
    """The bytes of each of `encoded` in the buffer that holds them all, without the first few."""
    view, out, start = memoryview(buffer), [], 0
    for data in encoded:
        out.append(view[start + skipped:start + len(data)])
        start += len(data)
    return tuple(out)
