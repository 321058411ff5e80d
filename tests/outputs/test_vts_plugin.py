"""What VTube Studio's plugin API is told of a face."""
import json
import re

import pytest

from appliance.outputs.channel import dialect
from appliance.outputs.dialects.vts import Vts
from appliance.outputs.dialects.vts_plugin import CREATED, OWN, VtsPlugin
from appliance.outputs.mailbox import Mailbox
from appliance.outputs.moment import Moment
from appliance.outputs.targets import checked, parse_target
from tests.fakes.people import person


def told(face, wire=None):
    datagram, = (wire or VtsPlugin())(Moment(1, 0.0, 0.0, (640, 480), face, 1, 0.0))
    return json.loads(datagram.decode("ascii"))["data"]


def values(face):
    return {v["id"]: v["value"] for v in told(face)["parameterValues"]}


@pytest.mark.parametrize("pose, name, value", [
    (dict(yaw=20), "FaceAngleX", 20.0), (dict(pitch=10), "FaceAngleY", 10.0),
    (dict(roll=5), "FaceAngleZ", 5.0)])
def test_own_left_up_and_own_left_shoulder_are_positive_degrees(pose, name, value):
    assert values(person(**pose))[name] == pytest.approx(value, abs=0.01)


def test_to_the_own_left_up_and_away_grow():
    face = person()._replace(translation=person().translation * 0 + (80.0, -40.0, 500.0))
    found = values(face)
    assert [found["FacePosition" + axis] for axis in "XYZ"] == [8.0, 4.0, 10.0]


@pytest.mark.parametrize("weights, name, value", [
    ({"eyeLookInLeft": 0.5}, "EyeLeftX", 0.5), ({"eyeLookOutRight": 0.5}, "EyeRightX", 0.5),
    ({"eyeLookUpLeft": 0.5}, "EyeLeftY", 0.5), ({"eyeLookDownRight": 0.5}, "EyeRightY", -0.5),
    ({"jawOpen": 0.5}, "MouthOpen", 0.6), ({"jawOpen": 0.5, "mouthClose": 0.5}, "MouthOpen", 0.0),
    ({}, "MouthSmile", 0.5), ({"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0}, "MouthSmile", 1.0),
    ({"mouthFrownLeft": 1.0, "mouthFrownRight": 1.0}, "MouthSmile", 0.0),
    ({"mouthLeft": 0.5}, "MouthX", 0.5), ({}, "Brows", 0.5),
    ({"browDownLeft": 0.5}, "Brows", 0.25),
    ({"browOuterUpLeft": 0.5}, "BrowLeftY", 1.0), ({"tongueOut": 0.5}, "TongueOut", 1.0),
    ({"tongueOut": 0.3}, "TongueOut", 0.0), ({"cheekPuff": 0.5}, "CheekPuff", 1.0),
    ({"jawOpen": 0.5}, "JawOpen", 0.5), ({"mouthPucker": 1.5}, "MouthPucker", 1.0)])
def test_inputs_follow_from_weights(weights, name, value):
    assert values(person(**weights))[name] == pytest.approx(value, abs=1e-3)


def test_a_shut_eye_is_shut_and_the_other_open():
    found = values(person(openness=(0.1, 1.2)))
    assert (found["EyeOpenLeft"], found["EyeOpenRight"]) == (0.0, 1.0)


def test_there_are_seventy_inputs_with_names_that_are_allowed():
    assert len(OWN + CREATED) == len(set(OWN + CREATED)) == 70
    assert all(re.fullmatch("[A-Za-z0-9]{4,32}", name) for name in CREATED)


def test_who_is_lost_is_told_once_with_the_last_values():
    wire = VtsPlugin()
    assert told(person(yaw=20), wire)["faceFound"] is True
    lost = told(None, wire)
    assert lost["faceFound"] is False and lost["parameterValues"][0]["value"] == 20.0
    assert wire.lost == (0.0, 0.0)


@pytest.mark.parametrize("text, kind, host", [
    ("vts@192.168.1.20:8001", VtsPlugin, "192.168.1.20"),
    ("vts@pc.local:8002", VtsPlugin, "pc.local"), ("vts@192.168.1.20", Vts, "192.168.1.20/32"),
    ("vts@192.168.1.20:21412", Vts, "192.168.1.20/32")])
def test_the_port_tells_plugin_from_phone(text, kind, host):
    target = checked(parse_target(text))
    loss = output = type("Anything", (), {"__getattr__": lambda *_: 0})()
    assert target.host == host and type(dialect(target, loss, output)) is kind


def test_a_mailbox_keeps_the_newest_and_wakes_once():
    box, woken = Mailbox("vts@a:8001", "a", 8001), []
    box.wake = lambda: woken.append(1)
    for datagram in (b"1", b"2", b"3"):
        box.send(datagram)
    assert (box.take(), box.take(), len(woken), box.failed) == (b"3", None, 1, 2)
