"""The socket file: where it lies, whose it is, who may open it, what is answered there."""
import gc
import json
import logging
import os
import random
import socket
import stat
import sys
import threading
import time

import pytest

from appliance import config, keeping
from appliance.errors import KagamiError, NotPermitted, PartMissing
from appliance.network import local
from appliance.network.local import Local, Program, places, program
from appliance.network.orders import COMMANDS, LOCAL, SET
from appliance.outputs.osc import message
from appliance.outputs.port import TURN
from appliance.person import Person
from tests.fakes.box import Box, Neighbour, Peer, Sitter
from tests.fakes.people import frame, person
from tests.fakes.receiver import Receiver, eventually
from tests.fuzz import mutated


@pytest.fixture
def box():
    with Box(person=Sitter()) as made:
        yield made


@pytest.fixture
def panel(box):
    with Neighbour(box) as one:
        yield one


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path)


def test_systemd_s_runtime_folder_comes_first(monkeypatch):
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/one:/run/two")
    assert places("/kept") == ["/run/one/control"]


def test_else_it_lies_where_things_are_kept_and_the_service_is_looked_for_too(monkeypatch, state):
    monkeypatch.delenv("RUNTIME_DIRECTORY")
    assert places() == [state + "/control", "/run/kagami/control"]
    assert places("/kept")[0] == keeping.folder("/kept") + "/control"


@pytest.mark.parametrize("runtime, mode", [(True, 0o660), (False, 0o600)])
def test_who_may_open_it(monkeypatch, folder, runtime, mode):
    if not runtime:
        monkeypatch.delenv("RUNTIME_DIRECTORY")
    before = os.umask(0o077)
    one = Local(folder)
    os.umask(before)
    assert stat.S_IMODE(os.stat(one.path).st_mode) == mode
    one.close()
    assert not os.path.exists(one.path)


def test_what_a_dead_program_left_is_replaced():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(places()[0])
    one = Local()
    assert one.trouble == "" and program() is not None
    one.close()


def test_a_living_program_s_is_not_taken_and_told_once(caplog):
    now = [0.0]
    one, other = Local(), Local(clock=lambda: now[0])
    for now[0] in (1.0, 6.0, 12.0):
        assert other.receive() is None
    told, = caplog.messages
    assert "nobody can ask at %s (another kagami has it)" % one.path in told
    Program(one.path)._socket.send(b"hello")
    assert one.receive()[0] == b"hello"
    one.close()
    now[0] = 20.0
    assert other.receive() is None and other.trouble == ""      # its turn
    other.close()


def test_what_another_puts_in_its_place_is_left_there_at_the_end():
    one = Local()
    os.rename(one.path, one.path + ".away")
    other = Local()
    one.close()
    assert os.path.exists(other.path)
    other.close()


@pytest.mark.parametrize("what", ["file", "folder"])
def test_something_else_of_that_name_stays(what, caplog):
    path = places()[0]
    os.mkdir(path) if what == "folder" else open(path, "w").close()
    Local().close()
    assert "something else has that name" in caplog.messages[0] and os.path.exists(path)


def test_too_long_a_path_is_told_at_both_ends(monkeypatch, folder, caplog):
    monkeypatch.setenv("RUNTIME_DIRECTORY", os.path.join(folder, "x" * 100))
    Local().close()
    assert "107 at most; set calibration.folder" in caplog.messages[0]
    with pytest.raises(PartMissing, match="107 at most; set calibration.folder"):
        program()


def test_a_path_of_just_that_length_will_do(monkeypatch, folder):
    long = os.path.join(folder, "x" * (local.PATH_MOST - len(os.fsencode(folder)) - 9))
    monkeypatch.setenv("RUNTIME_DIRECTORY", long)
    one = Local()
    assert one.trouble == "" and len(one.path) == local.PATH_MOST and program()
    one.close()


def test_where_nothing_can_be_written_the_program_goes_on(monkeypatch, caplog):
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/proc/none")
    with Box() as box:
        box.turn(3)
    assert len(caplog.messages) == 1


def test_nobody_is_there_where_nobody_runs():
    assert program() is None
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(places()[0])
    assert program() is None


def test_a_socket_that_is_not_ours_is_told(monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")
    monkeypatch.setattr(local, "Program", refuse)
    with pytest.raises(NotPermitted, match="Permission denied; ask as root"):
        program()


def test_a_program_that_ends_while_it_is_asked_is_told(box):
    with Program(box.control._local.path) as asked:
        thread = threading.Timer(0.1, box.control.close)
        thread.start()
        with pytest.raises(PartMissing, match="no answer to /kagami/targets"):
            asked.ask("/kagami/targets", wait=0.5)


def test_nobody_else_can_answer(box):
    asked = Program(box.control._local.path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        with pytest.raises(OSError):
            stranger.sendto(b"lies", asked._socket.getsockname())


def test_a_ping_comes_back(panel):
    assert panel.say("/kagami/ping", 7) == [("/kagami/pong", [7])]


@pytest.mark.parametrize("said, called", [
    (("/kagami/calibrate/recenter", ""), ("recenter",)),
    (("/kagami/calibrate/neutral", "", 1.5), ("neutral", 1.5)),
    (("/kagami/calibrate/eyes", "anything", "shut"), ("eyes", "shut")),
    (("/kagami/calibrate/gaze", "", 10.0, -5.0), ("gaze", 10.0, -5.0)),
    (("/kagami/calibrate/clear", "", "all"), ("clear", "all"))])
def test_whoever_may_open_it_may_write_without_a_word(box, panel, said, called):
    assert panel.say(*said + (5,)) == [("/kagami/said", ["calibration: taken"]),
                                       ("/kagami/ok", [said[0], 5])]
    assert box.control._deeds._person.calibration.calls == [called]


def test_no_switch_of_the_network_closes_it():
    with Box(enabled=False, write="off") as box, Neighbour(box) as panel:
        assert panel.say("/kagami/set/mirror", "", 1)[0][0] == "/kagami/ok"


def test_it_may_be_asked_as_often_as_it_likes(panel):
    assert sum(bool(panel.say("/kagami/ping", i)) for i in range(100)) == 100


@pytest.mark.parametrize("said, told", [
    (("/kagami/nothing",), "not known"), (("/kagami/ping",), "not known, or not so"),
    (("/kagami/set/wings", "", 1), "not to be set while running"),
    (("/kagami/set/faces", "", 9), "give 1 to 4"),
    (("/kagami/set/exposure", "", 20000.0), "there is no camera"),
    (("/kagami/calibrate/neutral", "", 9.0), "give 0.5 to 5"),
    (("/kagami/teach", "smirk", 9), "give 2 to 5"),
    (("/kagami/listen", 0), "give 1 to 600 s"), (("/kagami/reload",), "none was read")])
def test_every_mistake_is_told_every_time(panel, said, told):
    for _ in range(3):
        (address, (echoed, code, text)), = panel.say(*said)
        assert (address, echoed) == ("/kagami/error", said[0]) and code in (2, 69) and told in text


@pytest.mark.parametrize("junk", [b"", b"x", b"/a\0\0", b"#bundle\0" + bytes(9), b"x" * 65536])
def test_what_is_no_message_is_passed_over(panel, junk):
    panel._socket.send(junk)
    assert panel.say("/kagami/ping", 7) == [("/kagami/pong", [7])]


def test_one_without_a_name_is_not_obeyed(box):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mute:
        mute.sendto(message("/kagami/set/mirror", "", 1), box.control._local.path)
    box.control.turn()
    assert not box.settings.config.target.mirror


def test_a_flood_is_looked_at_in_small_parts(box, panel):
    panel._socket.settimeout(0)
    sent = 0
    try:
        while sent < 3 * TURN:
            panel._socket.send(message("/kagami/ping", sent))
            sent += 1
    except BlockingIOError:             # the kernel lets no more wait
        pass
    box.control.turn()
    assert len(panel.heard()) <= TURN


def test_one_that_does_not_listen_stops_no_loop(box):
    with Neighbour(box) as deaf, Neighbour(box) as other:
        for i in range(300):            # until the kernel keeps no more answers
            deaf._socket.send(message("/kagami/ping", i))
            box.control.turn()
        other.say("/kagami/set/mirror", "", 1)
        assert box.settings.config.target.mirror
        deaf._socket.close()
        assert other.say("/kagami/ping", 1) == [("/kagami/pong", [1])]


def test_targets_come_with_the_end_in_one_datagram():
    with Receiver() as there, Box("vmc@127.0.0.1:%d" % there.port, "kagami@127.0.0.1:1") as box:
        with Neighbour(box) as panel:
            one, two, end = panel.say("/kagami/targets")
    assert one == ("/kagami/target", ["vmc@127.0.0.1:%d" % there.port, "--to", 0.0, 0,
                                      "nothing sent yet", 0, 0, 0, "127.0.0.1", "", -1, -1,
                                      "no picture has come yet: `kagami cameras` lists which are "
                                      "there"])
    assert two[1][0] == "kagami@127.0.0.1:1" and end == ("/kagami/ok", ["/kagami/targets", 0])


def test_a_panel_subscribes_for_a_port_of_this_machine(box, panel):
    with Receiver() as there:
        (_, (number,)), = panel.say("/kagami/subscribe", "kagami", there.port, 30, 1, 0)
        assert panel.say("/kagami/subscribe/confirm", number)[0][0] == "/kagami/ok"
        box.turn()
        assert there.values("euler")


def test_a_word_from_another_computer_ends_the_wait(box, panel):
    assert panel.say("/kagami/listen", 60) == []
    with Peer(box) as pc:
        pc.send(b"anything")
        box.control.turn()
    assert panel.heard() == [("/kagami/said", ["127.0.0.2"]),
                             ("/kagami/ok", ["/kagami/listen", 0])]


def test_a_wait_without_a_word_ends_too(box, panel):
    panel.say("/kagami/listen", 60)
    box.clock.now += 61
    box.control.turn()
    assert panel.heard()[0][1][1:] == [1, "nothing was heard: no computer has said anything; "
                                          "send from a network that [control] allows"]


def test_the_network_is_not_answered_where_only_this_machine_may_ask(box):
    with Peer(box, "127.0.0.1") as here:
        for address, one in COMMANDS.items():
            if one.who == LOCAL:
                given = {"s": "x", "i": 5}
                assert here.say(address, *[given[kind] for kind in one.kinds[0]]) == []


class Camera:
    """Takes its time to set the exposure, or has none."""

    def __init__(self, has=True):
        self.has, self.go, self.set = has, threading.Event(), []

    def expose(self, exposure):
        """As a Source's."""
        assert self.go.wait(5.0)
        if not self.has:
            raise PartMissing("exposure", "the camera does not take it", "set it there")
        self.set.append(exposure)


@pytest.mark.parametrize("value, wanted", [(20000.0, 20000), (10000, 10000), ("auto", "auto"),
                                           (1000000.0, 1000000)])
def test_the_loop_does_not_wait_for_a_camera(value, wanted):
    camera = Camera()
    with Box(source=camera) as box, Neighbour(box) as panel:
        assert panel.say("/kagami/set/exposure", "", value) == []
        assert panel.say("/kagami/set/exposure", "", 5)[0][1][1] == 2      # one at a time
        camera.go.set()
        heard = []
        assert eventually(lambda: heard.extend(panel.say("/kagami/ping", 1)) or len(heard) > 1
                          and heard[-2][0] == "/kagami/ok" or "/kagami/ok" in dict(heard))
    assert camera.set == [wanted]


def test_a_camera_without_it_is_told_as_missing():
    camera = Camera(has=False)
    camera.go.set()
    with Box(source=camera) as box, Neighbour(box) as panel:
        heard = panel.say("/kagami/set/exposure", "", 20000.0)
        assert eventually(lambda: heard.extend(panel.say("/kagami/ping", 1)) or
                          "/kagami/error" in dict(heard))
    assert dict(heard)["/kagami/error"][1] == 69


def test_a_text_of_some_length_goes_both_ways(box):
    class Known(Sitter):
        """Knows what it is given."""

        def restore(self, calibration):
            """Take it."""
            self.document = calibration

        def knowledge(self):
            """Give it."""
            return self.document
    box.control._deeds._person = Known()
    document = {"rest": {str(i): i / 7.0 for i in range(1500)}}
    with Neighbour(box) as panel:
        text = json.dumps(document)
        assert panel.say("/kagami/calibrate/import", text)[0] == ("/kagami/said", ["taken over"])
        assert json.loads(panel.say("/kagami/person")[0][1][0]) == document


@pytest.mark.parametrize("text", ["", "{", "[" * 9999, "null", "3", '{"form": 1, "rest": 3}'])
def test_what_is_no_calibration_is_told(box, text):
    box.control._deeds._person = Person(config.defaults().calibration)
    with Neighbour(box) as panel:
        (address, (_, code, _)), = panel.say("/kagami/calibrate/import", text)
    assert (address, code) == ("/kagami/error", 2)


def test_the_program_s_own_words_and_status_reach_the_user(box):
    with box.turning(), program() as asked, pytest.raises(KagamiError) as e:
        asked.ask("/kagami/set/faces", "", 9)
    assert (str(e.value), e.value.status) == ("faces 9: out of bounds; give 1 to 4", 2)


@pytest.fixture
def silent():
    """No line of the log is kept."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_thousands_of_mutated_questions_do_no_harm(silent):
    seeds = [message(address, *[{"s": "eyes", "i": 3, "f": 1.0}[kind] for kind in one.kinds[0]])
             for address, one in COMMANDS.items() if address != SET]
    seeds += [message(SET + "smooth", "", 0.5), message(SET + "gain/jawOpen", "", 2.0),
              message("/kagami/calibrate/import", '{"form": 1, "rest": {"jawOpen": 0.1}}')]
    chance, one = random.Random(3), Person(config.defaults().calibration)
    with Box(person=one) as box, Neighbour(box) as panel:
        def storm(rounds):
            for _ in range(rounds):
                panel._socket.send(mutated(seeds, chance)[:65536])
                box.turn()
                one([person()], frame(box.clock.now))
                one.tend()
                panel.heard()
            gc.collect()
            return sys.getallocatedblocks()
        storm(1000)
        before = storm(200)
        assert storm(600) - before < 1000       # a lesson that is under way is some hundred
        assert len(one._askers) <= 2 and panel.say("/kagami/ping", 1) == [("/kagami/pong", [1])]
    one.close()


def test_two_that_start_at_once_do_not_take_each_other_s(silent):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(places()[0])
    made, gate = [], threading.Barrier(8)

    def start():
        gate.wait()
        made.append(Local())
    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    owners = [one for one in made if one.trouble == ""]
    assert len(owners) == 1
    Program(owners[0].path)._socket.send(b"hello")
    time.sleep(0.01)
    assert owners[0].receive()[0] == b"hello"
    for one in made:
        one.close()
