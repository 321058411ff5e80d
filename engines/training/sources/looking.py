"""Pictures in, what MediaPipe's own Python answers to each: a process beside ours, since it wants another numpy."""
import json
import os
import subprocess
import tempfile
import time

from appliance.errors import KagamiError
from engines.training.sources import teacher

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")


class Looking:
    """python: one that has mediapipe. words: those of `teacher`. A context that ends the process."""

    def __init__(self, python, *words):
        self._log = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [python, "-m", teacher.__name__] + list(words), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._log, universal_newlines=True, env=dict(os.environ, OMP_NUM_THREADS="1", GLOG_minloglevel="2"))
        self._expect("it does not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._process.stdin.close()
        except OSError:
            pass        # it is dead already
        self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def __call__(self, path, target=""):
        """How many faces it found, or None for no picture; KagamiError where the process died over it."""
        try:
            self._process.stdin.write(json.dumps([os.path.abspath(path), target and os.path.abspath(target)]) + "\n")
            self._process.stdin.flush()
        except OSError:
            pass        # what it said last is told below
        answer = self._expect("it ended while it looked at %s" % path)
        return None if answer.startswith("error") else int(answer)

    def _expect(self, why):
        answer = self._process.stdout.readline().strip()
        if answer:
            return answer
        self._process.wait()
        self._log.seek(0)
        last = (self._log.read().strip().splitlines() or ["no word"])[-1]
        raise KagamiError("mediapipe", "%s (%s)" % (why, last[:200]),
                          "give a Python that has it with --mediapipe PYTHON, or take that picture away")


class Progress:
    """A line now and then: what, how many of how many, how long it will take."""

    def __init__(self, what, count, every=20.0):
        self._what, self._count, self._every = what, count, every
        self._began = self._said = time.monotonic()
        self._done = 0

    def __call__(self, note=""):
        """One more is done."""
        self._done += 1
        now = time.monotonic()
        if now - self._said >= self._every or self._done == self._count:
            left = (now - self._began) / self._done * (self._count - self._done)
            print("%s %d/%d%s, %.0f s left" % (self._what, self._done, self._count, note, left), flush=True)
            self._said = now
