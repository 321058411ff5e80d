"""The program as a user starts it: real processes, real pictures, real sockets."""
import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import termios
import time
from importlib.util import find_spec

import cv2
import numpy as np
import pytest

from appliance.backends import manifest
from appliance.cli import DEMO_CLIP
from appliance.errors import KagamiError
from appliance.network.local import program as running
from tests.data import CLIPS, needs_clips
from tests.fakes.receiver import free_port
from tests.golden import decoded

pytest.importorskip("gi", reason="no GStreamer bindings for this Python")
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
COMMAND = [sys.executable, "-m", "appliance"]


def target(receiver, dialect="kagami"):
    """The receiver as a --to."""
    return "%s@127.0.0.1:%d" % (dialect, receiver.getsockname()[1])


def started(*words, **kwargs):
    """A running program with its output as text."""
    pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, cwd=ROOT)
    pipes.update(kwargs)
    return subprocess.Popen(COMMAND + list(words), **pipes)


def done(*words):
    """(status, output, errors) of a program that ends by itself."""
    program = started(*words)
    out, err = program.communicate(timeout=120)
    return program.returncode, out, err


def heard(receiver):
    """Addresses of all that has arrived."""
    addresses = []
    while select.select([receiver], [], [], 0.1)[0]:
        addresses += [address for address, _, _ in decoded(receiver.recv(65536))]
    return addresses


def wait_for_frames(receiver, count):
    """Until so many datagrams have arrived."""
    for _ in range(count):
        receiver.recv(65536)


@pytest.fixture
def grey_clip(tmp_path):
    """A clip of 12 grey pictures, nobody in it."""
    path = str(tmp_path / "grey.avi")
    video = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"MJPG"), 25, (320, 240))
    for i in range(12):
        video.write(np.full((240, 320, 3), 100 + i, np.uint8))
    video.release()
    return path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_ends_cleanly_on_a_signal(receiver, number):
    program = started("run", "--source", "test", "--to", target(receiver))
    wait_for_frames(receiver, 20)
    program.send_signal(number)
    out, err = program.communicate(timeout=30)
    assert program.returncode == 0 and "Traceback" not in err
    assert out.splitlines()[0].split() == ["stage", "p50", "ms", "p95", "ms", "count"]
    assert heard(receiver).count("/kagami/bye") == 3


def test_sigusr1_prints_the_table_and_goes_on(receiver):
    program = started("run", "--source", "test", "--to", target(receiver))
    wait_for_frames(receiver, 10)
    program.send_signal(signal.SIGUSR1)
    wait_for_frames(receiver, 20)
    program.terminate()
    out, _ = program.communicate(timeout=30)
    assert program.returncode == 0 and out.count("stage") == 2


@pytest.fixture
def configured(tmp_path, receiver):
    """A function that writes a configuration with a free control port; gives its path."""
    control = free_port()

    def write(text):
        path = str(tmp_path / "kagami.conf")
        with open(path, "w") as f:
            f.write("[control]\nport = %d\n%s" % (control, text))
        return path
    return write


def told(program, word):
    """The next line of its errors that has a word."""
    return next(line for line in program.stderr if word in line)


def test_sighup_reads_the_configuration_again_and_a_wrong_one_changes_nothing(receiver,
                                                                              configured):
    path = configured("[target pc]\nto = %s\n" % target(receiver))
    program = started("run", "--source", "test", "--config", path)
    wait_for_frames(receiver, 10)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        other.settimeout(30)
        configured("[target pc]\nto = %s\n[target tv]\nto = %s\n[camera]\nwidth = 800\n"
                   "[network]\nname = x\n"
                   % (target(receiver), target(other)))
        program.send_signal(signal.SIGHUP)
        wait_for_frames(other, 5)
        assert "in force with the next start" in told(program, "network.name")
        configured("[target pc]\nto = vmcc@127.0.0.1\n")
        program.send_signal(signal.SIGHUP)
        assert "did you mean vmc?" in told(program, "the old configuration goes on")
        for each in (receiver, other):
            while select.select([each], [], [], 0)[0]:      # what came before
                each.recv(65536)
            wait_for_frames(each, 5)
    program.terminate()
    program.communicate(timeout=30)
    assert program.returncode == 0


def test_a_target_is_added_listed_and_dropped_while_it_runs(receiver, configured):
    path = configured("")
    program = started("run", "--source", "test", "--config", path)
    told(program, "fps")
    status, out, _ = done("targets", "add", target(receiver), "--config", path)
    assert status == 0 and "kept, and in force" in out
    wait_for_frames(receiver, 5)
    assert re.search(r"%s +127.0.0.1 +\d+\.\d +\d+ +0 +0 +not refused +added" % target(receiver),
                     done("targets", "--config", path)[1])
    assert done("targets", "drop", target(receiver), "--config", path)[0] == 0
    assert heard(receiver)[-1] == "/kagami/bye"
    program.terminate()
    program.communicate(timeout=30)
    assert program.returncode == 0


def until_state(receiver, state):
    """Read until the face has a state (4 is calibrating)."""
    for _ in range(3000):
        if any(address == "/kagami/face/0/state" and arguments[1] == state
               for address, _, arguments in decoded(receiver.recv(65536))):
            return True
    return False


def test_the_running_program_is_asked_by_commands_whoever_has_its_port(receiver, tmp_path, state):
    path = str(tmp_path / "kagami.conf")
    with open(path, "w") as f:
        f.write("[control]\nport = %d\n[target pc]\nto = %s\n" % (
            receiver.getsockname()[1], target(receiver)))
    program = started("run", "--source", "file:" + DEMO_CLIP, "--config", path)
    assert until_state(receiver, 1)
    calibrating = started("calibrate", "neutral", "1", "--config", path)
    assert until_state(receiver, 4) and until_state(receiver, 1)
    assert calibrating.communicate(timeout=30) == ("resting face: taken\n", "")
    assert "[target pc]" in done("targets", "--config", path)[1].splitlines()[3]
    status, out, _ = done("calibrate", "show", "--config", path)
    assert status == 0 and "kept in          " + state in out
    assert done("teach", "--forget", "smirk", "--config", path)[0] == 2
    with running() as asked:
        asked.ask("/kagami/set/gain/jawOpen", "", 0.0)
        with pytest.raises(KagamiError, match="none to set") as e:
            asked.ask("/kagami/set/exposure", "", 20000.0)
        assert e.value.status == 69
    os.kill(program.pid, signal.SIGKILL)
    program.communicate(timeout=30)
    assert running() is None                    # its file is still there
    heard(receiver)
    again = started("run", "--source", "test", "--config", path)
    wait_for_frames(receiver, 5)
    assert "[target pc]" in done("targets", "--config", path)[1]
    second = started("run", "--source", "test", "--to", target(receiver))
    assert "another kagami has it" in told(second, "nobody can ask")
    for one in (second, again):
        one.terminate()
        one.communicate(timeout=30)
    assert os.listdir(os.environ["RUNTIME_DIRECTORY"]) == []


def test_it_ends_with_the_terminal_that_it_was_started_from(receiver):
    master, slave = pty.openpty()

    def own():
        signal.signal(signal.SIGHUP, signal.SIG_DFL)      # ignored where nohup runs the tests
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    program = started("run", "--source", "test", "--to", target(receiver), stderr=slave,
                      stdin=slave, preexec_fn=own)
    os.close(slave)
    wait_for_frames(receiver, 10)
    os.close(master)
    assert program.wait(30) == 0
    program.stdout.close()


def shown(master):
    """What a terminal was given until the program closed it."""
    parts = []
    while True:
        try:
            parts.append(os.read(master, 65536))
        except OSError:      # how Linux says that the other side has closed
            os.close(master)
            return b"".join(parts).decode()


def test_on_a_terminal_the_status_is_rewritten_in_place(receiver):
    master, slave = pty.openpty()
    program = started("run", "--source", "test", "--to", target(receiver), stderr=slave)
    os.close(slave)
    wait_for_frames(receiver, 30)
    program.terminate()
    program.communicate(timeout=30)
    text = shown(master)
    assert text.count("\r\x1b[K") > 3
    assert re.search(r"nobody there[a-z, ]*  \d+\.\d fps  .*-> kagami@127", text)


def test_on_a_terminal_track_shows_how_far_it_is(grey_clip, tmp_path):
    master, slave = pty.openpty()
    program = started("track", grey_clip, "--json", str(tmp_path / "out"), stderr=slave)
    os.close(slave)
    program.communicate(timeout=60)
    text = shown(master)
    assert re.search(r"\r\x1b\[K\[#* *\] +\d+ %  \d+ frames", text)
    assert text.endswith("12 frames, 0 with a face\r\n")


def test_run_of_a_file_ends_with_it_and_writes_its_timing(receiver, grey_clip, tmp_path):
    path = str(tmp_path / "ms.json")
    status, out, _ = done("run", "--source", "file:" + grey_clip, "--every-frame",
                          "--to", target(receiver), "--timing", path)
    with open(path) as f:
        rows = json.load(f)["rows"]
    assert status == 0 and rows["total"]["count"] == 12 and rows["total"]["p50_ms"] > 0
    assert out.splitlines()[-1].split() == ["dropped", "0"]


def test_several_receivers_hear_at_once_each_in_its_dialect(receiver, grey_clip):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        done("run", "--source", "file:" + grey_clip, "--to", target(receiver),
             "--to", target(other, "vmc"))
        assert {a.split("/")[1] for a in heard(receiver)} == {"kagami"}
        assert {a.split("/")[1] for a in heard(other)} == {"VMC"}


def test_a_camera_that_is_absent_is_waited_for(receiver):
    program = started("run", "--source", "usb:/dev/video99", "--to", target(receiver))
    texts = []
    while not any("video99" in text for text in texts):
        texts += [str(arguments[1]) for address, _, arguments in decoded(receiver.recv(65536))
                  if address == "/kagami/status"]
    assert program.poll() is None
    program.terminate()
    _, err = program.communicate(timeout=30)
    assert program.returncode == 0 and err.count("video99") >= 1 and "Traceback" not in err


@pytest.mark.parametrize("content, status", [(None, 66), (b"", 65), (b"no video\n" * 200, 65)])
@pytest.mark.parametrize("command", ["run", "track"])
def test_a_file_that_is_no_video_is_told_in_one_line(tmp_path, content, status, command):
    path = str(tmp_path / "clip.mp4")
    if content is not None:
        with open(path, "wb") as f:
            f.write(content)
    words = (["run", "--source", "file:" + path] if command == "run"
             else ["track", path, "--json", str(tmp_path / "out")])
    code, _, err = done(*words)
    assert code == status and err.count("\n") == 1 and err.startswith("kagami: error: ")
    assert path in err and not os.path.exists(str(tmp_path / "out"))


@pytest.fixture
def corrupt(tmp_path):
    """The folder of a program one of whose networks has the right hash and is no network."""
    shutil.copytree(os.path.join(ROOT, "engines"), str(tmp_path / "engines"),
                    ignore=shutil.ignore_patterns("*.py", "training", "__pycache__"))
    os.symlink(os.path.join(ROOT, "appliance"), str(tmp_path / "appliance"))
    path = str(tmp_path / "engines/detector.onnx")
    with open(path, "r+b") as f:
        f.write(bytes(range(64)))
    network = manifest.read()["detector"]
    manifest.record("detector", "detector.onnx", network.inputs, network.outputs,
                    str(tmp_path / "engines/manifest.ini"))
    return str(tmp_path)


@pytest.mark.parametrize("backend, name", [("openvino", "OpenVINO"),
                                           ("onnxruntime", "ONNX Runtime")])
@pytest.mark.parametrize("command", ["run", "track"])
def test_a_corrupt_network_is_told_and_no_crash(corrupt, grey_clip, command, backend, name):
    if not find_spec(backend):
        pytest.skip(name + " is not installed")
    words = (["run", "--source", "test", "--to", "kagami@127.0.0.1:5999"] if command == "run"
             else ["track", grey_clip, "--json", os.path.join(corrupt, "out")])
    program = started(*words, "--set", "backend.name=" + backend, cwd=corrupt)
    _, err = program.communicate(timeout=120)
    assert program.returncode == 65 and "detector.onnx: %s refuses it" % name in err


def test_what_opencv_refuses_behind_gstreamer_is_no_crash():
    code = ("import appliance.sources.gstreamer, cv2, numpy\n"
            "try: cv2.resize(numpy.zeros((0, 0)), (3, 3))\n"
            "except cv2.error: print('told')")
    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT) == b"told\n"


def test_track_writes_a_line_for_every_frame(grey_clip, tmp_path):
    path = str(tmp_path / "out.jsonl")
    status, _, err = done("track", grey_clip, "--json", path)
    with open(path) as f:
        lines = [json.loads(line) for line in f]
    assert status == 0 and "12 frames, 0 with a face" in err
    assert [line["frame"] for line in lines] == list(range(12))
    times = [line["time"] for line in lines]
    assert times == pytest.approx([i / 25.0 for i in range(12)], abs=0.002)


def test_track_writes_to_a_pipe(grey_clip):
    status, out, _ = done("track", grey_clip, "--json", "/dev/stdout")
    assert status == 0 and len(out.splitlines()) == 12


@pytest.mark.parametrize("name", ["stills", "picture"])
def test_track_takes_pictures_too(tmp_path, name):
    folder = tmp_path / "stills"
    folder.mkdir()
    for i in range(3):
        cv2.imwrite(str(folder / ("%d.png" % i)), np.full((60, 80, 3), 100, np.uint8))
    path, out = str(folder if name == "stills" else folder / "0.png"), str(tmp_path / "out.jsonl")
    assert done("track", path, "--json", out)[0] == 0
    with open(out) as f:
        assert len(f.readlines()) == (3 if name == "stills" else 1)


def test_track_that_is_stopped_leaves_nothing_behind(tmp_path):
    clip = str(tmp_path / "long.avi")
    video = cv2.VideoWriter(clip, cv2.VideoWriter_fourcc(*"MJPG"), 25, (640, 480))
    for _ in range(600):
        video.write(np.zeros((480, 640, 3), np.uint8))
    video.release()
    for number in (signal.SIGINT, signal.SIGTERM):
        program = started("track", clip, "--json", str(tmp_path / "out"))
        while len(os.listdir(str(tmp_path))) < 2:
            time.sleep(0.01)
        program.send_signal(number)
        _, err = program.communicate(timeout=30)
        assert program.returncode == 128 + number and "Traceback" not in err
        assert os.listdir(str(tmp_path)) == ["long.avi"]


def test_the_demo_ends_by_itself_and_shows_loss_and_return(receiver):
    begun = time.monotonic()
    program = started("demo", "--to", target(receiver))
    states = []
    while program.poll() is None:
        if select.select([receiver], [], [], 0.1)[0]:
            states += [arguments[1] for address, _, arguments in decoded(receiver.recv(65536))
                       if address == "/kagami/face/0/state"]
    out, _ = program.communicate()
    assert program.returncode == 0 and time.monotonic() - begun < 40
    lost = states.index(0, states.index(1))
    assert 1 in states[lost:]
    assert "total" in out


@needs_clips
@pytest.mark.parametrize("clip, frames", [("desk", 851), ("interview", 765)])
def test_the_real_clips_show_one_person_nearly_always(tmp_path, clip, frames):
    path = str(tmp_path / "out.jsonl")
    assert done("track", os.path.join(CLIPS, clip + ".mp4"), "--json", path)[0] == 0
    with open(path) as f:
        lines = [json.loads(line) for line in f]
    found = [line["faces"] for line in lines]
    assert len(found) == frames and sum(map(bool, found)) > 0.98 * frames
    assert len({face["id"] for faces in found for face in faces}) == 1
