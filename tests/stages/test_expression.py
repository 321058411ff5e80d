"""Expression: what the eyes measure becomes shapes of the right names, sides and signs."""
import numpy as np
import pytest

from appliance import geometry
from appliance.face import ARKIT, ARKIT_NAMES, Eye
from appliance.stages import crop
from appliance.stages.expression import (SHAPES, Expression, Turned, lower_square, upper_square,
                                         with_eyes)
from appliance.stages.landmarks import Reading
from tests.fakes import dots


def shapes(net=0.0, left=(1.0, 0, 0), right=(1.0, 0, 0)):
    """{name: value} that is not 0; an eye is openness, yaw, pitch."""
    eyes = [Eye(np.zeros((5, 2)), o, np.array([y, p], float), 1.0) for o, y, p in (left, right)]
    values = with_eyes(np.full(52, net), *eyes)
    return {name: value for name, value in zip(ARKIT_NAMES, values) if value}


def reading(*face, **turned):
    """A landmarks reading of a made-up face; yaw, pitch in degrees."""
    points, roll = dots.face_points(*face), face[3] if len(face) > 3 else 0.0
    rotation = geometry.matrix_from_angles(turned.get("yaw", 0), turned.get("pitch", 0), roll)
    return Reading(points, geometry.tight_box(points), np.ones(68), 0.9, rotation,
                   crop.around_points(points, roll))


def expressed(backend, luma=None, face=None):
    """{name: value} of the whole stage, the eyes open and straight."""
    ahead = Eye(np.zeros((5, 2)), 1.0, np.zeros(2), 1.0)
    stage = Expression(backend.load("upper"), backend.load("lower"))
    luma = dots.picture() if luma is None else luma
    values = stage(luma, face or reading(300, 200), ahead, ahead)
    return {name: value for name, value in zip(ARKIT_NAMES, values) if value}


def answering(**values):
    """Networks that answer these shapes; a value for `upper` shapes is (left, right)."""
    backend = dots.Dots()

    def answer(inputs, outputs):
        part = "upper" if len(outputs["shapes"]) == 2 else "lower"
        outputs["shapes"][:] = 0.0
        for name in set(values) & set(SHAPES[part]):
            outputs["shapes"][:, SHAPES[part].index(name)] = values[name]
    backend.readers.update(upper=answer, lower=answer)
    return backend


def test_every_shape_comes_from_one_place():
    lower, upper = set(SHAPES["lower"]), set()
    for name in SHAPES["upper"]:
        upper |= {name} if name in ARKIT else {name + "Left", name + "Right"}
    eyes = {name for name in ARKIT if name.startswith(("eyeBlink", "eyeLook"))}
    assert lower | upper | eyes == set(ARKIT) and not lower & upper


def test_a_network_s_answers_get_their_names_and_sides():
    assert expressed(answering(jawOpen=0.5, mouthSmileLeft=0.25)) == {
        "jawOpen": 0.5, "mouthSmileLeft": 0.25}
    assert expressed(answering(browDown=(0.75, 0.25))) == {
        "browDownLeft": 0.75, "browDownRight": 0.25}


def test_a_shape_that_the_manifest_does_not_call_driven_stays_0(monkeypatch):
    monkeypatch.setitem(dots.DRIVEN, "lower", ("jawOpen",))
    monkeypatch.setitem(dots.DRIVEN, "upper", ("browDown",))
    backend = answering(jawOpen=0.5, mouthPucker=0.5, browDown=(0.25, 0.75), eyeSquint=(1.0, 1.0))
    assert expressed(backend) == {"jawOpen": 0.5, "browDownLeft": 0.25, "browDownRight": 0.75}


def test_a_brow_that_the_head_hides_follows_the_other():
    backend = answering(browDown=(0.75, 0.25))
    assert expressed(backend, face=reading(300, 200, yaw=60)) == {
        "browDownLeft": 0.25, "browDownRight": 0.25}
    assert expressed(backend, face=reading(300, 200, yaw=-60)) == {
        "browDownLeft": 0.75, "browDownRight": 0.75}


def test_the_brows_middle_is_what_both_sides_say():
    assert expressed(answering(browInnerUp=(1.0, 0.5))) == {"browInnerUp": 0.75}


def test_the_right_eye_is_shown_as_a_left_one():
    backend, shown = dots.Dots(), []
    backend.readers["upper"] = lambda inputs, outputs: shown.append(
        {k: v.copy() for k, v in inputs.items()})
    luma = np.tile(np.abs(np.arange(640) - 319.5).astype(np.uint8), (480, 1))   # sides alike
    expressed(backend, luma, reading(319.5, 200, yaw=18, pitch=9))
    assert np.abs(shown[0]["image"][0] - shown[0]["image"][1]).max() <= 1
    assert np.allclose(shown[0]["turn"], [[0.4, 0.2], [-0.4, 0.2]], atol=1e-4)


@pytest.mark.parametrize("roll", [0, 30, -50])
def test_eye_brow_and_mouth_stand_upright_in_their_squares(roll):
    one = reading(300, 200, 1.2, roll)
    size = one.next_square().side / crop.LANDMARKS_MARGIN
    face = Turned(one.points, size, roll)
    for square, inside in ((upper_square(face, 0), slice(42, 48)),
                           (upper_square(face, 1), slice(36, 42)),
                           (lower_square(face), slice(48, 68))):
        there, _ = geometry.crop_transform(*(tuple(square) + (64,)))
        placed = geometry.apply(there, one.points[inside])
        assert placed.min() > 0 and placed.max() < 63
    eyes = [upper_square(face, side).centre for side in (0, 1)]
    assert eyes[0][0] > eyes[1][0], "the subject's left eye is on the picture's right"


def test_open_eyes_that_look_ahead_are_neutral():
    assert shapes() == {}


def test_blink_is_one_minus_openness_on_its_own_side():
    assert shapes(left=(0.25, 0, 0)) == {"eyeBlinkLeft": 0.75}
    assert shapes(right=(0.0, 0, 0)) == {"eyeBlinkRight": 1.0}


def test_the_network_s_own_blink_is_not_used():
    assert "eyeBlinkLeft" not in shapes(net=1.0)


def test_a_widened_eye_is_half_its_own_word_half_the_network_s():
    assert np.isclose(shapes(left=(1.3, 0, 0))["eyeWideLeft"], 0.5)
    wide = with_eyes(np.ones(52), *[Eye(None, 1.3, np.zeros(2), 1)] * 2)
    assert np.isclose(wide[ARKIT["eyeWideRight"]], 1.0)


@pytest.mark.parametrize("gaze, names", [
    ((15, 0), {"eyeLookOutLeft", "eyeLookInRight"}),
    ((-15, 0), {"eyeLookInLeft", "eyeLookOutRight"}),
    ((0, 15), {"eyeLookUpLeft", "eyeLookUpRight"}),
    ((0, -15), {"eyeLookDownLeft", "eyeLookDownRight"})])
def test_gaze_moves_the_shapes_of_its_side(gaze, names):
    found = shapes(left=(1.0,) + gaze, right=(1.0,) + gaze)
    assert set(found) == names and np.allclose(list(found.values()), 0.5)


def test_eyes_beyond_their_bounds_stay_within_0_and_1():
    values = with_eyes(np.full(52, 0.5), *[Eye(None, 1.9, np.array([99, -99]), 1)] * 2)
    assert values.min() >= 0 and values.max() <= 1
