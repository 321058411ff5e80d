"""Shown a few times under a name, an expression becomes a value."""
import json

import cv2
import numpy as np
import pytest

from appliance import geometry
from appliance.errors import PartMissing, UsageError
from appliance.features import COUNT, Features
from appliance.mean_face import MODEL
from appliance.teach import REACTION, ROUNDS, STEP, Lesson, Taught, checked, prompt
from tests.fakes.people import person

SIZE, FOV = (640, 480), 60.0
needs_ml = pytest.mark.skipif(not hasattr(cv2, "ml"), reason="this OpenCV has no ml module")
RANDOM = np.random.RandomState(5)


def shown(yaw=0.0, pitch=0.0, noise=0.3, brows=0.0, **weights):
    """The mean face before the camera, turned, its brows raised by millimetres."""
    model = MODEL + noise * RANDOM.randn(68, 3) * (1, 1, 0)
    model[17:27, 1] -= brows
    matrix, place = geometry.matrix_from_angles(yaw, pitch, 0), np.array([40.0, -20.0, 600.0])
    points = model.dot(matrix.T) + place
    focal = geometry.focal_length(SIZE[0], FOV)
    landmarks = points[:, :2] / points[:, 2:] * focal + ((SIZE[0] - 1) / 2.0, (SIZE[1] - 1) / 2.0)
    return person(**weights)._replace(
        landmarks=landmarks, rotation=geometry.quaternion_from_matrix(matrix), translation=place)


def attended(name="lift", rounds=3, rate=15, **expression):
    """A Lesson that has seen it all."""
    lesson = Lesson(name, Features(FOV), rounds)
    for i in range(int(rounds * 2 * STEP * rate) + 2):
        asked = lesson.notice.startswith("show")
        face = dict(expression if asked else {}, yaw=15 * np.sin(i / 9.0))
        lesson([shown(pitch=8 * np.sin(i / 7.0), **face)], SIZE, 50 + i / float(rate))
    assert lesson.over
    return lesson


def learned(*lessons):
    taught = Taught(fov=FOV)
    for lesson in lessons:
        taught.learn(lesson)
        taught.wait()
    return taught


def value(taught, name="lift", **face):
    return taught([shown(**face)], SIZE)[0].taught[name]


@pytest.mark.parametrize("name", ["", "a b", "1st", "x" * 33, "é", "a/b", "jawOpen", "JAWOPEN"])
def test_a_name_that_no_wire_could_carry_is_refused(name):
    with pytest.raises(UsageError):
        checked(name)


def test_a_lesson_asks_in_turn_for_rest_and_show():
    asked = [prompt("wink", i * STEP + 0.1, 2) for i in range(5)]
    assert [words.split()[0].strip(":") for words in asked[:4]] == ["rest", "show"] * 2
    assert asked[1] == "show wink (1 of 2)" and asked[4] == ""


def test_what_is_seen_right_after_a_prompt_does_not_count():
    lesson = Lesson("wink", lambda face, size: face, 1)
    for time in (0.0, REACTION - 0.1, STEP + REACTION - 0.1):
        lesson([person()], SIZE, time)
    assert lesson.shown == [[]] and lesson.rest == [[]]
    lesson([person()], SIZE, STEP + REACTION + 0.1)
    assert len(lesson.shown[0]) == 1


def test_features_hardly_change_with_the_way_the_head_is_turned():
    features = Features(FOV)
    straight = features(shown(noise=0.0), SIZE)
    assert straight.shape == (COUNT,) and np.abs(straight[:86]).max() < 0.1
    for turn in ({"yaw": 30}, {"yaw": -30}, {"pitch": 20}, {"yaw": 20, "pitch": -15}):
        assert np.abs(features(shown(noise=0.0, **turn), SIZE) - straight).max() < 0.1
    assert np.abs(features(shown(noise=0.0, brows=8.0), SIZE) - straight).max() > 1.5


@needs_ml
def test_what_was_shown_is_one_and_rest_is_zero():
    taught = learned(attended(brows=8.0))
    assert taught.names == ("lift",) and taught.told("lift") > 0.95
    assert value(taught, brows=8.0) > 0.8 and value(taught) < 0.1
    assert value(taught, brows=8.0, yaw=20) > 0.7 and value(taught, yaw=-20) < 0.15


@needs_ml
def test_what_was_taught_before_brows_were_told_still_counts():
    taught = learned(attended(brows=8.0))
    raised = dict(brows=8.0, browInnerUp=0.7, browOuterUpLeft=0.6, browOuterUpRight=0.6)
    assert value(taught, **raised) > 0.8 and value(taught, browInnerUp=0.1) < 0.1


@needs_ml
def test_half_of_it_is_about_half():
    assert 0.2 < value(learned(attended(brows=8.0)), brows=4.0) < 0.8


@needs_ml
def test_an_expression_that_nobody_taught_is_zero():
    taught = learned(attended(brows=8.0))
    assert value(taught, jawOpen=1.0, mouthFunnel=0.9, cheekPuff=0.8) < 0.15
    assert value(taught, brows=-12.0) < 0.15


@needs_ml
def test_each_of_two_expressions_has_its_own_value():
    taught = learned(attended("lift", brows=8.0), attended("gape", jawOpen=0.9))
    assert taught.names == ("gape", "lift")
    assert value(taught, "gape", jawOpen=0.9) > 0.8 > 0.2 > value(taught, "lift", jawOpen=0.9)
    assert value(taught, "lift", brows=8.0) > 0.8 > 0.2 > value(taught, "gape", brows=8.0)


@needs_ml
def test_what_nothing_was_shown_for_is_told_to_be_unclear():
    taught = learned(attended())
    assert "teach it again" in taught.outcome and taught.told("lift") < 0.9


@needs_ml
def test_a_document_gives_the_same_values():
    taught = learned(attended(brows=8.0))
    again = Taught(json.loads(json.dumps(taught.document())), FOV)
    again.wait()
    for brows in (0.0, 5.0, 8.0):
        face = shown(brows=brows)
        one, other = (t([face], SIZE)[0].taught["lift"] for t in (taught, again))
        assert one == pytest.approx(other, abs=0.05)


@needs_ml
def test_what_is_forgotten_has_no_value():
    taught = learned(attended(brows=8.0))
    taught.forget("lift")
    taught.wait()
    assert taught.names == () and not taught([shown()], SIZE)[0].taught
    with pytest.raises(UsageError, match="not taught"):
        taught.forget("lift")


@needs_ml
def test_a_lesson_that_nobody_attended_is_refused():
    lesson = Lesson("lift", Features(FOV))
    for i in range(int(ROUNDS * 2 * STEP * 5) + 5):
        lesson([], SIZE, i / 5.0)
    with pytest.raises(UsageError, match="too little"):
        Taught().learn(lesson)


def test_without_the_module_teaching_is_told_and_tracking_goes_on(monkeypatch):
    monkeypatch.delattr(cv2, "ml", raising=False)
    with pytest.raises(PartMissing, match="opencv-contrib"):
        Taught().learn(attended(brows=8.0))
    kept = {"form": 1, "rest": [[0.0] * COUNT],
            "expressions": {"lift": {"examples": [[1.0] * COUNT], "told": 1.0}}}
    taught = Taught(kept)
    taught.wait()
    assert taught.names == ("lift",) and not taught([person()], SIZE)[0].taught
