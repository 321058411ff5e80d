"""Renderer of training material: signs, sides, order of points, same picture for the same seed."""
import os
from types import SimpleNamespace

import numpy as np
import pytest

from appliance.face import ARKIT, LANDMARK_MIRROR
from tests.data import DATA

WHERE = "the renderer runs where networks are trained"
pytest.importorskip("scipy", reason=WHERE)
pytest.importorskip("moderngl", reason=WHERE)

MODEL = os.path.join(DATA, "train/ict_face.npz")
if not os.path.exists(MODEL):
    pytest.skip("no face model at %s" % MODEL, allow_module_level=True)

from engines.training import looks, pairs, upper  # noqa: E402
from engines.training.render import assembly, camera, clip, dataset, scene, skin  # noqa: E402
from engines.training.render.expression import sample_expression, sample_gaze  # noqa: E402
from engines.training.render.expression import UPPER, with_brows  # noqa: E402
from engines.training.render.face_model import FaceModel, look_weights, settle  # noqa: E402

NOBODY = np.zeros(100, np.float32)


@pytest.fixture(scope="module")
def model():
    return FaceModel(MODEL)


@pytest.fixture(scope="module")
def studio():
    try:
        return dataset.Studio(os.path.dirname(MODEL))
    except Exception as error:      # moderngl raises its own bare kinds where there is no EGL
        pytest.skip("no OpenGL here: %s" % error)


def plain(**changes):
    """A bare frontal scene at 550 mm."""
    s = scene.sample(np.random.default_rng(3), (3, 0))
    s.look.update(occluder="", worn="", glasses=False, beard=0.0, lashes=0.0, tone=0.35,
                  bangs=False)
    s.identity, s.blendshapes = NOBODY, np.zeros(52, np.float32)
    s.gaze, s.angles = np.zeros((2, 2), np.float32), (0.0, 0.0, 0.0)
    s.translation, s.fov = np.array([0, 0, 550.0]), 60.0
    for name, value in changes.items():
        setattr(s, name, value)
    return s


def weights(**named):
    w = np.zeros(52, np.float32)
    for name, value in named.items():
        w[ARKIT[name]] = value
    return w


def points(model, s):
    return dataset.project(s, model.landmarks(model.vertices(s.identity, s.blendshapes, s.gaze)))


def test_jaw_runs_from_left_to_right_of_the_picture(model):
    assert (np.diff(points(model, plain())[:17, 0]) > 0).all()


def test_point_36_is_the_outer_corner_of_the_right_eye(model):
    p = points(model, plain())
    assert p[36, 0] < p[39, 0] < p[42, 0] < p[45, 0]


def test_mean_face_is_its_own_mirror_image(model):
    p = points(model, plain())
    p[:, 0] -= p[27, 0]
    mirrored = p[LANDMARK_MIRROR] * [-1, 1]
    assert np.abs(mirrored - p).max() < 0.03 * np.ptp(p[:, 0])


def test_eyeballs_are_63_mm_apart_around_the_origin(model):
    v = model.vertices(0.8 * np.random.default_rng(0).normal(size=100), np.zeros(52))
    middles = model.iris(v)[:, 0]
    assert np.linalg.norm(middles[0] - middles[1]) == pytest.approx(63, abs=2.5)
    assert np.abs(middles.mean(0)[:2]).max() < 2


@pytest.mark.parametrize("angles, axis, sign", [((30, 0, 0), 0, 1), ((0, 20, 0), 1, -1)])
def test_nose_moves_where_the_head_turns(model, angles, axis, sign):
    straight, turned = points(model, plain()), points(model, plain(angles=angles))
    assert sign * (turned[30] - straight[30])[axis] > 5


def test_positive_roll_lowers_the_left_eye(model):
    p = points(model, plain(angles=(0, 0, 20)))
    assert p[45, 1] > p[36, 1] + 5


@pytest.mark.parametrize("gaze, axis, sign", [((20, 0), 0, 1), ((0, 20), 1, -1)])
def test_irises_move_where_the_eyes_look(model, gaze, axis, sign):
    rest = model.iris(model.vertices(NOBODY, np.zeros(52)))
    moved = model.iris(model.vertices(NOBODY, np.zeros(52), (gaze, gaze)))
    assert (sign * (moved - rest)[:, 0, axis] > 2.5).all()


def test_iris_contour_runs_nose_up_ear_down(model):
    left, right = model.iris(model.vertices(NOBODY, np.zeros(52)))
    assert left[1, 0] < left[0, 0] < left[3, 0] and right[3, 0] < right[0, 0] < right[1, 0]
    assert left[2, 1] < left[0, 1] < left[4, 1]


def test_iris_has_a_human_radius(model):
    iris = model.iris(model.vertices(NOBODY, np.zeros(52)))
    assert np.linalg.norm(iris[:, 1:] - iris[:, :1], axis=2) == pytest.approx(5.9, abs=0.3)


def test_a_wink_closes_one_eye_for_everybody(model):
    rng = np.random.default_rng(1)
    for _ in range(20):
        gaps = model.lid_gaps(model.vertices(0.8 * rng.normal(size=100), weights(eyeBlinkLeft=1)))
        assert gaps[0].max() < 0.6 and gaps[1].min() > 4


def test_left_eye_closes_on_the_right_side_of_the_picture(studio):
    open_eyes, labels = studio.face(plain())
    wink, _ = studio.face(plain(blendshapes=weights(eyeBlinkLeft=1)))
    change = np.abs(open_eyes.astype(int) - wink)
    left, right = (change[y - 6:y + 6, x - 9:x + 9].mean()
                   for x, y in np.rint(labels["iris"][:, 0]).astype(int))
    assert labels["iris"][0, 0, 0] > dataset.FACE / 2 > labels["iris"][1, 0, 0]
    assert left > 4 * right


def test_a_frown_on_the_left_folds_the_skin_beside_the_left_brow_alone():
    rest, frown = skin.creases(5, weights()), skin.creases(5, weights(browDownLeft=1))
    deeper = np.array(frown) - rest
    assert deeper[0] > 0.05 and not deeper[1:].any()


def test_some_faces_are_folded_at_rest_and_most_are_not():
    depths = np.array([skin.creases(seed, weights()) for seed in range(300)])
    assert 0.5 < (depths.max(1) == 0).mean() < 0.7 and depths.max() <= 0.6


def test_folds_are_seen_where_the_brows_meet(studio):
    picture, labels = studio.face(plain())
    frown, _ = studio.face(plain(blendshapes=weights(browDownLeft=1, browDownRight=1)))
    change = np.abs(frown.astype(int) - picture)
    x, y = np.rint(labels["points"][[21, 22]].mean(0)).astype(int)
    chin_x, chin_y = np.rint(labels["points"][8]).astype(int)
    assert change[y - 5:y + 5, x - 6:x + 6].max() > 8
    assert change[chin_y - 12:chin_y, chin_x - 6:chin_x + 6].max() < 5


def test_brows_lie_higher_and_lower_than_the_mesh_has_them(studio):
    painter = studio.world.painter
    brow = painter.model.rest[:, 1]
    heights = [brow[painter._brow_distance(seed) < 0.3].mean() for seed in range(30)]
    assert 0.08 < np.std(heights) < 0.2


def test_the_upper_face_is_at_work_in_most_pictures_and_on_one_side_in_many():
    rng = np.random.default_rng(0)
    w = np.array([with_brows(rng, weights()) for _ in range(2000)])
    assert 0.25 < (w.max(1) == 0).mean() < 0.35
    for name in UPPER:
        if name not in ARKIT:
            pair = w[:, [ARKIT[name + side] for side in ("Left", "Right")]]
            assert (pair.max(1) > 0.3).mean() > 0.1
            assert (np.abs(pair[:, 0] - pair[:, 1]) > 0.3).mean() > 0.03


class Skins:
    """Three photographed skins of four vertices."""

    rows, world = np.arange(3), SimpleNamespace(painter=SimpleNamespace(skin=np.ones(4, bool)))

    def __call__(self, row):
        return np.full(4, 0.2 + 0.1 * row), np.full(100, row), weights(mouthFrownLeft=1)


def test_two_of_five_upper_faces_wear_a_photographed_skin_and_none_its_expression():
    scenes = [upper.sample(np.random.default_rng(k), Skins(), (k,)) for k in range(300)]
    worn = [s for s in scenes if s.albedo is not None]
    assert 0.33 < len(worn) / len(scenes) < 0.47
    assert all(s.look["tone"] == s.albedo[0] for s in worn)
    assert np.mean([s.blendshapes[ARKIT["mouthFrownLeft"]] for s in worn]) < 0.3


def test_half_of_the_looks_wear_spectacles_and_few_hold_a_thing_before_them():
    scenes = [looks.sample(np.random.default_rng(k), (k,)) for k in range(400)]
    assert 0.43 < np.mean([one.look["glasses"] for one in scenes]) < 0.57
    assert 0 < np.mean([one.look["occluder"] != "" for one in scenes]) < 0.06


def test_eyes_lie_in_the_middle_of_a_picture_of_the_upper_face(studio):
    picture, labels = studio.face(plain(), "brows")
    assert picture.shape == (160, 208)
    shown = labels["points"][17:48]
    assert np.abs(0.5 * (shown.min(0) + shown.max(0)) - (103.5, 79.5)).max() <= 6.01


def test_mouth_cannot_close_more_than_the_jaw_opened():
    assert settle(weights(mouthClose=1, jawOpen=0.3))[ARKIT["mouthClose"]] == pytest.approx(0.3)


def test_looking_to_the_own_left_is_out_left_and_in_right():
    w = look_weights(((15, 0), (15, 0)))
    assert w["eyeLookOutLeft"] == w["eyeLookInRight"] == pytest.approx(0.5)
    assert w["eyeLookInLeft"] == w["eyeLookOutRight"] == 0


def test_every_shape_is_shown_and_pairs_also_one_by_one():
    rng = np.random.default_rng(0)
    w = np.array([sample_expression(rng, sample_gaze(rng, 600)) for _ in range(3000)])
    assert ((w >= 0.3).mean(0) > 0.05).all()
    wink = (w[:, ARKIT["eyeBlinkLeft"]] > 0.6) & (w[:, ARKIT["eyeBlinkRight"]] < 0.2)
    assert wink.mean() > 0.03


def test_profiles_are_turned_to_both_sides_and_beyond_90_degrees_with_hands_before_them():
    scenes = [scene.profile(np.random.default_rng(k)) for k in range(300)]
    yaw = np.array([s.angles[0] for s in scenes])
    assert 70 <= np.abs(yaw).min() and 110 < np.abs(yaw).max() <= 115
    assert 0.4 < (yaw > 0).mean() < 0.6
    assert 0.3 < np.mean([s.look["occluder"] == "hand" for s in scenes]) < 0.6


def test_same_seed_same_picture(studio):
    for kind in ("face", "eyes"):
        first, labels = dataset.one(studio, kind, 5, 7)
        dataset.one(studio, kind, 5, 8)
        again, same = dataset.one(studio, kind, 5, 7)
        assert np.array_equal(first, again)
        assert all(np.array_equal(labels[k], same[k]) for k in labels)


def test_face_lies_in_the_middle_of_its_picture(studio):
    for index in range(4):
        _, labels = dataset.one(studio, "face", 6, index)
        low, high = labels["points"].min(0), labels["points"].max(0)
        assert 144.9 < np.sqrt(np.prod(high - low)) < 200.1
        assert np.abs((low + high) / 2 - (dataset.FACE - 1) / 2).max() <= 6.01


def test_crop_rotation_lays_the_head_on_its_points(studio):
    """A camera that looks at the crop's centre sees the head turned by rotation_crop."""
    s = plain(angles=(25.0, -10.0, 15.0), translation=np.array([250.0, -120.0, 600.0]))
    _, labels = studio.face(s)
    points_in_head = studio.world.model.landmarks(studio.vertices)
    turned = points_in_head.dot(labels["rotation_crop"].T)[:, :2]
    design = np.c_[turned, np.ones(68)]
    fit = np.linalg.lstsq(design, labels["points"], rcond=None)[0]
    # Weak perspective of that camera: one scale, no turn, no shear, up to
    # what perspective adds at 600 mm.
    assert np.abs(fit[[0, 1], [1, 0]]).max() < 0.08 * fit[0, 0]


def test_right_eye_is_mirrored_with_its_gaze(studio):
    _, labels = studio.eyes(plain(gaze=np.array([[20, 0], [20, 0]], np.float32)))
    assert labels["gaze"][0, 0] == 20 and labels["gaze"][1, 0] == -20
    assert labels["iris"][0, 0, 0] > 52 and labels["iris"][1, 0, 0] < 44
    assert (labels["iris"][:, 1, 0] < labels["iris"][:, 3, 0]).all()


def test_far_eye_of_a_profile_is_not_seen(studio):
    _, labels = studio.face(plain(angles=(70.0, 0.0, 0.0)))
    assert list(labels["eye_visible"]) == [False, True]


def test_shoulders_stay_when_the_head_turns(studio):
    s = plain(angles=(50.0, 0.0, 0.0), body=(0.0, 0.0, 0.0))
    mesh = assembly.build(s, studio.world)[0]
    rigid = assembly.build(plain(angles=(50.0, 0.0, 0.0), body=None), studio.world)[0]
    moved = np.linalg.norm(mesh.position - rigid.position, axis=1)
    skin = slice(0, len(studio.world.model.rest))
    chin = studio.world.model.rest[:, 1] > -9
    assert moved[skin][chin].max() == 0
    assert moved[skin][studio.world.model.rest[:, 1] < -17].max() > 40


def test_camera_keeps_size_and_range(studio):
    picture, _ = studio.face(plain())
    for seed in range(8):
        seen = camera.look(picture, np.random.default_rng(seed))
        assert seen.shape == picture.shape and seen.dtype == np.uint8
    assert camera.limited(np.array([[0, 255]], np.uint8)).tolist() == [[16, 235]]


def test_of_a_pair_only_the_face_moves(studio):
    rows = pairs.draw(studio, 6, 1, 3)
    for one, other in zip(rows[::2], rows[1::2]):
        apart = one["pictures"].astype(int) - other["pictures"]
        assert apart.any() and np.median(np.abs(apart)) <= 1
        assert not apart[:20, :20].any(), "the room, the light and the exposure stay"
        assert np.linalg.norm(one["points"] - other["points"], axis=1)[27] < 2
        assert (one["blendshapes"] != other["blendshapes"]).any()


def test_both_of_a_pair_are_the_same_again(studio):
    for one, other in zip(pairs.draw(studio, 6, 2, 1), pairs.draw(studio, 6, 2, 1)):
        assert all(np.array_equal(one[name], other[name]) for name in one)


AHEAD = np.zeros((2, 2), np.float32)


def test_clip_winks_left_then_right():
    left, right = ARKIT["eyeBlinkLeft"], ARKIT["eyeBlinkRight"]
    first, second = clip.blendshapes(7.2, AHEAD), clip.blendshapes(8.1, AHEAD)
    assert first[left] == 1 and first[right] == 0
    assert second[left] == 0 and second[right] == 1


def test_clip_speaks_with_an_open_jaw_and_a_pucker():
    assert clip.blendshapes(8.75, AHEAD)[ARKIT["jawOpen"]] > 0.5
    assert clip.blendshapes(8.55 + 2 * clip.VOWEL + 0.2, AHEAD)[ARKIT["mouthPucker"]] > 0.7


def test_clip_ends_still():
    last = [np.r_[clip.blendshapes(t, AHEAD), clip.idle(t)] for t in (19.6, 19.8, 19.97)]
    assert np.ptp(last, axis=0).max() == 0
