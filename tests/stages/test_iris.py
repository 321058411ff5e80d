"""Irises: the eyes' squares, the mirrored right eye, and how the eyes help each other out."""
import numpy as np
import pytest

from appliance import geometry
from appliance.backends.batches import Batches
from appliance.face import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS
from appliance.stages import crop
from appliance.stages.iris import AHEAD, Iris, agree, eye_square
from appliance.stages.landmarks import Reading
from tests.fakes import dots

OPEN, SURE = [1.0, 1.0], [0.9, 0.8]


def reading(*face):
    points = dots.face_points(*face)
    return Reading(points, geometry.tight_box(points), np.ones(68), 0.9, np.eye(3),
                   crop.around_points(points, 0.0))


def seen(backend, *readings):
    """[(left, right)] of faces that look straight ahead."""
    stage = Iris(Batches(backend, "iris", len(readings)))
    return stage(dots.picture(), [(one, 0.0, AHEAD) for one in readings])


@pytest.mark.parametrize("corners", [LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS])
@pytest.mark.parametrize("roll", [0, 30, -50])
def test_an_eye_stands_level_in_its_square(corners, roll):
    one = reading(300, 200, 1.2, roll)
    there, _ = geometry.crop_transform(*(tuple(eye_square(one, corners)) + (64,)))
    ends = geometry.apply(there, one.points[list(corners)])
    assert np.isclose(ends[0, 1], ends[1, 1]) and np.allclose(ends.mean(axis=0), 31.5)
    assert np.isclose(abs(ends[0, 0] - ends[1, 0]), 64 / 1.6)
    outer_is_right = ends[0, 0] > ends[1, 0]
    assert outer_is_right == (corners is LEFT_EYE_CORNERS)


def test_a_far_eye_keeps_a_square_of_the_face_s_size():
    one = reading(300, 200)
    one.points[42] = one.points[45] - (3, 0)
    assert np.isclose(eye_square(one, LEFT_EYE_CORNERS).side, 0.198 * one.square.side / 1.35)


def test_the_network_sees_two_left_eyes():
    backend, shown = dots.Dots(), []
    backend.readers["iris"] = lambda inputs, outputs: shown.append(inputs["image"].copy())
    face = reading(319.5, 200)
    x = np.arange(640)
    luma = np.tile(np.abs(x - 319.5).astype(np.uint8), (480, 1))     # both sides alike
    Iris(Batches(backend, "iris"))(luma, [(face, 0.0, AHEAD)])
    assert np.abs(shown[0][0] - shown[0][1]).max() <= 1


def test_a_gaze_to_the_ear_on_both_sides_comes_back_with_the_head_s_signs():
    backend = dots.Dots()

    def outward(inputs, outputs):
        dots.read_iris(inputs, outputs)
        outputs["gaze"][:] = (20, 10)
    backend.readers["iris"] = outward
    (left, right), = seen(backend, reading(300, 200))
    assert left.gaze[0] > 5 and np.isclose(left.gaze[0], -right.gaze[0])
    assert left.gaze[1] == right.gaze[1] == 10


@pytest.mark.parametrize("said, found", [(-0.2, 0.0), (0.4, 0.4), (2.0, 1.3)])
def test_openness_has_its_bounds(said, found):
    backend = dots.Dots()

    def answer(inputs, outputs):
        dots.read_iris(inputs, outputs)
        outputs["openness"][:] = said
    backend.readers["iris"] = answer
    assert [eye.openness for eye in seen(backend, reading(300, 200))[0]] == pytest.approx(
        [found] * 2)


def test_the_iris_of_a_tilted_right_eye_points_to_the_nose_and_up():
    (left, right), = seen(dots.Dots(), reading(300, 200, 1.0, 90))
    assert right.iris[1, 1] > right.iris[0, 1] and right.iris[2, 0] > right.iris[0, 0]
    assert left.iris[1, 1] < left.iris[0, 1] and left.iris[2, 0] > left.iris[0, 0]


def test_each_of_several_faces_gets_its_own_eyes():
    faces = reading(160, 150, 0.7, 10), reading(450, 300, 1.2, -20)
    for face, (left, right) in zip(faces, seen(dots.Dots(), *faces)):
        for eye, corners in ((left, LEFT_EYE_CORNERS), (right, RIGHT_EYE_CORNERS)):
            assert np.abs(eye.iris[0] - face.points[list(corners)].mean(axis=0)).max() < 1


def test_two_open_eyes_look_at_one_height_and_one_point():
    _, gaze, score = agree(OPEN, [(-4, 1), (3, 3)], SURE, 20.0, AHEAD)
    assert np.allclose(gaze, [(-4, 2), (3, 2)]) and score == SURE


def test_rays_that_part_are_brought_together_half_the_way():
    _, ((left, _), (right, _)), _ = agree(OPEN, [(13, 0), (-10, 0)], SURE, 0.0, AHEAD)
    assert np.isclose(right - left, 0.5 * (7 - 23)) and np.isclose(right + left, 3)


@pytest.mark.parametrize("yaw, hidden", [(60, 0), (-60, 1)])
def test_an_eye_that_the_head_hides_follows_the_one_in_view(yaw, hidden):
    seen = [0.2, 0.9] if hidden == 0 else [0.9, 0.2]
    openness, _, score = agree(seen, [(0, 0), (0, 0)], SURE, yaw, AHEAD)
    assert score[hidden] == 0 and score[1 - hidden] == SURE[1 - hidden]
    assert openness[hidden] == openness[1 - hidden] == 0.9


def test_the_hidden_eye_looks_where_the_other_looks():
    _, gaze, _ = agree(OPEN, [(30, 30), (-5, 2)], SURE, 70.0, AHEAD)
    assert np.allclose(gaze, [(-12, 2), (-5, 2)], atol=0.1)


def test_wink_keeps_the_gaze_of_the_open_eye():
    _, gaze, _ = agree([0.1, 1.0], [(25, -20), (5, 3)], SURE, 0.0, AHEAD)
    assert np.allclose(gaze, [(-2, 3), (5, 3)], atol=0.1)


def test_a_blink_holds_the_last_gaze():
    last = (1, 1), (6, 1)
    assert np.allclose(agree([0.1, 0.05], [(25, -20), (-30, -25)], SURE, 0.0, last)[1], last)


def test_nothing_jumps_while_the_head_turns():
    yaws = np.arange(0, 90, 0.5)
    gaze = np.array([agree([1.0, 0.5], [(10, 0), (-20, 0)], SURE, y, AHEAD)[1] for y in yaws])
    assert np.abs(np.diff(gaze, axis=0)).max() < 3
