"""What VRChat is told, when, and what it is not."""
import numpy as np
import pytest

from appliance.outputs.dialects.unified import SIGNED, SUMS, USUAL, matrix, sources
from appliance.outputs.dialects.vrchat import FLAGS, Vrchat
from appliance.outputs.moment import Moment, mirrored
from tests.fakes.people import person
from tests.golden import decoded

HERE = "/avatar/parameters/"
GAZE, LIDS = "/tracking/eye/LeftRightPitchYaw", "/tracking/eye/EyesClosedAmount"


def told(dialect, face=None, time=0.0, **more):
    moment = Moment(1, time, 0.0, (640, 480), face, 1, 0.0)._replace(**more)
    return {a: args if len(args) > 1 else args[0]
            for d in dialect(moment) for a, _, args in decoded(d)}


def parameters(face, prefix="FT/", **options):
    values = told(Vrchat(**options), face)
    return {a[len(HERE + prefix + "v2/"):]: v for a, v in values.items() if "v2" in a}


def known(*names, **options):
    """A dialect for an avatar with parameters written "name" (float) or "name:T"."""
    dialect = Vrchat(**options)
    pairs = [(name + ":f").split(":")[:2] for name in names]
    dialect.declare({HERE + name: tag for name, tag in pairs})
    return dialect


def test_eyes_to_the_own_left_have_negative_x_and_up_positive_y():
    values = parameters(person(gaze=(20.0, 10.0)))
    assert values["EyeLeftX"] == pytest.approx(-np.tan(np.radians(20)), abs=1e-6)
    assert values["EyeRightX"] < 0 and values["EyeX"] < 0
    assert values["EyeLeftY"] == pytest.approx(np.tan(np.radians(10)), abs=1e-6)


def test_gaze_ends_at_one():
    for angle in (60.0, 89.0, 120.0):
        values = parameters(person(gaze=(angle, -angle)))
        assert (values["EyeX"], values["EyeY"]) == pytest.approx((-1.0, -1.0))


def test_lids_are_at_three_quarters_when_usually_open():
    values = parameters(person(openness=(1.0, 0.0), eyeWideLeft=1.0))
    assert (values["EyeLidLeft"], values["EyeLidRight"]) == pytest.approx((1.0, 0.0))
    assert parameters(person(openness=(1.2, 1.0)))["EyeLid"] == pytest.approx(0.75)


@pytest.mark.parametrize("weights, name, value", [
    ({"jawLeft": 0.5}, "JawX", -0.5), ({"jawRight": 0.5}, "JawX", 0.5),
    ({"mouthLeft": 0.5}, "MouthX", -0.5), ({"jawForward": 0.5}, "JawZ", 0.5),
    ({"cheekPuff": 0.5}, "CheekPuffSuckLeft", 0.5),
    ({"browOuterUpLeft": 1.0}, "BrowUpLeft", 0.6), ({"browInnerUp": 1.0}, "BrowUpRight", 0.4),
    ({"browDownLeft": 1.0}, "BrowExpressionLeft", -1.0),
    ({"browDownLeft": 1.0}, "BrowDownLeft", 1.0), ({"browDownLeft": 1.0}, "BrowDownRight", 0.0),
    ({"mouthSmileLeft": 0.5}, "SmileFrownLeft", 0.5),
    ({"mouthFrownRight": 0.5}, "SmileFrownRight", -0.5),
    ({"mouthFrownLeft": 0.4, "mouthStretchLeft": 0.6}, "MouthSadLeft", 0.6),
    ({"mouthStretchRight": 0.6}, "SmileSadRight", -0.6),
    ({"eyeSquintLeft": 0.2, "eyeSquintRight": 0.8}, "EyeSquint", 0.8),
    ({"mouthRollUpper": 0.5}, "LipSuckUpper", 0.5), ({"mouthClose": 0.5}, "MouthClosed", 0.5),
    ({"mouthShrugLower": 0.5}, "MouthRaiserLower", 0.5),
    ({"mouthUpperUpLeft": 1.0}, "MouthUpperUp", 0.5), ({"tongueOut": 1.0}, "TongueOut", 1.0)])
def test_parameters_follow_from_weights(weights, name, value):
    assert parameters(person(**weights))[name] == pytest.approx(value, abs=1e-6)


def test_no_parameter_leaves_its_range():
    random, names = np.random.RandomState(0), sorted(SUMS)
    lowest = np.array([-1.0 if name in SIGNED else 0.0 for name in names])
    for _ in range(100):
        face = person(gaze=random.uniform(-90, 90, 2), openness=random.uniform(-0.2, 1.4, 2))
        face = face._replace(blendshapes=random.uniform(-0.3, 1.4, 52))
        values = matrix(names).dot(sources(face))
        assert (values >= lowest - 1e-9).all() and (values <= 1 + 1e-9).all()


def test_a_mirror_exchanges_the_sides():
    plain = Moment(1, 0.0, 0.0, (640, 480), person(gaze=(20.0, 5.0), jawLeft=0.5), 1, 0.0)
    plain = plain._replace(face=plain.face._replace(blendshapes=np.linspace(0, 1, 52)))
    one = told(Vrchat(), plain.face)
    other = told(Vrchat(), mirrored(plain).face)
    for name in USUAL:
        twin = name.replace("Left", "#").replace("Right", "Left").replace("#", "Right")
        sign = -1 if name in ("JawX", "MouthX", "MouthUpperX", "MouthLowerX", "EyeX",
                              "EyeLeftX", "EyeRightX") else 1
        assert other[HERE + "FT/v2/" + twin] == pytest.approx(sign * one[HERE + "FT/v2/" + name])


@pytest.mark.parametrize("prefix", ["", "FT/", "a/b/"])
def test_the_avatars_prefix_stands_before_v2(prefix):
    assert set(parameters(person(), prefix, parameter_prefix=prefix)) == set(USUAL)


def test_flags_bear_no_prefix_and_tell_whether_somebody_is_there():
    for face, there in ((person(), True), (person()._replace(state="returning"), True),
                        (None, False)):
        values = told(Vrchat(parameter_prefix="a/"), face)
        assert all(values[HERE + flag] is there for flag in FLAGS)


def test_only_what_changed_is_sent():
    dialect = Vrchat()
    assert len(told(dialect, person(jawOpen=0.5))) == 79
    assert told(dialect, person(jawOpen=0.5), 0.1) == {}
    assert told(dialect, person(jawOpen=0.503), 0.2) == {}
    assert told(dialect, person(jawOpen=0.75), 0.3) == {HERE + "FT/v2/JawOpen": 0.75}


def test_slow_changes_are_not_missed():
    dialect, heard = Vrchat(), []
    for i in range(101):
        heard += told(dialect, person(jawOpen=i / 1000.0), i / 200.0).values()
    assert len(heard) - 79 == 25 and abs(heard[-1] - 0.1) < 1 / 255.0


def test_everything_is_sent_once_a_second():
    dialect = Vrchat()
    counts = [len(told(dialect, person(), i / 30.0)) for i in range(91)]
    assert [i for i, n in enumerate(counts) if n] == [0, 30, 60, 90] and set(counts) == {0, 79}


def test_without_changed_only_everything_is_always_sent():
    dialect = Vrchat(changed_only=False)
    assert [len(told(dialect, person(), i / 30.0)) for i in range(3)] == [79, 79, 79]


def test_the_lost_face_is_neutral_and_whole_each_time():
    dialect = Vrchat()
    told(dialect, person(jawOpen=1.0))
    for time in (0.1, 0.9, 2.0):
        values = told(dialect, None, time)
        assert len(values) == 79 and values[HERE + "FT/v2/JawOpen"] == 0.0
        assert values[HERE + "FT/v2/EyeLidLeft"] == 0.75


def test_the_farewell_is_neutral():
    dialect = Vrchat()
    moment = Moment(1, 0.0, 0.0, (640, 480), person(jawOpen=1.0), 1, 0.0)
    dialect(moment)
    messages = [m for d in dialect.farewell(moment, 0) for m in decoded(d)]
    assert len(messages) == 79 and (HERE + "FT/v2/JawOpen", ",f", [0.0]) in messages


def test_bits_are_steps_of_the_size_with_the_lowest_first():
    for value, bits in ((0.0, "0000"), (0.06, "0000"), (0.0625, "1000"), (0.5, "0001"),
                        (0.95, "1111"), (1.0, "1111")):
        values = parameters(person(jawOpen=value), parameters="binary")
        assert "".join(str(int(values["JawOpen%d" % b])) for b in (1, 2, 4, 8)) == bits


def test_signs_have_a_bool_of_their_own():
    values = parameters(person(jawLeft=1.0), parameters="binary", bits=2)
    assert [values["JawX" + part] for part in ("1", "2", "Negative")] == [True, True, True]
    assert "JawOpenNegative" not in values and "JawX4" not in values and "JawX" not in values


def test_both_kinds_have_everything():
    values = parameters(person(jawOpen=1.0), parameters="both", bits=1)
    assert values["JawOpen"] == 1.0 and values["JawOpen1"] is True


def test_a_known_avatar_gets_what_it_declares_and_nothing_else():
    dialect = known("x/v2/JawOpen", "v2/JawX", "v2/Unheard", "Clothes:T", "x/EyeTrackingActive:T",
                    "v2/EyeOpenLeft", "FT/v2/JawZ:T", native="no")
    assert told(dialect, person(jawOpen=0.5, openness=(0.5, 1.0))) == {
        HERE + "x/v2/JawOpen": 0.5, HERE + "v2/JawX": 0.0, HERE + "x/EyeTrackingActive": True,
        HERE + "v2/EyeOpenLeft": 0.5}


def test_a_negative_value_without_a_sign_is_zero():
    dialect = known("v2/JawX1:T", "v2/JawX2:T", "v2/JawX3:T", native="no")
    assert told(dialect, person(jawLeft=1.0)) == {HERE + "v2/JawX1": False,
                                                  HERE + "v2/JawX2": False}


def test_a_new_avatar_is_told_everything():
    dialect = known("v2/JawOpen", native="no")
    told(dialect, person())
    dialect.declare({HERE + "v2/JawOpen": "f"})
    assert told(dialect, person(), 0.1) == {HERE + "v2/JawOpen": 0.0}


@pytest.mark.parametrize("names, addresses", [
    ((), {GAZE, LIDS}), (("v2/EyeLeftX",), {LIDS}), (("v2/EyeLidLeft",), {GAZE}),
    (("LeftEyeX", "EyeOpen"), set()), (("JawX",), {GAZE, LIDS})])
def test_own_eyes_are_for_avatars_without_eye_parameters(names, addresses):
    assert {a for a in told(known(*names), person()) if "tracking" in a} == addresses


@pytest.mark.parametrize("options, sent", [
    ({}, False), ({"native": "yes"}, True), ({"parameters": "none"}, True),
    ({"parameters": "none", "native": "no"}, False)])
def test_own_eyes_of_an_unknown_avatar_are_as_asked(options, sent):
    values = told(Vrchat(**options), person())
    assert (GAZE in values, LIDS in values) == (sent, sent)


def test_own_eyes_look_down_and_right_for_positive_angles():
    face = person(gaze=(12.0, 6.0), openness=(1.0, 0.5))
    face = face._replace(right=face.right._replace(gaze=np.array([8.0, 4.0])))
    values = told(Vrchat(parameters="none"), face)
    assert values[GAZE] == [-5.0, -10.0, -5.0, -10.0] and values[LIDS] == 0.25
    values = told(Vrchat(parameters="none", vergence=True), face)
    assert values[GAZE] == [-6.0, -12.0, -4.0, -8.0]


def test_own_eyes_are_sent_always_and_end_with_the_face():
    dialect = Vrchat(parameters="none")
    assert [len(told(dialect, person(), time)) for time in (0.0, 0.1, 0.2)] == [2, 2, 2]
    assert told(dialect, None, 0.3) == {}


def test_without_bundles_every_message_comes_alone():
    datagrams = Vrchat(bundle=False)(Moment(1, 0.0, 0.0, (640, 480), person(), 1, 0.0))
    assert len(datagrams) == 79 and all(bytes(d[:1]) == b"/" for d in datagrams)
