"""Two pictures of one head in one crop: what a batch holds of them, what a loss makes of it."""
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks are trained where torch is installed")

from appliance import geometry  # noqa: E402 (needs what was looked for above)
from engines.training import faces, losses  # noqa: E402
from tests.fakes import dots  # noqa: E402

FOCAL = 500.0


def source(count=4, **more):
    """Heads of dots, all alike."""
    return dict({"luma": np.stack([dots.picture((320, 200))] * count),
                 "points": np.stack([dots.face_points(320, 200)] * count),
                 "rotation": np.tile(np.eye(3), (count, 1, 1)),
                 "weight": np.ones(count, np.float32)}, **more)


@pytest.fixture
def batch():
    twice = source(focal=np.full(4, FOCAL, np.float32))
    twice["points"][1::2, 8] += (0, 9)      # the chin of every second picture, and its box
    twice["rotation"][1::2] = geometry.ray_rotation(0, 4.5 / FOCAL).T
    wall = [np.full((120, 160), 90, np.uint8)]
    return faces.Faces(source(), source(), wall, (8, 6, 2), twice=twice).batch()


def test_most_rows_of_a_batch_have_no_other(batch):
    assert batch["other"].tolist() == [1, 0, 3, 2, 5, 4, 7, 6] + list(range(8, 16))


def test_twins_differ_by_their_noise_alone(batch):
    assert (batch["points"][0] == batch["points"][1]).all()
    assert (batch["rotation"][0] == batch["rotation"][1]).all()
    apart = batch["image"][0].astype(float) - batch["image"][1]
    assert 0 < np.abs(apart).mean() < 2 * faces.GRAIN


def test_a_pair_shares_its_crop_and_its_pose(batch):
    apart = np.linalg.norm(batch["points"][4] - batch["points"][5], axis=1)
    assert apart[8] > 1 and np.delete(apart, 8).max() < 1e-3
    turn = batch["rotation"][4].T.dot(batch["rotation"][5])
    assert np.allclose(turn, np.eye(3), atol=1e-3), "the chin moves the box, not the head"


def test_a_head_is_told_as_the_crop_s_middle_sees_it():
    points = np.array([[0.0, 0], [100, 100]])
    right = faces.seen_from(np.eye(3), points, np.array([50 + 50.0, 50]), FOCAL)
    yaw, pitch, roll = geometry.angles_from_matrix(right)
    straight = geometry.angles_from_matrix(geometry.ray_rotation(0.1, 0).T)
    assert (yaw, pitch, roll) == pytest.approx(straight)
    assert abs(yaw) == pytest.approx(5.7, abs=0.1)


def answers(off, turned):
    """(out, y) of three rows, the first two one head: points off by so many pixels, rotations
    turned by so many degrees."""
    six = [geometry.matrix_from_angles(angle, 0, 0)[:, :2].T.ravel() for angle in turned]
    out = {"points": torch.ones(3, 68, 2) * torch.tensor(off)[:, None, None],
           "rotation": torch.tensor(np.array(six), dtype=torch.float32)}
    return out, {"points": torch.zeros(3, 68, 2), "rotation": torch.eye(3).repeat(3, 1, 1),
                 "other": torch.tensor([1, 0, 2])}


def test_errors_that_both_pictures_share_are_at_rest():
    step, turn = losses.rest(*answers((3.0, 3.0, 9.0), (20.0, 20.0, -40.0)))
    assert step < 0.02 and turn < 0.002


def test_what_moves_between_two_pictures_counts():
    step, turn = losses.rest(*answers((3.0, 4.0, 9.0), (20.0, 22.0, -40.0)))
    assert float(step) == pytest.approx(2 ** 0.5, abs=0.01)
    assert float(turn) == pytest.approx(2 ** 0.5 * np.radians(2), rel=0.01)


def test_without_another_picture_nothing_counts():
    out, y = answers((3.0, 4.0, 9.0), (20.0, 22.0, -40.0))
    assert losses.rest(out, dict(y, other=torch.arange(3))) == [0, 0]
