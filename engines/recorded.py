"""A network in, inputs to try it on out: recorded ones of recorded.npz, and what no camera gives.

Recorded is what the tracker shows each network while it follows the drawn head of
appliance/demo.mp4, at moments spread over the clip (engines/training/recorder.py writes it anew).
Nothing of a photograph is in it.
"""
import os

import numpy as np

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recorded.npz")
NOISE = 4               # pictures of noise for a network that nothing was recorded for


def inputs(network):
    """[{name: float32 array}] of the network's shapes: recorded ones, or noise where there are
    none for this name and these shapes."""
    found = of(network)
    return found or [_filled(network, lambda shape, i=i: _noise(i, shape)) for i in range(NOISE)]


def of(network):
    """The recorded inputs alone; [] where there are none. Of several faces each is at a moment
    of its own."""
    with np.load(FILE) as file:
        have = {name: file[key(network.section, name)] for name in network.inputs
                if key(network.section, name) in file}
    one = {name: (shape[0] // network.faces,) + shape[1:]
           for name, shape in network.inputs.items()}
    if {name: value.shape[1:] for name, value in have.items()} != one:
        return []
    count = len(next(iter(have.values())))
    return [{name: np.concatenate([value[(i + face) % count] for face in range(network.faces)])
             .astype(np.float32) for name, value in have.items()} for i in range(count)]


def key(network, name):
    """What the array of a network's input is called in the file; its first axis counts moments."""
    return "%s/%s" % (network, name)


def extremes(network):
    """[{name: float32 array}]: black, white, a board of single pixels, noise. What overflows in
    half precision overflows there."""
    board = lambda shape: 255.0 * (np.indices(shape).sum(axis=0) % 2)   # noqa: E731
    ways = [np.zeros, lambda shape: np.full(shape, 255.0), board, lambda shape: _noise(9, shape)]
    return [_filled(network, way) for way in ways]


def _filled(network, way):
    """Every input filled by way(shape); what is no picture gets between -1 and 1."""
    return {name: (way(shape) if len(shape) == 4 else way(shape) / 127.5 - 1).astype(np.float32)
            for name, shape in network.inputs.items()}


def _noise(seed, shape):
    return np.random.RandomState(seed).uniform(0, 255, shape)
