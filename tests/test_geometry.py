"""Rotations, angles and crops: round trips, signs, edges."""
import numpy as np
import pytest

from appliance import geometry as g


def random_rotation(rng):
    q = rng.normal(size=4)
    return g.matrix_from_quaternion(q / np.linalg.norm(q))


@pytest.mark.parametrize("seed", range(10))
def test_angles_survive_the_way_through_the_matrix(seed):
    angles = np.random.RandomState(seed).uniform([-179, -89, -179], [179, 89, 179])
    assert np.allclose(g.angles_from_matrix(g.matrix_from_angles(*angles)), angles)


def about(axis, degrees):
    turn = np.radians(degrees) * np.eye(3)[axis]
    return g.matrix_from_quaternion(g.quaternion_from_vector(turn))


def test_the_matrix_is_the_product_of_the_convention():
    product = about(1, -20).dot(about(0, -30)).dot(about(2, 40))
    assert np.allclose(g.matrix_from_angles(20, 30, 40), product)


@pytest.mark.parametrize("angles, tip, moved", [
    ((30, 0, 0), (0, 0, -1), (1, 0)), ((0, 30, 0), (0, 0, -1), (0, -1)),
    ((0, 0, 30), (0, -1, 0), (1, 0))])
def test_yaw_pitch_and_roll_move_the_head_the_right_way(angles, tip, moved):
    way = g.matrix_from_angles(*angles).dot(tip)[:2] - np.array(tip)[:2]
    assert way.dot(moved) > 0.4


@pytest.mark.parametrize("seed", range(20))
def test_quaternions_survive_the_way_through_the_matrix(seed):
    rng = np.random.RandomState(seed)
    m = random_rotation(rng)
    q = g.quaternion_from_matrix(m)
    assert q[0] >= 0 and np.allclose(g.matrix_from_quaternion(q), m)


@pytest.mark.parametrize("axis", range(3))
def test_half_turns_have_a_quaternion(axis):
    m = about(axis, 180)
    assert np.allclose(g.matrix_from_quaternion(g.quaternion_from_matrix(m)), m)


def test_the_product_of_quaternions_is_that_of_matrices():
    rng = np.random.RandomState(1)
    a, b = random_rotation(rng), random_rotation(rng)
    q = g.quaternion_product(g.quaternion_from_matrix(a), g.quaternion_from_matrix(b))
    assert np.allclose(g.matrix_from_quaternion(q), a.dot(b))


@pytest.mark.parametrize("length", [0.0, 1e-12, 1e-4, 1.0, 3.1])
def test_the_way_between_two_rotations_leads_from_one_to_the_other(length):
    rng = np.random.RandomState(2)
    a, axis = g.quaternion_from_matrix(random_rotation(rng)), np.array([0.6, -0.8, 0])
    b = g.quaternion_product(a, g.quaternion_from_vector(length * axis))
    assert np.allclose(g.rotation_between(a, b), length * axis, atol=1e-9)
    assert np.allclose(g.rotation_between(a, -b), length * axis, atol=1e-9)


@pytest.mark.parametrize("share, degrees", [(0, 0), (0.25, 20), (1, 80)])
def test_slerp_keeps_an_even_pace(share, degrees):
    q = g.slerp(np.array([1.0, 0, 0, 0]), g.quaternion_from_vector([0, np.radians(80), 0]), share)
    assert np.allclose(q, g.quaternion_from_vector([0, np.radians(degrees), 0]))


@pytest.mark.parametrize("six",
                         [(1, 2, 3, -1, 0, 2), (0, 0, 0, 0, 0, 0), (1, 0, 0, 2, 0, 0),
                          (0, 0, 1, 0, 0, -1),
                                 (0, 0, 0, 1, 0, 0)])
def test_any_six_numbers_give_a_rotation(six):
    m = g.matrix_from_columns(six)
    assert np.allclose(m.T.dot(m), np.eye(3)) and np.linalg.det(m) > 0.99


def test_the_columns_of_a_rotation_give_it_back():
    m = random_rotation(np.random.RandomState(3))
    assert np.allclose(g.matrix_from_columns(m[:, :2].T.reshape(-1)), m)


@pytest.mark.parametrize("ray", [(0, 0), (0.5, -0.3), (2, 1)])
def test_the_ray_rotation_turns_the_axis_onto_the_ray(ray):
    r = g.ray_rotation(*ray)
    forward = r.dot([0, 0, 1])
    assert np.allclose(forward[:2] / forward[2], ray) and np.allclose(r.T.dot(r), np.eye(3))
    assert np.isclose(np.arccos((np.trace(r) - 1) / 2), np.arctan(np.hypot(*ray)))  # no farther


def test_a_crop_and_its_way_back_cancel():
    there, back = g.crop_transform((123.4, 56.7), 89.0, 33.0, 128)
    points = np.random.RandomState(4).uniform(0, 300, (10, 2))
    assert np.allclose(g.apply(back, g.apply(there, points)), points)


def test_the_middle_of_a_crop_is_its_centre_and_its_sides_are_its_size():
    there, back = g.crop_transform((100.0, 50.0), 64.0, 20.0, 128)
    assert np.allclose(g.apply(there, np.array([[100.0, 50.0]])), 63.5)
    corners = g.apply(back, np.array([[0, 0], [127.0, 0]]))
    assert np.isclose(np.hypot(*(corners[1] - corners[0])), 64.0 * 127 / 128)


def test_a_tilted_head_stands_upright_in_its_crop():
    up = g.matrix_from_angles(0, 0, 25).dot([0, -1, 0])[:2]
    there, _ = g.crop_transform((0, 0), 100, 25, 128)
    tip = g.apply(there, np.stack([up, 0 * up]))
    assert np.allclose((tip[0] - tip[1]) / np.hypot(*(tip[0] - tip[1])), (0, -1))


def test_a_turned_box_holds_its_points_tightly():
    angle = np.radians(30)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = np.array([[-20, -5], [20, -5], [20, 5], [-20, 5.0]]).dot(turn.T) + (70, 80)
    centre, w, h = g.turned_box(points, 30)
    assert np.allclose(centre, (70, 80)) and np.allclose((w, h), (40, 10))


@pytest.mark.parametrize("other, share",
                         [((0, 0, 10, 10), 1), ((5, 0, 15, 10), 1 / 3.0), ((10, 0, 20, 10), 0),
                                          ((30, 30, 40, 40), 0), ((2, 2, 2, 2), 0)])
def test_overlap_is_the_shared_part_of_the_union(other, share):
    assert np.isclose(g.overlap((0, 0, 10, 10), other), share)
