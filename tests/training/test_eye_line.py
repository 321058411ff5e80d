"""How a face is laid by its eyes, and what that does to a gaze."""
import numpy as np
import pytest

pytest.importorskip("h5py", reason="training from samples wants h5py")

from appliance import geometry  # noqa: E402 (needs what was looked for above)
from appliance.stages import crop  # noqa: E402
from engines.training import eye_line  # noqa: E402
from tests.fakes.dots import face_points, picture  # noqa: E402


def corners(x=80.0, y=60.0, size=0.5, roll=0.0):
    return face_points(x, y, size, roll)[list(eye_line.CORNERS)]


@pytest.mark.parametrize("roll", (-35.0, 0.0, 20.0))
def test_the_eyes_come_to_lie_where_every_face_has_them(roll):
    square = eye_line.square(corners(roll=roll))
    there, _ = geometry.crop_transform(square.centre, square.side, square.roll, eye_line.SIZE)
    one, other = geometry.apply(there, corners(roll=roll)).reshape(2, 2, 2).mean(1)
    # the first pixel's centre is 0, its edge -0.5
    assert (one + 0.5) / eye_line.SIZE == pytest.approx((0.3, 0.35), abs=1e-6)
    assert (other + 0.5) / eye_line.SIZE == pytest.approx((0.7, 0.35), abs=1e-6)


@pytest.mark.parametrize("roll", (-35.0, 20.0))
def test_every_face_looks_alike_in_its_square(roll):
    def seen(turned):
        x, y, size = 80.0, 60.0, 0.5
        out = np.empty((eye_line.SIZE, eye_line.SIZE), np.uint8)
        luma = picture((x, y, size, turned), width=160, height=140)
        crop.cut(luma, eye_line.square(corners(x, y, size, turned)), out)
        return out.astype(float)
    assert np.abs(seen(roll) - seen(0.0)).mean() < 2.0


@pytest.mark.parametrize("roll", (-30.0, 0.0, 50.0))
def test_what_is_turned_for_the_square_is_turned_back(roll):
    towards = geometry.ray_rotation(0.2, -0.1).T
    gaze = np.array([17.0, -9.0])
    seen = eye_line.to_square(gaze, roll, towards)
    assert eye_line.from_square(seen, roll, towards) == pytest.approx(gaze, abs=1e-9)


def test_who_lies_on_their_side_and_looks_up_along_their_face_looks_aside_in_the_picture():
    # tilted to its own left shoulder, to the right of the picture, by 90 degrees: what is up for
    # the head is to the right of the picture, the subject's left
    assert eye_line.to_square((20.0, 0.0), 90.0) == pytest.approx((0.0, 20.0), abs=1e-9)


def test_a_gaze_into_the_camera_stays_one_however_the_head_is_tilted():
    assert eye_line.to_square((0.0, 0.0), 33.0) == pytest.approx((0.0, 0.0), abs=1e-9)


def test_somebody_at_the_side_who_looks_into_the_camera_has_a_gaze_of_nothing_in_the_ray():
    towards = geometry.ray_rotation(0.5, 0.0).T
    to_camera = -np.array([0.5, 0.0, 1.0])
    gaze = eye_line.angles(to_camera[None])[0]
    assert gaze[0] == pytest.approx(-26.565, abs=1e-3)
    assert eye_line.to_square(gaze, 0.0, towards) == pytest.approx((0.0, 0.0), abs=1e-9)


def test_a_vector_is_of_length_one_and_has_the_signs_of_the_conventions():
    looks = eye_line.vectors([(0, 0), (90, 0), (0, 90), (30, 40)])
    assert np.linalg.norm(looks, axis=1) == pytest.approx(1.0)
    assert looks[0] == pytest.approx((0, 0, -1), abs=1e-12)     # into the camera
    assert looks[1] == pytest.approx((1, 0, 0), abs=1e-12)      # to the subject's left
    assert looks[2] == pytest.approx((0, -1, 0), abs=1e-12)     # up
    assert looks[3] == pytest.approx((0.38302, -0.64279, -0.66341), abs=1e-5)   # by hand


def test_a_gaze_is_what_the_head_says_that_looks_straight_ahead():
    for yaw, pitch in ((20, 10), (-40, -25)):
        ahead = geometry.matrix_from_angles(yaw, pitch, 0).dot([0, 0, -1])
        assert eye_line.vectors([(yaw, pitch)])[0] == pytest.approx(ahead, abs=1e-12)


@pytest.mark.parametrize("a, b, degrees", [
    ((0, 0), (10, 0), 10.0), ((0, 0), (0, 10), 10.0), ((40, 0), (50, 0), 10.0),
    ((0, 0), (10, 10), 14.106),         # cos 10 cos 10
    ((20, 30), (20, 30), 0.0), ((0, 60), (20, 60), 9.961),      # 2 asin(cos 60 sin 10)
    ((-90, 0), (90, 0), 180.0)])
def test_the_error_is_the_angle_between_the_directions(a, b, degrees):
    assert eye_line.error([a], [b])[0] == pytest.approx(degrees, abs=2e-3)


def test_angles_are_those_of_the_vector():
    gaze = np.array([(12.0, -7.0), (-60.0, 35.0)])
    assert eye_line.angles(3.0 * eye_line.vectors(gaze)) == pytest.approx(gaze)
