"""Average precision is what a pencil finds."""
import numpy as np
import pytest

pytest.importorskip("h5py", reason="files of samples need h5py")

from engines.training import precision  # noqa: E402 (needs what was looked for above)
from engines.training.samples import all_faces  # noqa: E402

A, B, C = (0, 0, 60, 60), (100, 0, 160, 60), (200, 0, 260, 60)
FAR = (500, 500, 560, 560)


def score(pictures, level="easy", listed=False):
    """The Level of pictures [(found, scores, faces)]."""
    tally = precision.Tally(listed)
    for found, scores, faces in pictures:
        tally.add(np.array(found, float).reshape(-1, 4), np.array(scores, float), faces)
    return tally.levels()[level]


def average(found, scores, *faces, **more):
    return score([(found, scores, all_faces(*faces))], **more).average


def test_all_found_and_nothing_else_is_one():
    assert average([A, B], [0.9, 0.8], [A, B]) == 1


def test_nothing_found_is_nothing():
    assert average([], [], [A, B]) == 0


def test_where_no_face_counts_there_is_no_average():
    assert np.isnan(average([A], [0.9], []))


def test_a_false_box_behind_all_hits_costs_nothing():
    assert average([A, FAR], [0.9, 0.2], [A]) == 1


def test_a_false_box_before_the_hit_halves():
    assert average([A, FAR], [0.2, 0.9], [A]) == 0.5


def test_a_false_box_between_two_hits():
    """Recall 0.5 at precision 1, then 1 at 2 of 3."""
    assert average([A, FAR, B], [0.9, 0.8, 0.7], [A, B]) == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_precision_never_rises_with_recall():
    """Hit, false, hit, hit: the 2 of 3 of the second hit becomes the 3 of 4 of the third."""
    found = average([A, FAR, B, C], [0.9, 0.8, 0.7, 0.6], [A, B, C])
    assert found == pytest.approx(1 / 3 + 2 / 3 * 3 / 4)


def test_a_second_box_of_a_face_is_false():
    assert average([A, A, B], [0.9, 0.8, 0.7], [A, B]) == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_boxes_of_one_score_share_one_threshold():
    assert average([A, FAR], [0.5, 0.5], [A]) == 0.5 == average([FAR, A], [0.5, 0.5], [A])


def test_half_is_enough_and_less_is_not():
    half = (0, 0, 60, 30)
    assert average([half], [0.9], [A]) == 1
    assert average([(0, 0, 60, 29)], [0.9], [A]) == 0


def test_what_belongs_to_an_ignored_face_is_neither_right_nor_wrong():
    assert average([B, B, A], [0.9, 0.8, 0.7], [A, B], [False, True]) == 1


def test_an_ignored_face_is_not_missed():
    assert score([([A], [0.9], all_faces([A, B], [False, True]))]).recall == 1


def test_a_box_belongs_to_the_face_that_it_overlaps_most():
    """The ignored one takes it, though a counted one is near."""
    near = (10, 0, 70, 60)
    assert average([near], [0.9], [A, near], [False, True]) == 0
    assert score([([near], [0.9], all_faces([A, near], [False, True]))]).false == 0


def test_thresholds_run_over_all_pictures():
    """Another picture's surer false box comes before this one's hit."""
    assert score([([A], [0.5], all_faces([A])), ([FAR], [0.9], all_faces([]))]).average == 0.5


def test_levels_by_height_hold_one_another():
    tall, middle, small = (0, 0, 50, 50), (100, 0, 130, 30), (200, 0, 210, 10)
    faces = all_faces([tall, middle, small, (300, 0, 309, 9)])
    for level, count in (("easy", 1), ("medium", 2), ("hard", 3)):
        assert score([([], [], faces)], level).faces == count


def test_the_lists_of_the_set_decide_where_there_are_some():
    faces = all_faces([A, B, C], None, [3, 1, 0])
    for level, count in (("easy", 1), ("medium", 1), ("hard", 2)):
        assert score([([], [], faces)], level, listed=True).faces == count


def test_a_picture_without_listed_faces_counts_none():
    assert score([([A], [0.9], all_faces([A]))], "hard", listed=True).faces == 0


def test_recall_and_false_boxes_are_told_of_all_that_was_found():
    level = score([([A, FAR, A], [0.9, 0.6, 0.3], all_faces([A, B])), ([], [], all_faces([]))])
    assert (level.recall, level.false) == (0.5, 1)
