import numpy as np
import pytest

from appliance import geometry
from appliance.face import ARKIT
from appliance.outputs.moment import Moment, mirrored, mirrored_face
from tests.fakes.people import person


def same(a, b):
    """Whether two Faces or Eyes are equal, field by field."""
    for x, y in zip(a, b):
        equal = same(x, y) if isinstance(x, tuple) else np.all(x == y)
        if not equal:
            return False
    return True


def test_mirroring_twice_is_the_identity():
    face = person(jawLeft=0.4, mouthSmileRight=0.7, tongueOut=0.2)
    assert same(mirrored_face(mirrored_face(face, 640), 640), face)


def test_a_mirror_turns_yaw_roll_and_x():
    face = mirrored_face(person(yaw=20, pitch=10, roll=5), 640)
    assert face.angles == pytest.approx((-20, 10, -5))
    assert list(face.translation) == [-30.0, -20.0, 550.0]
    assert face.rotation[0] >= 0


def test_a_mirror_exchanges_eyes_and_sides():
    face = person(openness=(0.1, 0.9), eyeBlinkLeft=0.9, jawRight=0.3, jawOpen=0.5)
    face = mirrored_face(face, 640)
    assert (face.left.openness, face.right.openness) == (0.9, 0.1)
    assert list(face.left.gaze) == [-12.0, 6.0]
    names = "eyeBlinkRight", "eyeBlinkLeft", "jawLeft", "jawOpen"
    assert [face.blendshapes[ARKIT[n]] for n in names] == [0.9, 0.0, 0.3, 0.5]


def test_points_are_reflected_in_the_picture():
    face = person()
    other = mirrored_face(face, 640)
    assert list(other.landmarks[36]) == [639 - face.landmarks[45][0], face.landmarks[45][1]]
    assert other.sigma[36] == face.sigma[45]
    assert list(other.box) == list(geometry.tight_box(other.landmarks))


def test_the_iris_keeps_its_own_order():
    eye = mirrored_face(person(), 640).left
    nose, ear = eye.iris[1, 0], eye.iris[3, 0]
    assert nose < eye.iris[0, 0] < ear      # the subject's left eye: the nose is to image left


def test_a_moment_without_a_face_only_tells_that_it_is_mirrored():
    moment = Moment(1, 0.0, 0.0, (640, 480), None, 0, 0.0)
    assert mirrored(moment) == moment._replace(mirrored=True)
