"""The app wires behind the outputs: real sockets, made-up times, docs/apps.md."""
import os
import re
import struct
import types

import pytest

from appliance.errors import UsageError
from appliance.outputs.dialects import WIRES
from appliance.outputs.targets import checked
from tests.fakes.people import frame, person
from tests.fakes.receiver import Receiver
from tests.outputs.test_outputs import outputs, target

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/apps.md")


@pytest.fixture
def there():
    with Receiver() as receiver:
        yield receiver


def lengths(there, name, **options):
    """Bytes of the datagrams of each frame: one with a face, then three seconds without, then the
    end.
    """
    out = outputs(target(there, name, **options))
    told = []
    for i in range(91):
        out.send([] if i else [person()], frame(i / 30.0))
        told.append([len(d) for d in there.datagrams()])
    out.close()
    return told, [len(d) for d in there.datagrams()]


@pytest.mark.parametrize("name, size", [("openseeface", 1785), ("opentrack", 48)])
def test_wires_without_a_word_for_loss_return_to_neutral_and_fall_silent(there, name, size):
    told, farewell = lengths(there, name)
    assert told[:23] == [[size]] * 23 and told[23:] == [[]] * 68 and farewell == []


def test_opentrack_is_eased_home_before_the_silence(there):
    out = outputs(target(there, "opentrack"))
    for i in range(40):
        out.send([] if i else [person(yaw=40)], frame(i / 30.0))
    yaws = [struct.unpack("<6d", d)[3] for d in there.datagrams()]
    assert yaws[:8] == pytest.approx([-40] * 8) and abs(yaws[-1]) < 1
    assert all(a <= b for a, b in zip(yaws[8:], yaws[9:]))


def test_live_link_is_told_in_every_frame_that_nobody_is_there(there):
    told, farewell = lengths(there, "livelink")
    assert told[:23] == [[312]] * 23 and told[23:] == [[67]] * 68 and farewell == [67] * 3


def test_options_reach_live_link(there):
    out = outputs(target(there, "livelink", subject="Box 2", swap=True))
    out.send([person(jawLeft=0.5)], frame(1.0))
    datagram, = there.datagrams()
    assert datagram[41:50] == b"\0\0\0\5Box 2"
    assert struct.unpack_from(">2f", datagram, 50 + 17 + 4 * 15) == (0.0, 0.5)


@pytest.mark.parametrize("subject", ["", " a", "a" * 33, "K\u00e4gami", "a\n", "a/b"])
def test_a_subject_that_unreal_could_not_read_is_refused(subject):
    with pytest.raises(UsageError, match="subject"):
        checked(types.SimpleNamespace(to="livelink@127.0.0.1:1", subject=subject))


def test_mirror_and_rate_hold_for_every_wire(there):
    out = outputs(target(there, "opentrack", mirror=True, rate=10))
    for i in range(300):
        out.send([person(yaw=20)], frame(i / 30.0))
    datagrams = there.datagrams()
    assert 99 <= len(datagrams) <= 101
    assert struct.unpack("<6d", datagrams[0])[3] == pytest.approx(20.0)


@pytest.mark.parametrize("name", sorted(WIRES))
def test_every_wire_has_its_page_and_its_port(name):
    with open(DOCS, encoding="utf-8") as f:
        page = f.read()
    section = re.search(r"^## %s\n(.+?)^## " % name, page, re.M | re.S).group(1)
    module = __import__(WIRES[name].__module__, fromlist=["PORT"])
    assert str(module.PORT) in section and "%s@" % name in page
