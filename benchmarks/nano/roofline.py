"""Published timings in, what a Nano's GPU needs for a layer out: a roofline, fitted.

A layer takes the longer of its multiplications at the rate of its kind and its bytes at the
memory's, and a start; a network takes the sum of its layers, measured from Python a turn of that
loop besides. The parameters are those with the least squares of log(predicted / published); what
the fit is worth is told by predicting each network from all the others.
"""
import csv
import os
from typing import NamedTuple

import numpy as np

from benchmarks.nano.architectures import NETS
from benchmarks.nano.layers import KINDS

TIMINGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "timings.csv")
LOOP = "torch2trt"      # whose timings hold a turn of a Python loop
# Where the search begins: about the GPU's peak and the memory's copy rate.
BEGIN = np.log([400.0, 250.0, 250.0, 10.0, 10.0, 5.0, 1.0])
TURNS, SMALL = 60, 1e-9     # of the search; change of the sum of squares at which it ends
NAMES = tuple("%s convolutions, GFLOP/s" % kind for kind in KINDS) + (
    "memory, GB/s", "start of a layer, us", "turn of torch2trt's loop, ms")


class Row(NamedTuple):
    """One published timing: ms of a network at (height, width), in whose loop, what it is used for
    (fit, launches, check), fused layers and ms of enqueueing them where known, source."""

    net: str
    input: tuple
    ms: float
    loop: str
    use: str
    layers: int
    enqueue: float
    source: str

    @property
    def name(self):
        """For people: the network and the size of its picture."""
        return "%s %dx%d" % ((self.net,) + self.input)


def published():
    """[Row] of the file."""
    with open(TIMINGS, newline="") as f:
        return [Row(r["net"], tuple(int(n) for n in r["input"].split("x")), float(r["ms"]),
                    r["loop"], r["use"], int(r["layers"] or 0), float(r["enqueue_ms"] or 0),
                    r["source"]) for r in csv.DictReader(f)]


def launch_costs(rows):
    """(least, middle, most) microseconds of one CPU core to enqueue a layer, over the rows that
    tell."""
    costs = [1e3 * row.enqueue / row.layers for row in rows if row.enqueue]
    return min(costs), float(np.median(costs)), max(costs)


class Work:
    """The layers of one network as arrays, so that many machines are tried quickly."""

    def __init__(self, layers):
        self.kinds = np.array([KINDS.index(l.kind) if l.kind in KINDS else len(KINDS)
                               for l in layers])
        self.flops = np.array([l.flops for l in layers])
        self.moved = np.array([l.moved for l in layers])

    def each(self, machine):
        """(N,) ms of each layer on a machine: logarithms of NAMES' values."""
        rates, memory, start = np.exp(machine[:4]), np.exp(machine[4]), np.exp(machine[5])
        rate = np.append(rates, np.inf)[self.kinds]
        return np.maximum(self.flops / rate, self.moved / memory) * 1e-6 + start * 1e-3


def predicted(work, machine, loop=""):
    """Milliseconds of a network; loop: LOOP adds a turn of that loop."""
    return work.each(machine).sum() + (np.exp(machine[6]) if loop == LOOP else 0.0)


def works(rows):
    """[Work] of the rows' networks."""
    return [Work(NETS[row.net](*row.input)) for row in rows]


def errors(machine, rows, loads):
    """(N,) log(predicted / published)."""
    return np.array([np.log(predicted(work, machine, row.loop) / row.ms)
                     for row, work in zip(rows, loads)])


def fit(rows, loads, machine=BEGIN):
    """The machine whose predictions come nearest, by Levenberg and Marquardt's damped steps from
    where `machine` is."""
    damping, missed = 1e-2, errors(machine, rows, loads)
    for _ in range(TURNS):
        slopes = _slopes(machine, rows, loads)
        machine, better, damping = _step(machine, missed, slopes, damping, rows, loads)
        if missed.dot(missed) - better.dot(better) < SMALL:
            break
        missed = better
    return machine


def _slopes(machine, rows, loads):
    width = 1e-4
    return np.array([(errors(machine + width * axis, rows, loads)
                      - errors(machine - width * axis, rows, loads)) / (2 * width)
                     for axis in np.eye(len(machine))]).T


def _step(machine, missed, slopes, damping, rows, loads):
    """(machine, errors, damping) after the first step that helps; the same where none does."""
    normal, down = slopes.T.dot(slopes), -slopes.T.dot(missed)
    while damping < 1e8:
        held = normal + damping * np.diag(np.diag(normal) + 1e-9)
        there = machine + np.clip(np.linalg.solve(held, down), -0.5, 0.5)
        found = errors(there, rows, loads)
        if found.dot(found) < missed.dot(missed):
            return there, found, max(damping / 4, 1e-9)
        damping *= 4
    return machine, missed, damping


def left_out(rows, loads, machine):
    """(N,) log(predicted / published) of each row by a fit that saw no row of the same network."""
    found = np.zeros(len(rows))
    for net in sorted({row.net for row in rows}):
        own = [i for i, row in enumerate(rows) if row.net == net]
        others = [i for i in range(len(rows)) if i not in own]
        trained = fit([rows[i] for i in others], [loads[i] for i in others], machine)
        found[own] = errors(trained, [rows[i] for i in own], [loads[i] for i in own])
    return found
