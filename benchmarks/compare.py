"""Kagami against MediaPipe, or against any command that takes turns as benchmarks.contestant does:
two processes on one core, in turn, each with its pictures ready in memory. One table.

Ratios of one sitting are told: milliseconds of two sittings do not compare.
"""
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time

import numpy as np

from appliance.errors import InputMissing, KagamiError, PartMissing
from benchmarks import report

MEDIAPIPE = "0.10.21"
# What it brings of OpenCV wants a screen's libraries; this is the same without.
PACKAGES = ("mediapipe==" + MEDIAPIPE, "opencv-python-headless==4.11.0.86")
AIM, CPU_AIM = 2.0, 0.5     # times as fast; of its processor time a picture, fed 30 a second
TURN, TURNS = 50, 20        # pictures of one before the other has its turn; turns of each
PACED, RATE = 3, 30.0       # turns of TURN pictures at a camera's rate
LIMIT = 230.0               # seconds in all, however slow the machine
PICTURES = 200              # of the clip, over and over
# Share of the time in which the core was another program's, from which nothing is believed: short
# calls then fit between two of its slices and long ones do not, and the ratio grows beyond reason
# (seen: 5.7 with two thirds taken away, 1.9 in other sittings of the same two).
DISTURBED = 0.1


class Contestant:
    """A process that takes turns. name: for people. words: its command."""

    def __init__(self, name, words):
        self.name, self.ms, self.cpu, self.busy, self.lost = name, [], [], [], 0
        self._log = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            words, cwd=report.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._log, universal_newlines=True,
            env=dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1"))

    def ready(self):
        """Wait until it is; KagamiError with its last word where it is not."""
        for line in self._process.stdout:
            if line.strip() == "ready":
                return
        self._fail()

    def turn(self, count, rate=0.0):
        """(N,) ms of the calls of one turn, kept; at a rate its processor time is kept too."""
        try:
            self._process.stdin.write("%d %g\n" % (count, rate))
            self._process.stdin.flush()
            answer = json.loads(self._process.stdout.readline())
        except (OSError, ValueError):
            self._fail()
        self.lost += answer["lost"]
        if rate:
            self.cpu.append(answer["cpu_ms"])
        else:
            self.ms += answer["ms"]
            self.busy.append(answer["cpu_ms"])
        return answer["ms"]

    def _fail(self):
        self._process.kill()
        self._process.wait()
        self._log.seek(0)
        last = (self._log.read().strip().splitlines() or ["no word"])[-1]
        raise KagamiError(self.name, last[:200], "run it by hand: benchmarks/contestant.py")

    def close(self):
        """End it."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._log.close()


def pictures(path, most=PICTURES):
    """(luma (N, H, W), R, G, B (N, H, W, 3)) of a clip."""
    import cv2
    video, found = cv2.VideoCapture(path), []
    while len(found) < most:
        there, frame = video.read()
        if not there:
            break
        found.append(frame)
    if not found:
        raise InputMissing(path, "no picture in it", "give a clip of a face with --clip")
    return (np.array([cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) for frame in found]),
            np.array([frame[:, :, ::-1] for frame in found]))


def with_mediapipe(folder):
    """The Python of a virtual environment that has MediaPipe; made where it is not there."""
    python, made = (os.path.join(folder, *name) for name in (("bin", "python"), ("made",)))
    if not os.path.exists(made):
        print("making %s with %s" % (folder, PACKAGES[0]), flush=True)
        pip = [python, "-m", "pip", "-q", "--disable-pip-version-check"]
        try:
            for words in ([sys.executable, "-m", "venv", "--clear", folder],
                          pip + ["install", PACKAGES[0]],
                          pip + ["uninstall", "-y", "opencv-contrib-python"],
                          pip + ["install", PACKAGES[1]]):
                subprocess.check_call(words)
        except (OSError, subprocess.CalledProcessError) as why:
            raise PartMissing(PACKAGES[0], str(why), "it takes Python 3.9 to 3.12; give one that "
                              "has it with --mediapipe PYTHON") from why
        open(made, "w").close()     # last: what was broken off is made anew
    return python


def contest(ours, peer, until):
    """[ratio of the middles of each turn], all turns taken; until: time.monotonic() to end at."""
    ratios = []
    while len(ratios) < TURNS and (not ratios or time.monotonic() < until):
        mine, theirs = ours.turn(TURN), peer.turn(TURN)
        ratios.append(float(np.median(theirs) / np.median(mine)))
    for _ in range(PACED):
        for one in (ours, peer):
            one.turn(TURN, RATE)
    return ratios


def figures(ours, peer, ratios):
    """{"ratio", "cpu_share", "kagami", "peer": {...}} of a contest."""
    return {"ratio": float(np.median(ratios)), "ratios": ratios,
            "cpu_share": float(np.median(np.divide(ours.cpu, peer.cpu))),
            "kagami": _of(ours), "peer": _of(peer)}


def _of(one):
    p50, p95 = np.percentile(one.ms, (50, 95))
    busy = float(np.mean(one.busy))
    return {"p50_ms": float(p50), "p95_ms": float(p95), "count": len(one.ms),
            "cpu_ms": float(np.median(one.cpu)), "lost": one.lost, "busy_ms": busy,
            "taken_away": max(0.0, 1.0 - busy / float(np.mean(one.ms)))}


def table(found, name):
    """Markdown of `figures`."""
    rows = [(who, "%.3f" % f["p50_ms"], "%.3f" % f["p95_ms"], f["count"], "%.2f" % f["busy_ms"],
             "%.2f" % f["cpu_ms"], "%.0f" % (100 * f["taken_away"]), f["lost"])
            for who, f in (("Kagami", found["kagami"]), (name, found["peer"]))]
    return report.markdown(
        ("tracker", "whole call, p50 ms", "p95 ms", "pictures", "of the processor, ms a picture",
         "the same fed 30 a second", "% of the time the core was another program's",
         "pictures without a face"), rows)


def verdict(found):
    """(words, exit status): 1 where an aim is missed, or nothing can be believed."""
    away = max(found[who]["taken_away"] for who in ("kagami", "peer"))
    if away > DISTURBED:
        return ("no verdict: %.0f %% of the time the core was another program's, and ratios then "
                "mean nothing; run it on a quiet machine" % (100 * away)), 1
    fast, light = found["ratio"] >= AIM, found["cpu_share"] <= CPU_AIM
    words = "%.2f times as fast (aim %.1f: %s); %.0f %% of its processor time fed 30 a second " \
            "(aim %.0f %%: %s)" % (found["ratio"], AIM, "met" if fast else "missed",
                                   100 * found["cpu_share"], 100 * CPU_AIM,
                                   "met" if light else "missed")
    return words, 0 if fast and light else 1


def main(args):
    """The command: args.clip, args.mediapipe, args.peer, args.out; 1 where an aim is missed."""
    clip = args.clip or os.path.join(args.data, "clips", "desk.mp4")
    core = max(os.sched_getaffinity(0))
    name = args.peer or "MediaPipe FaceMesh refined"
    python = None if args.peer else args.mediapipe or with_mediapipe(args.cache)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, kind + ".npy") for kind in ("luma", "rgb")]
        for path, one in zip(paths, pictures(clip)):
            np.save(path, one)
        theirs = shlex.split(args.peer) if args.peer else [python, "-m", "benchmarks.contestant",
                                                           "mediapipe"]
        ours = Contestant("Kagami", [sys.executable, "-m", "benchmarks.contestant", "kagami",
                                     paths[0], str(core)])
        peer = Contestant(name, theirs + [paths[1], str(core)])
        try:
            for one in (ours, peer):
                one.ready()
            ratios = contest(ours, peer, began + LIMIT - 60)
        finally:
            ours.close()
            peer.close()
    found = figures(ours, peer, ratios)
    words, status = verdict(found)
    report.publish("compare", [table(found, name), words], dict(
        found, source=os.path.basename(clip), peer_name=name), args.out)
    return status
