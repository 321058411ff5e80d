"""What the pose tells of itself is fitted to what was missed; a scene gives its camera back."""
import os

import numpy as np
import pytest

pytest.importorskip("scipy", reason="networks are trained where scipy is installed")

from appliance.stages import pose  # noqa: E402 (needs what was looked for above)
from engines.training import unsure  # noqa: E402
from engines.training.render import scene as scenes  # noqa: E402
from engines.training.render.face_model import FaceModel  # noqa: E402
from tests.data import DATA  # noqa: E402
from tests.stages.test_pose import SHAPE, random_head, reading  # noqa: E402

MODEL = os.path.join(DATA, "train", "ict_face.npz")


@pytest.fixture(scope="module")
def model():
    if not os.path.exists(MODEL):
        pytest.skip("no face model at %s" % MODEL)
    return FaceModel(MODEL)


def missed(constants, count, rng):
    """Heads that are missed by as much as the constants say."""
    found = []
    for _ in range(count):
        one = reading(*random_head(rng), sigma=rng.uniform(0.5, 6.0))
        place, sums, vague = solved(one)
        turn, *way = unsure.told([(None, None, place, sums, vague)], constants)[0]
        found.append((np.radians(rng.normal(0, turn, 3)), rng.normal(0, way), place, sums,
                      vague))
    return found


def solved(one):
    """What unsure.solved gives of a Reading in the middle of the camera's picture."""
    middle = (np.array(SHAPE[::-1]) - 1) / 2
    _, place, sums, vague = unsure.solved(one, 554.26, middle)
    return place, sums, vague


def test_it_is_solved_as_the_pose_does_it():
    one = reading(*random_head(np.random.RandomState(1)), sigma=2.0)
    place, sums, vague = solved(one)
    found = pose.Pose()(one, SHAPE)
    assert np.allclose(place, found.place, rtol=1e-4)
    turn, *way = pose.unsure(sums, place.tolist(), vague)
    assert turn == pytest.approx(found.rotation_sigma, rel=1e-3)
    assert way == pytest.approx(found.place_sigma, rel=1e-3)


def test_the_constants_under_which_heads_were_missed_are_found_again():
    before = pose.SHAPE, pose.TURN_OFF
    true = 9.0, 8.0
    found = unsure.fitted(missed(true, 300, np.random.RandomState(2)))
    assert np.allclose(found, true, rtol=0.25)
    assert (pose.SHAPE, pose.TURN_OFF) == before


def test_the_table_says_how_many_lie_within_a_sigma():
    constants = 5.0, 4.0
    lines = unsure.table(missed(constants, 400, np.random.RandomState(3)), constants)
    one, two = (float(word) for word in lines[-1].split("rotation ")[1].split(";")[0].split(", "))
    assert one == pytest.approx(0.68, abs=0.06) and two == pytest.approx(0.95, abs=0.03)


def test_a_scene_gives_the_camera_of_its_picture_back(model):
    seed = np.array([7, 3])
    scene = scenes.sample(np.random.default_rng(seed.tolist()), tuple(seed.tolist()))
    vertices = model.vertices(scene.identity, scene.blendshapes, scene.gaze)
    there = model.landmarks(vertices).dot(scene.rotation.T) + scene.translation
    points = 0.4 * there[:, :2] / there[:, 2:] * scene.focal + (50.0, -20.0)
    same, focal, middle = unsure.camera(seed, points, model)
    assert same.seed == scene.seed and focal == pytest.approx(0.4 * scene.focal)
    assert middle == pytest.approx([50.0, -20.0], abs=1e-3)
    with pytest.raises(ValueError, match="draw the heads again"):
        unsure.camera(np.array([7, 4]), points, model)
