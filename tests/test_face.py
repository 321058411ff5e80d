import numpy as np
import pytest

from tests.fakes.people import person


@pytest.mark.parametrize("name", ["matrix", "angles", "weights", "looks"])
def test_what_follows_from_a_face_is_computed_once(name):
    face = person()
    assert getattr(face, name) is getattr(face, name)


def test_another_face_made_of_it_has_its_own_angles():
    face = person(yaw=20.0)
    assert face.angles[0] == pytest.approx(20.0)
    turned = face._replace(rotation=person(yaw=-30.0).rotation)
    assert turned.angles[0] == pytest.approx(-30.0) and face.angles[0] == pytest.approx(20.0)


def test_weights_are_the_blendshapes_bounded():
    face = person()._replace(blendshapes=np.linspace(-0.5, 1.5, 52))
    assert face.weights.min() == 0.0 and face.weights.max() == 1.0
    assert np.array_equal(face.weights, np.clip(face.blendshapes, 0.0, 1.0))
    assert face.blendshapes[0] == -0.5


def test_looks_are_the_gaze_of_the_left_eye_then_of_the_right():
    face = person()
    face = face._replace(left=face.left._replace(gaze=np.array([1.0, 2.0])),
                         right=face.right._replace(gaze=np.array([3.0, 4.0])))
    assert face.looks == (1.0, 2.0, 3.0, 4.0)
