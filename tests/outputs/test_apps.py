"""The app wires behind the outputs: real sockets, made-up times."""
import json
import struct
import types

import numpy as np
import pytest

from appliance.errors import UsageError
from appliance.outputs.dialects import DIALECTS
from appliance.outputs.dialects.ifacialmocap import START, STOP
from appliance.outputs.targets import checked, parse_target
from tests.fakes.people import frame, person
from tests.fakes.receiver import Receiver, free_port
from tests.outputs.test_outputs import outputs, target

REQUEST = b'{"messageType":"iOSTrackingDataRequest","time":5,"sentBy":"me","ports":[%d]}'
ASKED = sorted(name for name in DIALECTS if hasattr(DIALECTS[name], "question"))
HOSTILE = {"ifacialmocap": START, "vts": REQUEST.replace(b"Request", b"Refusal")}


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
    out = outputs(target(there, "livelink", livelink_subject="Box 2", livelink_swap=True))
    out.send([person(jawLeft=0.5)], frame(1.0))
    datagram, = there.datagrams()
    assert datagram[41:50] == b"\0\0\0\5Box 2"
    assert struct.unpack_from(">2f", datagram, 50 + 17 + 4 * 15) == (0.0, 0.5)


@pytest.mark.parametrize("subject", ["", " a", "a" * 33, "K\u00e4gami", "a\n", "a/b"])
def test_a_subject_that_unreal_could_not_read_is_refused(subject):
    with pytest.raises(UsageError, match="livelink_subject"):
        checked(types.SimpleNamespace(to="livelink@127.0.0.1:1", livelink_subject=subject))


def test_mirror_and_rate_hold_for_every_wire(there):
    out = outputs(target(there, "opentrack", mirror=True, rate=10))
    for i in range(300):
        out.send([person(yaw=20)], frame(i / 30.0))
    datagrams = there.datagrams()
    assert 99 <= len(datagrams) <= 101
    assert struct.unpack("<6d", datagrams[0])[3] == pytest.approx(20.0)


def test_ifacialmocap_repeats_the_last_line_for_three_seconds_then_slowly(there):
    out, told = outputs(target(there, "ifacialmocap")), []
    for i in range(240):
        out.send([] if i else [person()], frame(i / 30.0))
        told.append(there.datagrams())
    lost = [i for i, lines in enumerate(told) for line in lines if b"trackingStatus-0|" in line]
    assert lost == list(range(23, 113)) + [142, 172, 202, 232]
    assert len(set(sum(told[23:], []))) == 1


def test_ifacialmocaps_own_rate_is_kept_while_nobody_is_there(there):
    out = outputs(target(there, "ifacialmocap", rate=10.0))
    for i in range(113):
        out.send([] if i else [person()], frame(i / 30.0))
    assert len(there.datagrams()) == pytest.approx(38, abs=1)


@pytest.fixture
def asking():
    """(Outputs that answer 127.0.0.1 with a dialect, the port where they listen)."""
    opened = []

    def make(name, host="127.0.0.1/32"):
        port = free_port()
        to = types.SimpleNamespace(to="%s@%s:%d" % (name, host, port))
        opened.append(outputs(to))
        return opened[-1], port
    yield make
    for out in opened:
        out.close()


@pytest.fixture
def phone_port(monkeypatch):
    """A free port in place of 49983, which the machine may use."""
    port = free_port()
    monkeypatch.setattr("appliance.outputs.dialects.ifacialmocap.PORT", port)
    return port


def test_ifacialmocap_answers_the_start_text_until_the_stop_text(asking, phone_port):
    out, port = asking("ifacialmocap")
    with Receiver(port=phone_port) as pc:
        sent = []
        for i, text in enumerate((None, START, None, STOP, None)):
            if text:
                pc.socket.sendto(text, ("127.0.0.1", port))
            out.send([person()], frame(i / 30.0))
            sent.append(len(pc.datagrams()))
    assert sent == [0, 1, 1, 0, 0]


def test_vts_answers_a_request_with_frames_found_or_not(asking):
    out, port = asking("vts")
    with Receiver() as pc:
        pc.socket.sendto(REQUEST % pc.port, ("127.0.0.1", port))
        for i in range(40):
            out.send([] if i else [person()], frame(i / 30.0))
        found = [json.loads(d.decode())["FaceFound"] for d in pc.datagrams()]
    assert found == [True] * 23 + [False] * 17


def test_a_stranger_is_not_answered(asking, phone_port):
    out, port = asking("ifacialmocap", "127.0.0.9/32")
    with Receiver(port=phone_port) as pc:
        pc.socket.sendto(START, ("127.0.0.1", port))
        out.send([person()], frame(0.0))
        assert pc.datagrams() == []


@pytest.mark.parametrize("name", ASKED)
def test_nonsense_is_ignored_and_never_answered(asking, phone_port, name):
    random, (out, port) = np.random.RandomState(0), asking(name)
    with Receiver(port=phone_port) as pc:
        for i in range(60):
            for _ in range(16):
                junk = bytearray(HOSTILE[name])
                for at in random.randint(len(junk), size=random.randint(1, 6)):
                    junk[at] |= 0x80
                pc.socket.sendto(bytes(junk[:random.randint(1500)]), ("127.0.0.1", port))
            out.send([person()], frame(i / 30.0))
        assert pc.datagrams() == []
    leases = out.channels[0].link
    assert leases.ignored == 60 * 16 and leases.clients == {}


@pytest.mark.parametrize("text, host", [
    ("ifacialmocap@192.168.1.20/24:49983", "192.168.1.0/24"),
    ("ifacialmocap@192.168.1.20:49983", "192.168.1.20"),
    ("vts@192.168.1.20:21412", "192.168.1.20/32"), ("vts@[::1]:21412", "::1/128"),
    ("ifacialmocap@[fd00::1/64]:49983", "fd00::/64"),
    ("ifacialmocap@pc.local:49983", "pc.local")])
def test_who_may_ask_is_a_network(text, host):
    assert parse_target(text).host == host


@pytest.mark.parametrize("text, says", [
    ("ifacialmocap@0.0.0.0/0:1", "is everybody"), ("ifacialmocap@10.0.0.0/7:1", "is everybody"),
    ("ifacialmocap@224.0.0.0/8:1", "is everybody"), ("ifacialmocap@[::]/0:1", "is everybody"),
    ("ifacialmocap@192.168.1.0/33:1", "is no address"), ("ifacialmocap@pc/24:1", "is no address"),
    ("vts@pc:21412", "is no address"), ("vts@0.0.0.0:1", "is everybody"),
    ("opentrack@192.168.1.0/24:1", "neither an address"), ("vmc@10.0.0.0/24:1", "neither")])
def test_whoever_may_not_be_named_is_told(text, says):
    with pytest.raises(UsageError, match=says):
        parse_target(text)
