"""The real program, fed raw pictures on its standard input; what it sends is heard on a socket.

Each picture bears its number in its first four pixels. In the program (`python3 -m benchmarks.fed
NOTES SLOW WORDS`, its own process) it is noted when a picture was taken up, and in which frame of
the wire it left; all clocks are the system's monotonic one.
"""
import fcntl
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from typing import NamedTuple

import numpy as np

from appliance.errors import KagamiError
from benchmarks import report

HERE = "127.0.0.1"
PIPE = 1 << 19          # bytes: one picture of 640x480, and no second one that would wait there
F_SETPIPE_SZ = 1031     # of Linux; the fcntl module has no name for it before Python 3.10
PATIENCE = 30.0         # seconds for the first datagram
# Where /kagami/frame and its number lie in a datagram of the kagami dialect.
ADDRESS, NUMBER = slice(20, 33), slice(44, 48)


class Note(NamedTuple):
    """One picture's way: its number, when its handing over began, when it was taken up, and when
    it was heard of (monotonic seconds)."""

    picture: int
    given: float
    taken: float
    heard: float


class Program:
    """`kagami run` at work, as a context. pictures: list of (H, W) uint8 that are fed in turn, at
    `rate` a second. slow: seconds by which a stage is held up. born: when it was started."""

    def __init__(self, pictures, rate, slow=0.0):
        self._pictures, self._rate = [np.array(one) for one in pictures], rate
        self._slow, self._stop = slow, threading.Event()
        self.given, self.heard = [], {}

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory()
        self._ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ear.bind((HERE, 0))
        self._ear.settimeout(0.2)
        self.born = time.monotonic()
        self._process = self._started()
        self.pid = self._process.pid
        self._threads = [threading.Thread(target=one) for one in (self._listen, self._feed)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._process.terminate()
        self._process.wait()
        for thread in self._threads:
            thread.join()
        self._ear.close()
        self._folder.cleanup()

    def _started(self):
        height, width = self._pictures[0].shape
        folder, to = self._folder.name, self._ear.getsockname()[1]
        words = [sys.executable, "-m", "benchmarks.fed", os.path.join(folder, "notes"),
                 repr(self._slow), "run", "--source", "stdin:%dx%d@%g:GRAY8" % (
                     width, height, min(240, self._rate)), "--to", "kagami@%s:%d" % (HERE, to)]
        for option in ("network.discovery=no", "network.oscquery=no", "control.enabled=no"):
            words += ["--set", option]
        with open(os.path.join(folder, "log"), "w") as log:
            return subprocess.Popen(
                words, cwd=report.ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=log, env=dict(os.environ, STATE_DIRECTORY=folder, RUNTIME_DIRECTORY=folder,
                                     KAGAMI_CONFIG=os.devnull))

    def _feed(self):
        """Hand over picture after picture, as a camera would: whether the last was taken or not.
        """
        pipe, due, number = self._process.stdin, time.monotonic(), 0
        fcntl.fcntl(pipe, F_SETPIPE_SZ, PIPE)
        while not self._stop.is_set():
            luma = self._pictures[number % len(self._pictures)]
            luma[0, :4] = np.frombuffer(struct.pack(">I", number), np.uint8)
            time.sleep(max(0.0, due - time.monotonic()))
            # Where a picture could not be handed over in time the next comes when it is due.
            due = max(due, time.monotonic() - 1.0 / self._rate) + 1.0 / self._rate
            self.given.append(time.monotonic())
            try:
                pipe.write(luma.tobytes())
                pipe.flush()
            except OSError:
                return
            number += 1

    def _listen(self):
        while not self._stop.is_set():
            try:
                datagram = self._ear.recv(65536)
            except socket.timeout:
                continue
            if datagram[ADDRESS] == b"/kagami/frame":
                number, = struct.unpack(">i", datagram[NUMBER])
                self.heard.setdefault(number, time.monotonic())

    def wait(self, frames):
        """Until so many frames were heard; KagamiError where the program has ended."""
        silent = time.monotonic() + PATIENCE
        while len(self.heard) < frames:
            before = len(self.heard)
            time.sleep(0.02)
            silent = time.monotonic() + PATIENCE if len(self.heard) > before else silent
            if self._process.poll() is not None or time.monotonic() > silent:
                raise KagamiError("kagami run", self._last_word(), "run it by hand")

    def _last_word(self):
        with open(os.path.join(self._folder.name, "log")) as f:
            return (f.read().strip().splitlines() or ["no word"])[-1]

    def notes(self, skip=0):
        """[Note] of the pictures that were heard of, the first `skip` left out."""
        with open(os.path.join(self._folder.name, "notes")) as f:
            rows = [line.split() for line in f if line.endswith("\n")]
        found = [(int(frame), int(picture), float(taken)) for frame, picture, taken in rows]
        return [Note(picture, self.given[picture], taken, self.heard[frame])
                for frame, picture, taken in found
                if frame in self.heard and picture < len(self.given)][skip:]


def spent(pid):
    """Processor seconds of a process and all its threads so far."""
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / float(os.sysconf("SC_CLK_TCK"))


def resident_mib(pid):
    """Memory of a process, MiB."""
    with open("/proc/%d/status" % pid) as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS")) / 1024.0


def _noting(path, slow, words):
    """The program, which notes what becomes of each picture; a stage of it takes longer."""
    from appliance import cli
    from appliance.outputs import Outputs
    from appliance.stages.pose import Pose
    from appliance.tracker import Tracker
    track, send, pose = Tracker.__call__, Outputs.send, Pose.__call__
    taken = []
    with open(path, "a", buffering=1) as notes:
        def tracked(tracker, image, *more):
            taken[:] = [time.monotonic()]
            return track(tracker, image, *more)

        def sent(outputs, faces, frame):
            picture, = struct.unpack(">I", frame.luma[0, :4].tobytes())
            send(outputs, faces, frame)
            notes.write("%d %d %.6f\n" % (outputs.moment.number, picture, taken[0]))

        def held_up(stage, *arguments):
            time.sleep(slow)
            return pose(stage, *arguments)
        Tracker.__call__, Outputs.send = tracked, sent
        if slow:
            Pose.__call__ = held_up
        return cli.main(words)


if __name__ == "__main__":
    sys.exit(_noting(sys.argv[1], float(sys.argv[2]), sys.argv[3:]))
