"""Which numbers a receiver has to be told."""
import numpy as np

from appliance.outputs.changes import Changes


def test_at_first_and_on_demand_all_are_chosen():
    changes, numbers = Changes(), np.zeros(3)
    assert list(changes(numbers, 0.0)) == [0, 1, 2] and list(changes(numbers, 0.1)) == []
    assert list(changes(numbers, 0.2, True)) == [0, 1, 2]


def test_a_number_is_chosen_when_it_has_moved_by_a_step_since_it_was():
    changes = Changes(step=0.1, period=100.0)
    changes(np.zeros(2), 0.0)
    chosen = [list(changes(np.array([0.0, v]), 1.0)) for v in (0.06, 0.09, 0.11, 0.06, 0.0)]
    assert chosen == [[], [], [1], [], [1]]


def test_after_a_period_all_are_chosen():
    changes = Changes(period=1.0)
    assert [len(changes(np.zeros(2), t)) for t in (0.0, 0.9, 1.0, 1.9, 2.0)] == [2, 0, 2, 0, 2]


def test_time_that_runs_backwards_chooses_all():
    changes = Changes()
    assert [len(changes(np.zeros(2), t)) for t in (5.0, 4.0, 4.1)] == [2, 2, 0]


def test_numbers_written_in_place_are_noticed():
    changes, numbers = Changes(), np.zeros(2)
    changes(numbers, 0.0)
    numbers[1] = 1.0
    assert list(changes(numbers, 0.1)) == [1]
