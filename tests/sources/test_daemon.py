"""A camera daemon that hangs, dies or is not up yet: what is asked of root, how soon and how often
it is tried again, that pictures come again, and that the program goes on and ends meanwhile."""
import os
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("gi", reason="no GStreamer for this Python")

from appliance.sources import daemon, live, open_source  # noqa: E402
from appliance.sources.daemon import Daemon  # noqa: E402
from tests.golden import decoded  # noqa: E402
from tests.sources.plug import nothing, picture, until  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


@pytest.fixture
def word(monkeypatch):
    """The file in which the word to root would stand."""
    return os.path.join(os.environ["RUNTIME_DIRECTORY"], daemon.NAME)


class Played:
    """The camera daemon: a file that is made anew at each start, as its socket is."""

    def __init__(self, path):
        self.path = path
        self.start()

    def start(self, how="well"):
        """Be (again)."""
        with open(self.path + ".new", "w") as f:
            f.write(how)
        os.rename(self.path + ".new", self.path)

    def becomes(self, how):
        """The same that ran, in another state."""
        with open(self.path, "w") as f:
            f.write(how)

    def ends(self):
        """Be no more."""
        os.remove(self.path)


@pytest.fixture
def played(tmp_path, monkeypatch):
    monkeypatch.setenv("STAND_IN_DAEMON", str(tmp_path / "argus"))
    monkeypatch.setattr(daemon, "SOCKET", str(tmp_path / "argus"))
    monkeypatch.setattr(live, "SILENCE", 0.5)
    return Played(str(tmp_path / "argus"))


@pytest.fixture
def source(played, board, camera):
    made = open_source("csi", camera)
    yield made
    played.start()
    made.close()


def test_no_picture_for_a_while_is_a_word_to_root(source, played, word):
    until(source, picture)
    assert not os.path.exists(word)
    played.becomes("silent")
    until(source, lambda frame: "no picture" in source.state)
    with open(word) as f:
        assert f.read() == "no picture for 0.5 s\n"


def test_pictures_come_again_when_the_daemon_was_started_anew(source, played, word):
    before = until(source, picture).number
    played.becomes("silent")
    until(source, lambda frame: os.path.exists(word))
    played.start()
    assert until(source, picture).number > before and source.restarts == 1


def test_a_client_that_hangs_with_its_daemon_holds_up_nobody(source, played, word):
    until(source, picture)
    played.becomes("stuck")
    until(source, lambda frame: os.path.exists(word))
    for _ in range(5):
        start = time.monotonic()
        assert source.read(0.1) is None and time.monotonic() - start < 0.5
    played.start()
    until(source, picture)


def test_a_client_that_never_lets_go_is_left_behind(source, played, monkeypatch):
    monkeypatch.setattr(live, "LEAVING", 0.3)
    until(source, picture)
    first = source._pipeline
    played.becomes("stuck")
    until(source, lambda frame: source._pipeline not in (None, first))


def test_a_daemon_that_dies_is_waited_for_and_numbers_go_on(source, played):
    before = until(source, picture).number
    played.ends()
    until(source, nothing), until(source, nothing)
    assert source.state.startswith("waiting for camera imx219 (csi:0)") and not source.ended
    played.start()
    assert until(source, picture).number > before


def test_a_session_that_cannot_be_had_at_boot_is_healed_by_one_restart(played, board, camera,
                                                                       word):
    played.becomes("refuses")
    source = open_source("csi", camera)
    until(source, lambda frame: os.path.exists(word))
    assert "Failed to create CaptureSession" in source.state
    played.start()
    until(source, picture)
    source.close()


def test_a_sensor_that_is_not_there_is_no_word_to_root(played, board, camera, word):
    board("")
    source = open_source("csi", camera)
    assert source.read(0.05) is None and not os.path.exists(word)
    source.close()


def test_tries_lie_further_apart_each_time_and_begin_anew_after_pictures():
    made = Daemon()
    assert [made.lost("why", False) for _ in range(5)] == [1, 2, 4, 8, 8]
    made.here()
    assert made.lost("why", True) == 1


def test_words_to_root_lie_further_apart_each_time(word, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(daemon, "monotonic", lambda: clock[0])
    made, told = Daemon(), []
    for _ in range(400):
        made.lost("why", False)
        if os.path.exists(word):
            os.remove(word)
            told.append(clock[0] - 1000)
        clock[0] += 5
    assert told == [0, 30, 90, 210, 450, 930, 1530]


def test_after_a_minute_of_pictures_the_first_word_is_said_at_once(word, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(daemon, "monotonic", lambda: clock[0])
    made = Daemon()
    for wait, told in ((0, True), (10, False), (61, True)):
        made.here()
        clock[0] += wait
        made.lost("why", True)
        assert os.path.exists(word) is told
        if told:
            os.remove(word)


def test_where_nobody_could_read_it_the_way_out_is_told_once(monkeypatch, caplog):
    monkeypatch.delenv("RUNTIME_DIRECTORY")
    made = Daemon()
    made.lost("why", False), made.lost("why", False)
    assert caplog.messages == ["where it stays so: sudo systemctl restart nvargus-daemon"]


def test_a_folder_that_is_full_or_gone_is_told(monkeypatch, caplog):
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/nowhere/at/all")
    Daemon().lost("why", False)
    assert "camera-wedged" in caplog.text and "restart nvargus-daemon" in caplog.text


def test_a_daemon_that_was_started_meanwhile_need_not_be_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(daemon, "SOCKET", str(tmp_path / "argus"))
    played = Played(str(tmp_path / "argus"))
    made = Daemon()
    made.lost("why", False)
    assert not made.fresh()
    played.start()
    assert made.fresh()


@pytest.fixture
def program(played, plugin, board, tmp_path, clip, receiver):
    """program(): Kagami in a process of its own on the played board; killed after the test."""
    running = []

    def start(*words):
        environment = dict(os.environ, GST_PLUGIN_PATH=os.path.dirname(plugin),
                           GST_REGISTRY=str(tmp_path / "registry"), STAND_IN_CLIP=clip,
                           STAND_IN_SYSTEM=str(tmp_path / "system"))
        running.append(subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.jetson.program", "run", "--source", "csi", "--to",
             "vmc@127.0.0.1:%d" % receiver.getsockname()[1]] + list(words), cwd=ROOT,
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            universal_newlines=True))
        return running[-1]
    yield start
    for one in running:
        if one.poll() is None:
            one.kill()
            one.communicate()


def tracked(receiver, count=20):
    """Wait until so many datagrams say that a face is tracked."""
    while count:
        values = dict((address, args) for address, _, args in decoded(receiver.recv(65536)))
        count -= values.get("/VMC/Ext/OK", (0, 0, 0, 0))[-1] == 1


def test_a_face_reaches_the_receiver_and_a_signal_ends_it_cleanly(program, receiver):
    running = program()
    tracked(receiver)
    running.send_signal(signal.SIGTERM)
    out, told = running.communicate(timeout=20)
    assert running.returncode == 0 and "camera imx219 (csi:0): 640x480 of 1640x1232" in told
    assert "CRITICAL" not in told and "Traceback" not in told


@pytest.mark.parametrize("noticed", [False, True])
def test_a_signal_ends_it_while_the_daemon_hangs(program, receiver, played, word, noticed):
    running = program()
    tracked(receiver)
    played.becomes("stuck")
    while noticed and not os.path.exists(word):
        time.sleep(0.05)
        assert running.poll() is None
    time.sleep(0.2)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=15)
    assert running.returncode == 0


def test_the_receiver_is_served_again_after_a_restart(program, receiver, played, word):
    running = program()
    tracked(receiver)
    played.becomes("stuck")
    while not os.path.exists(word):
        time.sleep(0.05)
        assert running.poll() is None
    played.start()
    tracked(receiver)
