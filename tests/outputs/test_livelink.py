"""The Live Link Face wire: equal to another encoder's, and right in words."""
import struct

import numpy as np
import pytest

from appliance.outputs.dialects.livelink import LiveLink
from appliance.outputs.dialects.phone import NAMES
from appliance.outputs.moment import Moment, mirrored
from tests import golden_apps
from tests.fakes.people import person

MOMENT = Moment(1, 2.0, 0.0, (640, 480), person(), 3, 0.0)
TURNS = ["HeadYaw", "HeadPitch", "HeadRoll", "LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll",
         "RightEyeYaw", "RightEyePitch", "RightEyeRoll"]


def decoded(datagram):
    """What a reader of length-prefixed fields sees; `values` None where nothing follows."""
    data, at, texts = bytes(datagram), 1, []
    for _ in range(2):
        length, = struct.unpack_from(">i", data, at)
        texts.append(data[at + 4:at + 4 + length].decode("ascii"))
        at += 4 + length
    frame, part, rate, per = struct.unpack_from(">ifii", data, at)
    rest = data[at + 16:]
    values = None
    if rest:
        assert rest[0] == 61 and len(rest) == 1 + 4 * 61
        values = dict(zip([n[0].upper() + n[1:] for n in NAMES] + TURNS,
                          struct.unpack(">61f", rest[1:])))
    return {"version": data[0], "device": texts[0], "subject": texts[1], "frame": frame,
            "part": part, "rate": (rate, per), "values": values}


def told(moment, **options):
    datagram, = LiveLink(**options)(moment)
    return decoded(datagram)


@golden_apps.needs_wires
@pytest.mark.parametrize("name", golden_apps.SHOWN + (golden_apps.LOST,))
def test_equals_the_golden_packet(name):
    listed, raw = golden_apps.load("livelink/" + name), golden_apps.raw("livelink/" + name)
    dialect = LiveLink(device=listed["device_id"])
    dialect(MOMENT)
    datagram, = dialect(golden_apps.moment(name))
    got, wanted = decoded(datagram), decoded(raw)
    assert len(datagram) == len(raw) and bytes(datagram)[:51] == raw[:51]
    assert (got["frame"], got["rate"]) == (wanted["frame"], wanted["rate"])
    assert got["part"] == pytest.approx(wanted["part"], abs=1e-3)
    assert (got["values"] is None) == (name == golden_apps.LOST)
    for key in got["values"] or ():
        assert got["values"][key] == pytest.approx(listed["values"][key], abs=1e-5), key


def test_right_down_and_left_shoulder_are_positive_radians():
    got = told(MOMENT._replace(face=person(yaw=-90, pitch=0, roll=0)))["values"]
    assert got["HeadYaw"] == pytest.approx(np.pi / 2)
    assert told(MOMENT)["values"]["HeadPitch"] == pytest.approx(-np.radians(10))
    assert told(MOMENT)["values"]["HeadRoll"] == pytest.approx(np.radians(5))


def test_looking_left_and_up_lets_eye_yaw_and_pitch_fall():
    got = told(MOMENT._replace(face=person(gaze=(12.0, 6.0))))["values"]
    for side in ("Left", "Right"):
        assert got[side + "EyeYaw"] == pytest.approx(-np.radians(12.0))
        assert got[side + "EyePitch"] == pytest.approx(-np.radians(6.0))


def test_values_never_leave_0_to_1():
    got = told(MOMENT._replace(face=person(jawOpen=1.5, jawLeft=-0.1)))["values"]
    assert (got["JawOpen"], got["JawLeft"]) == (1.0, 0.0)


def test_sides_of_jaw_and_mouth_can_be_exchanged():
    moment = MOMENT._replace(face=person(jawLeft=0.25, mouthRight=0.5, eyeBlinkLeft=1.0))
    got = told(moment, livelink_swap=True)["values"]
    assert (got["JawRight"], got["JawLeft"]) == (0.25, 0.0)
    assert (got["MouthLeft"], got["MouthRight"], got["EyeBlinkLeft"]) == (0.5, 0.0, 1.0)


def test_a_mirror_turns_yaw_and_exchanges_sides():
    moment = MOMENT._replace(face=person(eyeBlinkLeft=1.0))
    plain, other = told(moment)["values"], told(mirrored(moment))["values"]
    assert other["HeadYaw"] == pytest.approx(-plain["HeadYaw"])
    assert other["EyeBlinkRight"] == plain["EyeBlinkLeft"] == 1.0
    assert other["LeftEyeYaw"] == pytest.approx(-plain["RightEyeYaw"])


@pytest.mark.parametrize("unix, frame", [(0.0, 0), (86399.9999999, 5183999), (86400.5, 30)])
def test_the_frame_number_is_the_time_of_the_day(unix, frame):
    got = told(MOMENT._replace(unix=unix))
    assert got["frame"] == frame and 0.0 <= got["part"] < 1.0


def test_the_name_is_the_subject_and_makes_its_own_device():
    one, two = told(MOMENT, livelink_subject="One"), told(MOMENT, livelink_subject="Two")
    assert one["subject"] == "One" and one["device"] != two["device"]
    assert len(one["device"]) == len(two["device"]) == 36
    assert one["device"] == told(MOMENT, livelink_subject="One")["device"]


def test_without_a_face_nothing_follows_the_time():
    dialect = LiveLink()
    dialect(MOMENT)
    lost, = dialect(MOMENT._replace(face=None))
    assert decoded(lost)["values"] is None and len(lost) == 67
    farewell, = dialect.farewell(MOMENT, 0)
    assert decoded(farewell)["values"] is None
