"""What the options of the VMC dialect change, and what none of them may."""
import numpy as np
import pytest

from appliance.outputs.dialects.vmc import PRESETS, PRESETS_1, Vmc, power, presets, turn, unit
from appliance.outputs.moment import Moment
from tests.fakes.people import person
from tests.golden import decoded


def told(dialect, face=None, **more):
    moment = Moment(1, 2.5, 0.0, (640, 480), face, 1, 0.0)._replace(**more)
    return [m for d in dialect(moment) for m in decoded(d)]


def weights(messages):
    return {a[0]: a[1] for address, _, a in messages if address.endswith("Val")}


def bones(messages):
    return {a[0]: a[4:] for address, _, a in messages if address.endswith("Bone/Pos")}


@pytest.mark.parametrize("case, count, some", [
    ("pascal", 52, "JawOpen"), ("camel", 52, "jawOpen"), ("both", 104, "JawOpen")])
def test_names_are_spelt_as_asked(case, count, some):
    values = weights(told(Vmc(case=case), person(jawOpen=0.25)))
    assert len(values) == count and values[some] == 0.25


def test_both_spellings_have_the_same_values():
    values = weights(told(Vmc(case="both"), person(jawOpen=0.25, tongueOut=0.75)))
    assert all(values[name[0].upper() + name[1:]] == values[name] for name in values)


def test_one_apply_after_the_last_value_then_ok_then_time():
    order = [address.rsplit("/", 1)[1] for address, _, _ in told(Vmc(), person())]
    assert order == ["Pos"] * 5 + ["Val"] * 52 + ["Apply", "OK", "T"]


@pytest.mark.parametrize("count, tags", [(1, ",i"), (3, ",iii"), (4, ",iiii")])
def test_ok_is_as_long_as_asked(count, tags):
    assert [m[1] for m in told(Vmc(ok_args=count), person()) if m[0].endswith("OK")] == [tags]


def test_ok_is_bad_while_returning_and_lost_only():
    states = [("tracked", 1), ("held", 1), ("returning", 0)]
    faces = [(person()._replace(state=state), ok) for state, ok in states] + [(None, 0)]
    for face, ok in faces:
        assert [m[2][3] for m in told(Vmc(), face) if m[0].endswith("OK")] == [ok]


def test_gaze_as_bones_alone_leaves_the_look_weights_zero():
    messages = told(Vmc(eyes="bones"), person(eyeLookOutLeft=0.5, jawOpen=0.5))
    assert weights(messages)["EyeLookOutLeft"] == 0.0 and weights(messages)["JawOpen"] == 0.5
    assert bones(messages)["LeftEye"] != [0.0, 0.0, 0.0, 1.0]


def test_gaze_as_weights_alone_leaves_the_eye_bones_straight():
    messages = told(Vmc(eyes="blend"), person(eyeLookOutLeft=0.5))
    assert weights(messages)["EyeLookOutLeft"] == 0.5
    assert bones(messages)["LeftEye"] == bones(messages)["RightEye"] == [0.0, 0.0, 0.0, 1.0]


def test_presets_turn_the_eyes_once_unless_asked():
    assert weights(told(Vmc(blendshapes="vrm0"), person()))["LookLeft"] == 0.0
    assert weights(told(Vmc(blendshapes="vrm0", eyes="both"), person()))["LookLeft"] > 0.3


def test_presets_have_the_names_of_both_versions():
    face = person(jawOpen=1.0, eyeBlinkLeft=0.5)
    old, new = (weights(told(Vmc(blendshapes=which), face)) for which in ("vrm0", "vrm1"))
    assert tuple(old) == PRESETS and tuple(new) == PRESETS_1
    assert list(old.values()) == list(new.values()) and (new["aa"], new["blinkLeft"]) == (1.0, 0.5)
    assert weights(told(Vmc(blendshapes="both", case="camel"), face)) == dict(old, **new)


def test_presets_come_before_one_apply():
    order = [m[0].rsplit("/", 1)[1] for m in told(Vmc(blendshapes="both"), person())]
    assert order == ["Pos"] * 5 + ["Val"] * 32 + ["Apply", "OK", "T"]


def test_positions_are_those_of_rest_or_none():
    def places(**options):
        return [a[1:4] for address, _, a in told(Vmc(**options), person()) if "Bone" in address]
    assert places()[1] == pytest.approx([0.0, 0.08, 0.01])
    assert places(positions="zero") == [[0.0, 0.0, 0.0]] * 4


def test_a_turn_to_the_own_left_has_negative_x_ahead():
    x, y, z, w = bones(told(Vmc(neck_share=1.0), person(yaw=30, pitch=0, roll=0)))["Neck"]
    ahead = 2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)
    assert ahead == pytest.approx((-0.5, 0.0, np.cos(np.radians(30))), abs=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_the_neck_takes_its_share_of_the_turn(share):
    got = bones(told(Vmc(neck_share=share), person(yaw=40, pitch=0, roll=0)))
    angle = [2 * np.degrees(np.arccos(min(1.0, got[name][3]))) for name in ("Neck", "Head")]
    assert angle == pytest.approx([40 * share, 40 * (1 - share)], abs=1e-3)


def test_weights_never_leave_0_to_1():
    values = weights(told(Vmc(), person(jawOpen=1.3, jawLeft=-0.2)))
    assert (values["JawOpen"], values["JawLeft"]) == (1.0, 0.0)


def test_the_assistant_sends_no_bones_and_no_ok():
    addresses = {m[0] for m in told(Vmc(role="assistant"), person())}
    assert addresses == {"/VMC/Ext/Blend/Val", "/VMC/Ext/Blend/Apply", "/VMC/Ext/Set/Eye"}


def test_the_look_target_is_a_metre_ahead():
    point = told(Vmc(role="assistant"), person(gaze=(30.0, 20.0)))[-1][2]
    assert point[0] == 1 and np.linalg.norm(point[1:]) == pytest.approx(1.0)
    assert point[1] < 0 < point[2]


def test_powers_of_a_rotation():
    for q in (unit((1, 0, 0, 0)), unit((0, 1, 2, 3)), unit(np.random.RandomState(3).randn(4))):
        assert power(q, 1.0) == pytest.approx(q) and power(q, 0.0) == pytest.approx((1, 0, 0, 0))
    assert power(turn(50, 0), 0.4) == pytest.approx(turn(20, 0))
    assert unit((-0.5, 0.5, 0.5, 0.5)) == pytest.approx((0.5, -0.5, -0.5, -0.5))
    assert all(np.isnan(unit((1.0, float("nan"), 0.0, 0.0))))


def test_presets_of_plain_faces():
    named = dict(zip(PRESETS, presets(person(jawOpen=1.0, gaze=(0, 0)))))
    assert named["A"] == 1.0 and sum(named.values()) == 1.0
    named = dict(zip(PRESETS, presets(person(eyeBlinkLeft=1.0, gaze=(-30, 30)))))
    assert (named["Blink"], named["Blink_L"], named["Blink_R"]) == (0.0, 1.0, 0.0)
    looks = [named["Look" + side] for side in ("Right", "Up", "Left", "Down")]
    assert looks == [1.0, 1.0, 0.0, 0.0]


def test_vowels_together_never_exceed_one():
    random = np.random.RandomState(0)
    for _ in range(200):
        face = person()._replace(blendshapes=random.uniform(-0.2, 1.2, 52))
        values = presets(face)
        assert sum(values[:5]) <= 1 + 1e-9 and min(values) >= 0 and max(values) <= 1


def test_the_vowels_that_are_told_are_sent_whatever_the_shapes_say():
    told = np.array([0.0, 0.7, 0.1, 0.0, 0.1])
    face = person(jawOpen=1.0, mouthSmileLeft=1.0)._replace(vowels=told)
    assert presets(face)[:5] == pytest.approx(told.tolist())
    assert presets(face)[5:] == presets(face._replace(vowels=None))[5:]


def test_a_mouth_never_opens_twice():
    values = presets(person()._replace(vowels=np.array([1.2, 0.6, 0.0, -0.1, 0.0])))
    assert sum(values[:5]) == pytest.approx(1.0) and min(values) >= 0
