"""Commands over real sockets: who is obeyed, what is answered, what a crowd can do."""
import gc
import logging
import random
import shutil
import subprocess
import sys

import pytest

from appliance.network.access import EACH
from appliance.network.control import FACTOR
from appliance.network.orders import COMMANDS
from appliance.outputs.osc import message
from appliance.outputs.port import TURN
from tests.fakes.box import Box, Peer, Sitter
from tests.fakes.receiver import Receiver
from tests.golden import decoded


@pytest.fixture
def box():
    with Box(token="word", write="lan", person=Sitter()) as made:
        yield made


@pytest.fixture
def pc(box):
    with Peer(box) as peer:
        yield peer


def test_a_ping_comes_back_with_its_number(pc):
    assert pc.say("/kagami/ping", 7) == [("/kagami/pong", [7])]


def test_strangers_hear_nothing(box):
    with Peer(box, "127.0.0.99") as stranger:
        assert stranger.say("/kagami/ping", 7) == [] and box.control.ignored == 1


def test_a_subscriber_gets_frames_from_the_port_that_it_asked(box, pc):
    assert pc.subscribe() == [("/kagami/ok", ["/kagami/subscribe/confirm", 0])]
    box.turn()
    datagram, peer = pc.socket.recvfrom(65536)
    assert datagram[:8] == b"#bundle\0" and peer == ("127.0.0.1", box.port)


def test_the_number_of_a_request_is_echoed(pc):
    (_, (number,)), = pc.say("/kagami/subscribe", "vmc", 0, 30, 1, 0, 5)
    assert pc.say("/kagami/subscribe/confirm", number, 6) == [
        ("/kagami/ok", ["/kagami/subscribe/confirm", 6])]
    assert pc.say("/kagami/unsubscribe", "vmc", 7)[-1] == (
        "/kagami/ok", ["/kagami/unsubscribe", 7])


def test_nothing_is_sent_before_the_number_has_come_back(box, pc):
    pc.say("/kagami/subscribe", "kagami", 0, 30, 1, 0)
    box.turn(3)
    assert pc.datagrams() == []


def test_a_wrong_number_is_told_and_begins_nothing(box, pc):
    (_, (number,)), = pc.say("/kagami/subscribe", "kagami", 0, 30, 1, 0)
    (address, (_, code, text)), = pc.say("/kagami/subscribe/confirm", number ^ 1)
    assert (address, code) == ("/kagami/error", 2) and "not yours" in text
    box.turn()
    assert pc.datagrams() == []


def test_somebody_else_cannot_confirm(box, pc):
    with Peer(box, "127.0.0.3") as other:
        (_, (number,)), = pc.say("/kagami/subscribe", "kagami", 0, 30, 1, 0)
        assert other.say("/kagami/subscribe/confirm", number)[0][0] == "/kagami/error"
        box.turn()
        assert pc.datagrams() == [] and other.datagrams() == []


def test_unsubscribing_ends_with_a_farewell(box, pc):
    pc.subscribe()
    box.turn()
    pc.datagrams()
    assert [a for a, _ in pc.say("/kagami/unsubscribe")] == ["/kagami/bye", "/kagami/ok"]
    box.turn()
    assert pc.datagrams() == []


def test_an_unknown_dialect_is_told_with_the_nearest(pc):
    (_, (_, code, text)), = pc.say("/kagami/subscribe", "vmcc", 0, 30, 1, 0)
    assert code == 2 and "did you mean vmc" in text


@pytest.mark.parametrize("name, wanted", [
    ("/kagami/status", "status"), ("/kagami/version", "version"), ("/kagami/timing", "timing")])
def test_slow_messages_can_be_asked_for(pc, name, wanted):
    assert [a for a, _ in pc.say("/kagami/get", name)] == [name]


def test_the_long_list_of_names_is_for_subscribers_alone(box, pc):
    assert pc.say("/kagami/get", "/kagami/arkit/names") == []
    pc.subscribe()
    assert len(pc.say("/kagami/get", "/kagami/arkit/names")[0][1]) == 52


@pytest.mark.parametrize("said, called", [
    (("/kagami/calibrate/recenter", "word"), ("recenter",)),
    (("/kagami/calibrate/neutral", "word", 1.5), ("neutral", 1.5)),
    (("/kagami/calibrate/neutral", "word", 2), ("neutral", 2.0)),
    (("/kagami/calibrate/eyes", "word", "shut"), ("eyes", "shut")),
    (("/kagami/calibrate/gaze", "word", 10.0, -5.0), ("gaze", 10.0, -5.0)),
    (("/kagami/calibrate/clear", "word", "all"), ("clear", "all"))])
def test_calibration_is_called(box, pc, said, called):
    assert pc.say(*said) == [("/kagami/ok", [said[0], 0])]
    assert box.control._deeds._person.calibration.calls == [called]


@pytest.mark.parametrize("said", [
    ("/kagami/calibrate/neutral", "word", 0.1), ("/kagami/calibrate/neutral", "word", 50.0),
    ("/kagami/calibrate/eyes", "word", "wide"), ("/kagami/calibrate/gaze", "word", 46.0, 0.0),
    ("/kagami/calibrate/clear", "word", "everything"), ("/kagami/set/neck_share", "word", 2.0),
    ("/kagami/set/hold_ms", "word", "long"), ("/kagami/set/wings", "word", 1),
    ("/kagami/set/smooth", "word", 1.5), ("/kagami/set/faces", "word", 5),
    ("/kagami/set/faces", "word", 1.5), ("/kagami/set/gain/jawOpen", "word", 4.5),
    ("/kagami/set/gain/jawOpen", "word", -1.0), ("/kagami/set/gain/jaw", "word", 1.0),
    ("/kagami/set/exposure", "word", 0.0), ("/kagami/set/return_ms", "word", 10001)])
def test_what_is_out_of_bounds_is_told_and_not_done(box, pc, said):
    (address, (echoed, code, _)), = pc.say(*said)
    assert (address, echoed, code) == ("/kagami/error", said[0], 2)
    assert box.control._deeds._person.calibration.calls == []


@pytest.mark.parametrize("options, host, code", [
    ({"token": "word", "write": "lan"}, "127.0.0.2", None),
    ({"token": "word", "write": "loopback"}, "127.0.0.1", None),
    ({"token": "word", "write": "loopback"}, "127.0.0.2", 77),
    ({"token": "other", "write": "lan"}, "127.0.0.2", 77),
    ({"token": "", "write": "lan"}, "127.0.0.2", 77),
    ({"token": "word", "write": "off"}, "127.0.0.1", 77)])
def test_who_may_write(options, host, code):
    with Box(person=Sitter(), **options) as box, Peer(box, host) as pc:
        (address, arguments), = pc.say("/kagami/calibrate/recenter", "word")
        assert (arguments[1] if address == "/kagami/error" else None) == code
        assert bool(box.control._deeds._person.calibration.calls) == (code is None)


def test_an_empty_word_opens_nothing():
    with Box(write="lan") as box, Peer(box) as pc:
        assert pc.say("/kagami/set/mirror", "", 1)[0][1][1] == 77


def test_without_a_calibration_it_says_so():
    with Box(token="word", write="lan") as box, Peer(box) as pc:
        assert pc.say("/kagami/calibrate/recenter", "word")[0][1][1] == 69


def test_the_mirror_turns_for_targets_and_subscribers():
    with Receiver() as there:
        with Box("kagami@127.0.0.1:%d" % there.port, token="word", write="lan") as box:
            with Peer(box) as pc:
                pc.subscribe()
                box.turn()
                plain = [values(r, "euler") for r in (there, pc)]
                assert pc.say("/kagami/set/mirror", "word", 1)[0][0] == "/kagami/ok"
                box.turn()
                turned = [values(r, "euler") for r in (there, pc)]
    assert [round(v) for v in plain[0] + plain[1]] == [20, 10, 5] * 2
    assert [round(v) for v in turned[0] + turned[1]] == [-20, 10, -5] * 2


def values(receiver, end):
    return receiver.values(end)[-1]


def test_a_divider_sends_each_so_maniest_frame(box, pc):
    pc.subscribe(every=3)
    box.turn(30)
    assert len(pc.values("kagami/frame")) == 10


@pytest.mark.parametrize("mask, parts", [
    (1, {"state", "box"}), (2, {"rot", "euler", "pos"}), (4, {"left", "right"}), (8, {"iris"}),
    (16, {"arkit"}), (32, {"points"}), (5, {"state", "box", "left", "right"}),
    (0, {"state", "box", "rot", "euler", "pos", "left", "right", "arkit"}), (128, set())])
def test_a_mask_chooses_what_is_sent(box, pc, mask, parts):
    pc.subscribe(mask=mask)
    box.turn()
    addresses = {a for a, _, _ in pc.messages()}
    assert {a.rsplit("/", 1)[1] for a in addresses} == (parts | {"frame"} if parts else set())


def test_the_human_form_comes_beside_the_others(box, pc):
    pc.subscribe(mask=64 + 2)
    box.turn()
    addresses = [a for a, _, _ in pc.messages() if a != "/kagami/frame"]
    assert len(addresses) == 3 + 52 and "/kagami/face/0/arkit/jawOpen" in addresses


@pytest.mark.parametrize("datagram", [
    b"", b"junk", b"/", message("/kagami/nothing", 1), message("/kagami/ping"),
    message("/kagami/ping", 1.0), message("/kagami/ping", 1, 2, 3), message("/kagami/set/mirror"),
    message("/kagami/subscribe", "kagami"), message("/kagami/subscribe", 1, 2, 3, 4, 5),
    message("/kagami/targets"), message("/kagami/reload"), message("/kagami/listen", 60),
    b"x" * 2000])
def test_what_is_malformed_or_not_theirs_is_counted_and_not_answered(box, pc, datagram):
    pc.send(datagram)
    box.control.turn()
    assert pc.datagrams() == [] and box.control.ignored == 1


def test_too_many_questions_are_not_answered(pc):
    answered = [bool(pc.say("/kagami/ping", i)) for i in range(3 * EACH)]
    assert sum(answered) == EACH


def test_one_error_a_second_is_told(box, pc):
    told = [bool(pc.say("/kagami/get", "/nothing")) for _ in range(EACH)]
    box.clock.now += 1.0
    assert sum(told) == 1 and pc.say("/kagami/get", "/nothing")


def test_a_flood_is_looked_at_in_small_parts(box, pc):
    for _ in range(3 * TURN):
        pc.send(b"?")
    box.control.turn()
    assert box.control.ignored == TURN


SEEDS = [message("/kagami/ping", 1), message("/kagami/subscribe", "vmc", 0, 30, 1, 0),
         message("/kagami/subscribe", "kagami", 0, 30, 1, 255), message("/kagami/unsubscribe"),
         message("/kagami/subscribe/confirm", 1), message("/kagami/get", "/kagami/arkit/names"),
         message("/kagami/get", "/kagami/status"), message("/kagami/set/mirror", "word", 1),
         message("/kagami/set/hold_ms", "word", 300), message("/kagami/targets"),
         message("/kagami/calibrate/gaze", "word", 1.0, 2.0), message("/kagami/listen", 5),
         message("/kagami/calibrate/clear", "word", "all"), message("/kagami/reload"),
         b"#bundle\0" + bytes(8) + b"\0\0\0\x14" + message("/kagami/ping", 1)]


def mutated(dice):
    """One of the seeds with some bytes changed, cut or doubled; sometimes nothing but dice."""
    junk = bytearray(dice.choice(SEEDS))
    if dice.random() < 0.1:
        return bytes(dice.getrandbits(8) for _ in range(dice.randrange(200)))
    for _ in range(dice.randrange(5)):
        junk[dice.randrange(len(junk))] = dice.choice([0, 1, 44, 47, 105, dice.randrange(256)])
    return bytes(junk[:dice.randrange(len(junk) + 1)] if dice.random() < 0.3 else junk)


def test_thousands_of_mutated_packets_do_no_harm_and_are_not_multiplied(box):
    dice, sent, back = random.Random(7), 0, 0
    crowd = [Peer(box, "127.0.0.%d" % i) for i in (1, 2, 3, 4, 5, 6, 99)]

    def storm(rounds):
        out = heard = 0
        for _ in range(rounds):
            for peer in crowd[1:]:
                datagram = mutated(dice)
                peer.send(datagram)
                out += len(datagram)
            box.clock.now += 0.05
            box.control.turn()
            heard += sum(len(d) for peer in crowd for d in peer.datagrams())
        gc.collect()
        return out, heard, sys.getallocatedblocks()
    storm(200)
    sent, back, before = storm(300)
    more, again, after = storm(300)
    for peer in crowd:
        peer.socket.close()
    assert box.outputs.channels == [] and 0 < back + again <= FACTOR * (sent + more)
    assert after - before < 200


def test_a_target_of_this_machine_may_have_the_port():
    with Receiver() as there, Box("kagami@127.0.0.1:%d" % there.port, port=there.port) as box:
        box.turn()
        assert there.values("euler") and box.control._port is None


def test_that_the_port_is_left_to_a_target_is_told_once(caplog):
    caplog.set_level(logging.INFO, "kagami.control")
    with Receiver() as there, Box("kagami@127.0.0.1:%d" % there.port, port=there.port) as box:
        box.settings.set("mirror", 1)
        assert [m for m in caplog.messages if "is left to kagami@" in m] == caplog.messages[:1]
        assert len(caplog.messages) == 1


def test_switched_off_it_does_not_listen():
    with Box(enabled=False) as box, Peer(box) as pc:
        assert pc.say("/kagami/ping", 1) == []
        Receiver("127.0.0.1", box.port).socket.close()


def test_another_port_is_listened_to_after_a_change(box):
    with Receiver() as other:
        port = other.port
    box.control.change(box.config._replace(control=box.config.control._replace(port=port)))
    box.port = port
    with Peer(box) as pc:
        assert pc.say("/kagami/ping", 1) == [("/kagami/pong", [1])]


def test_every_command_has_a_method(box):
    assert all(callable(getattr(box.control._deeds, one.method)) for one in COMMANDS.values())


@pytest.mark.skipif(not shutil.which("oscsend"), reason="no oscsend (liblo-tools) here")
def test_liblo_is_understood(box):
    subprocess.check_call(["oscsend", "osc.udp://127.0.0.1:%d" % box.port,
                           "/kagami/calibrate/gaze", "sff", "word", "10", "-5"])
    box.control.turn()
    assert box.control._deeds._person.calibration.calls == [("gaze", 10.0, -5.0)]


def test_an_idle_turn_leaves_nothing_behind(box):
    for _ in range(100):
        box.control.turn()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(5000):
        box.control.turn()
    assert sys.getallocatedblocks() - before < 20


def test_python_osc_reads_every_answer(box, pc):
    pc.send(message("/kagami/ping", 3))
    box.control.turn()
    assert [decoded(d) for d in pc.datagrams()] == [[("/kagami/pong", ",i", [3])]]
