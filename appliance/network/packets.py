"""Datagrams from anybody become messages of whole numbers, floats and texts, or nothing; and a
message of these becomes a datagram.

Read here because python-osc's older versions read past what is there and log a line for whatever
they do not know, which a stranger could fill a disk with.
"""
import struct
from math import isfinite
from typing import List, NamedTuple, Union

MOST = 8                # messages of one bundle that are read
ARGUMENTS = 13          # of a message: what a row of /kagami/targets has
_BUNDLE, _HEAD = b"#bundle\0", 16
_NUMBERS = {"i": struct.Struct(">i"), "f": struct.Struct(">f")}


class Message(NamedTuple):
    """One message; floats are finite."""

    address: str
    arguments: List[Union[int, float, str]]


def messages(datagram, most=MOST):
    """[Message] of a message by itself or of a bundle of at most so many; [] where any of it is no
    such thing."""
    if not datagram.startswith(_BUNDLE):
        return [m for m in [_read(datagram)] if m]
    out, at = [], _HEAD
    while at < len(datagram):
        end = at + 4 + int.from_bytes(datagram[at:at + 4], "big")
        out.append(_read(datagram[at + 4:end]) if end <= len(datagram) else None)
        if out[-1] is None or len(out) > most:
            return []
        at = end
    return out


def written(address, *arguments):
    """The bytes of one message; ValueError for a number that has no place in 32 bits, or a text
    with a zero in it."""
    tags = "".join({int: "i", float: "f", str: "s"}[type(a)] for a in arguments)
    try:
        return b"".join([_padded(address), _padded("," + tags)] + [
            _padded(a) if isinstance(a, str) else _NUMBERS[tag].pack(a)
            for tag, a in zip(tags, arguments)])
    except (struct.error, OverflowError) as e:
        raise ValueError("out of bounds") from e


def _padded(text):
    data = text.encode("utf-8")
    if b"\0" in data:
        raise ValueError("a zero in a text")
    return data + b"\0" * (4 - len(data) % 4)


def _read(part):
    try:
        address, at = _text(part, 0)
        tags, at = _text(part, at)
        arguments = []
        for tag in tags[1:]:
            value, at = _text(part, at) if tag == "s" else _number(part, at, tag)
            arguments.append(value)
    except (KeyError, ValueError, struct.error):
        return None
    whole = address[:1] == "/" and tags[:1] == "," and len(arguments) <= ARGUMENTS
    return Message(address, arguments) if whole else None


def _text(part, at):
    """(text, where the next thing begins); ValueError where it is none."""
    end = part.index(b"\0", at)
    after = (end // 4 + 1) * 4
    if after > len(part):
        raise ValueError("no room for its padding")
    return part[at:end].decode("utf-8"), after


def _number(part, at, tag):
    value, = _NUMBERS[tag].unpack_from(part, at)
    if not isfinite(value):
        raise ValueError("not finite")
    return value, at + 4
