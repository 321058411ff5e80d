"""Smoothing: still faces rest, moving ones are not late, at any picture rate."""
import collections

import numpy as np
import pytest

from appliance import config, geometry
from appliance.face import ARKIT, Eye, Face
from appliance.stages.smoothing import Smoothing
from tests.fakes import dots

SETTINGS = config.defaults().smoothing
OFF = collections.namedtuple("Off", SETTINGS._fields)(*[0.0] * len(SETTINGS._fields))


def face(x=320.0, yaw=0.0, z=600.0, openness=1.0, gaze=0.0, shape=0.0, sigma=1.0, noise=None):
    points = dots.face_points(x, 200)
    if noise is not None:
        points = points + noise
    eye = Eye(points[36:41], openness, np.array([gaze, 0.0]), 0.9)
    shapes = np.full(52, shape)
    shapes[ARKIT["eyeBlinkLeft"]] = 1 - openness
    rotation = geometry.quaternion_from_matrix(geometry.matrix_from_angles(yaw, 0, 0))
    return Face(1, 0.9, geometry.tight_box(points), points, np.full(68, sigma), rotation,
                np.array([0, 0, z]), eye, eye,
                shapes)


def replay(faces, rate=30.0, settings=SETTINGS):
    smooth = Smoothing(settings)
    return [smooth(one, i / rate) for i, one in enumerate(faces)]


def test_the_first_picture_passes_as_it_is():
    one = face()
    assert np.array_equal(replay([one])[0].landmarks, one.landmarks)


def test_a_face_that_does_not_move_stays_to_the_digit():
    last = replay([face(yaw=20)] * 50)[-1]
    assert np.allclose(last.landmarks, face().landmarks)
    assert np.allclose(last.rotation, face(yaw=20).rotation)


def test_the_tremble_of_a_still_face_shrinks():
    rng = np.random.RandomState(0)
    noisy = [face(yaw=rng.normal(0, 0.3), z=rng.normal(600, 1.5),
                  noise=rng.normal(0, 0.3, (68, 2))) for _ in range(120)]
    smooth = replay(noisy)

    def tremble(values):
        return np.abs(np.diff(np.array(values)[30:], axis=0)).mean()
    for part in (lambda f: f.landmarks, lambda f: f.angles[0], lambda f: f.translation[2]):
        assert tremble([part(f) for f in smooth]) < 0.4 * tremble([part(f) for f in noisy])


@pytest.mark.parametrize("rate", [15, 30, 60])
def test_a_face_under_a_cameras_noise_is_still(rate):
    rng = np.random.RandomState(5)
    noisy = [face(noise=rng.normal(0, 0.1, (68, 2)), gaze=rng.normal(0, 0.3), sigma=1.5)
             for _ in range(120)]
    before, after = (np.array([f.landmarks for f in faces])[30:]
                     for faces in (noisy, replay(noisy, rate)))
    steps = [np.linalg.norm(np.diff(one, axis=0), axis=2).mean() for one in (before, after)]
    assert steps[1] < 0.25 * steps[0]


def lag(values, truth, rate):
    """Milliseconds that `values` come after `truth`: where the two agree best."""
    shifts = np.arange(0, 60, 0.5)
    t = np.arange(len(truth)) / rate
    cost = [np.square(np.interp(t - s / 1000, t, truth) - values)[len(t) // 3:].sum()
            for s in shifts]
    return shifts[int(np.argmin(cost))]


@pytest.mark.parametrize("rate", [15, 30, 60, 120])
def test_a_turn_of_two_hertz_comes_less_than_15_ms_late(rate):
    t = np.arange(0, 3, 1.0 / rate)
    yaw = 20 * np.sin(2 * np.pi * 2 * t)
    assert lag([f.angles[0] for f in replay([face(yaw=y) for y in yaw], rate)], yaw, rate) < 15


def test_points_follow_a_swaying_face_less_than_15_ms_late():
    t = np.arange(0, 3, 1 / 30.0)
    x = 320 + 40 * np.sin(2 * np.pi * 2 * t)
    assert lag([f.landmarks[0, 0] for f in replay([face(x=v) for v in x])], x - 74, 30.0) < 15


def reached(rate, after=0.1):
    """Share of a step of 3 degrees that is shown `after` seconds."""
    frames = int(rate * (1 + after))
    faces = [face(yaw=0.0 if i <= rate else 3.0) for i in range(frames + 1)]
    return replay(faces, rate)[-1].angles[0] / 3.0


def test_it_feels_the_same_at_15_30_and_60_pictures_a_second():
    shares = [reached(rate, 0.2) for rate in (15, 30, 60)]
    assert max(shares) - min(shares) < 0.1 and min(shares) > 0.7


def test_a_step_is_shown_within_two_tenths_of_a_second():
    steps = [face()] * 30 + [face(x=330, yaw=10, z=550, gaze=10, shape=0.8)] * 7
    last = replay(steps)[-1]
    assert abs(last.angles[0] - 10) < 0.5 and abs(last.landmarks[30, 0] - 330) < 1
    assert abs(last.translation[2] - 550) < 5
    assert abs(last.left.gaze[0] - 10) < 1 and last.blendshapes[0] > 0.7


def test_a_blink_of_one_picture_stays_a_blink():
    faces = replay([face()] * 10 + [face(openness=0.1)] + [face()] * 3)
    openness = [f.left.openness for f in faces]
    assert np.isclose(openness[10], 0.1) and np.isclose(openness[11], 1.0)
    assert np.isclose(faces[10].blendshapes[ARKIT["eyeBlinkLeft"]], 0.9)


def test_points_that_are_unsure_are_held_more_strongly():
    rng = np.random.RandomState(1)
    noise = [rng.normal(0, 0.5, (68, 2)) for _ in range(100)]

    def tremble(sigma):
        shown = replay([face(noise=n, sigma=sigma) for n in noise])
        return np.abs(np.diff([f.landmarks for f in shown], axis=0)).mean()
    assert tremble(6.0) < 0.7 * tremble(0.3)


@pytest.mark.parametrize("unsure, part", [
    (dict(rotation_sigma=15.0), lambda f: f.angles[0]),
    (dict(translation_sigma=np.array([60.0, 60, 0])), lambda f: f.translation[0]),
    (dict(translation_sigma=np.array([0.0, 0, 300])), lambda f: f.translation[2])])
def test_a_head_that_is_unsure_is_held_more_strongly(unsure, part):
    rng = np.random.RandomState(4)
    heads = [face(yaw=y)._replace(translation=np.array([a, 0, 600 + 5 * a]))
             for y, a in rng.normal(0, 0.4, (100, 2))]

    def tremble(more):
        return np.abs(np.diff([part(f) for f in replay([f._replace(**more) for f in heads])]
                              )).mean()
    assert tremble(unsure) < 0.7 * tremble({})


def test_what_the_pose_tells_of_itself_passes_as_it_is():
    unsure = face()._replace(rotation_sigma=3.0, translation_sigma=np.array([5.0, 6, 30]))
    last = replay([unsure] * 3)[-1]
    assert last.rotation_sigma == 3.0 and list(last.translation_sigma) == [5, 6, 30]


def test_cutoffs_of_zero_switch_it_off():
    rng = np.random.RandomState(2)
    faces = [face(yaw=rng.normal(0, 5), noise=rng.normal(0, 2, (68, 2))) for _ in range(10)]
    shown = replay(faces, settings=OFF)
    assert np.allclose(shown[-1].landmarks, faces[-1].landmarks)
    assert np.allclose(shown[-1].rotation, faces[-1].rotation)


def test_a_half_turn_takes_the_short_way():
    shown = replay([face(yaw=y) for y in (170, 175, 179, -178, -174)] + [face(yaw=-170)] * 20)
    assert all(abs(abs(f.angles[0]) - 175) < 6 for f in shown)


def test_after_a_pause_nothing_is_carried_over():
    smooth = Smoothing(SETTINGS)
    smooth(face(x=300), 0.0)
    assert np.array_equal(smooth(face(x=350), 2.0).landmarks, face(x=350).landmarks)


@pytest.mark.parametrize("dt", [0.0, -1.0, 1e-9])
def test_a_clock_that_stands_or_runs_back_does_no_harm(dt):
    smooth = Smoothing(SETTINGS)
    smooth(face(x=300), 5.0)
    shown = smooth(face(x=301), 5.0 + dt)
    assert np.isfinite(shown.landmarks).all() and 300 - 75 <= shown.landmarks[0, 0] <= 301


def test_what_was_shown_is_not_overwritten_by_the_next_picture():
    smooth = Smoothing(SETTINGS)
    shown = [smooth(face(x=300 + i), i / 30.0) for i in range(3)]
    assert shown[0].landmarks[0, 0] < shown[1].landmarks[0, 0] < shown[2].landmarks[0, 0]


def blink(yaw, shut, settings=SETTINGS):
    """Degrees of yaw shown of a head at rest, then turned by `yaw` while its lids are shut for so
    many pictures, and the same once they are open again."""
    resting, blinking = [face()] * 30, [face(yaw=yaw, openness=0.0)] * shut
    faces = resting + blinking + [face(yaw=yaw)] * 15
    shown = [f.angles[0] for f in replay(faces, settings=settings)]
    return shown[29 + shut], shown[-1]


def test_a_small_turn_waits_for_the_lids_to_open():
    during, after = blink(2.0, 6)
    assert abs(during) < 1e-6 and after > 1.5


def test_a_large_turn_passes_while_the_lids_are_shut():
    assert blink(20.0, 6)[0] > 16


def test_lids_that_stay_shut_hold_nothing():
    assert blink(2.0, 45)[0] > 1.5


def test_without_the_filter_of_the_head_a_blink_holds_nothing():
    assert np.isclose(blink(2.0, 6, OFF)[0], 2.0)


def test_other_settings_count_from_the_next_picture_without_a_jump():
    smooth = Smoothing(SETTINGS)
    for i in range(30):
        smooth(face(yaw=0.0), i / 30.0)
    smooth.change(SETTINGS._replace(head_cutoff=0.1, head_beta=0.0))
    heavy = [smooth(face(yaw=10.0), (30 + i) / 30.0).angles[0] for i in range(5)]
    assert 0 < heavy[0] < heavy[4] < 1.5
    smooth.change(OFF)
    assert smooth(face(yaw=10.0), 36 / 30.0).angles[0] == pytest.approx(10.0, abs=1e-3)


def test_vowels_are_smoothed_as_shapes_are():
    rng = np.random.RandomState(1)
    noise = rng.normal(0.5, 0.01, 60)
    faces = [face(shape=value)._replace(vowels=np.full(5, value)) for value in noise]
    smooth = replay(faces)
    assert np.allclose([one.vowels for one in smooth], [one.blendshapes[:5] for one in smooth])
    assert np.diff([one.vowels[0] for one in smooth][10:]).std() < 0.3 * np.diff(noise[10:]).std()


def test_vowels_that_nobody_tells_stay_untold():
    assert replay([face()] * 3)[-1].vowels is None
