"""The iFacialMocap wire: equal to another encoder's, right in words, deaf to nonsense."""
import random

import pytest

from appliance.outputs.dialects.ifacialmocap import (PORT, SECONDS, START, STOP, STREAM,
                                                     IFacialMocap)
from appliance.outputs.moment import Moment, mirrored
from appliance.outputs.question import Question
from tests import golden_apps
from tests.fakes.people import person

MOMENT = Moment(1, 2.0, 0.0, (640, 480), person(), 3, 0.0)
BLOCKS = {"head": "head_deg_m", "rightEye": "rightEye_deg", "leftEye": "leftEye_deg"}


def decoded(datagram, mark="-"):
    """({name: number}, {block: [numbers]}) as a strict reader sees them."""
    shapes, turns = bytes(datagram).decode("ascii").split("=")
    assert shapes[-1] == turns[-1] == "|"
    values = [pair.split(mark) for pair in shapes[:-1].split("|")]
    assert all(len(pair) == 2 for pair in values)
    blocks = [block.split("#") for block in turns[:-1].split("|")]
    return ({name: int(text) for name, text in values},
            {name: [float(v) for v in text.split(",")] for name, text in blocks})


def told(moment, **options):
    datagram, = IFacialMocap(**options)(moment)
    return decoded(datagram)


@golden_apps.needs_wires
@pytest.mark.parametrize("name", golden_apps.SHOWN + (golden_apps.LOST,))
def test_equals_the_golden_line(name):
    dialect, listed = IFacialMocap(), golden_apps.load("ifacialmocap/" + name)
    for earlier in golden_apps.SHOWN[:int(name[:2]) + 1]:
        dialect(golden_apps.moment(earlier))
    datagram, = dialect(golden_apps.moment(name))
    shapes, blocks = decoded(datagram)
    wanted, _ = decoded(golden_apps.raw("ifacialmocap/" + name))
    assert set(shapes) == set(wanted) and shapes["trackingStatus"] == listed["trackingStatus"]
    assert max(abs(shapes[key] - wanted[key]) for key in wanted) <= 1
    assert sum(shapes[key] != wanted[key] for key in wanted) <= 1
    for block, key in BLOCKS.items():
        assert blocks[block][:3] == pytest.approx(listed[key][:3], abs=1e-3)
        assert blocks[block][3:] == pytest.approx(listed[key][3:], abs=1e-5)


def test_down_left_and_right_shoulder_are_positive_degrees():
    head = told(MOMENT._replace(face=person(yaw=20, pitch=-10, roll=-5)))[1]["head"]
    assert head[:3] == pytest.approx([10, 20, 5], abs=1e-5)


def test_the_place_is_metres_to_the_own_left_up_and_towards_the_camera():
    assert told(MOMENT)[1]["head"][3:] == pytest.approx([0.03, 0.02, -0.55])


def test_eyes_down_and_to_the_left_are_positive():
    eyes = told(MOMENT._replace(face=person(gaze=(12.0, -6.0))))[1]
    assert eyes["leftEye"] == eyes["rightEye"] == pytest.approx([6.0, 12.0, 0.0])


@pytest.mark.parametrize("weight, percent", [
    (0.0, 0), (0.004, 0), (0.005, 1), (0.494, 49), (1.0, 100), (1.4, 100), (-0.3, 0)])
def test_weights_are_whole_percent_and_never_negative(weight, percent):
    face = person(jawOpen=weight)
    assert told(MOMENT._replace(face=face))[0]["jawOpen"] == percent


def test_the_second_version_has_another_mark():
    datagram, = IFacialMocap(ifm_version=2)(MOMENT._replace(face=person(eyeBlinkLeft=0.5)))
    assert decoded(datagram, "&")[0]["eyeBlink_L"] == 50


def test_a_mirror_exchanges_everything_at_once():
    shapes, blocks = told(mirrored(MOMENT._replace(face=person(eyeBlinkLeft=1.0, jawLeft=0.5))))
    assert (shapes["eyeBlink_R"], shapes["eyeBlink_L"], shapes["jawRight"]) == (100, 0, 50)
    assert blocks["head"] == pytest.approx([-10, -20, 5, -0.03, 0.02, -0.55], abs=1e-5)


def test_a_lost_face_is_the_last_one_with_its_status():
    dialect = IFacialMocap()
    shown, = dialect(MOMENT)
    lost, = dialect(MOMENT._replace(face=None, number=2, time=9.0))
    assert lost == shown.replace(b"trackingStatus-1", b"trackingStatus-0")
    assert dialect.farewell(MOMENT, 0) == (lost,)


def test_before_the_first_face_the_neutral_one_is_sent_as_lost():
    shapes, blocks = told(MOMENT._replace(face=None))
    assert set(shapes.values()) == {0} and blocks["head"] == [0.0] * 6


@pytest.mark.parametrize("tail", [b"", b"\0", b"\r\n", b" \0\0"])
def test_the_start_text_is_a_question(tail):
    assert IFacialMocap().question(START + tail) == Question((PORT,), SECONDS)
    assert IFacialMocap().question(STOP + tail) == Question((PORT,), 0.0)


def test_the_start_text_for_tcp_names_its_port_and_mark():
    assert IFacialMocap().question(STREAM) == Question((49986,), SECONDS, b"___iFacialMocap")
    second = IFacialMocap(ifm_version=2).question(STREAM + b"|sendDataVersion=v2")
    assert second == IFacialMocap().question(STREAM)


def test_each_version_answers_its_own_question():
    second = START + b"|sendDataVersion=v2"
    assert IFacialMocap(ifm_version=2).question(second) == Question((PORT,), SECONDS)
    assert IFacialMocap().question(second) is IFacialMocap(ifm_version=2).question(START) is None


def test_anything_else_is_no_question():
    generator, dialect = random.Random(0), IFacialMocap()
    for text in (b"", b"\0", b"FMV3\1", START[:-1], START.lower(), STOP[:-1],
                 STREAM[:-1], START + STREAM[:-1] + b"|sendDataVersion=v2"):
        assert dialect.question(text) is None
    for _ in range(2000):
        data = bytearray(START)
        data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
        assert dialect.question(bytes(data)) is None
