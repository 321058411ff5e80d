"""What EyeTrackVR's receivers are told."""
import numpy as np
import pytest

from appliance.outputs.dialects.etvr import SETS, Etvr
from appliance.outputs.moment import Moment, mirrored
from tests.fakes.people import person
from tests.golden import decoded

V2 = "/avatar/parameters/v2/"
V1 = "/avatar/parameters/"
MOMENT = Moment(1, 0.0, 0.0, (640, 480), None, 1, 0.0)


def told(dialect, face=None):
    datagrams = dialect(MOMENT._replace(face=face))
    return {a: args[0] if len(args) == 1 else args for d in datagrams for a, _, args in decoded(d)}


def test_each_value_is_a_datagram_of_its_own():
    for name, messages in SETS.items():
        datagrams = Etvr(etvr_set=name)(MOMENT._replace(face=person()))
        assert [decoded(d)[0][0] for d in datagrams] == [address for address, _ in messages]
        assert not any(bytes(d).startswith(b"#bundle") for d in datagrams)


def test_the_own_left_is_negative_and_up_positive():
    values = told(Etvr(), person(gaze=(20.0, 10.0)))
    assert values[V2 + "EyeLeftX"] == pytest.approx(-np.tan(np.radians(20)), abs=1e-6)
    assert values[V2 + "EyeRightY"] == pytest.approx(np.tan(np.radians(10)), abs=1e-6)


def test_gaze_ends_at_one():
    values = told(Etvr(), person(gaze=(-80.0, 80.0)))
    assert (values[V2 + "EyeLeftX"], values[V2 + "EyeLeftY"]) == pytest.approx((1.0, 1.0))


@pytest.mark.parametrize("options, left, right", [
    ({}, V2 + "EyeLidLeft", V2 + "EyeLidRight"),
    ({"etvr_set": "v1"}, V1 + "LeftEyeLidExpandedSqueeze", V1 + "RightEyeLidExpandedSqueeze")])
def test_lids_are_one_when_usually_open(options, left, right):
    values = told(Etvr(**options), person(openness=(1.2, -0.1)))
    assert (values[left], values[right]) == (1.0, 0.0)


def test_v1_has_one_height_for_both_eyes():
    face = person(gaze=(0.0, 20.0))
    face = face._replace(right=face.right._replace(gaze=np.zeros(2)))
    assert told(Etvr(etvr_set="v1"), face)[V1 + "EyesY"] == pytest.approx(
        0.5 * np.tan(np.radians(20)), abs=1e-6)


def test_own_eyes_of_vrchat():
    values = told(Etvr(etvr_set="native"), person(gaze=(45.0, 0.0), openness=(1.0, 0.5)))
    assert values["/tracking/eye/LeftRightVec"] == pytest.approx([-1, 0, 1, -1, 0, 1])
    assert values["/tracking/eye/EyesClosedAmount"] == 0.25


def test_a_mirror_exchanges_the_eyes():
    face = mirrored(MOMENT._replace(face=person(gaze=(20.0, 10.0), openness=(0.25, 1.0)))).face
    values = told(Etvr(), face)
    assert values[V2 + "EyeRightX"] > 0 and values[V2 + "EyeRightY"] > 0
    assert (values[V2 + "EyeLidRight"], values[V2 + "EyeLidLeft"]) == (0.25, 1.0)


def test_every_frame_is_sent_whole():
    dialect = Etvr()
    assert [len(told(dialect, person())) for _ in range(3)] == [6, 6, 6]


def test_the_lost_eyes_are_open_and_straight():
    values = told(Etvr())
    assert {a: v for a, v in values.items() if v} == {V2 + "EyeLidLeft": 1.0,
                                                      V2 + "EyeLidRight": 1.0}
    assert [bytes(d) for d in Etvr().farewell(MOMENT._replace(face=person()), 0)] == [
        bytes(d) for d in Etvr()(MOMENT)]


def test_own_eyes_end_with_the_face():
    dialect = Etvr(etvr_set="native")
    assert told(dialect) == {} and list(dialect.farewell(MOMENT, 0)) == []


def test_a_prefix_stands_before_every_address():
    assert all(a.startswith("/one/avatar/") for a in told(Etvr(prefix="/one"), person()))
