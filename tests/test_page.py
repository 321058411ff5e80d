"""What a page needs of the program that runs: a real process, the demo's clip, real sockets."""
import json
import os
import socket
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from appliance.network.local import Program, program
from appliance.outputs.osc import message
from tests.fakes.receiver import Receiver, eventually, free_port
from tests.golden import decoded

pytest.importorskip("gi", reason="no GStreamer bindings for this Python")
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
CLIP = os.path.join(ROOT, "appliance/demo.mp4")


class Running:
    """`kagami run` of a clip; `port`: where its commands are heard. `page`: whoever asks it."""

    def __init__(self, tmp_path, *words, text=""):
        self.port, self.path = free_port(), str(tmp_path / "kagami.conf")
        with open(self.path, "w") as f:
            f.write("[network]\ndiscovery = no\noscquery = no\n[control]\nport = %d\n%s"
                    % (self.port, text))
        self.log = open(str(tmp_path / "log"), "w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "appliance", "run", "--config", self.path] + list(words),
            stdout=self.log, stderr=self.log, cwd=ROOT)
        self.page = self.asked()

    def asked(self):
        """A Program that can be asked."""
        assert eventually(lambda: program() is not None, 30), self.told()
        return program()

    def told(self):
        """All that it has said."""
        self.log.seek(0)
        return self.log.read()

    def about(self):
        return json.loads(self.page.text("/kagami/about", wait=10))

    def change(self, document):
        return self.page.text("/kagami/change", json.dumps(document), wait=10)

    def stop(self):
        self.process.terminate()
        assert self.process.wait(30) == 0, self.told()
        assert "Traceback" not in self.told()
        self.log.close()


@pytest.fixture
def clip(tmp_path):
    """Ten times the demo's clip, so that it does not end; gives its path."""
    video, path = cv2.VideoCapture(CLIP), str(tmp_path / "clip.avi")
    out, pictures = None, []
    while len(pictures) < 120:
        more, picture = video.read()
        if not more:
            break
        pictures.append(picture)
    height, width = pictures[0].shape[:2]
    out = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"MJPG"), 30, (width, height))
    for _ in range(8):
        for picture in pictures:
            out.write(picture)
    out.release()
    return path


@pytest.fixture
def receiver():
    with Receiver() as one:
        one.socket.settimeout(20)
        yield one


@pytest.fixture
def running(tmp_path, clip, receiver):
    made = Running(tmp_path, text="[camera]\nsource = file:%s\n[target here]\n"
                   "to = kagami@127.0.0.1:%d\n" % (clip, receiver.port))
    yield made
    if made.process.poll() is None:
        made.stop()


def looked(running, seconds=3.0):
    """[((68, 2) points as shares, luma)] of the pictures of a face that come meanwhile."""
    out, asked, end = [], 0.0, time.monotonic() + seconds
    with Program(running.page._socket.getpeername()) as looks:
        looks._socket.settimeout(0.2)
        while time.monotonic() < end:
            if time.monotonic() - asked > 1:
                asked = time.monotonic()
                looks._socket.send(message("/kagami/preview", 3))
            try:
                heard = {a: v for a, _, v in decoded(looks._socket.recv(1 << 19))}
            except OSError:
                continue
            if "/kagami/face/0/points" in heard:
                _, width, height, luma = heard["/kagami/picture"]
                out.append((np.array(heard["/kagami/face/0/points"]).reshape(68, 2),
                            np.frombuffer(luma, np.uint8).reshape(height, width)))
    return out


def darkness(luma, points):
    """Luma of the pupils less that of the cheeks: negative where the points sit on a face."""
    height, width = luma.shape

    def at(which):
        x, y = points[which].mean(axis=0) * (width, height)
        return float(luma[int(y) - 2:int(y) + 3, int(x) - 2:int(x) + 3].mean())
    eyes = 0.5 * (at(list(range(36, 42))) + at(list(range(42, 48))))
    return eyes - 0.5 * (at([2, 31, 48]) + at([14, 35, 54]))


def test_flipped_while_it_runs_picture_and_points_are_mirrored_together(running):
    before = looked(running)
    assert len(before) > 5
    assert running.change({"camera": {"flip": "horizontal"}}) == "kept, and in force"
    assert eventually(lambda: running.about()["state"] == "tracking", 20)
    after = looked(running)
    assert len(after) > 5
    for points, luma in before + after:
        assert darkness(luma, points) < -10
    # The clip plays on, but whoever sat in one half sits in the other now.
    pictures = [np.mean([luma.astype(float) for _, luma in seen], axis=0)
                for seen in (before, after)]
    straight = np.abs(pictures[0] - pictures[1]).mean()
    turned = np.abs(pictures[0][:, ::-1] - pictures[1]).mean()
    assert turned < 0.7 * straight
    assert "Traceback" not in running.told()


def test_a_target_that_is_added_hears_vmc_and_is_waved_to_alone(running, receiver):
    with Receiver() as tv:
        to = "vmc@127.0.0.1:%d" % tv.port
        assert running.change({"target tv": {"to": to}}) == "kept, and in force"
        tv.socket.settimeout(20)
        assert decoded(tv.socket.recv(65536))[0][0] == "/VMC/Ext/Root/Pos"
        running.page.text("/kagami/wave", to)
        tv.datagrams()
        time.sleep(3.2)
        heads = [v[4:8] for a, _, v in tv.messages() if a == "/VMC/Ext/Bone/Pos"
                 and v[0] == "Head"]
        turns = [y for _, y, _, _ in heads]
        assert min(turns) < -0.1 and max(turns) > 0.1
        assert running.change({"target tv": None}) == "kept, and in force"
        tv.datagrams()
        time.sleep(0.5)
        assert tv.datagrams() == []


def test_a_camera_that_is_not_there_is_waited_for_and_another_can_be_chosen(running, receiver,
                                                                            clip):
    running.change({"camera": {"source": "file:/nowhere.mp4"}})
    assert eventually(lambda: "no such file" in running.about()["text"], 20)
    running.change({"camera": {"source": "file:" + clip}})
    assert eventually(lambda: running.about()["state"] == "tracking", 20)
    assert running.process.poll() is None


def test_a_new_start_keeps_what_was_changed(running, receiver):
    running.change({"camera": {"source": "test", "flip": "both"}})
    pid = running.process.pid
    assert "by itself" in running.page.text("/kagami/restart")
    time.sleep(0.5)
    running.page = running.asked()
    assert eventually(lambda: running.about()["uptime"] < 20 and running.about()["source"] ==
                      "test", 20)
    assert running.about()["camera"]["flip"] == "both" and running.process.pid == pid
    byes = [v for a, _, v in receiver.messages() if a == "/kagami/bye"]
    assert byes[:3] == [[1]] * 3


def test_under_a_service_manager_a_new_start_is_left_to_it(tmp_path, monkeypatch):
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(tmp_path / "manager"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "manager"))
    running = Running(tmp_path, "--source", "test", text="[target]\nenabled = no\n")
    assert "status 75" in running.page.text("/kagami/restart")
    assert running.process.wait(20) == 75
    running.log.close()
    manager.close()


def test_a_choice_of_the_page_that_is_not_there_does_not_end_the_box(tmp_path, state):
    with open(state + "/settings.conf", "w") as f:
        f.write("[camera]\nsource = file:/nowhere.mp4\n[camra]\nx = y\n")
    running = Running(tmp_path)
    assert "(left out)" in running.told()
    assert eventually(lambda: "no such file" in running.about()["text"], 20)
    running.stop()
