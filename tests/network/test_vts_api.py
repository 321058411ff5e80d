"""Frames reach VTube Studio's plugin API: a fake that refuses what the real one refuses."""
import json
import logging
import os
import stat

import pytest

from appliance import keeping
from appliance.network.background import Background
from appliance.outputs.dialects.vts_plugin import CREATED, OWN, VtsPlugin
from appliance.outputs.mailbox import Mailbox
from appliance.outputs.moment import Moment
from tests.fakes.people import person
from tests.fakes.receiver import eventually, free_port

pytest.importorskip("aiohttp")
from appliance.network import vts_api  # noqa: E402
from tests.fakes.vtube_studio import INPUTS, VTubeStudio  # noqa: E402


class Line:
    """A mailbox and who serves it; `send(jaw)` puts a frame in."""

    def __init__(self, port, path):
        self.box = Mailbox("vts@127.0.0.1:%d" % port, "127.0.0.1", port)
        self._dialect = VtsPlugin()
        self._background = Background([vts_api.VtsApi(self.box, keeping.Kept(path))]).start()

    def send(self, jaw=0.5, face=True):
        """One frame."""
        moment = Moment(1, 0.0, 0.0, (640, 480), person(jawOpen=jaw) if face else None, 1, 0.0)
        for datagram in self._dialect(moment):
            self.box.send(datagram)

    def close(self):
        """End it as the outputs do."""
        self.box.close()
        self._background.close()


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "vts" / "tokens.json")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(vts_api, "SOONEST", 0.05)
    monkeypatch.setattr(vts_api, "LATEST", 0.1)


@pytest.fixture
def line(path):
    made = []

    def make(port):
        made.append(Line(port, path))
        return made[-1]
    yield make
    for each in made:
        each.close()


def test_where_frames_go_and_how_many_went_is_told(line):
    with VTubeStudio() as studio:
        there = line(studio.port)
        assert (there.box.address, there.box.sent) == ("", 0)
        assert reached(there, studio)
        assert there.box.address == "127.0.0.1" and there.box.sent >= len(studio.frames) >= 1


def reached(line, studio, jaw=0.5):
    """Whether a frame with this weight arrives."""
    def arrived():
        line.send(jaw)
        return any(value(f, "JawOpen") == jaw for f in studio.frames)
    return eventually(arrived)


def value(frame, name):
    return {v["id"]: v["value"] for v in frame["parameterValues"]}.get(name)


def test_a_frame_arrives_with_every_input(line):
    with VTubeStudio() as studio:
        assert reached(line(studio.port), studio)
        assert {v["id"] for v in studio.frames[-1]["parameterValues"]} == set(OWN + CREATED)
        assert studio.frames[-1]["faceFound"] and studio.errors == []


def test_the_user_is_asked_once_and_the_token_kept_for_us_alone(line, path):
    with VTubeStudio() as studio:
        assert reached(line(studio.port), studio)
        assert reached(line(studio.port), studio, 0.25)
        assert studio.questions == 1
    assert list(json.load(open(path)).values()) == list(studio.tokens)
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700


def test_who_says_no_is_asked_no_more(line, caplog):
    with VTubeStudio(allow=False) as studio:
        refused = line(studio.port)
        assert eventually(lambda: "Deny" in refused.box.trouble)
        refused.send()
        assert not eventually(lambda: studio.questions > 1, 0.5)
    assert "start Kagami again" in caplog.text


def test_a_revoked_token_is_asked_for_anew(line, path):
    os.makedirs(os.path.dirname(path))
    with VTubeStudio() as studio:
        json.dump({"127.0.0.1:%d" % studio.port: "old"}, open(path, "w"))
        assert reached(line(studio.port), studio) and studio.questions == 1


def test_it_waits_for_a_studio_that_starts_later_and_comes_back(line, caplog):
    caplog.set_level(logging.INFO)
    port = free_port()
    there = line(port)
    assert eventually(lambda: there.box.trouble == "nobody listens there")
    with VTubeStudio(port=port) as studio:
        assert reached(there, studio)
        tokens = studio.tokens
    with VTubeStudio(port=port) as again:
        again.tokens = tokens
        assert reached(there, again, 0.75) and again.questions == 0
    assert caplog.text.count("nobody listens there") in (1, 2)


def test_inputs_that_are_not_to_be_had_are_left_out(line):
    with VTubeStudio(inputs=[n for n in INPUTS if n != "MouthX"], owned=["JawOpen"]) as studio:
        studio.created = {"Filler%d" % i: {} for i in range(98)}
        assert reached(line(studio.port), studio)
        frame = studio.frames[-1]
        assert value(frame, "MouthX") is None and value(frame, "FaceAngleX") is not None
        assert len(frame["parameterValues"]) == len(INPUTS) - 2 + 1 + 2
        assert 453 not in studio.errors


def test_only_the_newest_frame_waits(line):
    with VTubeStudio() as studio:
        there = line(studio.port)
        assert reached(there, studio)
        studio.frames.clear()
        studio.silent = True
        for i in range(50):
            there.send(i / 100.0)
        assert there.box.take() is not None and there.box.take() is None
        assert there.box.failed >= 48


def test_the_last_word_is_that_nobody_is_there(line):
    with VTubeStudio() as studio:
        there = line(studio.port)
        assert reached(there, studio)
        there.send(face=False)
        there.box.close()
        assert eventually(lambda: not studio.frames[-1]["faceFound"])


@pytest.mark.parametrize("nonsense", [
    ["no", {"such": "thing"}], {"messageType": "APIError", "data": 3}, {"data": {"a": [[[]]]}}])
def test_nonsense_is_weather(line, monkeypatch, nonsense, path):
    os.makedirs(os.path.dirname(path))
    monkeypatch.setattr(vts_api, "ANSWER_WITHIN", 0.2)
    with VTubeStudio() as studio:
        json.dump({"127.0.0.1:%d" % studio.port: "a"}, open(path, "w"))
        studio.tokens, right = {"a": tuple(vts_api.PLUGIN.values())}, studio._answer
        studio._answer = lambda asked, session: nonsense
        there = line(studio.port)
        assert eventually(lambda: studio.connections >= 2)
        studio._answer = right
        assert reached(there, studio)
