"""Several faces in their places, and which of them is the primary."""
import numpy as np
import pytest

from appliance.outputs.slots import MOST, Slots
from tests.fakes.people import person


@pytest.fixture
def slots():
    """Persons 1 and 2 in slots 0 and 1, seen at 10 s."""
    made = Slots(0.25, 0.5, 0.15)
    made([person(id=1), person(id=2)], 10.0)
    return made


def told(slots):
    """[(id, state)] of each slot."""
    return [(s.id, s.face.state if s.face else "lost") for s in slots.shown()]


def test_one_face_makes_no_slots():
    slots = Slots(0.25, 0.5, 0.15)
    slots([person(id=1)], 1.0)
    slots([person(id=2)], 1.1)
    assert slots.shown() == () and slots.primary.id == 2


def test_a_face_that_comes_and_goes_a_hundred_times_needs_no_more_room(slots):
    for n in range(3, 103):
        for part in range(10):
            slots([person(id=n)] if part < 2 else [], 10.0 + n + part / 10.0)
        assert len(told(slots)) == 2 and [state for _, state in told(slots)] == ["lost", "lost"]


def test_each_face_has_a_slot(slots):
    assert told(slots) == [(1, "tracked"), (2, "tracked")]


def test_order_in_a_picture_does_not_move_a_face(slots):
    slots([person(id=2), person(id=1)], 10.1)
    assert told(slots) == [(1, "tracked"), (2, "tracked")] and slots.primary.id == 1


def test_a_slot_does_not_shift_when_another_face_leaves(slots):
    for time in (10.1, 10.4, 11.0):
        slots([person(id=2)], time)
    assert told(slots) == [(1, "lost"), (2, "tracked")]


def test_the_primary_is_whoever_was_followed_longest_among_those_seen(slots):
    slots([person(id=2), person(id=3)], 10.1)
    assert slots.primary.id == 2
    slots([person(id=2), person(id=1)], 10.2)
    assert slots.primary.id == 2


def test_a_newcomer_takes_the_free_slot(slots):
    slots([person(id=2)], 10.1)
    slots([person(id=2), person(id=3)], 10.2)
    assert told(slots) == [(3, "tracked"), (2, "tracked")]


def test_a_newcomer_takes_over_from_the_primary_where_all_have_left(slots):
    slots([person(id=2)], 10.1)
    slots([], 10.2)
    assert told(slots)[1] == (2, "held")
    slots([person(id=3)], 10.3)
    assert told(slots)[1] == (3, "tracked") and slots.primary.id == 3


def test_the_last_one_seen_eases_to_neutral_for_the_others_too(slots):
    slots([person(id=2)], 10.1)
    states = []
    for time in (10.2, 10.5, 11.0):
        slots([], time)
        states.append(slots.primary.face and slots.primary.face.state)
    assert states == ["held", "returning", None]


def test_more_than_the_most_are_left_out():
    slots = Slots(0.25, 0.5, 0.15)
    slots([person(id=i) for i in range(1, 7)], 1.0)
    assert [s.id for s in slots.shown()] == list(range(1, MOST + 1))


def test_faces_come_and_go_at_random_and_nobody_changes_places():
    random, slots, places = np.random.RandomState(4), Slots(0.1, 0.1, 0.1), {}
    here, newest = [], 0
    for i in range(600):
        if len(here) < MOST and random.rand() < 0.1:
            newest += 1
            here.append(newest)
        here = [one for one in here if random.rand() > 0.02]
        slots([person(id=one) for one in here], i / 30.0)
        for k, slot in enumerate(slots.shown()):
            if slot.face is not None:
                assert places.setdefault(slot.id, k) == k
        seen = {s.id for s in slots.shown() if s.face and s.face.state == "tracked"}
        assert seen == set(here) or not slots.shown()
