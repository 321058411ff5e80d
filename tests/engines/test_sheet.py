"""Progress of a build, as the tracker shows it."""
import json
import os

import pytest

from engines import sheet


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(sheet, "monotonic", lambda: now[0])
    return now


def test_what_is_written_is_read(clock):
    one = sheet.Sheet(["iris", "landmarks"])
    one.mark("iris", "building", "iris (1 of 2)", 0.5)
    said = sheet.Reader()()
    assert (said["state"], said["text"]) == ("building", "iris (1 of 2)")
    assert said["engines"] == [{"name": "iris", "state": "building", "progress": 0.5},
                               {"name": "landmarks", "state": "waiting", "progress": 0.0}]


def test_what_takes_longer_than_expected_is_not_done(clock):
    one = sheet.Sheet(["iris"])
    one.mark("iris", "building", "", 7.0)
    assert sheet.Reader()()["engines"][0]["progress"] < 1.0


def test_the_end_says_how_many_were_made(clock):
    one = sheet.Sheet(["iris"])
    one.built += 1
    one.mark("iris", "ready", "")
    one.end()
    said = sheet.Reader()()
    assert (said["state"], said["built"], said["engines"][0]["progress"]) == ("ready", 1, 1.0)


def test_what_went_wrong_is_told(clock):
    one = sheet.Sheet(["iris"])
    one.mark("iris", "failed", "")
    one.end("memory: it ran out")
    said = sheet.Reader()()
    assert (said["state"], said["text"]) == ("failed", "memory: it ran out")


def test_a_build_that_says_no_more_was_cut_off(clock):
    sheet.Sheet(["iris"]).mark("iris", "building", "")
    read = sheet.Reader()
    clock[0] += sheet.STALE + 1
    assert (read()["state"], read()["text"]) == ("failed", "cut off")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"engines": 3}', '{"state": "building"}'])
def test_what_nobody_understands_is_nothing(text):
    with open(sheet.place(), "w") as f:
        f.write(text)
    assert sheet.Reader()() == {}


def test_nothing_is_written_where_there_is_no_place_for_it(monkeypatch, tmp_path):
    monkeypatch.delenv("RUNTIME_DIRECTORY")
    monkeypatch.chdir(tmp_path)
    sheet.Sheet(["iris"]).mark("iris", "building", "")
    assert os.listdir(str(tmp_path)) == [] and sheet.Reader()() == {}


def test_a_few_letters_say_how_far_it_is():
    rows = [{"name": "a", "state": "ready"}, {"name": "b", "state": "building"}]
    assert sheet.short({"state": "building", "engines": rows}) == "1/2"
    assert sheet.short({"state": "ready", "engines": rows}) == sheet.short({}) == ""


def test_steps_follow_each_other_at_once_and_the_same_step_now_and_then(clock):
    one = sheet.Sheet(["iris"])
    seen = []
    for progress in (0.1, 0.2):
        one.mark("iris", "building", "", progress)
        with open(sheet.place()) as f:
            seen.append(json.load(f)["engines"][0]["progress"])
    clock[0] += sheet.EVERY + 0.1
    one.mark("iris", "building", "", 0.3)
    with open(sheet.place()) as f:
        seen.append(json.load(f)["engines"][0]["progress"])
    assert seen == [0.1, 0.1, 0.3]
