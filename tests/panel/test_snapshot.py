"""Datagrams of the wire become JSON, whatever is wrong with them."""
import json
import random

import numpy as np
import pytest

from appliance.outputs.dialects.kagami import Kagami
from appliance.outputs.moment import Moment, Slot
from appliance.outputs.osc import message
from appliance.panel.snapshot import Snapshot
from tests.fakes.people import person

MOMENT = Moment(7, 1.0, 1700000000.25, (640, 480), person(id=3, jawOpen=0.5), 3, 1.5)


def told(*datagrams):
    """The frame that some datagrams come to."""
    snapshot = Snapshot()
    for datagram in datagrams:
        snapshot.take(snapshot.read(bytes(datagram)))
    return json.loads(snapshot.frame(True, True))


def test_a_frame_has_its_number_and_the_time_of_its_picture():
    frame = told(*Kagami()(MOMENT))
    assert (frame["number"], frame["time"]) == (7, 1700000000.25)


def test_a_face_that_is_calibrated_is_told_too():
    face, = told(*Kagami()(MOMENT._replace(calibrating=True)))["faces"]
    assert face["state"] == "calibrating" and face["angles"] == pytest.approx([20, 10, 5], abs=0.1)


def test_points_and_box_are_fractions_of_the_picture():
    face, = told(*Kagami()(MOMENT))["faces"]
    assert face["points"][:2] == pytest.approx([100 / 640, 101 / 480], abs=1e-5)
    assert face["box"][0] == pytest.approx(100 / 640, abs=1e-5)


def test_the_pose_tells_how_sure_it_is():
    face = person()._replace(rotation_sigma=2.5, translation_sigma=np.array([8.0, 9.04, 40.0]))
    shown, = told(*Kagami(mask=511)(MOMENT._replace(face=face)))["faces"]
    assert shown["rotation_sigma"] == 2.5 and shown["position_sigma"] == [8.0, 9.0, 40.0]


def test_the_vowels_are_those_that_avatars_get():
    face = person()._replace(vowels=np.array([0.5, 0.0, 0.25, 0.0, 0.0]))
    shown, = told(*Kagami(mask=512 + 1)(MOMENT._replace(face=face)))["faces"]
    assert shown["vowels"] == [0.5, 0.0, 0.25, 0.0, 0.0]


def test_a_prefix_changes_nothing():
    assert told(*Kagami(prefix="/one")(MOMENT)) == told(*Kagami()(MOMENT))


def test_messages_by_themselves_are_the_same_frame():
    assert told(*Kagami(bundle=False)(MOMENT)) == told(*Kagami()(MOMENT))


def test_who_is_lost_is_in_the_list_no_longer():
    wire = Kagami()
    before = [bytes(datagram) for datagram in wire(MOMENT)]
    after = wire(MOMENT._replace(number=8, face=None))
    assert told(*before)["faces"] and told(*before, *after)["faces"] == []


def test_what_was_taught_stands_beside_the_52():
    frame = [("/kagami/frame", 9, 1, 0, 1, 4), ("/kagami/face/0/state", 3, 1, 0.9, 1.0),
             ("/kagami/face/0/taught/smirk", 0.25)]
    assert told(*[message(*words) for words in frame])["faces"][0]["taught"] == {"smirk": 0.25}


def test_faces_beside_each_other_have_their_slots():
    shown = [Slot(person(id=i), i, 1.0, True) for i in (1, 2)]
    faces = told(*Kagami()(MOMENT._replace(slots=tuple(shown))))["faces"]
    assert [(face["slot"], face["id"]) for face in faces] == [(0, 1), (1, 2)]


def test_what_comes_seldom_has_its_own_message():
    snapshot = Snapshot()
    datagram = message("/kagami/status", 2, "no face \u00e4", 29.97, 3, 51.0, 12)
    assert snapshot.take(snapshot.read(datagram)) == ["status"]
    assert json.loads(snapshot.slow["status"]) == {
        "type": "status", "code": 2, "text": "no face \u00e4", "fps": 30.0, "dropped": 3,
        "temperature": 51.0, "uptime": 12}


def test_noise_changes_nothing_and_breaks_nothing():
    dice, snapshot = random.Random(1), Snapshot()
    whole = bytes(Kagami()(MOMENT)[0])
    for _ in range(2000):
        noise = bytearray(whole[:dice.randrange(1, len(whole))])
        for _ in range(8):
            noise[dice.randrange(len(noise))] = dice.randrange(256)
        snapshot.take(snapshot.read(bytes(noise)))
        snapshot.frame(True, True)
    snapshot.take(snapshot.read(whole))
    assert snapshot.number == 7
