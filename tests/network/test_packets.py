"""Bytes of anybody: messages where they are some, nothing elsewhere, never a word in the log."""
import logging
import random
import struct

import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from appliance.network.packets import MOST, Message, messages, written
from appliance.outputs.osc import message

ASK = message("/kagami/subscribe", "vmc", 0, 30, 1, 0)


def bundle(*parts):
    """A bundle as python-osc builds it."""
    builder = OscBundleBuilder(IMMEDIATELY)
    for part in parts:
        built = OscMessageBuilder(part[0])
        for argument in part[1:]:
            built.add_arg(argument)
        builder.add_content(built.build())
    return builder.build().dgram


def test_a_message_is_read_with_its_arguments():
    assert messages(ASK) == [("/kagami/subscribe", ["vmc", 0, 30, 1, 0])]


def test_a_message_without_arguments_is_read():
    assert messages(b"/a\0\0,\0\0\0") == [("/a", [])]


def test_a_bundle_is_read_in_order():
    assert messages(bundle(("/a", 1), ("/b", "two", 0.5))) == [("/a", [1]), ("/b", ["two", 0.5])]


@pytest.mark.parametrize("datagram", [
    b"", b"\0", b"/", b"/a", b"/a\0\0", b"a\0\0\0,\0\0\0", b"/a\0\0i\0\0\0", b"/a\0\0,i\0\0",
    b"/a\0\0,i\0\0\0\0\0", b"/a\0\0,b\0\0\0\0\0\0", b"/a\0\0,[[[", b"/a\0\0,T\0\0",
    b"/a\0\0,s\0\0abcd", b"/a\0\0,s\0\0\xff\xfe\xfd\0", b"/a\xff\0,\0\0\0", b"#bundle\0",
    b"/a\0\0," + b"i" * 14 + b"\0" + bytes(56),
    message("/a", 1.0)[:-4] + struct.pack(">f", float("nan")),
    message("/a", 1.0)[:-4] + struct.pack(">f", float("inf")),
    bundle(*[("/a", 1)] * (MOST + 1)), bundle(("/a", 1))[:-1],
    b"#bundle\0" + bytes(8) + bytes(4), b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xff/a\0\0",
    b"#bundle\0" + bytes(8) + struct.pack(">i", 20) + b"#bundle\0" + bytes(12)])
def test_what_is_no_message_is_nothing(datagram):
    assert messages(datagram) == []


@pytest.mark.parametrize("seed", range(4))
def test_mutated_datagrams_raise_and_log_nothing(seed, caplog):
    caplog.set_level(logging.DEBUG)
    dice = random.Random(seed)
    whole = [ASK, bundle(("/a", 1), ("/b", "two", 0.5)), message("/kagami/set/mirror", "x", 1)]
    for _ in range(1000):
        junk = bytearray(dice.choice(whole))
        for _ in range(dice.randint(1, 6)):
            junk[dice.randrange(len(junk))] = dice.randrange(256)
        for read in messages(bytes(junk[:dice.randrange(len(junk) + 1)] + junk[:dice.choice(
                [0, 4, 9])])):
            assert {type(a) for a in read.arguments} <= {int, float, str}
    assert caplog.messages == []


def test_what_is_written_is_read_again():
    words = ["/a", 7, -0.5, "caf\u00e9", ""]
    assert messages(written(*words)) == [Message(words[0], words[1:])]


@pytest.mark.parametrize("value", [1 << 31, 1e300, "a\0b"])
def test_what_has_no_place_in_a_message_is_told(value):
    with pytest.raises(ValueError):
        written("/a", value)
