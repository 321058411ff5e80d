"""Detector: letterbox, cells to boxes, copies dropped; from crafted outputs."""
import numpy as np
import pytest

from appliance.stages.detector import Detector, distinct
from appliance.stages.landmarks import log_odds
from tests.fakes import dots


class Cells:
    """Detector engine whose outputs a test sets cell by cell; keeps what it was shown."""

    def __init__(self, score=0.5):
        self.engine = dots.Dots().load("detector")
        self.engine.network = self.engine.network._replace(score=score)
        self.engine.infer = lambda: self.outputs
        self.outputs = {k: np.full(s, -9 if k.startswith("score") else 0, np.float32)
                        for k, s in dots.SHAPES["detector"][1].items()}

    def set(self, stride, row, column, score, box=(2, 2, 2, 2)):
        self.outputs["score%d" % stride][0, 0, row, column] = log_odds(score)
        self.outputs["box%d" % stride][0, :, row, column] = box
        return self


def find(cells, height=192, width=320):
    return Detector(cells.engine)(np.full((height, width), 90, np.uint8))


def test_an_empty_picture_has_no_candidates():
    assert find(Cells()) == []


@pytest.mark.parametrize("stride, row, column, centre",
                         [(8, 3, 5, (43.5, 27.5)), (16, 3, 5, (87.5, 55.5))])
def test_a_cell_spans_its_distances_from_its_centre(stride, row, column, centre):
    box = find(Cells().set(stride, row, column, 0.9, (1, 2, 3, 4)))[0].box
    assert np.allclose(box, np.r_[centre, centre] + stride * np.array([-1, -2, 3, 4]))


def test_a_side_below_nothing_is_none():
    box = find(Cells().set(8, 3, 5, 0.9, (-1, 2, 3, -0.1)))[0].box
    assert np.allclose(box, (43.5, 11.5, 67.5, 27.5))


def test_points_count_from_the_centre_in_strides():
    cells = Cells().set(8, 0, 0, 0.9)
    cells.outputs["points8"][0, :, 0, 0] = np.arange(10)
    assert np.allclose(find(cells)[0].points, 3.5 + 8 * np.arange(10).reshape(5, 2))


@pytest.mark.parametrize("size, factor",
                         [((384, 640), 2), ((96, 160), 0.5), ((480, 640), 2.5), ((768, 640), 4)])
def test_boxes_are_in_pixels_of_the_picture(size, factor):
    box = find(Cells().set(8, 2, 2, 0.9, (1, 1, 1, 1)), *size)[0].box
    assert np.allclose(box, (np.array([11.5, 11.5, 27.5, 27.5]) + 0.5) * factor - 0.5)


def test_the_picture_lies_in_the_upper_left_and_the_rest_is_black():
    cells = Cells()
    find(cells, 480, 640)
    shown = cells.engine.inputs["image"][0, :, :, 0]
    assert (shown[:, :256] == 90).all() and (shown[:, 256:] == 0).all()


def test_a_score_at_the_limit_of_the_record_counts_as_one_half():
    found = find(Cells(score=0.3).set(8, 1, 1, 0.301))
    assert abs(found[0].score - 0.5) < 0.01
    assert find(Cells(score=0.3).set(8, 1, 1, 0.299)) == []


def test_the_surer_of_two_copies_stays():
    found = find(Cells().set(8, 5, 5, 0.7, (3, 3, 3, 3)).set(8, 5, 6, 0.9, (3, 3, 3, 3)))
    assert [round(one.score, 3) for one in found] == [0.9]


def test_copies_from_both_strides_are_one_face():
    found = find(Cells().set(8, 5, 5, 0.7, (4, 4, 4, 4)).set(16, 2, 2, 0.8, (2, 2, 2, 2)))
    assert len(found) == 1


def test_two_faces_apart_are_two_surest_first():
    found = find(Cells().set(8, 5, 5, 0.7).set(8, 15, 30, 0.8))
    assert [round(one.score, 3) for one in found] == [0.8, 0.7]


def test_a_picture_full_of_cells_is_answered():
    cells = Cells()
    for name in cells.outputs:
        cells.outputs[name][:] = 0.99
    assert 0 < len(find(cells)) <= 50


def roll(points):
    """Of a face with these points (5, 2), in strides."""
    cells = Cells().set(8, 5, 5, 0.9)
    cells.outputs["points8"][0, :, 5, 5] = np.ravel(points)
    return find(cells)[0].roll


@pytest.mark.parametrize("degrees", [0, 30, -120, 179])
def test_roll_is_that_of_the_face(degrees):
    points = dots.face_points(0, 0, 0.02, degrees)
    five = [points[36:42].mean(0), points[42:48].mean(0), points[30], points[48], points[54]]
    assert roll(five) == pytest.approx(degrees, abs=1)


@pytest.mark.parametrize("far", [-0.1, 0.1])
def test_in_profile_the_far_eye_may_be_on_either_side(far):
    assert abs(roll([(0, -1), (far, -1), (1, 0), (0.4, 1), (0.4, 1)])) < 15


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (15, 200)])
def test_a_picture_too_small_to_tell_has_none(size):
    assert find(Cells().set(8, 0, 0, 0.9), *size) == []


def test_copies_leave_what_hardly_overlaps():
    ranked = [(1, (1, 0, 11, 10)), (2, (8, 0, 18, 10)), (0, (0, 0, 10, 10))]
    assert [key for key, _ in distinct(ranked)] == [1, 2]
