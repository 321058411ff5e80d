"""Pose: known heads come back, from any start, in front of the camera, the same each time."""
import numpy as np
import pytest

from appliance import geometry
from appliance.stages import crop, pose
from appliance.stages.landmarks import Reading
from appliance.stages.pose import MODEL, STABLE, Pose

SHAPE = (480, 640)
FOCAL = geometry.focal_length(640, 60)
MIDDLE = np.array([319.5, 239.5])


def reading(rotation, place, noise=0.0, rng=None, sigma=1.0, net=None):
    """Exact points of the mean head there; `net`: another camera_from_head beside them."""
    points = np.zeros((68, 2))
    seen = MODEL.dot(rotation.T) + place
    points[STABLE] = seen[:, :2] / seen[:, 2:] * FOCAL + MIDDLE
    if noise:
        points += rng.normal(0, noise, points.shape)
    centre = points[STABLE].mean(axis=0)
    ray = geometry.ray_rotation(*((centre - MIDDLE) / FOCAL))
    return Reading(points, geometry.tight_box(points[STABLE]), np.full(68, sigma), 0.9,
                   ray.T.dot(rotation if net is None else net),
                   crop.Square(tuple(centre), 200.0))


def random_head(rng):
    angles = rng.uniform([-75, -40, -40], [75, 40, 40])
    z = rng.uniform(250, 1500)
    place = np.array([rng.uniform(-0.4, 0.4) * z, rng.uniform(-0.3, 0.3) * z, z])
    return geometry.matrix_from_angles(*angles), place


def off_by(rotation, radians, rng):
    """The rotation, turned a random little way."""
    turn = geometry.quaternion_from_vector(rng.normal(0, radians, 3))
    return geometry.matrix_from_quaternion(turn).dot(rotation)


def between(a, b):
    """Degrees between two rotations."""
    return np.degrees(np.arccos(np.clip((np.trace(a.T.dot(b)) - 1) / 2, -1, 1)))


@pytest.mark.parametrize("seed", range(20))
def test_a_known_head_comes_back_exactly(seed):
    rotation, place = random_head(np.random.RandomState(seed))
    found, at = Pose()(reading(rotation, place), SHAPE)[:2]
    assert between(found, rotation) < 0.01
    assert np.allclose(at, place, rtol=1e-4)


@pytest.mark.parametrize("seed", range(20))
def test_the_rotation_is_the_networks_seen_along_its_ray(seed):
    rng = np.random.RandomState(seed)
    rotation, place = random_head(rng)
    net = off_by(rotation, 0.05, rng)
    found = Pose()(reading(rotation, place, 1.0, rng, net=net), SHAPE)
    assert between(found.rotation, net) < 1e-4


@pytest.mark.parametrize("seed", range(50))
def test_the_head_never_lies_behind_the_camera(seed):
    rng = np.random.RandomState(seed)
    rotation = geometry.matrix_from_angles(*rng.uniform(-180, 180, 3))
    bad = Reading(rng.uniform(-500, 1200, (68, 2)), np.array([0, 0, 1, 1.0]),
                  rng.uniform(0.01, 50, 68), 0.9, rotation,
                  crop.Square((rng.uniform(0, 640), rng.uniform(0, 480)), 100.0))
    found, place, turn, way = Pose()(bad, SHAPE)
    assert place[2] > 0 and np.isfinite(place).all()
    assert turn >= 0 and np.isfinite(turn) and (way >= 0).all() and (way <= pose.FARTHEST).all()
    assert np.allclose(found.dot(found.T), np.eye(3), atol=1e-6)


@pytest.mark.parametrize("zoom, nearest", [(20.0, True), (1e-4, False)])
def test_no_head_is_nearer_or_farther_than_a_head_can_be(zoom, nearest):
    one = reading(np.eye(3), np.array([0, 0, 600.0]))
    points = MIDDLE + zoom * (one.points - MIDDLE)
    place = Pose()(one._replace(points=points, sigma=np.full(68, 1e-2)), SHAPE)[1]
    assert pose.NEAREST <= place[2] <= pose.FARTHEST


def test_points_on_one_spot_still_give_a_place():
    one = reading(np.eye(3), np.array([0, 0, 600.0]))
    found, place = Pose()(one._replace(points=np.full((68, 2), 300.0)), SHAPE)[:2]
    assert np.isfinite(found).all() and place[2] > 0


def test_the_same_reading_gives_the_same_pose_to_the_bit():
    rng = np.random.RandomState(9)
    one, solver = reading(*random_head(rng), noise=0.5, rng=rng), Pose()
    first = solver(one, SHAPE)
    solver(reading(*random_head(rng)), SHAPE)
    second = solver(one, SHAPE)
    assert np.array_equal(first[0], second[0]) and np.array_equal(first[1], second[1])


def test_wider_eyes_are_farther_away():
    one = reading(np.eye(3), np.array([10, 20, 600.0]))
    found = Pose(eye_distance=70.0)(one, SHAPE)[1]
    assert np.allclose(found, np.array([10, 20, 600]) * 70 / 63, rtol=1e-4)


def test_an_unsure_point_counts_for_less():
    rotation, place = geometry.matrix_from_angles(10, 5, 0), np.array([0, 0, 500.0])
    one = reading(rotation, place)
    one.points[45] += (8, 0)
    surely = Pose()(one, SHAPE).place
    one.sigma[45] = 20
    found = Pose()(one, SHAPE).place
    assert np.linalg.norm(found - place) < 0.2 * np.linalg.norm(surely - place)


def test_unsure_points_make_an_unsure_pose():
    rotation, place = geometry.matrix_from_angles(20, 5, 0), np.array([80.0, -40, 600])
    told = [Pose()(reading(rotation, place, sigma=sigma), SHAPE) for sigma in (1.0, 2.0, 6.0)]
    turns, ways = [one.rotation_sigma for one in told], [one.place_sigma for one in told]
    assert 0.5 < turns[0] < turns[1] < turns[2] < 30
    assert (ways[0] < ways[1]).all() and (ways[1] < ways[2]).all()
    assert ways[0][2] > 2 * max(ways[0][:2])        # depth is what one camera knows least


# Of points that are off by much the rays' own noise draws the place nearer, which is not told.
@pytest.mark.parametrize("sigma, share", [(0.5, 0.2), (2.0, 0.2), (3.0, 0.25)])
def test_the_place_tells_how_far_it_is_off(sigma, share, monkeypatch):
    monkeypatch.setattr(pose, "SHAPE", 1.0)     # it is the mean head, so no errors hang together
    rng, off = np.random.RandomState(3), []
    rotation, place = geometry.matrix_from_angles(15, -5, 8), np.array([60.0, 30, 550])
    for _ in range(200):
        one = reading(rotation, place, sigma, rng, sigma)
        vague = sigma / one.square.side
        wrong = off_by(rotation, pose.TURN_OFF * vague, rng)
        found = Pose()(reading(rotation, place, 0, None, sigma, wrong)._replace(points=one.points),
                       SHAPE)
        turn = np.radians(between(found.rotation, rotation)) / np.sqrt(3)
        off.append(np.r_[np.degrees(turn) / found.rotation_sigma,
                         (found.place - place) / found.place_sigma])
    assert np.allclose(np.sqrt(np.mean(np.square(off), axis=0)), 1.0, atol=share)


def test_larger_heads_are_unsure_by_more_millimetres():
    one = reading(np.eye(3), np.array([10, 20, 600.0]))
    plain, wide = Pose()(one, SHAPE), Pose(eye_distance=126.0)(one, SHAPE)
    assert np.allclose(wide.place_sigma, 2 * plain.place_sigma)
    assert wide.rotation_sigma == plain.rotation_sigma


@pytest.mark.parametrize("angles", [(30, 0, 0), (0, 20, 0), (0, 0, 25), (-20, 10, 5)])
def test_angles_come_out_with_their_signs(angles):
    one = reading(geometry.matrix_from_angles(*angles), np.array([150, -80, 500.0]))
    found = Pose()(one, SHAPE).rotation
    assert np.allclose(geometry.angles_from_matrix(found), angles, atol=0.02)
