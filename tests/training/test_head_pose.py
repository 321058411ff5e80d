"""What the head pose network's numbers mean, what it is told, how its answers are scored."""
import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks are trained where torch is installed")
pytest.importorskip("h5py", reason="training from samples wants h5py")

from appliance import geometry  # noqa: E402 (needs what was looked for above)
from appliance.face import LANDMARK_MIRROR  # noqa: E402
from engines.training import drawn_samples, head_crops, head_pose, head_scores  # noqa: E402
from engines.training.collection import Collection  # noqa: E402
from tests.training import own_sample  # noqa: E402

ANGLES = [(0, 0, 0), (30, -20, 10), (-80, 40, 170), (120, 5, -60)]


def matrices():
    return np.stack([geometry.matrix_from_angles(*angles) for angles in ANGLES])


def test_six_numbers_and_a_quaternion_say_the_same_rotation():
    true = matrices()
    six = torch.tensor(true.transpose(0, 2, 1)[:, :2].reshape(-1, 6))
    four = torch.tensor(np.stack([-2.5 * geometry.quaternion_from_matrix(m) for m in true]))
    for numbers in (six, four):
        assert head_pose.matrices(numbers).numpy() == pytest.approx(true, abs=1e-9)


def test_numbers_that_are_no_rotation_give_one():
    for count in (4, 6):
        seed = torch.Generator().manual_seed(1)
        found = head_pose.matrices(torch.randn(50, count, generator=seed))
        one = np.tile(np.eye(3), (50, 1, 1))
        assert (found @ found.transpose(1, 2)).numpy() == pytest.approx(one, abs=1e-5)
        assert torch.det(found).numpy() == pytest.approx(np.ones(50), abs=1e-5)


@pytest.mark.parametrize("rotation", sorted(head_pose.TURN))
def test_a_network_begins_without_a_turn_at_the_mean_face(rotation):
    net = head_pose.HeadPose(rotation, 0.25).eval()
    points = np.random.RandomState(2).uniform(20, 100, (68, 2))
    net.start_from(points, np.array([60.0, 70.0, np.nan]))
    net.out.weight.data.zero_()
    out = net(torch.zeros(1, 128, 128, 1))
    turn = head_pose.matrices(out["rotation"])[0].detach().numpy()
    assert turn == pytest.approx(np.eye(3), abs=1e-6)
    assert out["points"][0].detach().numpy() == pytest.approx(points, abs=1e-4)
    assert out["head"][0].detach().numpy() == pytest.approx([60, 70, 60], abs=1e-4)


def test_the_turn_between_rotations_is_their_rotation_vector():
    turn = np.radians([3.0, -4.0, 2.0])
    found = matrices()
    true = np.stack([cv2.Rodrigues(turn)[0].dot(m) for m in found])
    between = head_pose.turned(torch.tensor(found), torch.tensor(true)).numpy()
    assert between == pytest.approx(np.tile(turn, (4, 1)), abs=1e-4)


def test_the_turn_between_opposite_rotations_has_a_slope():
    six = torch.tensor([[1.0, 0, 0, 0, 1.0, 0]], requires_grad=True)
    back = torch.tensor(geometry.matrix_from_angles(179.5, 0, 0)[None], dtype=torch.float32)
    head_pose.turned(head_pose.matrices(six), back).pow(2).sum().backward()
    assert torch.isfinite(six.grad).all()


def test_a_factor_is_the_triangle_of_the_inverse_covariance():
    numbers = [[np.log(2.0), np.log(4.0), np.log(8.0), 0.5, 0.25, -0.125]]
    w = head_pose.factors(torch.tensor(numbers))[0].numpy()
    assert w == pytest.approx(np.array([[2, 0, 0], [2, 4, 0], [2, -1, 8]]), abs=1e-5)


def test_the_likelihood_is_a_density_of_the_covariance_told():
    numbers = torch.tensor([[0.2, 0.5, 0.1, 0.3, -0.2, 0.1]], dtype=torch.float64)
    w = head_pose.factors(numbers)[0].numpy()
    covariance = np.linalg.inv(w.T.dot(w))
    rng = np.random.RandomState(0)
    normal, gamma = rng.normal(size=(200000, 3)), rng.chisquare(head_pose.FREEDOM, 200000)
    # Student: a normal draw over the root of a chi-square draw, scaled to the covariance
    scale = np.sqrt((head_pose.FREEDOM - 2) / gamma)[:, None]
    draws = normal.dot(np.linalg.cholesky(covariance).T) * scale

    def mean(shift):
        told = numbers + torch.tensor(np.array([shift]))
        away = torch.tensor(draws)
        return float(head_pose.likelihood(away, told.expand(len(away), 6)).mean())
    # the true covariance explains its own draws better than any neighbour does
    assert all(mean([0] * 6) < mean(s * np.eye(6)[k]) for k in range(6) for s in (0.1, -0.1))


@pytest.fixture(scope="module")
def heads(tmp_path_factory):
    path = own_sample.write(str(tmp_path_factory.mktemp("samples") / "made_up.h5"))
    return head_crops.Heads(Collection([path]))


def test_a_plain_crop_and_its_labels_fit_together(heads):
    row = heads.row(0, plain=True)
    points = row["points"]
    # white eyes and a black mouth under their points
    for some, tone in ((slice(36, 42), 255), (slice(42, 48), 255), ([51, 57], 0)):
        x, y = np.rint(points[some].mean(0)).astype(int)
        assert abs(int(row["image"][y, x]) - tone) < 60
    low, high = points.min(0), points.max(0)
    assert 0.5 * (low + high) == pytest.approx((63.5, 63.5), abs=0.6)


def test_a_head_at_the_side_of_a_frame_is_turned_as_the_crop_shows_it(heads):
    wide = head_crops.Heads(Collection([heads.collection.readers[0].path], 80.0))
    ray = wide.collection.towards(wide.collection.luma(0).shape, wide.squares[0].centre)
    told = wide.row(0, True)["rotation"]
    assert told == pytest.approx(ray.dot(heads.row(0, True)["rotation"]), abs=1e-6)
    assert np.abs(ray - np.eye(3)).max() > 0.02


@pytest.mark.parametrize("plain", (True, False))
def test_labels_of_a_crop_agree_with_each_other(heads, plain):
    for i in range(12):
        row = heads.row(i, plain)
        circle = drawn_samples.circle(row["points"].astype(float), row["rotation"].astype(float))
        assert row["head"] == pytest.approx(circle, abs=0.05)


def test_the_mirror_image_of_a_mirror_image_is_the_crop():
    rotation = geometry.matrix_from_angles(20, 10, 5)
    points = np.random.RandomState(1).uniform(0, 127, (68, 2))
    labels = rotation, np.array([50.0, 60, 40]), points
    once = head_crops.mirrored(labels)
    assert geometry.angles_from_matrix(once[0]) == pytest.approx((-20, 10, -5))
    assert once[1] == pytest.approx((77, 60, 40))
    assert once[2][LANDMARK_MIRROR[3]] == pytest.approx(labels[2][3] * (-1, 1) + (127, 0))
    for a, b in zip(head_crops.mirrored(once), labels):
        assert a == pytest.approx(b)


def truth(rows):
    """Answers that are right, in a network's numbers (6d)."""
    stack = {k: np.stack([row[k] for row in rows]) for k in rows[0]}
    factor = np.tile([4.0, 4, 4, 0, 0, 0], (len(rows), 1))
    six = stack["rotation"].transpose(0, 2, 1)[:, :2].reshape(-1, 6)
    return {"rotation": six, "rotation_factor": factor, "head": stack["head"],
            "head_factor": factor, "points": stack["points"],
            "log_sigma": np.zeros((len(rows), 68))}


def turned_by(answers, *angles):
    """The same answers with the head's axes turned."""
    turn = geometry.matrix_from_angles(*angles)
    m = head_pose.matrices(torch.tensor(answers["rotation"])).numpy() @ turn
    return dict(answers, rotation=m.transpose(0, 2, 1)[:, :2].reshape(-1, 6))


def test_right_answers_have_no_error(heads):
    rows = [heads.row(i, True) for i in range(9)]
    score = head_scores.measure(head_scores.read(truth(rows)), rows)
    for figure in ("mae", "geodesic", "points", "place", "size"):
        assert score[figure] == pytest.approx(0, abs=1e-2), figure
    assert score["pictures"] == score["turned"] == 9


def test_errors_are_told_in_degrees_and_shares(heads):
    rows = [heads.row(i, True) for i in range(9)]
    answers = turned_by(truth(rows), 5, 0, 0)
    answers["head"] = answers["head"] * (1, 1, 1.1)
    size = np.sqrt(np.prod(np.ptp(rows[0]["points"], axis=0)))
    answers["points"] = answers["points"] + (3.0, 4.0)
    score = head_scores.measure(head_scores.read(answers), rows)
    assert score["geodesic"] == pytest.approx(5, abs=1e-3)
    assert score["geodesic_steady"] == pytest.approx(0, abs=1e-2)
    assert score["size"] == pytest.approx(10, abs=1e-3)
    assert score["points"] == pytest.approx(500 / size, rel=0.1)


def test_what_is_not_known_is_not_scored(tmp_path):
    path = own_sample.write(str(tmp_path / "few.h5"), rotation=True, head=True)
    rows = [row for row in map(head_crops.Heads(Collection([path])).row, range(4), [True] * 4)]
    score = head_scores.measure(head_scores.read(truth(rows)), rows)
    assert score["turned"] == 0 and np.isnan(score["mae"]) and np.isnan(score["place"])
    assert score["points"] == pytest.approx(0, abs=1e-6)


def test_who_follows_the_picture_is_steady_and_who_follows_the_square_is_not(heads):
    def follows(images):
        return truth([dict(_zero(), points=_dots(image)) for image in images])

    def stuck(images):
        return truth([_zero() for _ in images])
    follower, stuck = (head_scores.steadiness(answer, heads, [0], 6)
                       for answer in (follows, stuck))
    moved = "square moved by 2 %"
    assert follower[moved]["points"] < 0.25 * stuck[moved]["points"]
    assert stuck["noise, sigma 4"]["points"] == pytest.approx(0, abs=1e-9)
    assert stuck["square turned by 5 degrees"]["turn"] > 1
    again = "square moved by 10 %, then following itself"
    assert follower[again]["points"] < 0.25 * stuck[again]["points"]


def _zero():
    points = 63.5 + np.linspace(-47.4, 47.4, 136).reshape(68, 2)
    return {"rotation": np.eye(3), "head": np.array([63.5, 63.5, 40]), "points": points}


def _dots(image):
    """Every point on the middle of what is white: a network that sees where the eyes are."""
    at = np.argwhere(image > 220)[:, ::-1].mean(0)
    return at + np.linspace(-47.4, 47.4, 136).reshape(68, 2)


def test_pictures_of_one_pose_are_told_apart_from_heads_that_move(heads):
    def answer(images):
        return truth([dict(_zero(), points=_dots(image)) for image in images])
    figures = head_scores.still(answer, heads, heads.rows)
    assert figures["turn"] == pytest.approx(0, abs=1e-3) and figures["points"] > 5
