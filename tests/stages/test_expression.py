"""Expression: who tells each shape, what the eyes' word becomes."""
import numpy as np
import pytest

from appliance.backends.batches import Batches
from appliance.face import ARKIT, ARKIT_NAMES, Eye
from appliance.stages.closeup import Closeup, Word
from appliance.stages.expression import Expression
from tests.fakes import dots

EYES = [name for name in ARKIT_NAMES if name.startswith(("eyeBlink", "eyeLook", "eyeWide"))]


def eye(openness=1.0, yaw=0, pitch=0):
    return Eye(np.zeros((5, 2)), openness, np.array([yaw, pitch], float), 1.0)


def stage(names=("expression",), **driven):
    """An Expression of these close-ups, which drive everything but what is given; and they."""
    backend = dots.Dots(**driven)
    closeups = [Closeup(Batches(backend, name)) for name in names]
    return Expression(backend.networks["expression"], closeups), closeups


def expressed(left=(1.0, 0, 0), right=(1.0, 0, 0), **driven):
    """{name: value} that is not 0, of faces whose close-ups say nothing."""
    express, (closeup,) = stage(**driven)
    values, _ = express([eye(*left), eye(*right)], [Word(np.zeros(len(closeup.places)))])
    return {name: float(value) for name, value in zip(ARKIT_NAMES, values) if value}


def test_each_close_up_s_word_goes_where_it_belongs():
    express, (mouth, brows) = stage(("expression", "brows"), brows=("browInnerUp", "eyeWideLeft"))
    values, _ = express([eye(), eye()],
                        [Word(np.full(len(mouth.places), 0.25)), Word(np.array([0.5, 0.75]))])
    found = dict(zip(ARKIT_NAMES, values))
    assert (found["browInnerUp"], found["eyeWideLeft"], found["jawOpen"]) == (0.5, 0.75, 0.25)
    assert found["browDownLeft"] == found["eyeBlinkLeft"] == 0.0


def test_wide_eyes_are_told_by_the_close_up_where_that_drives_them():
    express, (mouth, brows) = stage(("expression", "brows"), brows=("eyeWideLeft",))
    values, _ = express([eye(1.3), eye(1.3)],
                        [Word(np.zeros(len(mouth.places))), Word(np.array([0.125]))])
    assert values[ARKIT["eyeWideLeft"]] == 0.125 and values[ARKIT["eyeWideRight"]] > 0.9


def test_what_the_eyes_tell_is_known():
    express, _ = stage(("expression", "brows"), brows=("eyeWideLeft",),
                       expression=EYES[:4] + ["eyeWideLeft", "eyeWideRight", "jawOpen"])
    told, driven = ([name for name, on in zip(ARKIT_NAMES, mask) if on]
                    for mask in (express.by_eyes, express.driven))
    assert told == EYES[:4] + ["eyeWideRight"]
    assert driven == EYES[:4] + ["eyeWideLeft", "eyeWideRight", "jawOpen"]


def test_what_fades_is_known():
    backend = dots.Dots()
    backend.fade("brows", "browInnerUp", "noseSneerLeft")
    closeups = [Closeup(Batches(backend, name)) for name in ("expression", "brows")]
    express = Expression(backend.networks["expression"], closeups)
    assert set(np.flatnonzero(express.fading)) == {ARKIT["browInnerUp"], ARKIT["noseSneerLeft"]}


def test_a_look_that_the_manifest_does_not_call_driven_stays_0():
    shut = (0.0, 20, 0)
    assert expressed(shut, shut, expression=("jawOpen", "eyeBlinkLeft")) == {"eyeBlinkLeft": 1.0}


def test_open_eyes_that_look_ahead_are_neutral():
    assert expressed() == {}


def test_blink_is_one_minus_openness_on_its_own_side():
    assert expressed(left=(0.25, 0, 0)) == {"eyeBlinkLeft": 0.75}
    assert expressed(right=(0.0, 0, 0)) == {"eyeBlinkRight": 1.0}


def test_an_eye_wide_open_is_what_goes_beyond_the_usual():
    assert np.isclose(expressed(left=(1.15, 0, 0))["eyeWideLeft"], 0.5)


@pytest.mark.parametrize("gaze, names", [
    ((15, 0), {"eyeLookOutLeft", "eyeLookInRight"}),
    ((-15, 0), {"eyeLookInLeft", "eyeLookOutRight"}),
    ((0, 15), {"eyeLookUpLeft", "eyeLookUpRight"}),
    ((0, -15), {"eyeLookDownLeft", "eyeLookDownRight"})])
def test_gaze_moves_the_shapes_of_its_side(gaze, names):
    found = expressed(left=(1.0,) + gaze, right=(1.0,) + gaze)
    assert set(found) == names and np.allclose(list(found.values()), 0.5)


def test_eyes_beyond_their_bounds_stay_within_0_and_1():
    values = expressed(left=(1.9, 99, -99), right=(-0.5, 99, -99)).values()
    assert min(values) >= 0 and max(values) <= 1


def test_the_vowels_are_those_of_the_close_up_that_tells_them():
    express, (mouth, brows) = stage(("expression", "brows"))
    silent, vowels = (np.zeros(len(closeup.places)) for closeup in (brows, mouth)), np.ones(5)
    words = [Word(next(silent)), Word(next(silent))][::-1]
    assert express([eye(), eye()], words)[1] is None
    words[0] = words[0]._replace(vowels=vowels)
    assert express([eye(), eye()], words)[1] is vowels
