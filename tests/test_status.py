"""One record of the state."""
import os
import socket

import numpy as np
import pytest

from appliance import config, status as module
from appliance.box.strain import Strain
from appliance.status import Status
from engines import sheet
from tests.box.boards import put, zone
from tests.fakes.faces import face
from tests.fakes.film import Film

PICTURE = np.zeros((48, 64), np.uint8)


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def frames(count, rate=30.0):
    """Frames that arrived 1 / rate apart, with their source."""
    film = Film([PICTURE] * (count + 1))
    for i in range(count):
        yield film.read()._replace(arrived=i / rate), film


def test_it_starts_without_anything(clock):
    status = Status()
    assert (status.state, status.code, status.size, status.fps) == ("starting", 0, None, 0.0)


def test_a_face_is_tracked_until_it_is_gone(clock):
    status = Status()
    (frame, film), = frames(1)
    status.turn(frame, [face()], film)
    assert (status.state, status.code, status.size) == ("tracking", 1, (64, 48))
    status.turn(frame, [face(state="held")], film)
    assert (status.state, status.code) == ("no face", 2)


def test_words_say_how_the_face_lies_in_the_picture(clock):
    status = Status()
    (frame, film), = frames(1)
    frame = frame._replace(luma=np.zeros((480, 640), np.uint8))
    status.turn(frame, [face(size=0.1)], film)
    assert status.text == "tracking, too far, too dark" and status.state == "tracking"
    status.turn(frame, [], film)
    assert status.text == "nobody there, too dark" and status.code == 2


def test_too_hot_is_a_code_of_its_own_where_there_are_pictures(clock, tmp_path):
    status = Status(strain=Strain(put(tmp_path, zone(0, "GPU-therm", 92))))
    (frame, film), = frames(1)
    status.turn(frame, [face()], film)
    assert (status.state, status.code) == ("tracking", 4)
    assert status.text.endswith(", too hot: every second picture is left out, add a fan")
    film.state, clock[0] = "waiting for a camera: unplugged", clock[0] + 2
    status.turn(None, [], film)
    assert status.code == 3


def test_half_the_rate_is_no_shortfall_while_it_is_too_hot(clock, tmp_path, caplog):
    status = Status(strain=Strain(put(tmp_path, zone(0, "GPU-therm", 92))))
    for frame, film in frames(30, 15.0):
        film.rate, clock[0] = 30.0, clock[0] + 1
        status.turn(frame, [], film)
    assert "pictures a second instead of" not in caplog.text


def test_what_is_asked_of_the_person_stands_behind_the_state(clock):
    status = Status()
    status.notice = "show smirk (1 of 3)"
    (frame, film), = frames(1)
    status.turn(frame, [], film)
    assert status.text.endswith(", show smirk (1 of 3)")


def test_a_camera_is_away_after_half_a_second(clock):
    status, film = Status(), Film([None] * 3, live=True)
    film.read()
    clock[0] += 0.4
    status.turn(None, [], film)
    assert status.state == "starting"
    clock[0] += 0.2
    status.turn(None, [], film)
    assert (status.state, status.code) == ("no camera", 3)
    assert status.text.startswith("waiting for") and status.line().startswith("waiting for")


def test_a_source_that_says_nothing_of_its_stall_has_no_picture(clock):
    status = Status()
    (frame, film), = frames(1)
    status.turn(frame, [], film)
    clock[0] += 0.6
    status.turn(None, [], film)
    assert (status.state, status.text) == ("no camera", "no picture")


def test_the_rate_is_that_of_the_arrivals(clock):
    status = Status()
    for frame, film in frames(40, 25.0):
        status.turn(frame, [], film)
    assert status.fps == pytest.approx(25)


def test_a_rate_that_falls_short_is_logged(clock, caplog):
    status = Status()
    for frame, film in frames(40, 15.0):
        film.rate = 30
        clock[0] += 0.5
        status.turn(frame, [], film)
    assert [m for m in caplog.messages if m.startswith("15.0 pictures a second instead of 30")]


def test_it_is_due_once_a_second_and_on_every_change(clock):
    status, film = Status(), Film([PICTURE])
    assert status.due() and not status.due()
    frame = film.read()
    status.turn(frame, [], film)
    assert status.due() and not status.due()
    clock[0] += 1.01
    assert status.due() and not status.due()


def test_the_line_says_angles_lids_times_and_targets(clock):
    status = Status(targets=["vmc@pc:39539"])
    for frame, film in frames(3):
        status.turn(frame, [face(yaw=20, roll=-7)], film)
    line = status.line()
    for part in ("tracking", "yaw  +20", "roll   -7", "eyes 0.9 0.9", "30.0 fps", "dropped 0",
                 "-> vmc@pc:39539"):
        assert part in line


def test_the_line_says_how_often_the_camera_was_opened_anew(clock):
    status, film = Status(), Film([PICTURE] * 2)
    status.turn(film.read(), [], film)
    assert "restarts" not in status.line()
    film.restarts = 3
    status.turn(film.read(), [], film)
    assert "restarts 3" in status.line()


def test_milliseconds_are_those_of_the_last_second(clock):
    status = Status()
    for _ in range(500):
        status.timing.add("total", 1.0)
    for frame, film in frames(30):
        status.turn(frame, [], film)
        status.timing.add("total", 0.004)
    assert status.ms["total"] == pytest.approx(4.0)


def test_it_ends_as_stopping_or_as_error(clock):
    status = Status()
    status.stop()
    assert status.code == 6
    status.stop(failed=True)
    assert status.code == 5


def test_the_temperature_is_a_number():
    assert 0.0 <= Status().temperature < 150.0


def test_systemd_hears_that_it_is_ready_and_alive(tmp_path, monkeypatch):
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(path)
        heard.settimeout(2)
        monkeypatch.setitem(os.environ, "NOTIFY_SOCKET", path)
        (frame, film), = frames(1)
        Status().turn(frame, [], film)
        assert heard.recv(100) == b"READY=1"
        assert heard.recv(100).splitlines() == [
            b"WATCHDOG=1", b"STATUS=nobody there, too dark, 0.0 fps, 0.00 ms"]


@pytest.fixture
def words(monkeypatch):
    """What systemd was told."""
    told = []
    monkeypatch.setattr(module, "notifier", lambda: told.append)
    return told


def test_it_is_ready_when_the_camera_is_known_to_be_away(clock, words):
    status, film = Status(), Film([None], live=True)
    film.absent = False
    status.turn(None, [], film)
    assert "READY=1" not in words
    film.absent = True
    status.turn(None, [], film)
    assert "READY=1" in words


def test_a_camera_that_says_nothing_is_not_waited_for_for_ever(clock, words):
    status, film = Status(), Film([None], live=True)
    film.absent = False
    clock[0] += module.PATIENCE + 0.1
    status.turn(None, [], film)
    assert "READY=1" in words


def test_the_watchdog_is_fed_by_turns_now_and_then(clock, words):
    status, film = Status(), Film([None], live=True)
    for _ in range(30):
        status.turn(None, [], film)
        clock[0] += 0.1
    fed = [word for word in words if word.startswith("WATCHDOG=1\nSTATUS=")]
    assert 5 <= len(fed) <= 7


def test_what_is_wrong_with_the_configuration_is_told_with_every_state(clock):
    status = Status()
    status.follow(config.defaults()._replace(trouble="kagami.conf:2 is wrong"))
    (frame, film), = frames(1)
    status.turn(frame, [face()], film)
    assert status.text.endswith(", kagami.conf:2 is wrong")


def test_how_far_engines_are_is_told_while_they_are_built(clock):
    status = Status()
    (frame, film), = frames(1)
    made = sheet.Sheet(["iris"])
    made.mark("iris", "building", "iris (1 of 1): verifying, 0:02")
    status.turn(frame, [face()], film)
    clock[0] += 1
    status.turn(frame, [face()], film)
    assert status.text.endswith(", building engines: iris (1 of 1): verifying, 0:02")
    assert status.engines["engines"][0]["state"] == "building"
    made.end()
    for _ in range(2):
        clock[0] += 1
        status.turn(frame, [face()], film)
    assert "engines" not in status.text
