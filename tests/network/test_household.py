"""What a page asks at the socket file: how things are, other options, a wave, a new start."""
import json
import logging
import socket

import numpy as np
import pytest

from appliance import config
from appliance.errors import ConfigError, OutputError, UsageError
from appliance.examples import written
from appliance.features import COUNT
from appliance.network.hosts import Host
from appliance.outputs.osc import message
from appliance.person import Person
from appliance.settings import AGAIN
from engines import sheet
from tests.fakes.box import Box, Neighbour, PEERS, Peer
from tests.fakes.receiver import Receiver, eventually, free_port


@pytest.fixture
def text(tmp_path):
    """A user's configuration file, and the Configs that it gives."""
    port = free_port()

    class Text:
        path = tmp_path / "kagami.conf"

        def load(self, kept=None):
            return config.load(str(self.path), ["control.port=%d" % port], kept)
    made = Text()
    made.path.write_text("[target pc]\nto = vmc@127.0.0.1:5000\n")
    return made


@pytest.fixture
def box(text):
    with Box("vmc@127.0.0.1:5000", again=text.load) as made:
        made.settings.reread()
        yield made


@pytest.fixture
def page(box):
    with Neighbour(box) as one:
        yield one


def change(page, document):
    """What it is answered: the text, or (code, words)."""
    return answer(page, "/kagami/change", json.dumps(document))


def answer(page, address, *arguments):
    page._socket.send(message(address, *arguments))
    out = []

    def over():
        page._box.control.turn()
        out.extend(page.heard())
        return any(a in ("/kagami/ok", "/kagami/error") for a, _ in out)
    assert eventually(over)
    for a, arguments in out:
        if a == "/kagami/error":
            return arguments[1:]
    return dict((a, v[0]) for a, v in out).get("/kagami/said", "")


def about(page):
    return json.loads(answer(page, "/kagami/about"))


def test_a_page_sees_how_far_engines_are(page, box):
    sheet.Sheet(["iris"]).mark("iris", "building", "iris (1 of 1)", 0.5)
    box.status.engines = sheet.Reader()()
    assert about(page)["engines"] == [{"name": "iris", "state": "building", "progress": 0.5}]


def test_the_cameras_are_told(text):
    class Source:
        @staticmethod
        def cameras():
            return [{"source": "usb:one"}]
    with Box("vmc@127.0.0.1:5000", again=text.load, source=Source) as made, Neighbour(made) as one:
        assert json.loads(answer(one, "/kagami/cameras")) == [{"source": "usb:one"}]


def test_a_document_of_256_kb_is_read(page):
    page._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 19)
    code, words = answer(page, "/kagami/import", '{"kagami": 2, "more": "%s"}' % ("x" * 260000))
    assert words.startswith("import: nothing that was exported")


def test_it_tells_how_things_are(page, box):
    logging.getLogger("kagami.test").warning("a word\nof %s", "warning")
    told = about(page)
    assert told["state"] == "starting" and told["camera"]["flip"] == "none"
    assert told["config"]["loss"]["hold_ms"] == "250"
    assert told["targets"] == [{
        "to": "vmc@127.0.0.1:5000", "name": "pc", "why": "[target pc]", "rate": 0.0, "failed": 0,
        "refused": 0, "ignored": 0, "answer": "nothing sent yet", "added": False, "sent": 0,
        "address": "127.0.0.1", "seen": "", "has": -1, "ours": -1,
        "advice": "no picture has come yet: `kagami cameras` lists which are there"}]
    assert told["log"][-1][8:] == " warning: a word\nof warning"


def test_what_the_network_says_and_nobody_obeys_is_counted():
    with Box() as box, Neighbour(box) as page, Peer(box, "127.0.0.99") as stranger:
        stranger.say("/kagami/ping", 7)
        assert about(page)["ignored"] == 1


def test_questions_that_are_none_are_counted_where_they_were_asked():
    port = free_port()
    with Box("ifacialmocap@127.0.0.1/32:%d" % port) as box, Neighbour(box) as page:
        with Receiver() as pc:
            pc.socket.sendto(b"give me frames", ("127.0.0.1", port))
            box.turn()
        assert [target["ignored"] for target in about(page)["targets"]] == [1]


def test_a_page_is_not_told_the_token(text, page, box):
    text.path.write_text("[control]\ntoken = secret\n")
    box.settings.reread()
    assert "secret" not in json.dumps(about(page)) + answer(page, "/kagami/export")


def test_of_a_person_it_tells_calibration_and_what_is_taught(page, box):
    box.control._household._person = Person(config.defaults().calibration)
    told = about(page)
    assert told["calibration"]["form"] == 1 and told["taught"] == []


def test_the_last_hundred_lines_are_kept_and_none_is_long(page):
    for i in range(150):
        logging.getLogger("kagami.test").warning("line %d %s", i, "x" * 9999)
    lines = about(page)["log"]
    assert len(lines) == 100 and "line 149 " in lines[-1] and max(map(len, lines)) < 400


def test_it_tells_who_is_found(page, box):
    box.control._household._hosts = [Host("VRChat", "VRChat-Client-1", "192.168.1.9", 80, 9000)]
    assert json.loads(answer(page, "/kagami/found")) == [{
        "kind": "VRChat", "name": "VRChat-Client-1", "address": "192.168.1.9", "port": 80,
        "to": "vrchat@192.168.1.9:9000"}]


def test_a_change_is_in_force_at_once_and_kept(page, box, text):
    assert change(page, {"loss": {"hold_ms": 300}}) == "kept, and in force"
    assert box.settings.config.loss.hold_ms == 300 and text.load().loss.hold_ms == 300
    assert about(page)["changed"] == {"loss": {"hold_ms": "300"}}


def test_targets_come_and_go(page, box, text):
    with Receiver() as tv:
        change(page, {"target tv": {"to": "vmc@127.0.0.1:%d" % tv.port}})
        box.turn()
        assert tv.datagrams()
        assert [t["added"] for t in about(page)["targets"]] == [False, True]
        change(page, {"target tv": None})
        tv.datagrams()
        box.turn()
        assert tv.datagrams() == []
    assert [t.name for t in text.load().targets] == ["pc"]


@pytest.mark.parametrize("document, code, words", [
    ({"camera": {"flip": "sideways"}}, ConfigError.status, "camera.flip = sideways: not known; "),
    ({"camera": {"filp": "both"}}, ConfigError.status, "did you mean flip"),
    ({"camra": {"flip": "both"}}, ConfigError.status, "camera"),
    ({"target tv": {"to": "vmcc@pc"}}, ConfigError.status, "did you mean vmc"),
    ({"target tv": {}, "camera": {"source": "csi:x"}}, ConfigError.status, "camera.source = csi"),
    ({"target pc": None}, UsageError.status, "set enabled to no"),
    ({"camera": 3}, UsageError.status, "not an object"), ([], UsageError.status, "not an object")])
def test_a_wrong_change_changes_nothing(page, box, text, state, document, code, words):
    before = box.settings.config
    told, why = change(page, document)
    assert told == code and words in why
    assert box.settings.config == before and text.load().kept == ()


@pytest.mark.parametrize("text_", ["[" * 30000, '{"a":' * 9000, "{", '{"camera":{"fov":1e99999}}',
                                   '{"camera":{"fov":' + "9" * 60000 + "}}"])
def test_hostile_json_is_told_and_changes_nothing(page, box, text_):
    before = box.settings.config
    code, words = answer(page, "/kagami/change", text_)
    assert code in (2, 78) and box.settings.config == before and len(words) <= 400


def test_what_waits_or_is_given_on_the_command_line_is_told(page, box):
    said = change(page, {"network": {"name": "desk"}, "control": {"port": 40000}})
    assert said == ("kept, and in force; network.name: in force with the next start; "
                    "control.port: --set stays in force")


def test_what_cannot_be_written_is_told(page, box, monkeypatch):
    def full(*_):
        raise OutputError("settings.conf", "no space left", "make room")
    monkeypatch.setattr("appliance.amendments.write", full)
    assert change(page, {"loss": {"hold_ms": 300}})[0] == OutputError.status


def test_many_changes_at_once_are_all_kept(page, box, text):
    for i in range(10):
        page._socket.send(message("/kagami/change", json.dumps({"loss": {"hold_ms": 300 + i}})))
    out = []

    def all_told():
        box.control.turn()
        out.extend(page.heard())
        return sum(a == "/kagami/ok" for a, _ in out) == 10
    assert eventually(all_told) and text.load().loss.hold_ms == 309


def test_a_change_just_before_the_end_is_written(text, box, page):
    page._socket.send(message("/kagami/change", '{"loss": {"hold_ms": 300}}'))
    box.control.turn()
    box.control.close()
    assert text.load().loss.hold_ms == 300


def test_where_nothing_was_read_nothing_is_changed():
    with Box() as box, Neighbour(box) as page:
        assert change(page, {"loss": {"hold_ms": 300}})[0] == 69


def test_a_target_is_waved_to(page, box):
    assert "3 seconds" in answer(page, "/kagami/wave", "vmc@127.0.0.1:5000")
    assert answer(page, "/kagami/wave", "vmc@127.0.0.1:1")[0] == 2


@pytest.mark.parametrize("managed, words", [(False, "by itself"), (True, "status %d" % AGAIN)])
def test_a_new_start_ends_the_loop_and_says_how_it_begins(page, box, monkeypatch, managed, words):
    if managed:
        monkeypatch.setenv("NOTIFY_SOCKET", "/run/x")
    assert words in answer(page, "/kagami/restart")
    assert box.settings.restart and box.settings._stop.stopping


def test_what_is_exported_comes_back(page, box, text):
    box.control._household._person = Person(config.defaults().calibration)
    change(page, {"loss": {"hold_ms": 300}, "target tv": {"to": "vmc@127.0.0.1:5001"}})
    exported = answer(page, "/kagami/export")
    change(page, {"loss": {"hold_ms": 400, "return_ms": 1}, "target tv": None,
                  "target x": {"to": "vmc@127.0.0.1:5002"}})
    assert answer(page, "/kagami/import", exported) == "kept, and in force"
    assert answer(page, "/kagami/export") == exported
    assert [t.name for t in text.load().targets] == ["pc", "tv"]
    assert box.settings.config.loss[:2] == (300, 500)


def test_taught_expressions_come_along(page, box):
    person = box.control._household._person = Person(config.defaults().calibration)
    person.restore(expressions=written({"lift": np.ones((20, COUNT))}, {"lift": 0.9},
                                       np.zeros((20, COUNT))))
    exported = answer(page, "/kagami/export")
    person.taught.wait()
    person.forget("lift")
    person.taught.wait()
    assert answer(page, "/kagami/import", exported) == "kept, and in force"
    assert person.taught.names == ("lift",) and person.taught.told("lift") == 0.9
    person.taught.wait()
    without = json.dumps({"kagami": 1, "settings": {}})
    assert answer(page, "/kagami/import", without) == "kept, and in force"
    assert person.taught.names == ("lift",)


@pytest.mark.parametrize("document", [
    "", "{}", '{"kagami": 2}', '{"kagami": 1, "settings": 3}', '{"kagami": 1, "settings": [1]}',
    '{"kagami": 1, "settings": {"camera": {"flip": "x"}}}',
    '{"kagami": 1, "calibration": {"form": 9}}', '{"kagami": 1, "calibration": 5}',
    '{"kagami": 1, "calibration": {"form": 1, "rotation": [NaN, 0, 0, 0]}}',
    '{"kagami": 1, "calibration": {"form": 1, "rotation": [1%s, 0, 0, 0]}}' % ("0" * 400),
    '{"kagami": 1, "expressions": {"form": 9}}', '{"kagami": 1, "expressions": [1]}',
    '{"kagami": 1, "expressions": {"form": 1, "expressions": {"a b": {}}}}'])
def test_what_was_not_exported_is_not_taken(page, box, document):
    box.control._household._person = Person(config.defaults().calibration)
    before = box.settings.config
    assert answer(page, "/kagami/import", document)[0] in (2, 78)
    assert box.settings.config == before


@pytest.mark.parametrize("address", ["about", "found", "cameras", "change", "preview", "wave",
                                     "restart",
                                     "export", "import"])
def test_the_network_may_ask_none_of_it(box, address):
    from tests.fakes.box import Peer
    with Peer(box, PEERS.split()[0]) as peer:
        assert peer.say("/kagami/" + address) == []
        assert peer.say("/kagami/" + address, "x") == []
