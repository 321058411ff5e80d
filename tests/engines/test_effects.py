"""A difference of numbers, in the terms of whoever is tracked."""
import numpy as np
import pytest

from appliance import geometry
from appliance.backends import manifest
from appliance.stages.landmarks import log_odds
from engines import effects

networks = manifest.read()


def landmarks(yaw=0.0, shift=0.0, score=0.9):
    """An answer of the landmarks network: points over a box of 100 by 64 pixels."""
    points = np.zeros((1, 68, 2), np.float32)
    points[0, 0], points[0, 1] = (0, 0), (100, 64)
    columns = geometry.matrix_from_angles(yaw, 0, 0)[:, :2].T.reshape(1, 6)
    return {"points": points + shift, "rotation": columns.astype(np.float32),
            "score": np.array([[score]], np.float32)}


def cells():
    """An answer of the detector where no face is."""
    return {name: np.full(shape, -30 if name.startswith("score") else 0, np.float32)
            for name, shape in networks["detector"].parts.items()}


def told(name, truth, found):
    return effects.of(networks[name], [truth], [found])


def test_points_are_told_in_per_cent_of_the_box():
    assert told("landmarks", landmarks(), landmarks(shift=0.8))["% of the box"] == pytest.approx(
        100 * 0.8 * np.sqrt(2) / 80, rel=1e-4)


def test_of_several_faces_the_one_that_is_furthest_off_counts():
    truth, found = landmarks(), landmarks(shift=0.8)
    both = [{name: np.concatenate([truth[name], other[name]]) for name in truth}
            for other in (truth, found)]
    assert effects.of(networks["landmarks"].of(2), *[[one] for one in both]) == told(
        "landmarks", truth, found)


@pytest.mark.parametrize("angle", [0.01, 1.0, 30.0])
def test_a_rotation_is_told_in_degrees(angle):
    effect = told("landmarks", landmarks(), landmarks(yaw=angle))
    assert effect["degrees of rotation"] == pytest.approx(angle, rel=0.01)


def test_a_score_is_told_as_it_is_believed():
    truth, found = cells(), cells()
    found["score8"][0, 0, 3, 4] = log_odds(networks["detector"].score)
    assert told("detector", truth, found)["of score"] == pytest.approx(0.5)


def test_boxes_count_where_a_face_is_alone():
    truth = cells()
    truth["score8"][0, 0, 3, 4], truth["box8"][0, :, 3, 4] = log_odds(0.9), 2.0
    found = {name: value.copy() for name, value in truth.items()}
    found["box8"] += 0.02
    assert told("detector", truth, found)["% of a box's side"] == pytest.approx(0.5, rel=1e-3)


def test_both_close_ups_are_told_in_shapes():
    for name in ("expression", "brows"):
        one = networks["expression"]._replace(name=name)
        rest, less = np.zeros((1, 13)), np.full((1, 13), -1.0)
        found = effects.of(one, [{"shapes": rest}], [{"shapes": less}])
        assert found == {"of a blendshape": 0.0}        # what lies beyond 0 and 1 is none


def test_vowels_are_told_as_shares():
    one = manifest.read()["expression"]
    shapes, silence = np.zeros((1, 29)), np.full((1, 5), -99.0)
    louder = silence.copy()
    louder[0, 2] = np.log(3.0)
    found = effects.of(one, [{"shapes": shapes, "vowels": silence}],
                       [{"shapes": shapes, "vowels": louder}])
    assert found == {"of a blendshape": 0, "of a vowel": pytest.approx(0.75)}


def test_of_several_answers_the_largest_effect_is_told():
    network, far = networks["expression"], [np.zeros((1, 29)), np.full((1, 29), 0.25)]
    found = effects.of(network, [{"shapes": far[0]}] * 2, [{"shapes": one} for one in far])
    assert found == {"of a blendshape": 0.25}


def test_a_network_of_somebody_else_has_numbers_alone():
    own = networks["iris"]._replace(name="own")
    assert effects.of(own, [{"y": np.zeros(1)}], [{"y": np.ones(1)}]) == {}
    assert effects.differences([{"y": np.zeros(1)}], [{"y": np.ones(1)}]) == {"y": 1.0}


def test_ours_by_name_alone_has_numbers_alone():
    assert told("landmarks", {"y": np.zeros(1)}, {"y": np.ones(1)}) == {}


def test_what_is_no_number_is_named():
    assert effects.broken([{"a": np.array([1.0, np.nan]), "b": np.ones(1)},
                           {"a": np.ones(2), "c": np.array([np.inf])}]) == ["a", "c"]
