"""Datagrams from anybody become messages of whole numbers, floats and texts, or nothing."""
import re
from math import isfinite
from typing import List, NamedTuple, Union

from pythonosc.osc_message import OscMessage, ParseError

MOST = 8                # messages of one bundle that are read
_BUNDLE, _HEAD = b"#bundle\0", 16
# Nothing else reaches the parser, which would log a line for each tag that it does not know.
_SHAPE = re.compile(rb"/[!-~]{1,63}\0{1,4},[ifs]{0,8}\0{1,4}")


class Message(NamedTuple):
    """One message; floats are finite."""

    address: str
    arguments: List[Union[int, float, str]]


def messages(datagram):
    """[Message] of a message by itself or of a bundle; [] where any of it is no such thing."""
    if not datagram.startswith(_BUNDLE):
        return [m for m in [_read(datagram)] if m]
    out, at = [], _HEAD
    while at < len(datagram):
        end = at + 4 + int.from_bytes(datagram[at:at + 4], "big")
        out.append(_read(datagram[at + 4:end]) if end <= len(datagram) else None)
        if out[-1] is None or len(out) > MOST:
            return []
        at = end
    return out


def _read(part):
    if not _SHAPE.match(part):
        return None
    try:
        read = OscMessage(part)
    except (ParseError, UnicodeError):
        return None
    numbers = [a for a in read.params if isinstance(a, float)]
    return Message(read.address, read.params) if all(map(isfinite, numbers)) else None
