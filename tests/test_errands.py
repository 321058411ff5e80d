"""A user's words, with a program that runs and without one."""
import os
import threading

import cv2
import pytest

from appliance import cli, config, teach
from appliance.network import local
from appliance.person import Person
from tests.fakes.box import Box
from tests.fakes.people import frame, person

SETTINGS = config.defaults().calibration


@pytest.fixture
def kagami(capsys):
    """Run a command in this process; gives (status, output, errors)."""
    def run(*words):
        status = cli.main(words)
        out = capsys.readouterr()
        return status, out.out, out.err
    return run


@pytest.fixture
def running():
    """A program that runs, with somebody before it."""
    one, over = Person(SETTINGS), threading.Event()
    with Box(person=one) as box:
        def loop():
            i = 0
            while not over.wait(0.01):
                one([person(yaw=9, jawOpen=0.2, openness=(0.8, 0.8))], frame(i / 10.0))
                box.control.turn()
                one.tend()
                i += 1
        thread = threading.Thread(target=loop)
        thread.start()
        yield one
        over.set()
        thread.join()
    one.close()


@pytest.mark.parametrize("words, told", [
    (["recenter"], "straight ahead: taken"), (["neutral"], "resting face: taken"),
    (["neutral", "0.5"], "resting face: taken"), (["eyes", "open"], "eyes open: taken"),
    (["gaze", "12", "-3"], "gaze: taken"), (["reset"], "all: as at first"),
    (["reset", "eyes"], "eyes: as at first"), (["reset", "ranges"], "ranges: as at first")])
def test_a_running_program_does_it_and_says_so(kagami, running, words, told):
    assert kagami("calibrate", *words) == (0, told + "\n", "")


@pytest.mark.parametrize("words, status, told", [
    (["recenter"], 2, "no program runs; start kagami run first"),
    (["recentre"], 2, "did you mean recenter?"), (["neutral", "long"], 2, "[SECONDS]"),
    (["eyes", "wide"], 2, "open|shut"), (["gaze", "3"], 2, "YAW PITCH"),
    (["export"], 2, "export"), (["import", "/nowhere.json"], 66, "no such file"),
    (["reset", "nose"], 2, "neutral")])
def test_a_mistake_is_one_line(kagami, words, status, told):
    code, _, err = kagami("calibrate", *words)
    assert code == status and told in err and err.count("\n") == 1


def test_what_is_exported_can_be_imported(kagami, running, tmp_path, state):
    path = str(tmp_path / "me.json")
    kagami("calibrate", "neutral", "0.5")
    assert "jawOpen 0.20" in kagami("calibrate", "show")[1]
    assert kagami("calibrate", "export", path)[0] == 0
    kagami("calibrate", "reset")
    assert kagami("calibrate", "import", path)[1] == "taken over\n"
    assert "jawOpen 0.20" in kagami("calibrate", "show")[1]


def test_without_a_running_program_the_files_are_changed(kagami, tmp_path, state):
    path = tmp_path / "me.json"
    path.write_text('{"form": 1, "rest": {"jawOpen": 0.25}}')
    assert "next start" in kagami("calibrate", "import", str(path))[1]
    assert Person(SETTINGS).calibration.document()["rest"] == {"jawOpen": 0.25}
    assert "next start" in kagami("calibrate", "reset")[1]
    assert Person(SETTINGS).calibration.document()["rest"] == {}


def test_eyes_that_do_not_what_was_said_are_an_error(kagami, running):
    code, out, err = kagami("calibrate", "eyes", "shut")
    assert code == 1 and out == "" and "they read 0.80 and 0.80, nothing changed" in err
    assert err.count("\n") == 1


def test_a_program_that_hangs_is_told(kagami, monkeypatch):
    monkeypatch.setattr(local, "PATIENCE", 0.2)
    with Box():
        code, _, err = kagami("calibrate", "show")
    assert code == 69 and "no answer to /kagami/person" in err


def test_what_is_no_calibration_is_not_imported(kagami, tmp_path, state):
    path = tmp_path / "me.json"
    path.write_text('{"form": 1, "rest": {"jawOpen": 25}}')
    code, _, err = kagami("calibrate", "import", str(path))
    assert code == 65 and "jawOpen" in err and os.listdir(state) == []


def test_show_tells_where_it_is_kept(kagami, state):
    status, out, _ = kagami("calibrate", "show")
    assert status == 0 and state in out and "straight ahead   yaw +0.0" in out


def test_nothing_taught_is_told_with_what_would_do(kagami):
    assert kagami("teach", "--list")[1] == "nothing is taught yet: kagami teach NAME\n"
    code, _, err = kagami("teach", "--forget", "smirk")
    assert code == 2 and "not taught" in err
    assert kagami("teach", "jawOpen")[0] == 2


@pytest.mark.skipif(not hasattr(cv2, "ml"), reason="this OpenCV has no ml module")
def test_a_lesson_through_a_running_program_asks_and_answers(kagami, running, monkeypatch):
    monkeypatch.setattr(teach, "STEP", 1.0)
    monkeypatch.setattr(teach, "REACTION", 0.1)
    status, out, _ = kagami("teach", "smirk", "--times", "2")
    lines = out.splitlines()
    assert status == 0 and "rest: speak, look around (1 of 2)" in lines
    assert "show smirk (2 of 2)" in lines and lines[-1].startswith("smirk: learned")
    assert kagami("teach", "--list")[1].startswith("smirk ")
    assert kagami("teach", "--forget", "smirk")[1] == "smirk: forgotten\n"
