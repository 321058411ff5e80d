"""Expression: the mouth's square, names and sides of the shapes, what the eyes' word becomes."""
import numpy as np
import pytest

from appliance import geometry
from appliance.backends.batches import Batches
from appliance.face import ARKIT_NAMES, Eye
from appliance.stages import crop
from appliance.stages.expression import SHAPES, Expression, Turned, mouth_square
from appliance.stages.landmarks import Reading
from tests.fakes import dots

NAMES = [ARKIT_NAMES[i] for i in SHAPES]


def reading(*face, **turned):
    """A landmarks reading of a made-up face; yaw, pitch in degrees."""
    points, roll = dots.face_points(*face), face[3] if len(face) > 3 else 0.0
    rotation = geometry.matrix_from_angles(turned.get("yaw", 0), turned.get("pitch", 0), roll)
    return Reading(points, geometry.tight_box(points), np.ones(68), 0.9, rotation,
                   crop.around_points(points, roll))


def expressed(backend, left=(1.0, 0, 0), right=(1.0, 0, 0), **how):
    """{name: value} that is not 0, of the whole stage; an eye is openness, yaw, pitch."""
    eyes = [Eye(np.zeros((5, 2)), o, np.array([y, p], float), 1.0) for o, y, p in (left, right)]
    luma, face = how.get("luma", dots.picture()), how.get("face", reading(300, 200))
    stage = Expression(Batches(backend, "expression"))
    look = stage.both_ways if how.get("thorough") else stage
    values, = look(luma, [(face, face.next_square(), eyes)])
    return {name: float(value) for name, value in zip(ARKIT_NAMES, values) if value}


def answering(**values):
    """A network that answers these shapes."""
    backend = dots.Dots()

    def answer(inputs, outputs):
        outputs["shapes"][0] = [values.get(name, 0.0) for name in NAMES]
    backend.readers["expression"] = answer
    return backend


def test_a_network_s_answers_get_their_names():
    assert expressed(answering(jawOpen=0.5, mouthSmileLeft=0.25)) == {
        "jawOpen": 0.5, "mouthSmileLeft": 0.25}


@pytest.mark.parametrize("thorough", [False, True])
def test_shapes_lie_between_0_and_1(thorough):
    assert expressed(answering(jawOpen=1.5, mouthPucker=-0.5), thorough=thorough) == {
        "jawOpen": 1.0}


def test_a_shape_that_the_manifest_does_not_call_driven_stays_0(monkeypatch):
    monkeypatch.setitem(dots.DRIVEN, "expression", ("jawOpen", "eyeBlinkLeft"))
    shut = (0.0, 20, 0)
    assert expressed(answering(jawOpen=0.5, mouthPucker=0.5), shut, shut) == {
        "jawOpen": 0.5, "eyeBlinkLeft": 1.0}


def test_the_network_is_told_how_far_the_head_is_turned():
    backend, told = dots.Dots(), []
    backend.readers["expression"] = lambda inputs, outputs: told.append(inputs["turn"].copy())
    expressed(backend, face=reading(300, 200, yaw=18, pitch=9), thorough=True)
    assert np.allclose(told, [[[0.4, 0.2]], [[-0.4, 0.2]]], atol=1e-4)


def test_a_thorough_look_takes_the_mean_of_both_sides():
    backend = answering(mouthSmileLeft=0.5, jawOpen=0.25)
    assert expressed(backend, thorough=True) == {
        "mouthSmileLeft": 0.25, "mouthSmileRight": 0.25, "jawOpen": 0.25}


def test_a_thorough_look_sees_the_mirror_image():
    backend, shown = dots.Dots(), []
    backend.readers["expression"] = lambda inputs, outputs: shown.append(inputs["image"].copy())
    luma = np.tile((np.arange(640) % 256).astype(np.uint8), (480, 1))
    expressed(backend, luma=luma, thorough=True)
    assert np.array_equal(shown[0], shown[1][:, :, ::-1]) and np.ptp(shown[0]) > 0


@pytest.mark.parametrize("roll", [0, 30, -50])
def test_the_mouth_stands_upright_in_its_square(roll):
    one = reading(300, 200, 1.2, roll)
    size = one.next_square().side / crop.LANDMARKS_MARGIN
    square = mouth_square(Turned(one.points, size, roll))
    there, _ = geometry.crop_transform(*(tuple(square) + (64,)))
    placed = geometry.apply(there, one.points)
    assert placed[48:].min() > 0 and placed[48:].max() < 63
    assert placed[27, 1] < placed[33, 1] < placed[57, 1] < placed[8, 1]


def test_open_eyes_that_look_ahead_are_neutral():
    assert expressed(answering()) == {}


def test_blink_is_one_minus_openness_on_its_own_side():
    assert expressed(answering(), left=(0.25, 0, 0)) == {"eyeBlinkLeft": 0.75}
    assert expressed(answering(), right=(0.0, 0, 0)) == {"eyeBlinkRight": 1.0}


def test_an_eye_wide_open_is_what_goes_beyond_the_usual():
    assert np.isclose(expressed(answering(), left=(1.15, 0, 0))["eyeWideLeft"], 0.5)


@pytest.mark.parametrize("gaze, names", [
    ((15, 0), {"eyeLookOutLeft", "eyeLookInRight"}),
    ((-15, 0), {"eyeLookInLeft", "eyeLookOutRight"}),
    ((0, 15), {"eyeLookUpLeft", "eyeLookUpRight"}),
    ((0, -15), {"eyeLookDownLeft", "eyeLookDownRight"})])
def test_gaze_moves_the_shapes_of_its_side(gaze, names):
    found = expressed(answering(), left=(1.0,) + gaze, right=(1.0,) + gaze)
    assert set(found) == names and np.allclose(list(found.values()), 0.5)


def test_eyes_beyond_their_bounds_stay_within_0_and_1():
    values = expressed(answering(), left=(1.9, 99, -99), right=(-0.5, 99, -99)).values()
    assert min(values) >= 0 and max(values) <= 1
