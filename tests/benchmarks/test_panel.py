"""What a watcher of the benchmark counts."""
from benchmarks.panel import Watched


def test_a_frame_between_two_others_that_did_not_come_is_lost():
    watched = Watched()
    watched.numbers = [5, 6, 8, 9, 12]
    assert watched.lost == 3


def test_a_program_that_begins_anew_has_lost_nothing():
    watched = Watched()
    watched.numbers = [5, 6, 0, 1]
    assert watched.lost == 0
