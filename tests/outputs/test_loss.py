"""The states of a face that goes and comes, with made-up times."""
import numpy as np
import pytest

from appliance.outputs.loss import Loss
from tests.fakes.people import person


def shown_at(loss, *times):
    return [loss((), t) for t in times]


@pytest.fixture
def loss():
    machine = Loss()
    machine([person(yaw=40, pitch=0, roll=0, gaze=(10, -4), openness=(0.2, 1.2), jawOpen=0.8)],
            10.0)
    return machine


def test_nobody_at_first_is_lost():
    machine = Loss()
    assert machine((), 1.0) is None and machine.age == 0.0 and machine.fresh
    assert machine((), 3.5) is None and machine.age == 2.5 and not machine.fresh


def test_the_states_follow_each_other_at_their_times(loss):
    times = 10.033, 10.249, 10.251, 10.5, 10.749, 10.751
    assert [f and f.state for f in shown_at(loss, *times)] == [
        "held", "held", "returning", "returning", "returning", None]


def test_fresh_marks_each_change_once(loss):
    fresh = []
    for time in (10.1, 10.2, 10.3, 10.4, 10.8, 10.9):
        loss((), time)
        fresh.append(loss.fresh)
    assert fresh == [True, False, True, False, True, False]


def test_held_repeats_the_last_values(loss):
    before, (held,) = loss.face, shown_at(loss, 10.2)
    assert held == before._replace(state="held")


def test_a_face_that_the_tracker_only_holds_counts_from_when_it_was_seen(loss):
    doubtful = loss.face._replace(state="held", score=0.1)
    states = [loss([doubtful], time).state for time in (10.033, 10.249, 10.251)]
    assert states == ["held", "held", "returning"] and loss.age == pytest.approx(0.251)
    assert loss([doubtful], 10.751) is None and loss.age == pytest.approx(0.751)


def test_returning_is_a_cosine_in_time(loss):
    for part in (0.1, 0.25, 0.5, 0.9):
        face, = shown_at(loss, 10.25 + 0.5 * part)
        left = 0.5 + 0.5 * np.cos(np.pi * part)
        assert face.angles[0] == pytest.approx(40 * left, abs=1e-6)
        assert face.blendshapes.max() == pytest.approx(0.8 * left)
        assert list(face.left.gaze) == pytest.approx([10 * left, -4 * left])
        assert face.left.openness == pytest.approx(1 - 0.8 * left)
        assert face.right.openness == pytest.approx(1 + 0.2 * left)


def test_returning_turns_at_one_speed_about_one_axis():
    machine = Loss()
    first = machine([person(yaw=50, pitch=-20, roll=15)], 0.0)
    face, = shown_at(machine, 0.5)
    axis = first.rotation[1:] / np.linalg.norm(first.rotation[1:])
    assert face.rotation[1:] / np.linalg.norm(face.rotation[1:]) == pytest.approx(axis)
    assert np.arccos(face.rotation[0]) == pytest.approx(np.arccos(first.rotation[0]) / 2)


def test_where_the_face_was_is_not_eased_away(loss):
    before, (face,) = loss.face, shown_at(loss, 10.7)
    assert face.landmarks is before.landmarks and face.translation is before.translation


def test_a_face_again_goes_on_at_once_from_held(loss):
    loss((), 10.2)
    face = loss([person(id=2, yaw=-30, pitch=0, roll=0)], 10.233)
    assert face.state == "tracked" and face.angles[0] == pytest.approx(-30)


@pytest.mark.parametrize("when, start", [(10.5, 20.0), (12.0, 0.0)])
def test_a_face_again_blends_in_from_what_was_shown(loss, when, start):
    shown_at(loss, 10.3, when)
    yaws = [loss([person(id=2, yaw=-30, pitch=0, roll=0)], when + t).angles[0]
            for t in (0.0, 0.05, 0.1, 0.149, 0.151)]
    assert yaws[0] == pytest.approx(start, abs=1e-6) and yaws[4] == pytest.approx(-30)
    assert all(a > b for a, b in zip(yaws, yaws[1:])) and loss.face.state == "tracked"


def test_nothing_jumps_when_the_face_goes_again_while_it_blends_in(loss):
    shown_at(loss, 10.3, 12.0)
    before = loss([person(id=2, yaw=-30)], 12.05)
    assert loss((), 12.08) == before._replace(state="held")


def test_ages_count_from_found_and_from_last_seen(loss):
    ages = []
    for faces, time in (([person()], 11.0), ((), 11.2), ((), 11.5), ((), 12.0),
                        ([person(id=2)], 13.0)):
        loss(faces, time)
        ages.append(round(loss.age, 6))
    assert ages == [1.0, 1.2, 1.5, 1.0, 0.0]


def test_the_id_of_the_last_face_stays_while_it_is_lost(loss):
    loss([person(id=6)], 10.1)
    assert loss((), 20.0) is None and loss.id == 6


def test_the_shown_face_stays_when_another_comes_before_it(loss):
    loss([person(id=9), person(id=1, yaw=5)], 10.03)
    assert loss.id == 1
    loss([person(id=9)], 10.06)
    assert loss.id == 9


def test_times_that_run_backwards_stand_still(loss):
    assert loss((), 5.0).state == "held"
    assert loss((), 10.1).state == "held"


def test_no_times_at_all_mean_no_transition():
    machine = Loss(0.0, 0.0, 0.0)
    machine([person()], 0.0)
    assert machine((), 0.001) is None
    assert machine([person(yaw=33)], 0.002).angles[0] == pytest.approx(33)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_group_with_a_number_that_is_none_is_the_last_one_whole(loss, bad):
    good, worse = loss.face, person(yaw=0, jawOpen=0.1)
    worse.rotation[2] = bad
    face = loss([worse], 10.03)
    assert face.rotation is good.rotation and face.blendshapes is worse.blendshapes


def test_a_first_face_without_any_number_is_neutral():
    blank = person()
    blank = blank._replace(score=float("nan"), **{
        name: np.full_like(getattr(blank, name), np.nan)
        for name in ("box", "landmarks", "rotation", "translation", "blendshapes")})
    face = Loss()([blank], 0.0)
    assert face.angles == (0.0, 0.0, 0.0) and face.score == 0.0 and not face.blendshapes.any()


def test_whoever_is_lost_falls_silent_and_who_comes_begins_to_speak():
    vowels = np.array([0.8, 0.0, 0.0, 0.0, 0.2])
    machine = Loss(0.0, 1.0, 0.5)
    machine([person()._replace(vowels=vowels)], 0.0)
    assert machine((), 0.5).vowels == pytest.approx(0.5 * vowels)
    assert machine((), 2.0) is None
    machine([person(id=2)._replace(vowels=vowels)], 3.0)
    assert machine([person(id=2)._replace(vowels=vowels)], 3.25).vowels == pytest.approx(
        0.5 * vowels)
    assert machine([person(id=2)], 3.3).vowels is None


def test_vowels_that_are_no_numbers_are_the_last_ones(loss):
    one = person(yaw=0)
    face = loss([one._replace(vowels=np.full(5, 0.1))], 10.03)
    later = loss([one._replace(vowels=np.array([0.1, float("nan"), 0, 0, 0]))], 10.06)
    assert later.vowels is face.vowels
