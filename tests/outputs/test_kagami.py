"""The own namespace beyond its golden datagrams."""
import types

import numpy as np
import pytest

from appliance.face import ARKIT_NAMES
from appliance.outputs.dialects.kagami import Kagami, camera, timing
from appliance.outputs.moment import Moment, Slot, mirrored
from tests.fakes.people import person
from tests.golden import decoded

MOMENT = Moment(7, 1.0, 1700000000.5, (640, 480), person(), 3, 4.5)


def told(dialect, **more):
    datagrams = dialect(MOMENT._replace(**more))
    return {address: args for d in datagrams for address, _, args in decoded(d)}


def status(**more):
    plain = dict(code=1, text="ok", fps=30.0, dropped=0, temperature=40.0, uptime=1.0,
                 size=(640, 480), fov=60.0, ms={})
    return types.SimpleNamespace(**dict(plain, **more))


def test_the_compact_form_fills_one_datagram():
    assert [len(d) for d in Kagami()(MOMENT)] == [1472]


def test_the_points_are_fractions_of_the_picture():
    points = np.array(told(Kagami())["/kagami/face/0/points"]).reshape(68, 2)
    assert points * (640, 480) == pytest.approx(MOMENT.face.landmarks, abs=1e-3)


def test_the_pose_tells_how_sure_it_is_to_whoever_asks():
    face = person()._replace(rotation_sigma=2.5, translation_sigma=np.array([8.0, 9.0, 40.0]))
    got = told(Kagami(mask=256), face=face)
    assert list(got) == ["/kagami/frame", "/kagami/face/0/sigma"]
    assert got["/kagami/face/0/sigma"] == [2.5, 8.0, 9.0, 40.0]
    assert "/kagami/face/0/sigma" not in told(Kagami(), face=face)
    assert not Kagami(mask=256, parts=("mouth",))(MOMENT)


def test_the_vowels_are_told_to_whoever_asks_as_avatars_get_them():
    face = person()._replace(vowels=np.array([0.5, 0.0, 0.25, 0.0, 0.0]))
    got = told(Kagami(mask=512), face=face)
    assert got["/kagami/face/0/vowels"] == [0.5, 0.0, 0.25, 0.0, 0.0]
    assert told(Kagami(mask=512), face=person(jawOpen=1.0))["/kagami/face/0/vowels"][0] == 1.0
    assert "/kagami/face/0/vowels" not in told(Kagami(), face=face)
    assert not Kagami(mask=512, parts=("eyes",))(MOMENT)


def test_the_iris_is_measured_from_nose_to_ear():
    iris = told(Kagami())["/kagami/face/0/iris"]
    assert iris[:3] == pytest.approx([220 / 640, 150 / 480, 6 / 640])


def test_openness_beyond_usual_is_left_to_the_weights():
    face = person(openness=(1.25, -0.1))
    got = told(Kagami(), face=face)
    assert got["/kagami/face/0/eye/left"][2] == 1.0 and got["/kagami/face/0/eye/right"][2] == 0.0


@pytest.mark.parametrize("state, number", [("tracked", 1), ("held", 2), ("returning", 3)])
def test_states_have_numbers(state, number):
    got = told(Kagami(), face=person()._replace(state=state))
    assert got["/kagami/face/0/state"] == [3, number, pytest.approx(0.95), 4.5]


@pytest.mark.parametrize("state, number", [("tracked", 4), ("held", 2), ("returning", 3)])
def test_a_tracked_face_that_is_measured_is_calibrating(state, number):
    got = told(Kagami(), face=person()._replace(state=state), calibrating=True)
    assert got["/kagami/face/0/state"][1] == number


def test_of_several_faces_the_primary_alone_is_measured():
    slots = tuple(Slot(person(id=i), i, 1.0, False) for i in (3, 5))
    got = told(Kagami(), slots=slots, calibrating=True)
    assert [got["/kagami/face/%d/state" % k][1] for k in (0, 1)] == [4, 1]


def test_the_lost_state_stands_alone():
    got = told(Kagami(), face=None)
    assert got == {"/kagami/frame": [7, 1700000000, 500000000, 0, 5],
                   "/kagami/face/0/state": [3, 0, 0.0, 4.5]}


def test_flags_tell_clock_mirror_and_camera():
    for flags in range(8):
        got = told(Kagami(), synchronised=bool(flags & 1), mirrored=bool(flags & 2),
                   running=bool(flags & 4))
        assert got["/kagami/frame"][4] == flags


@pytest.mark.parametrize("unix, sec, nsec", [
    (0.0, 0, 0), (1.999999999999, 1, 999999999), (1700000000.75, 1700000000, 750000000)])
def test_time_is_whole_seconds_and_nanoseconds(unix, sec, nsec):
    assert told(Kagami(), unix=unix)["/kagami/frame"][1:3] == [sec, nsec]


def test_numbers_wrap_to_zero():
    got = told(Kagami(), number=2 ** 31 + 1, id=2 ** 31, unix=2.0 ** 31 + 5)
    assert got["/kagami/frame"][:2] == [1, 5] and got["/kagami/face/0/state"][0] == 0


def test_the_human_form_is_one_address_a_value():
    got = told(Kagami(form="human"), face=person(jawOpen=0.25))
    assert len(got) == 53 and got["/kagami/face/0/arkit/jawOpen"] == [0.25]


def test_the_human_form_ends_with_zeros_once():
    dialect = Kagami(form="human")
    told(dialect, face=person(jawOpen=0.25))
    last = told(dialect, face=None, fresh=True)
    assert last["/kagami/face/0/arkit/jawOpen"] == [0.0] and last["/kagami/frame"][3] == 0
    assert told(dialect, face=None) == {}


def test_announcements_survive_numbers_that_are_none():
    odd = status(fps=float("nan"), temperature=float("inf"), ms={"total": float("nan")})
    for datagram in Kagami().announce(odd, True):
        (_, _, args), = decoded(datagram)
        assert all(np.isfinite(v) for v in args if isinstance(v, float))


def test_names_are_announced_in_the_order_of_the_values():
    names = decoded(Kagami().announce(status(size=None), True)[1])[0][2]
    assert names == list(ARKIT_NAMES)


def test_the_camera_of_a_field_of_view():
    assert camera((1280, 720), 90.0) == pytest.approx((1280, 720, 640.0, 640.0, 640.0, 360.0))


def test_pose_and_iris_are_told_together():
    told_ms = timing({"pose": 0.5, "iris": 0.25, "total": 4.0, "brows": 0.125})
    assert told_ms == (0.0, 0.0, 0.0, 0.75, 0.0, 0.0, 4.0, 0.125)


def of_two(**first):
    """A moment of persons 3 and 4, of whom the second is shown to others."""
    slots = (Slot(first.get("face"), 3, 4.5, False), Slot(person(id=4, yaw=-7), 4, 1.5, False))
    return MOMENT._replace(face=slots[1].face, id=4, age=1.5, slots=slots)


def test_each_slot_has_a_bundle_of_its_own():
    datagrams = Kagami()(of_two(face=person(id=3)))
    assert [len(d) for d in datagrams] == [1472, 1472]
    for k, (datagram, number) in enumerate(zip(datagrams, (3, 4))):
        frame, state = decoded(datagram)[:2]
        assert frame[2][3] == 2
        assert state[0] == "/kagami/face/%d/state" % k and state[2][:2] == [number, 1]


def test_a_lost_slot_says_so_beside_one_that_is_seen():
    lost, seen = [decoded(d) for d in Kagami()(of_two())]
    assert [m[0] for m in lost] == ["/kagami/frame", "/kagami/face/0/state"]
    assert lost[0][2][3] == 1 and lost[1][2][:2] == [3, 0]
    assert round(seen[4][2][0], 3) == -7.0


def test_mirrored_faces_are_mirrored_all():
    moment = mirrored(of_two(face=person(id=3, yaw=20)))
    yaws = [decoded(d)[4][2][0] for d in Kagami()(moment)]
    assert yaws == pytest.approx([-20, 7], abs=1e-3)
