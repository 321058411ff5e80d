"""Faces as they are measured in, as this person means them out."""
import json

import numpy as np
import pytest

from appliance import geometry
from appliance.calibration import Calibration, linked
from appliance.face import ARKIT
from appliance.stages.expression import EYES
from tests.fakes.people import person


def play(calibration, face, seconds=2.0, start=0.0, learn=False):
    """The face shown after so many seconds of the same one, 10 a second."""
    for i in range(int(seconds * 10)):
        shown, = calibration([face], start + i / 10.0, learn)
    return shown


def weight(face, name):
    return face.blendshapes[ARKIT[name]]


def calibrated(command, *arguments, **faces):
    """A Calibration that has measured a person for a command."""
    made = Calibration(ranges=False)
    getattr(made, command)(*arguments)
    play(made, person(**faces))
    return made


def test_as_long_as_nothing_is_known_the_same_list_comes_back():
    faces = [person()]
    assert Calibration(ranges=False)(faces, 0.0) is faces


def test_recenter_makes_this_straight_ahead():
    made = calibrated("recenter", yaw=20, pitch=-15, roll=5)
    shown = play(made, person(yaw=20, pitch=-15, roll=5), start=10)
    assert shown.angles == pytest.approx((0, 0, 0), abs=1e-6)
    assert made.outcome == "straight ahead: taken"


@pytest.mark.parametrize("tilt", [-25.0, 25.0])
def test_under_a_tilted_camera_a_turn_leaks_into_no_other_axis(tilt):
    def seen(yaw):
        camera = geometry.matrix_from_angles(0, tilt, 0)
        matrix = camera.dot(geometry.matrix_from_angles(yaw, 0, 0))
        return person()._replace(rotation=geometry.quaternion_from_matrix(matrix))
    made = Calibration(ranges=False)
    made.recenter()
    play(made, seen(0.0))
    for yaw in (-40.0, 40.0):
        assert abs(seen(yaw).angles[1] - tilt) + abs(seen(yaw).angles[2]) > 5
        assert play(made, seen(yaw), start=9).angles == pytest.approx((yaw, 0, 0), abs=1e-6)


def test_a_new_id_keeps_the_calibration():
    made = calibrated("recenter", yaw=20)
    assert play(made, person(id=7, yaw=20), start=9).angles[0] == pytest.approx(0, abs=1e-6)


def test_the_resting_face_becomes_zero_and_the_most_stays_the_most():
    made = calibrated("neutral", 1.0, mouthPucker=0.3, jawOpen=0.2)
    assert weight(play(made, person(mouthPucker=0.3), start=9), "mouthPucker") < 1e-9
    assert weight(play(made, person(mouthPucker=1.0), start=9), "mouthPucker") == pytest.approx(1)
    assert weight(play(made, person(jawOpen=0.6), start=9), "jawOpen") == pytest.approx(0.5)


def test_a_resting_face_grows_nothing_to_more_than_twice_itself():
    made = calibrated("neutral", 1.0, mouthPucker=0.9)
    shown = play(made, person(mouthPucker=0.75), start=9)
    assert weight(shown, "mouthPucker") == pytest.approx(2 * (0.75 - 0.5))


def test_lids_and_gaze_are_kept_out_of_the_resting_face():
    made = calibrated("neutral", 1.0, openness=(0.6, 0.6), eyeBlinkLeft=0.4)
    shown = play(made, person(openness=(0.6, 0.6), eyeBlinkLeft=0.4), start=9)
    assert shown.left.openness == 0.6 and weight(shown, "eyeBlinkLeft") == 0.4


def test_outliers_do_not_spoil_the_resting_face():
    made = Calibration(ranges=False)
    made.neutral(2.0)
    for i in range(90):
        away = i % 4 == 0
        made([person(yaw=60 if away else 5, jawOpen=0.9 if away else 0.1)], i / 30.0)
    shown = play(made, person(yaw=5, jawOpen=0.1), start=9)
    assert abs(shown.angles[0]) < 0.5 and weight(shown, "jawOpen") < 0.01


def test_open_and_shut_eyes_are_told_apart_for_each_side():
    made = calibrated("eyes", "open", openness=(0.7, 0.9))
    made.eyes("shut")
    play(made, person(openness=(0.1, 0.2)), start=9)
    assert made.outcome == "eyes shut: taken"
    for reading, told in (((0.7, 0.9), 1.0), ((0.1, 0.2), 0.0), ((0.4, 0.55), 0.5)):
        shown = play(made, person(openness=reading), start=20)
        assert (shown.left.openness, shown.right.openness) == pytest.approx((told, told), abs=1e-3)
        assert weight(shown, "eyeBlinkLeft") == pytest.approx(1 - told, abs=1e-3)


@pytest.mark.parametrize("which, openness", [
    ("open", (0.3, 0.9)), ("shut", (0.9, 0.9)), ("shut", (0.1, 0.55))])
def test_eyes_that_do_not_do_what_is_said_change_nothing(which, openness):
    made = calibrated("eyes", which, openness=openness)
    assert "nothing changed" in str(made.outcome)
    assert made.document() == Calibration().document()


def test_a_gaze_is_moved_to_where_the_person_looks():
    made = calibrated("gaze", 0.0, 0.0, gaze=(6.0, -9.0))
    shown = play(made, person(gaze=(6.0, -9.0)), start=9)
    assert shown.left.gaze.tolist() == pytest.approx([0, 0], abs=1e-5)
    assert weight(shown, "eyeLookDownLeft") == pytest.approx(0, abs=1e-6)


def test_whose_gaze_is_far_off_is_looking_elsewhere():
    assert "nothing changed" in str(calibrated("gaze", 0.0, 0.0, gaze=(30.0, 0.0)).outcome)


def test_what_the_lids_do_not_tell_they_do_not_change():
    by_eyes = EYES.copy()
    by_eyes[ARKIT["eyeWideLeft"]] = False
    made = Calibration(by_eyes=by_eyes, ranges=False)
    made.eyes("open")
    play(made, person(openness=(0.8, 0.8)))
    shown = play(made, person(openness=(1.0, 1.0), eyeWideLeft=0.1), start=9)
    assert weight(shown, "eyeWideLeft") == 0.1 and weight(shown, "eyeWideRight") > 0.5


def test_wide_eyes_rest_where_the_lids_do_not_tell_them():
    face = person(eyeWideLeft=0.2, browInnerUp=0.2)
    by_brows, by_lids = Calibration(by_eyes=np.zeros(52, bool)), Calibration()
    for made, left in ((by_brows, 0.0), (by_lids, 0.2)):
        made.neutral(1.0)
        shown = play(made, face)
        assert weight(shown, "browInnerUp") == pytest.approx(0)
        assert weight(shown, "eyeWideLeft") == pytest.approx(left)


def test_the_limits_of_brows_are_learned_and_their_sides_linked():
    made = Calibration(link=1.0)
    play(made, person(browInnerUp=0.5, browDownLeft=0.4), seconds=900, learn=True)
    shown = play(made, person(browInnerUp=0.5, browDownLeft=0.4), start=1000)
    assert 0.6 < weight(shown, "browInnerUp") <= 0.75 + 1e-9
    assert weight(shown, "browDownLeft") == weight(shown, "browDownRight") > 0.2


def test_a_command_waits_for_a_face_and_gives_up_without_one():
    made = Calibration(ranges=False)
    made.recenter()
    for i in range(100):
        made([], i / 10.0)
    assert "not enough was seen" in str(made.outcome) and made.busy == ""
    made.neutral(1.0)
    made([], 20.0)
    assert made.busy == "resting face"
    play(made, person(yaw=9), start=22)
    assert made.outcome == "resting face: taken"


def test_held_faces_are_not_measured():
    made = Calibration(ranges=False)
    made.recenter()
    for i in range(300):
        made([person(yaw=30)._replace(state="held")], i / 30.0)
    assert "not enough" in str(made.outcome)


def test_of_several_faces_the_first_is_measured_and_all_are_changed_alike():
    made = Calibration(ranges=False)
    made.recenter()
    faces = [person(id=1 + i, yaw=yaw, pitch=0, roll=0) for i, yaw in enumerate((20, -10))]
    for i in range(20):
        shown = made(faces, 10 + i / 10.0)
    assert [face.angles[0] for face in shown] == pytest.approx([0, -30], abs=1e-6)


@pytest.mark.parametrize("what, left", [
    ("all", set()), ("neutral", {"lids", "gaze"}), ("eyes", {"rotation", "rest", "gaze"}),
    ("gaze", {"rotation", "rest", "lids"})])
def test_each_part_is_cleared_alone(what, left):
    made = Calibration(ranges=False)
    for i, command in enumerate((("neutral", 1.0), ("eyes", "open"), ("gaze", 0.0, 0.0))):
        getattr(made, command[0])(*command[1:])
        play(made, person(yaw=9, gaze=(3.0, 3.0), jawOpen=0.2), start=10 * i)
    made.clear(what)
    first, now = Calibration().document(), made.document()
    assert {name for name in first if now[name] != first[name]} == left


@pytest.mark.parametrize("command, argument", [("eyes", "wide"), ("clear", "everything")])
def test_a_word_that_means_nothing_is_refused(command, argument):
    with pytest.raises(ValueError):
        getattr(Calibration(), command)(argument)


def test_learned_limits_alone_are_forgotten():
    made = calibrated("neutral", 1.0, jawOpen=0.2)
    made.change(True, 0.0, 0.0)
    play(made, person(openness=(0.8, 0.8), jawOpen=0.6), seconds=60, start=9, learn=True)
    before = made.document()
    assert before["learned"] != Calibration().document()["learned"]
    made.clear("ranges")
    assert made.document() == dict(before, learned=Calibration().document()["learned"])
    assert made.outcome == "ranges: as at first"


@pytest.mark.parametrize("gaze", [(90.0, 0.0), (0.0, float("nan"))])
def test_a_direction_that_is_none_is_refused(gaze):
    with pytest.raises(ValueError):
        Calibration().gaze(*gaze)


def test_a_document_gives_the_same_faces_again():
    made = calibrated("neutral", 1.0, yaw=9, jawOpen=0.2)
    made.eyes("open")
    play(made, person(openness=(0.7, 0.8)), start=9)
    again = Calibration(json.loads(json.dumps(made.document())), ranges=False)
    face = person(yaw=30, jawOpen=0.7, openness=(0.5, 0.6))
    one, other = play(made, face, start=20), play(again, face)
    assert one.angles == pytest.approx(other.angles, abs=1e-3)
    assert one.blendshapes == pytest.approx(other.blendshapes, abs=1e-3)


def test_what_is_told_never_leaves_its_bounds():
    made = calibrated("neutral", 1.0, mouthPucker=0.5, openness=(0.7, 0.7))
    made.eyes("open")
    play(made, person(openness=(0.6, 0.6)), start=9)
    for reading in (0.0, 0.5, 1.3):
        shown = play(made, person(openness=(reading, reading), mouthPucker=reading), start=20)
        assert 0 <= shown.left.openness <= 1.3
        assert shown.blendshapes.min() >= 0 and shown.blendshapes.max() <= 1
        assert np.linalg.norm(shown.rotation) == pytest.approx(1) and shown.rotation[0] >= 0


def test_linked_sides_meet_in_their_mean():
    face = person(openness=(0.2, 1.0), mouthSmileLeft=0.8, jawLeft=0.4)
    whole, half = linked(face, 1.0), linked(face, 0.5)
    assert (whole.left.openness, whole.right.openness) == pytest.approx((0.6, 0.6))
    assert weight(whole, "mouthSmileLeft") == pytest.approx(0.4)
    assert weight(whole, "mouthSmileRight") == pytest.approx(0.4)
    assert weight(half, "mouthSmileLeft") == pytest.approx(0.6)
    assert weight(whole, "jawLeft") == 0.4 and weight(whole, "jawRight") == 0.0


def test_straight_ahead_drifts_to_a_head_that_is_nearly_straight_only():
    made = Calibration(ranges=False, drift=0.1)
    play(made, person(yaw=8, pitch=0, roll=0), seconds=60, learn=True)
    assert abs(made([person(yaw=8, pitch=0, roll=0)], 100.0)[0].angles[0]) < 0.1
    away = Calibration(ranges=False, drift=0.1)
    play(away, person(yaw=45), seconds=60, learn=True)
    assert away.document() == Calibration().document()


def test_limits_are_learned_and_count():
    made = Calibration()
    play(made, person(openness=(0.85, 1.0), jawOpen=0.5), seconds=300, learn=True)
    shown = play(made, person(openness=(0.85, 1.0), jawOpen=0.5), start=700)
    assert shown.left.openness == pytest.approx(1.0, abs=0.02)
    assert 0.5 < weight(shown, "jawOpen") <= 0.75 + 1e-9
    assert made.learned


def test_what_is_only_played_back_is_not_learned_from():
    made = Calibration()
    play(made, person(openness=(0.8, 0.8)), seconds=60, learn=False)
    assert made.document() == Calibration().document() and not made.learned


def test_a_gain_makes_a_weight_larger_and_no_more_than_one():
    made = Calibration(ranges=False)
    made.gain({"jawOpen": 2.0, "eyeBlinkLeft": 0.5})
    shown, = made([person(jawOpen=0.3, eyeBlinkLeft=0.8, mouthPucker=0.4)], 0.0)
    told = {name: shown.blendshapes[ARKIT[name]] for name in ("jawOpen", "eyeBlinkLeft",
                                                              "mouthPucker")}
    assert told == pytest.approx({"jawOpen": 0.6, "eyeBlinkLeft": 0.4, "mouthPucker": 0.4})
    assert made([person(jawOpen=0.9)], 0.1)[0].blendshapes[ARKIT["jawOpen"]] == 1.0


def test_a_gain_counts_beside_a_resting_face_and_open_eyes():
    made = calibrated("neutral", 0.5, jawOpen=0.2)
    made.eyes("open")
    play(made, person(openness=(0.8, 0.8)))
    made.gain({"jawOpen": 2.0, "eyeBlinkLeft": 0.5})
    shown, = made([person(jawOpen=0.4, openness=(0.4, 0.4))], 99.0)
    assert shown.blendshapes[ARKIT["jawOpen"]] == pytest.approx(0.5)
    assert shown.blendshapes[ARKIT["eyeBlinkLeft"]] == pytest.approx(0.25)
    assert shown.blendshapes[ARKIT["eyeBlinkRight"]] == pytest.approx(0.5)
    assert shown.left.openness == pytest.approx(0.5)


def test_without_gains_everything_is_as_before():
    made = Calibration(ranges=False)
    made.gain({"jawOpen": 2.0})
    made.gain({})
    faces = [person(jawOpen=0.3)]
    assert made(faces, 0.0) is faces


def test_vowels_of_the_resting_face_become_silence():
    resting = person()._replace(vowels=np.array([0.0, 0.2, 0.0, 0.0, 0.0]))
    made = Calibration()
    made.neutral()
    play(made, resting)
    said = np.array([0.5, 0.6, 0.0, 0.0, 0.1])
    shown, = made([person()._replace(vowels=said)], 9.0)
    assert shown.vowels == pytest.approx([0.5, 0.5, 0.0, 0.0, 0.1])
    assert made([resting], 9.1)[0].vowels.max() < 1e-9
    again = Calibration(json.loads(json.dumps(made.document())))
    assert again([person()._replace(vowels=said)], 9.0)[0].vowels == pytest.approx(shown.vowels)
    made.clear("neutral")
    assert made([resting], 9.2)[0].vowels[1] == 0.2


def test_who_wants_the_jaw_wider_says_vowels_louder():
    made = Calibration()
    made.gain({"jawOpen": 2.0})
    shown, = made([person()._replace(vowels=np.array([0.3, 0.0, 0.0, 0.0, 0.6]))], 0.0)
    assert shown.vowels == pytest.approx([0.6, 0.0, 0.0, 0.0, 1.0])
    assert made([person()], 0.1)[0].vowels is None
