"""Leases of those who subscribe: how long, how many, to where."""
import logging
import shutil
import subprocess

import pytest

from appliance.outputs.dialects import DIALECTS
from appliance.outputs.leases import GONE
from appliance.outputs.subscriptions import CONFIRM, EACH, MOST
from tests.fakes.box import PEERS, Box, Peer
from tests.fakes.receiver import Receiver, eventually, free_port


@pytest.fixture
def box():
    with Box() as made:
        yield made


@pytest.fixture
def pc(box):
    with Peer(box) as peer:
        yield peer


def test_frames_end_when_the_time_is_up(box, pc):
    pc.subscribe(seconds=5)
    box.turn(5 * 30 - 2)
    assert len(pc.values("kagami/frame")) == 5 * 30 - 2
    box.turn(4)
    pc.datagrams()
    box.turn(30)
    assert pc.datagrams() == [] and box.outputs.channels == []


def test_subscribing_again_goes_on_without_a_number(box, pc):
    pc.subscribe(seconds=5)
    for _ in range(3):
        box.turn(120)
        pc.datagrams()
        assert pc.say("/kagami/subscribe", "kagami", 0, 5, 1, 0) == [
            ("/kagami/ok", ["/kagami/subscribe", 0])]
    box.turn()
    assert pc.values("kagami/frame")


def test_subscribing_again_may_ask_for_something_else(box, pc):
    pc.subscribe(mask=2)
    pc.say("/kagami/subscribe", "kagami", 0, 30, 1, 8)
    box.turn()
    assert {a for a, _, _ in pc.messages()} == {"/kagami/frame", "/kagami/face/0/iris"}


@pytest.mark.parametrize("asked, given", [(0, 5), (-3, 5), (1 << 30, 60), (20, 20)])
def test_a_lease_has_bounds(box, pc, asked, given):
    pc.subscribe(seconds=asked)
    box.clock.now += given - 0.5
    box.turn()
    assert pc.datagrams()
    box.clock.now += 1.0
    box.turn(2)
    pc.datagrams()
    box.turn()
    assert pc.datagrams() == []


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_every_dialect_can_be_had(box, pc, dialect):
    assert pc.subscribe(dialect)[0][0] == "/kagami/ok"
    box.turn()
    assert pc.datagrams()


def test_another_port_of_the_same_host_is_sent_to(box, pc):
    with Receiver("127.0.0.2") as app:
        pc.subscribe(port=app.port)
        box.turn()
        assert app.datagrams() and not pc.datagrams()


@pytest.mark.parametrize("port", [-1, 53, 1023, 65536])
def test_a_port_that_receives_no_faces_is_refused(pc, port):
    (address, arguments), = pc.say("/kagami/subscribe", "vmc", port, 30, 1, 0)
    assert address == "/kagami/error" and "no receiver of faces" in arguments[2]


def test_a_port_where_nobody_listens_is_left_alone(box, pc):
    pc.subscribe(port=free_port(), seconds=60)
    box.turn(int(30 * GONE) + 30)
    assert box.outputs.channels == []


def test_a_number_is_good_for_a_short_while(box, pc):
    (_, (number,)), = pc.say("/kagami/subscribe", "vmc", 0, 30, 1, 0)
    box.clock.now += CONFIRM
    assert pc.say("/kagami/subscribe/confirm", number)[0][0] == "/kagami/error"


def test_a_number_is_good_once(box, pc):
    (_, (number,)), = pc.say("/kagami/subscribe", "vmc", 0, 30, 1, 0)
    first = pc.say("/kagami/subscribe/confirm", number)
    again = pc.say("/kagami/subscribe/confirm", number)
    assert (first[0][0], again[0][0]) == ("/kagami/ok", "/kagami/error")


def test_an_address_has_so_many_leases(box, pc):
    for dialect in ("vmc", "kagami", "babble", "etvr")[:EACH]:
        box.clock.now += 1.0
        pc.subscribe(dialect)
    box.clock.now += 1.0
    (address, arguments), = pc.say("/kagami/subscribe", "faceosc", 0, 30, 1, 0)
    assert address == "/kagami/error" and "all places are taken" in arguments[2]


def test_there_are_so_many_leases_in_all(box):
    peers = [Peer(box, host) for host in PEERS.split()]
    told = []
    for peer in peers:
        for dialect in ("vmc", "kagami", "babble", "etvr"):
            box.clock.now += 1.0
            (address, arguments), = peer.say("/kagami/subscribe", dialect, 0, 60, 1, 0)
            told.append(address)
            if address == "/kagami/challenge":
                peer.say("/kagami/subscribe/confirm", arguments[0])
    assert told == ["/kagami/challenge"] * MOST + ["/kagami/error"] * (len(told) - MOST)
    for peer in peers:
        peer.socket.close()


def test_numbers_that_never_come_back_take_no_place_for_long(box, pc):
    for _ in range(EACH):
        pc.say("/kagami/subscribe", "vmc", 0, 30, 1, 0)
    box.clock.now += CONFIRM
    assert pc.subscribe()[0][0] == "/kagami/ok"


def test_one_dialect_can_be_ended_alone(box, pc):
    pc.subscribe("kagami")
    pc.subscribe("vmc")
    pc.say("/kagami/unsubscribe", "vmc")
    assert [c.target.dialect for c in box.outputs.channels] == ["kagami"]


def test_everything_is_told_at_first_and_then_what_is_slow(box, pc):
    pc.subscribe(mask=128)
    heard = []
    for _ in range(2):
        box.outputs.report(box.status)
        heard.append(sorted(a.rsplit("/", 1)[1] for a, _, _ in pc.messages()))
    assert heard == [["names", "status", "timing", "version"], ["status", "timing"]]


def test_without_the_slow_bit_nothing_slow_is_sent(box, pc):
    pc.subscribe(mask=1)
    box.outputs.report(box.status)
    assert pc.datagrams() == []


def test_the_options_of_the_common_target_hold_for_subscribers(box, pc):
    common = box.config.target._replace(prefix="/one", mirror=True)
    box.control.change(box.config._replace(target=common))
    pc.subscribe()
    box.turn()
    assert {a.split("/")[1] for a, _, _ in pc.messages()} == {"one"}
    assert box.outputs.channels[0].target.mirror


def test_a_lease_ends_that_does_not_fit_what_is_changed(box, pc):
    pc.subscribe(mask=32)
    box.turn()
    assert pc.values("points")
    small = box.config._replace(output=box.config.output._replace(limit=512))
    box.control.change(small)
    assert box.outputs.channels == []


@pytest.mark.skipif(not shutil.which("oscdump"), reason="no oscdump (liblo-tools) on this machine")
def test_liblo_reads_what_a_subscriber_gets(box, pc):
    port = free_port()
    dump = subprocess.Popen(["stdbuf", "-oL", "oscdump", "-L", str(port)], stdout=subprocess.PIPE,
                            universal_newlines=True)
    try:
        assert eventually(lambda: any(int(line.split()[1].split(":")[1], 16) == port
                                      for line in open("/proc/net/udp").readlines()[1:]))
        pc.subscribe(port=port, mask=2)
        box.turn()
        lines = [dump.stdout.readline().split() for _ in range(4)]
    finally:
        dump.terminate()
        dump.wait()
        dump.stdout.close()
    assert [line[-4:] for line in lines if "/kagami/face/0/euler" in line] == [
        ["fff", "20.000000", "10.000000", "5.000000"]]


def test_the_end_of_the_program_says_farewell(box, pc):
    pc.subscribe()
    box.turn()
    pc.datagrams()
    box.outputs.close()
    assert pc.messages() == [("/kagami/bye", ",i", [0])] * 3


def test_coming_and_going_is_logged_but_not_by_the_thousand(box, pc, caplog):
    caplog.set_level(logging.INFO, "kagami.outputs")
    pc.subscribe(seconds=5)
    pc.say("/kagami/unsubscribe")
    pc.subscribe(seconds=5)
    assert len(caplog.messages) == 1 and caplog.messages[0].endswith("subscribed")


def test_a_page_of_this_machine_comes_and_goes_without_a_word(box, caplog):
    caplog.set_level(logging.INFO, "kagami.outputs")
    with Peer(box, "127.0.0.1") as page:
        page.subscribe(seconds=5)
        assert len(box.outputs.channels) > 0 and caplog.messages == []
