"""A second of eight targets; `python3 -m tests.endurance` lasts longer."""
from tests import endurance


def test_nothing_is_lost_between_eight_targets_and_their_receivers():
    found = endurance.endure(1.0 / 60)
    assert (found["frames"], found["lost"]) == (60, 0) and found["sent"] >= 60 * 8
