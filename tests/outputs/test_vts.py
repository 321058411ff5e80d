"""The wire of VTube Studio's phone app: equal to another encoder's, right in words, deaf to
nonsense.
"""
import json
import random

import pytest

from appliance.outputs.dialects.vts import Vts
from appliance.outputs.moment import Moment, mirrored
from appliance.outputs.question import Question
from tests import golden_apps
from tests.fakes.people import person

MOMENT = Moment(1, 2.0, 1700000000.25, (640, 480), person(), 3, 0.0)
ASKED = {"messageType": "iOSTrackingDataRequest", "time": 2.5, "sentBy": "App",
         "ports": [11125, 11126]}


def told(moment):
    datagram, = Vts()(moment)
    return json.loads(datagram.decode("ascii"))


def weights(told):
    return {pair["k"]: pair["v"] for pair in told["BlendShapes"]}


def point(told, name):
    return [told[name][axis] for axis in "xyz"]


@golden_apps.needs_wires
@pytest.mark.parametrize("name", golden_apps.SHOWN + (golden_apps.LOST,))
def test_equals_the_golden_reply(name):
    dialect = Vts()
    for earlier in golden_apps.SHOWN[:int(name[:2]) + 1]:
        dialect(golden_apps.moment(earlier))
    datagram, = dialect(golden_apps.moment(name))
    got, wanted = json.loads(datagram.decode()), golden_apps.load("vts_ios/" + name)
    assert set(got) == set(wanted)
    for key in ("Timestamp", "Hotkey", "FaceFound"):
        assert got[key] == wanted[key]
    for key in ("Rotation", "Position", "EyeLeft", "EyeRight"):
        assert point(got, key) == pytest.approx(point(wanted, key), abs=1e-3)
    assert weights(got) == pytest.approx(weights(wanted), abs=1e-4)


def test_left_down_and_right_shoulder_are_positive_degrees():
    got = told(MOMENT._replace(face=person(yaw=20, pitch=-10, roll=-5)))
    assert point(got, "Rotation") == pytest.approx([20, 10, 5], abs=1e-4)


def test_the_place_is_centimetres_to_the_own_right_up_and_towards_the_camera():
    assert point(told(MOMENT), "Position") == pytest.approx([-3, 2, -55])


def test_a_mirror_exchanges_everything_at_once():
    got = told(mirrored(MOMENT._replace(face=person(eyeBlinkLeft=1.0))))
    assert weights(got)["EyeBlinkRight"] == 1.0
    assert point(got, "Rotation") == pytest.approx([-20, -10, 5], abs=1e-4)
    assert point(got, "Position") == pytest.approx([3, 2, -55])


def test_weights_never_leave_0_to_1():
    got = weights(told(MOMENT._replace(face=person(jawOpen=1.5, jawLeft=-0.1))))
    assert (got["JawOpen"], got["JawLeft"], len(got)) == (1.0, 0.0, 52)


def test_no_hotkey_is_ever_pressed():
    assert told(MOMENT)["Hotkey"] == told(MOMENT._replace(face=None))["Hotkey"] == -1


def test_a_lost_face_is_the_last_one_not_found_at_its_own_time():
    dialect = Vts()
    dialect(MOMENT)
    lost = json.loads(dialect(MOMENT._replace(face=None, unix=1700000001.0))[0].decode())
    assert lost == dict(told(MOMENT), FaceFound=False, Timestamp=1700000001000)
    assert json.loads(dialect.farewell(MOMENT, 0)[0].decode())["FaceFound"] is False


def asked(**more):
    return Vts().question(json.dumps(dict(ASKED, **more)).encode())


def test_a_request_is_a_question():
    assert asked() == Question((11125, 11126), 2.5)
    assert asked(more=[1], sentBy=None) == asked()


@pytest.mark.parametrize("time, seconds", [(0, 0.5), (-5, 0.5), (7, 7.0), (1e5, 10.0)])
def test_times_are_kept_to_those_of_the_app(time, seconds):
    assert asked(time=time).seconds == seconds


def test_the_other_word_for_the_time_is_known():
    other = dict(ASKED, sendForSeconds=3)
    del other["time"]
    assert Vts().question(json.dumps(other).encode()).seconds == 3.0


@pytest.mark.parametrize("ports, kept", [
    ([11125] * 32, (11125,)), (list(range(5001, 5033)), (5001, 5002, 5003, 5004)),
    ([53, 11125, 70000, True], (11125,))])
def test_few_ports_are_sent_to_and_none_of_the_system(ports, kept):
    assert asked(ports=ports).ports == kept


@pytest.mark.parametrize("change", [
    dict(ports=[]), dict(ports=None), dict(ports="11125"), dict(ports=[80]), dict(ports=[1.5]),
    dict(ports={"a": 1}), dict(time=None), dict(time="2"), dict(time=[]), dict(time=1e300),
    dict(time=float("nan")), dict(time=float("inf")), dict(messageType="other"),
    dict(messageType=None), dict(messageType=[])])
def test_a_wrong_request_is_no_question(change):
    assert asked(**change) is None


@pytest.mark.parametrize("text", [
    b"", b"\0", b"{}", b"[]", b"1", b"null", b'"a"', b"\xff\xfe", b"{" * 1024, b"[" * 1024,
    b'{"a":' * 200, b"1" * 1024, b"-1e99999"])
def test_anything_else_is_no_question(text):
    assert Vts().question(text) is None


def test_mutated_requests_are_questions_within_bounds_or_none():
    generator, dialect = random.Random(1), Vts()
    for _ in range(3000):
        data = bytearray(json.dumps(ASKED).encode())
        for _ in range(generator.randrange(1, 4)):
            data[generator.randrange(len(data))] = generator.randrange(256)
        question = dialect.question(bytes(data))
        if question is not None:
            assert 0.5 <= question.seconds <= 10.0 and 1 <= len(question.ports) <= 4
            assert all(1024 <= port <= 65535 for port in question.ports)
