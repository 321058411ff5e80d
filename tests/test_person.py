"""Between tracker and outputs: calibrated, taught, kept, asked."""
import logging
import os

import cv2
import numpy as np
import pytest

from appliance import config, person as module
from appliance.errors import KagamiError, UsageError
from appliance.face import ARKIT, Frame
from appliance.person import Person
from appliance.tracker import Tracker
from tests.data import CLIPS, needs_clips
from tests.fakes.people import frame, person

SETTINGS = config.defaults().calibration
logging.getLogger("kagami").setLevel(logging.INFO)


class Asker:
    """Who asked, and what it was told."""

    def __init__(self):
        self.said, self.ends = [], []
        self.say, self.done = self.said.append, self.ends.append


def play(one, face, seconds=1.5, start=0.0):
    for i in range(int(10 * seconds)):
        shown, = one([face], frame(start + i / 10.0))
        one.tend()
    return shown


def test_what_was_calibrated_is_there_after_a_restart():
    one = Person(SETTINGS)
    one.calibration.recenter()
    play(one, person(yaw=20, pitch=0, roll=0))
    one.close()
    again = Person(SETTINGS)
    assert play(again, person(yaw=20, pitch=0, roll=0)).angles[0] == pytest.approx(0, abs=0.01)


def test_it_is_kept_at_once_not_only_at_the_end():
    one = Person(SETTINGS)
    one.calibration.neutral(0.5)
    play(one, person(jawOpen=0.2))
    one._calibrated.flush()
    shown = play(Person(SETTINGS), person(jawOpen=0.2))
    assert shown.blendshapes[ARKIT["jawOpen"]] < 1e-3


def test_where_nothing_happened_nothing_is_written(state):
    one = Person(SETTINGS._replace(ranges=False))
    play(one, person())
    one.close()
    assert os.listdir(state) == []


def test_what_is_learned_is_kept_at_the_end(state):
    one = Person(SETTINGS)
    play(one, person(openness=(0.8, 0.8)), seconds=5)
    one.close()
    assert os.listdir(state) == ["calibration.json"]


@pytest.mark.parametrize("begin, told", [
    (lambda c: c.recenter(), "straight ahead: taken"),
    (lambda c: c.neutral(0.5), "resting face: taken"),
    (lambda c: c.eyes("open"), "eyes open: taken"),
    (lambda c: c.gaze(12, 6), "gaze: taken"), (lambda c: c.clear("all"), "all: as at first")])
def test_whoever_asked_is_told_when_it_is_done(begin, told):
    one, asker = Person(SETTINGS), Asker()
    begin(one.calibration)
    one.then("calibration", asker)
    assert asker.ends == []
    play(one, person())
    assert asker.ends == [told]


def test_where_nobody_is_seen_whoever_asked_is_told_too():
    one, asker = Person(SETTINGS), Asker()
    one.calibration.neutral(0.5)
    one.then("calibration", asker)
    for i in range(80):
        one([], frame(i / 10.0))
        one.tend()
    assert isinstance(asker.ends[0], KagamiError) and "nothing changed" in str(asker.ends[0])


def test_who_is_not_waited_for_any_longer_is_told():
    one, first, second = Person(SETTINGS), Asker(), Asker()
    for asker in (first, second):
        one.calibration.neutral(0.5)
        one.then("calibration", asker)
    play(one, person())
    assert "took its place" in str(first.ends[0]) and second.ends == ["resting face: taken"]


def test_a_button_takes_the_place_of_a_command():
    one, asker = Person(SETTINGS), Asker()
    one.calibration.neutral(5.0)
    one.then("calibration", asker)
    one.recenter()
    play(one, person())
    assert len(asker.ends) == 1 and "took its place" in str(asker.ends[0])


def test_a_lesson_says_what_it_asks_for_and_tells_when_too_little_was_seen():
    one, asker = Person(SETTINGS), Asker()
    one.teach("smirk", 2)
    one.then("lesson", asker)
    for i in range(110):
        one([], frame(i / 10.0))
        one.tend()
    assert [text.split(" (")[0] for text in asker.said] == [
        "rest: speak, look around", "show smirk"] * 2
    assert isinstance(asker.ends[0], UsageError) and "too little was seen" in str(asker.ends[0])


def test_what_is_imported_is_kept(state):
    one = Person(SETTINGS)
    one.restore(calibration={"form": 1, "rest": {"jawOpen": 0.1}})
    one.close()
    assert Person(SETTINGS).knowledge()["calibration"]["rest"] == {"jawOpen": 0.1}
    with pytest.raises(ValueError):
        one.restore(calibration={"form": 1, "rest": {"jawOpen": 9}})


def test_gains_are_taken_from_the_configuration_and_not_kept(state):
    one = Person(SETTINGS)
    one.change(config.defaults()._replace(gains={"jawOpen": 2.0}))
    assert play(one, person(jawOpen=0.2)).blendshapes[ARKIT["jawOpen"]] == pytest.approx(0.4)
    one.change(config.defaults())
    assert play(one, person(jawOpen=0.2)).blendshapes[ARKIT["jawOpen"]] == pytest.approx(0.2)
    assert "gain" not in str(one.knowledge())


def test_what_is_asked_of_the_person_stands_in_the_notice():
    one = Person(SETTINGS)
    assert one.notice == ""
    one.calibration.neutral()
    assert one.notice == "calibrating resting face"
    one.teach("smirk")
    one([person()], frame(0.0))
    assert one.notice.startswith("rest")


def clip(name, first, last):
    """Frames of a real recording."""
    video = cv2.VideoCapture(os.path.join(CLIPS, name + ".mp4"))
    for i in range(last):
        fine, picture = video.read()
        if fine and i >= first:
            yield Frame(i, i / 25.0, 0.0, cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))


@needs_clips
def test_a_real_head_is_straight_and_at_rest_after_neutral():
    tracker, one, shown = Tracker(), Person(SETTINGS), []
    one.calibration.neutral(1.0)
    for picture in clip("interview", 0, 45):
        shown += one(tracker(picture.luma, picture.time), picture)
    before, after = shown[5], shown[-8:]
    assert abs(before.angles[1]) > 8        # the camera stands low
    assert np.abs([face.angles for face in after]).max() < 6


@needs_clips
@pytest.mark.skipif(not hasattr(cv2, "ml"), reason="this OpenCV has no ml module")
def test_a_real_mouth_shown_wide_open_once_is_told_the_next_time():
    tracker, one, seen = Tracker(), Person(SETTINGS), {}
    for picture in clip("interview", 330, 480):
        for face in tracker(picture.luma, picture.time):
            seen[picture.number] = face, picture
    features, size = one.taught.features, (640, 480)
    lesson = module.Lesson("gape", features, 1)
    lesson.shown = [[features(seen[i][0], size) for i in range(398, 416)]]
    lesson.rest = [[features(seen[i][0], size) for i in range(340, 388)]]
    one.taught.learn(lesson)
    one.taught.wait()
    values = {i: one.taught([seen[i][0]], size)[0].taught["gape"] for i in seen}
    assert min(values[i] for i in range(450, 470)) > 0.5
    assert max(values[i] for i in range(425, 438)) < 0.4
