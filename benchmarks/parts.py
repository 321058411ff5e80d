"""A tracker and pictures in, each stage's time with its networks' share apart out."""
from collections import OrderedDict
from time import perf_counter

import numpy as np

from appliance import backends
from appliance.tracker import Tracker


class Clocked:
    """A backend that notes how long its engines run: `taken`, {network: [seconds]}."""

    def __init__(self, backend):
        self._backend, self.taken = backend, {}

    def __str__(self):
        return str(self._backend)

    @property
    def networks(self):
        """The backend's."""
        return self._backend.networks

    def load(self, name, *faces):
        """Engine of the backend, clocked."""
        return _Engine(self._backend.load(name, *faces), self.taken.setdefault(name, []))


class _Engine:
    def __init__(self, engine, taken):
        self._engine, self._taken = engine, taken

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def infer(self):
        """As the engine's, clocked."""
        start = perf_counter()
        outputs = self._engine.infer()
        self._taken.append(perf_counter() - start)
        return outputs


class _Picture:
    """In place of a Timing: the rows of one picture."""

    def __init__(self, clocked):
        self._clocked, self._rows = clocked, {}

    def add(self, row, seconds):
        """A stage's seconds in this picture."""
        self._rows[row] = seconds, sum(self._clocked.taken.get(row, ()))

    def end(self):
        """{row: (seconds, seconds in its network)}, and begin anew."""
        rows, self._rows = self._rows, {}
        for taken in self._clocked.taken.values():
            del taken[:]
        return rows


def measured(frames, backend=None, make=Tracker):
    """[{stage: (seconds, seconds of these in its network)}], one a picture; a stage that did not
    run is not there.

    frames: luma pictures that follow each other. make: called with timing= and backend=, gives
    the tracker.
    """
    clocked = Clocked(backend or backends.choose())
    picture, found = _Picture(clocked), []
    tracker = make(timing=picture, backend=clocked)
    for luma in frames:
        tracker(luma)
        found.append(picture.end())
    return found


def tracking(pictures):
    """Those of `measured` in which a face was followed and nobody searched for."""
    return [rows for rows in pictures if "pose" in rows and "detector" not in rows]


def outside(pictures):
    """{stage: [seconds outside its network]} in the order of the stages."""
    found = OrderedDict()
    for rows in pictures:
        for stage, (whole, within) in rows.items():
            found.setdefault(stage, []).append(whole - within)
    return found


def fastest_ms(seconds):
    """What the fastest tenth of durations stays under, milliseconds: the work itself, also on a
    machine with other work."""
    return float(np.percentile(seconds, 10)) * 1e3
