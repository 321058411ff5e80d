"""Close-ups: squares in the face, what their networks are shown, names and sides of shapes."""
import numpy as np
import pytest

from appliance import geometry
from appliance.backends.batches import Batches
from appliance.face import ARKIT_NAMES
from appliance.stages import crop
from appliance.stages.closeup import (VIEWS, Closeup, Turned, apart, brows_square, mouth_square,
                                      spoken, worthwhile)
from appliance.stages.landmarks import Reading
from tests.fakes import dots

NAMES = {name: [ARKIT_NAMES[i] for i in view.shapes] for name, view in VIEWS.items()}
BOTH = pytest.mark.parametrize("thorough", [False, True])
EITHER = pytest.mark.parametrize("name", sorted(VIEWS))


def reading(*face, **turned):
    """A landmarks reading of a made-up face; yaw, pitch in degrees."""
    points, roll = dots.face_points(*face), face[3] if len(face) > 3 else 0.0
    rotation = geometry.matrix_from_angles(turned.get("yaw", 0), turned.get("pitch", 0), roll)
    return Reading(points, geometry.tight_box(points), np.ones(68), 0.9, rotation,
                   crop.around_points(points, roll))


def told(backend, name="expression", luma=None, face=None, thorough=False):
    """{shape: value} that is not 0, of the whole stage."""
    luma, face = dots.picture() if luma is None else luma, face or reading(300, 200)
    stage = Closeup(Batches(backend, name))
    look = stage.both_ways if thorough else stage
    values, = look(luma, [(face, face.next_square())])
    return {ARKIT_NAMES[i]: float(value) for i, value in zip(stage.places, values.shapes) if value}


def answering(name, driven=ARKIT_NAMES, **values):
    """A backend whose network of that name answers these shapes."""
    backend = dots.Dots(**{name: driven})

    def answer(inputs, outputs):
        outputs["shapes"][0] = [values.get(shape, 0.0) for shape in NAMES[name]]
    backend.readers[name] = answer
    return backend


@pytest.mark.parametrize("name, values", [
    ("expression", {"jawOpen": 0.5, "mouthSmileLeft": 0.25}),
    ("brows", {"browInnerUp": 0.5, "noseSneerRight": 0.25})])
def test_a_network_s_answers_get_their_names(name, values):
    assert told(answering(name, **values), name) == values


@BOTH
def test_shapes_lie_between_0_and_1(thorough):
    backend = answering("expression", jawOpen=1.5, mouthPucker=-0.5)
    assert told(backend, thorough=thorough) == {"jawOpen": 1.0}


@BOTH
def test_what_is_not_driven_is_not_told(thorough):
    backend = answering("brows", ("browInnerUp", "jawOpen"), browInnerUp=0.5, browDownLeft=0.5)
    assert told(backend, "brows", thorough=thorough) == {"browInnerUp": 0.5}


def test_only_a_network_that_drives_a_shape_of_its_own_is_worth_its_time():
    networks = dots.Dots(brows=("jawOpen",)).networks
    assert worthwhile(networks, "expression") and not worthwhile(networks, "brows")
    del networks["expression"]
    assert not worthwhile(networks, "expression")


@EITHER
def test_the_network_is_told_how_far_the_head_is_turned(name):
    backend, heard = dots.Dots(), []
    backend.readers[name] = lambda inputs, outputs: heard.append(inputs["turn"].copy())
    told(backend, name, face=reading(300, 200, yaw=18, pitch=9), thorough=True)
    assert np.allclose(heard, [[[0.4, 0.2]], [[-0.4, 0.2]]], atol=1e-4)


@pytest.mark.parametrize("name, one, other, middle", [
    ("expression", "mouthSmileLeft", "mouthSmileRight", "jawOpen"),
    ("brows", "browDownLeft", "browDownRight", "browInnerUp")])
def test_a_thorough_look_takes_the_mean_of_both_sides(name, one, other, middle):
    backend = answering(name, **{one: 0.5, middle: 0.25})
    assert told(backend, name, thorough=True) == {one: 0.25, other: 0.25, middle: 0.25}


@EITHER
def test_a_thorough_look_sees_the_mirror_image(name):
    backend, shown = dots.Dots(), []
    backend.readers[name] = lambda inputs, outputs: shown.append(inputs["image"].copy())
    luma = np.tile((np.arange(640) % 256).astype(np.uint8), (480, 1))
    told(backend, name, luma, thorough=True)
    assert np.array_equal(shown[0], shown[1][:, :, ::-1]) and np.ptp(shown[0]) > 0


@BOTH
@pytest.mark.parametrize("yaw, share", [
    (0, 1), (50, 1), (-50, 1), (56, 0.5), (-56, 0.5), (62, 0), (-75, 0), (90, 0)])
def test_a_fading_shape_fades_as_the_face_turns_away(yaw, share, thorough):
    face = reading(300, 200, yaw=yaw)
    backend = answering("brows", browInnerUp=0.8, noseSneerLeft=0.5)
    backend.fade("brows", "browInnerUp")
    found = told(backend, "brows", face=face, thorough=thorough)
    assert found.get("browInnerUp", 0) == pytest.approx(0.8 * share, abs=1e-6)
    assert found["noseSneerLeft"] == pytest.approx(0.25 if thorough else 0.5)


def test_of_several_faces_each_gets_its_own_word():
    backend = answering("brows", browInnerUp=0.8)
    backend.fade("brows", "browInnerUp")
    stage = Closeup(Batches(backend, "brows", 3))
    ones = [reading(120 + 160 * i, 200, yaw=yaw) for i, yaw in enumerate((0, 56, 80))]
    found = stage(dots.picture(), [(one, one.next_square()) for one in ones])
    assert [word.shapes.max() for word in found] == pytest.approx([0.8, 0.4, 0.0])
    assert backend.calls["brows"] == 1


def sided(still, factor, **values):
    """A backend whose network of the mouth tells these shapes, smiles of one side in part."""
    backend = answering("expression", **values)
    backend.networks["expression"] = backend.networks["expression"]._replace(
        sided={"mouthSmile": (still, factor)})
    return backend


def test_a_smile_of_one_side_is_told_as_one():
    found = told(sided(0.04, 11, mouthSmileLeft=0.42, mouthSmileRight=0.33, jawOpen=0.5))
    assert found == pytest.approx(
        {"mouthSmileLeft": 0.65, "mouthSmileRight": 0.1, "jawOpen": 0.5}, abs=1e-6)


def test_a_smile_of_both_sides_stays_one_of_both():
    found = told(sided(0.04, 11, mouthSmileLeft=0.88, mouthSmileRight=0.91))
    assert found["mouthSmileLeft"] == pytest.approx(found["mouthSmileRight"])


@pytest.mark.parametrize("yaw, off", [(0, 0.6), (-5, 0.6), (20, 0.35), (35, 0.1), (-60, 0.1)])
def test_of_a_face_turned_away_sides_stay_as_the_network_tells_them(yaw, off):
    backend = sided(0.04, 10, mouthSmileLeft=0.45, mouthSmileRight=0.35)
    found = told(backend, face=reading(300, 200, yaw=yaw))
    assert found["mouthSmileLeft"] - found["mouthSmileRight"] == pytest.approx(off, abs=1e-5)


def test_sides_of_a_pair_that_is_not_told_are_let_alone():
    backend = sided(0.04, 11, mouthSmileLeft=0.42, mouthSmileRight=0.33)
    backend.networks["expression"] = backend.networks["expression"]._replace(
        driven=("mouthSmileLeft",))
    assert told(backend) == {"mouthSmileLeft": pytest.approx(0.42)}


def test_sides_never_leave_0_to_1_and_change_places_with_a_mirror():
    for left, right, still, factor in np.random.RandomState(0).uniform(
            (0, 0, 0, 0), (1, 1, 0.1, 20), (300, 4)):
        one, other = apart(left, right, still, factor)
        assert 0 <= min(one, other) and max(one, other) <= 1
        assert apart(right, left, still, factor) == pytest.approx((other, one))
        assert apart(left, right, still, factor, 0.0) == pytest.approx((left, right))


def said(backend, thorough, count=1):
    """The vowels of so many faces, of the whole stage."""
    stage = Closeup(Batches(backend, "expression", count))
    faces = [reading(120 + 160 * i, 200) for i in range(count)]
    look = stage.both_ways if thorough else stage
    return [word.vowels for word in look(dots.picture(),
                                         [(one, one.next_square()) for one in faces])]


@BOTH
def test_a_network_without_vowels_tells_none(thorough):
    assert said(dots.Dots(), thorough) == [None]


@BOTH
def test_each_vowel_has_its_share_beside_silence(thorough):
    odds = np.log([2.0, 1.0, 0.5, 0.25, 0.25])
    for found in said(dots.Dots().speak(*odds), thorough, 2):
        assert found == pytest.approx([0.4, 0.2, 0.1, 0.05, 0.05], abs=1e-6)


def test_a_thorough_look_hears_both_sides():
    backend, sides = dots.Dots().speak(0, 0, 0, 0, 0), [np.log(3.0), -99.0]

    def answer(inputs, outputs):
        outputs["shapes"][:], outputs["vowels"][:] = 0.0, -99.0
        outputs["vowels"][0, 2] = sides.pop()
    backend.readers["expression"] = answer
    assert said(backend, True)[0] == pytest.approx([0, 0, 0.375, 0, 0], abs=1e-6)


def test_whatever_the_odds_vowels_are_1_together_at_most():
    for odds in np.random.RandomState(0).normal(0, 40, (50, 5)):
        found = spoken(odds)
        assert found.min() >= 0 and found.sum() <= 1 + 1e-9
    assert spoken(np.array([1e4, -1e4, 0, 0, 0]))[0] > 0.99


def placed(square, points, size=64):
    """Where the points lie in the square's crop."""
    there, _ = geometry.crop_transform(*(tuple(square) + (size,)))
    return geometry.apply(there, points)


def turned(roll):
    """A Turned face, tilted."""
    one = reading(300, 200, 1.2, roll)
    return Turned(one.points, one.next_square().side / crop.LANDMARKS_MARGIN, roll)


@pytest.mark.parametrize("roll", [0, 30, -50])
def test_the_mouth_stands_upright_in_its_square(roll):
    face = turned(roll)
    points = placed(mouth_square(face), face.points)
    assert points[48:].min() > 0 and points[48:].max() < 63
    assert points[27, 1] < points[33, 1] < points[57, 1] < points[8, 1]


@pytest.mark.parametrize("roll", [0, 30, -50])
def test_eyes_and_brows_stand_upright_in_the_middle_rows_of_their_square(roll):
    face = turned(roll)
    points = placed(brows_square(face), face.points)
    seen = np.r_[points[17:27], points[36:48]]
    assert seen[:, 0].min() > 0 and seen[:, 0].max() < 63
    assert seen[:, 1].min() > 64 / 6 and seen[:, 1].max() < 64 * 5 / 6
    assert points[24, 1] < points[44, 1] < points[30, 1]
