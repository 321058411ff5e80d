"""The OpenSeeFace wire: equal to another encoder's, and right in words."""
import struct

import numpy as np
import pytest

from appliance.outputs.dialects import openseeface
from appliance.mean_face import MODEL
from appliance.outputs.dialects.openseeface import NOSE, PACKET, OpenSeeFace
from appliance.outputs.moment import Moment, Slot, mirrored
from tests import golden_apps
from tests.fakes.people import person


def packet(face, **more):
    moment = Moment(1, 2.0, 1700000000.25, (640, 480), face, 3, 0.0, focal=554.0)._replace(**more)
    datagram, = OpenSeeFace()(moment)
    return np.frombuffer(bytes(datagram), PACKET)[0]


def golden_moment(name):
    """With the head's origin between the eyes instead of at the nose, and irises where the golden
    pupils are.
    """
    moment, wanted = golden_apps.moment(name), golden_apps.load("openseeface/" + name)
    face, pupils = moment.face, np.array(wanted["points_xy"][66:])
    translation = face.translation - face.matrix.dot(openseeface.MODEL[NOSE])
    right, left = [eye._replace(iris=np.tile(pupil, (5, 1)))
                   for eye, pupil in zip((face.right, face.left), pupils)]
    return moment._replace(face=face._replace(translation=translation, left=left, right=right))


@golden_apps.needs_wires
@pytest.mark.parametrize("name", golden_apps.SHOWN)
def test_equals_the_golden_datagram(name, monkeypatch):
    monkeypatch.setattr(openseeface, "MODEL", np.array(golden_apps.entry(name)["model_mm"]))
    wanted = np.frombuffer(golden_apps.raw("openseeface/" + name), PACKET)[0]
    datagram, = OpenSeeFace()(golden_moment(name))
    got = np.frombuffer(bytes(datagram), PACKET)[0]
    for field in ("time", "id", "size", "success", "error"):
        assert np.all(got[field] == wanted[field]), field
    sign = np.sign(got["quaternion"].dot(wanted["quaternion"]))
    assert sign * got["quaternion"] == pytest.approx(wanted["quaternion"], abs=1e-5)
    turn = (got["euler"] - wanted["euler"] + 180.0) % 360.0 - 180.0
    assert np.abs(turn).max() < 0.01
    for field, tolerance in (("eyes", 1e-6), ("translation", 1e-4), ("confidence", 1e-6),
                             ("points", 0.01), ("features", 1e-4)):
        assert np.abs(got[field] - wanted[field]).max() < tolerance, field


@golden_apps.needs_wires
@pytest.mark.parametrize("name", golden_apps.SHOWN)
def test_points_in_the_head_equal_the_golden_ones(name, monkeypatch):
    monkeypatch.setattr(openseeface, "MODEL", np.array(golden_apps.entry(name)["model_mm"]))
    moment = golden_moment(name)
    # Their picture begins with the corner of its first pixel, ours with the centre.
    face = moment.face._replace(landmarks=moment.face.landmarks - 0.5)
    datagram, = OpenSeeFace()(moment._replace(face=face))
    got = np.frombuffer(bytes(datagram), PACKET)[0]["points3d"]
    wanted = np.frombuffer(golden_apps.raw("openseeface/" + name), PACKET)[0]["points3d"]
    assert np.abs(got - wanted).max() < 1e-3


def test_a_frame_is_1785_bytes_without_padding():
    assert PACKET.itemsize == 1785 and PACKET.fields["features"][1] == 1729


def test_what_a_receiver_reads_at_its_offsets():
    datagram, = OpenSeeFace()(Moment(1, 2.0, 1700000000.25, (640, 480), person(), 3, 0.0))
    assert struct.unpack_from("<dIffff", datagram) == pytest.approx(
        (1700000000.25, 0, 640.0, 480.0, 0.7, 0.8))
    assert datagram[28] == 1


def test_looking_straight_is_the_turn_its_receivers_take_away():
    got = packet(person(yaw=0, pitch=0, roll=0))
    assert got["euler"] == pytest.approx([180.0, 0.0, 90.0])
    assert got["quaternion"] == pytest.approx([0.5 ** 0.5, 0.5 ** 0.5, 0, 0], abs=1e-6)


@pytest.mark.parametrize("turn, euler", [
    (dict(pitch=-20), [-160.0, 0.0, 90.0]), (dict(yaw=-20), [180.0, -20.0, 90.0]),
    (dict(roll=20), [180.0, 0.0, 70.0]), (dict(yaw=20), [180.0, 20.0, 90.0])])
def test_signs_of_the_angles(turn, euler):
    got = packet(person(**dict(dict(yaw=0, pitch=0, roll=0), **turn)))["euler"]
    assert (got - euler + 180) % 360 - 180 == pytest.approx([0, 0, 0], abs=1e-3)


def test_the_quaternion_does_not_jump_about_the_straight_look():
    around = [packet(person(yaw=y, pitch=p, roll=r))["quaternion"]
              for y in (-1, 1) for p in (-1, 1) for r in (-1, 1)]
    assert np.abs(np.array(around) - around[0]).max() < 0.05


def test_the_translation_is_that_of_the_nose_in_units():
    face = person(yaw=0, pitch=0, roll=0)
    x, y, z = face.translation + MODEL[NOSE]
    assert packet(face)["translation"] == pytest.approx([-y / 145, -x / 145, -z / 145])


def test_a_shut_left_eye_is_the_second_eye_and_the_first_feature():
    got = packet(person(openness=(0.0, 1.3), eyeBlinkLeft=1.0))
    assert list(got["eyes"]) == [1.0, 0.0] and got["features"][0] == -1.0


@pytest.mark.parametrize("shape, changed", [
    ("eyeWideRight", {1: 1.0}), ("browOuterUpLeft", {2: -1.0, 3: 0.5}),
    ("browInnerUp", {2: 1.0, 3: 0.5, 5: 1.0, 6: 0.5}), ("browDownRight", {6: -1.0}),
    ("mouthSmileLeft", {8: -1.0, 9: 0.5, 13: 0.25}), ("mouthFrownRight", {10: 1.0}),
    ("mouthPucker", {9: -1.0, 11: -1.0, 13: -1.0}), ("jawOpen", {12: 1.0}),
    ("mouthClose", {12: -1.0})])
def test_what_a_blendshape_does_to_the_features(shape, changed):
    features = packet(person(**{shape: 1.0}))["features"]
    assert {i: v for i, v in enumerate(features) if v} == changed


def test_gaze_is_the_pupil_before_the_centre_of_the_eyeball():
    points = packet(person(gaze=(30.0, 0.0)))["points3d"].astype(float)
    for pupil, centre in ((66, 68), (67, 69)):
        way = points[pupil] - points[centre]
        assert way / np.linalg.norm(way) == pytest.approx([-0.5, 0.0, -0.75 ** 0.5], abs=1e-5)


def test_a_mirror_exchanges_everything_at_once():
    moment = Moment(1, 2.0, 0.0, (640, 480), person(openness=(0.1, 0.9), jawLeft=1.0), 3, 0.0,
                    focal=554.0)
    plain, = [np.frombuffer(bytes(d), PACKET)[0] for d in OpenSeeFace()(moment)]
    other, = [np.frombuffer(bytes(d), PACKET)[0] for d in OpenSeeFace()(mirrored(moment))]
    assert list(other["eyes"]) == list(plain["eyes"][::-1])
    assert other["euler"][1] == pytest.approx(-plain["euler"][1], abs=1e-3)
    assert other["points3d"][0] == pytest.approx(plain["points3d"][16] * [-1, 1, 1], abs=1e-4)


def test_a_lost_face_is_silence():
    dialect, moment = OpenSeeFace(), Moment(1, 2.0, 0.0, (640, 480), None, 3, 0.0)
    assert dialect(moment) == dialect.farewell(moment, 0) == dialect.announce(None, True) == ()


def test_several_faces_lie_back_to_back_with_their_slots_as_ids():
    slots = Slot(person(id=5), 5, 0.0, False), Slot(None, 6, 0.0, False), Slot(
        person(id=7, yaw=0), 7, 0.0, False)
    moment = Moment(1, 2.0, 0.0, (640, 480), slots[2].face, 7, 0.0, focal=554.0, slots=slots)
    datagram, = OpenSeeFace()(moment)
    got = np.frombuffer(bytes(datagram), PACKET)
    assert list(got["id"]) == [2, 0]        # the primary is the first
    assert got[0]["points3d"] == pytest.approx(packet(slots[2].face)["points3d"])
    assert got[1]["points3d"] == pytest.approx(packet(slots[0].face)["points3d"])


def test_nothing_leaves_its_bounds_whatever_the_weights():
    got = packet(person(openness=(1.3, -0.2), jawOpen=9.0, mouthSmileLeft=-3.0))
    assert list(got["eyes"]) == [0.0, 1.0]
    assert got["features"].max() == 1.0 and got["features"].min() >= -2.0
