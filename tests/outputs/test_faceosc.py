"""What programs made for FaceOSC are told."""
import numpy as np
import pytest

from appliance import geometry
from appliance.outputs.dialects.faceosc import FaceOsc, gestures, orientation
from appliance.outputs.moment import Moment, mirrored
from tests.fakes.people import person
from tests.golden import decoded

MOMENT = Moment(1, 0.0, 0.0, (640, 480), None, 1, 0.0, focal=500.0)


def told(face, moment=MOMENT, **options):
    datagrams = FaceOsc(**options)(moment._replace(face=face))
    return {a: args for d in datagrams for a, _, args in decoded(d)}


def gesture(name, face, **options):
    return told(face, **options)["/gesture/" + name][0]


def test_a_frame_is_one_bundle():
    datagrams = FaceOsc()(MOMENT._replace(face=person()))
    assert len(datagrams) == 1 and bytes(datagrams[0]).startswith(b"#bundle")


@pytest.mark.parametrize("turn, x, y, z", [
    (dict(yaw=20, pitch=0, roll=0), 0, -20, 0), (dict(yaw=0, pitch=20, roll=0), -20, 0, 0),
    (dict(yaw=0, pitch=0, roll=20), 0, 0, 20)])
def test_signs_of_single_turns(turn, x, y, z):
    got = told(person(**turn))["/pose/orientation"]
    assert np.degrees(got) == pytest.approx([x, y, z], abs=1e-4)


def test_the_three_angles_make_the_rotation():
    random = np.random.RandomState(0)
    for _ in range(50):
        matrix = geometry.matrix_from_angles(*random.uniform(-80, 80, 3))
        x, y, z = np.degrees(orientation(matrix))
        alone = [geometry.matrix_from_angles(0, -x, 0), geometry.matrix_from_angles(-y, 0, 0),
                 geometry.matrix_from_angles(0, 0, z)]
        assert alone[0].dot(alone[1]).dot(alone[2]) == pytest.approx(matrix)


def test_the_position_follows_the_head_in_the_picture():
    straight = person(yaw=0, pitch=0, roll=0)
    here = straight._replace(translation=np.array([0.0, 0.0, 509.0]))
    got = told(here)
    assert got["/pose/position"] == pytest.approx([320, 240 + 39]) and got["/pose/scale"] == [
        pytest.approx(3.6)]
    left = told(here._replace(translation=np.array([50.0, -20.0, 509.0])))["/pose/position"]
    assert left == pytest.approx([370, 240 + 19])
    near = told(here._replace(translation=np.array([0.0, 0.0, 259.0])))
    assert near["/pose/scale"][0] == pytest.approx(7.2)


def test_a_head_at_rest_has_the_models_measures():
    face = person(openness=(1.0, 1.0))
    assert gestures(face, True) == pytest.approx([14.5, 1.0, 7.0, 7.0, 3.0, 3.0, 21.9, 6.9])


@pytest.mark.parametrize("name, weights, sign", [
    ("mouth/width", {"mouthSmileLeft": 1.0}, 1), ("mouth/width", {"mouthPucker": 1.0}, -1),
    ("mouth/height", {"jawOpen": 1.0}, 1), ("jaw", {"jawOpen": 1.0}, 1),
    ("eyebrow/right", {"browDownLeft": 1.0}, -1), ("eyebrow/left", {"browOuterUpRight": 1.0}, 1),
    ("eye/right", {"eyeWideLeft": 1.0}, 1), ("nostrils", {"noseSneerLeft": 1.0}, 1)])
def test_gestures_grow_and_shrink_with_weights(name, weights, sign):
    assert sign * (gesture(name, person(**weights)) - gesture(name, person())) > 0.3


@pytest.mark.parametrize("options, shut", [({}, "eye/right"),
                                           ({"faceosc_sides": "subject"}, "eye/left")])
def test_left_is_the_pictures_unless_asked(options, shut):
    face = person(openness=(0.0, 1.0))
    open_one = {"eye/left": "eye/right", "eye/right": "eye/left"}[shut]
    assert gesture(shut, face, **options) == pytest.approx(0.8)
    assert gesture(open_one, face, **options) == pytest.approx(3.0)


def test_gestures_stay_bounded():
    random = np.random.RandomState(0)
    for _ in range(100):
        face = person(openness=random.uniform(-1, 2, 2))
        values = gestures(face._replace(blendshapes=random.uniform(-0.5, 1.5, 52)), True)
        assert (np.array(values) > [10, 0.9, 5.4, 5.4, 0.7, 0.7, 21.8, 6.8]).all()
        assert (np.array(values) < [21, 9.1, 9.1, 9.1, 3.9, 3.9, 27, 7.8]).all()


def test_the_points_are_pixels_without_the_inner_corners_of_the_mouth():
    face = person()
    points = np.array(told(face)["/raw"]).reshape(66, 2)
    assert points == pytest.approx(np.delete(face.landmarks, (60, 64), 0), abs=1e-3)


def test_a_mirror_turns_the_picture_and_the_sides():
    other = mirrored(MOMENT._replace(face=person(openness=(0.0, 1.0))))
    plain, reflected = told(person(openness=(0.0, 1.0))), told(other.face)
    assert reflected["/pose/orientation"] == pytest.approx(
        np.multiply(plain["/pose/orientation"], (1, -1, -1)), abs=1e-6)
    assert reflected["/pose/position"][0] == pytest.approx(640 - plain["/pose/position"][0])
    assert reflected["/gesture/eye/left"] == plain["/gesture/eye/right"]


@pytest.mark.parametrize("state", ["tracked", "held"])
def test_a_shown_face_is_found(state):
    assert told(person()._replace(state=state))["/found"] == [1]


def test_who_is_not_found_is_told_alone():
    for face in (None, person()._replace(state="returning")):
        assert told(face) == {"/found": [0]}
    last = FaceOsc().farewell(MOMENT._replace(face=person()), 0)
    assert [decoded(d) for d in last] == [[("/found", ",i", [0])]]
    assert FaceOsc.lost == (0.0, float("inf"))


def test_a_prefix_stands_before_every_address():
    assert all(a.startswith("/one/") for a in told(person(), prefix="/one"))
