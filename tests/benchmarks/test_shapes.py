"""Each shape alone is judged by what follows it and what moves besides."""
import numpy as np
import pytest

from appliance.face import ARKIT, ARKIT_NAMES
from benchmarks import shapes, sitters
from tests.benchmarks.faces import face

JAW, SMILE = ARKIT["jawOpen"], ARKIT["mouthSmileLeft"]


def alone(people=2):
    """The labels of `sitters.alone` without pictures."""
    rows = [(-1, 0.0, np.zeros(52))]
    for k, name in enumerate(ARKIT_NAMES):
        for level in sitters.LEVELS:
            rows.append((k, level, level * np.eye(52)[k]))
    shape, level, weights = (np.array(column * people) for column in
                             (list(part) for part in zip(*rows)))
    return {"shape": shape, "level": level, "blendshapes": weights}


def test_a_shape_that_follows_alone_moves_nothing_else():
    drawn = alone()
    rows = shapes.followed(drawn["blendshapes"], drawn, 2)
    assert len(rows) == 52
    assert rows["jawOpen"]["r"] == pytest.approx(1)
    assert rows["jawOpen"]["answered"] == 1 and rows["jawOpen"]["most"] == 0


def test_what_moves_most_besides_is_named():
    drawn = alone()
    found = drawn["blendshapes"].copy()
    found[:, SMILE] += 0.3 * found[:, JAW]
    row = shapes.followed(found, drawn, 2)["jawOpen"]
    assert (row["which"], row["most"]) == ("mouthSmileLeft", pytest.approx(0.3))
    assert row["others"] == pytest.approx(0.3 / 51)


def test_a_shape_that_is_not_driven_is_not_judged():
    drawn = alone()
    found = drawn["blendshapes"] * (np.arange(52) == JAW)
    assert list(shapes.followed(found, drawn, 2)) == ["jawOpen"]


def test_who_is_never_at_rest_is_not_moved_by_a_shape():
    drawn = alone()
    found = drawn["blendshapes"] + 0.2 * (np.arange(52) == SMILE)
    assert shapes.followed(found, drawn, 2)["jawOpen"]["most"] == pytest.approx(0)
    rest = shapes.at_rest(found[drawn["shape"] < 0])
    assert (rest["which"], rest["most"]) == ("mouthSmileLeft", pytest.approx(0.2))


def test_vowels_are_told_by_what_avatars_get():
    said = np.arange(6)
    spoken = [sitters.weights(one) for one in (
        {}, {"jawOpen": 0.6}, {"mouthStretch": 0.8}, {"mouthPucker": 0.9},
        {"jawOpen": 0.6}, {})]
    found = shapes.vowels([face(shapes=one) for one in spoken], said)
    assert found["right"] == pytest.approx(60)
    assert found["table"]["E"] == [100, 0, 0, 0, 0, 0]
    assert found["table"]["O"][-1] == 100


@pytest.mark.parametrize("name, yaw, pitch", [
    ("eyeLookOutLeft", 30, 0), ("eyeLookInLeft", -30, 0), ("eyeLookOutRight", -30, 0),
    ("eyeLookInRight", 30, 0), ("eyeLookUpLeft", 0, 30), ("eyeLookDownRight", 0, -30)])
def test_a_look_is_a_gaze_of_both_eyes(name, yaw, pitch):
    assert sitters.gaze_of(name, 1.0).tolist() == [[yaw, pitch]] * 2


def test_a_name_without_a_side_means_both():
    w = sitters.weights({"mouthSmile": 0.5, "jawOpen": 1})
    assert (w[ARKIT["mouthSmileRight"]], w[SMILE], w[JAW], w.sum()) == (0.5, 0.5, 1, 2)
