"""The layers of a network in, the milliseconds that a Nano would need for it out: least, likely,
most."""
from typing import NamedTuple

from benchmarks.nano.roofline import Work

# Copying in, the call from Python, waiting and copying out: ms a network, a guess. The copies are
# of 0.1 MB and less at 10 GB/s and make a twentieth of it.
CALL = (0.2, 0.25, 0.3)


class Prediction(NamedTuple):
    """What is expected of one network: fused layers, those of them that multiply, MFLOP, MB moved,
    ms of the GPU alone, ms that one core takes to launch the layers, and both with the call:
    `launched` layer by layer, `graph` replayed as one CUDA graph. Each of the last three is
    (least, likely, most)."""

    layers: int
    products: int
    mflop: float
    mb: float
    gpu: float
    launches: tuple
    launched: tuple
    graph: tuple

    @property
    def bound(self):
        """What the likely time waits for."""
        return "launches" if self.launches[1] > self.gpu else "GPU"


def network(layers, machine, costs, doubt):
    """The Prediction of [Layer]. costs: (least, middle, most) us to launch a layer. doubt: factor
    by which the GPU's time may be off either way.

    Launching and computing overlap, so the longer of the two counts.
    """
    gpu = float(Work(layers).each(machine).sum())
    computing = gpu / doubt, gpu, gpu * doubt
    launches = tuple(len(layers) * cost / 1e3 for cost in costs)
    return Prediction(
        len(layers), sum(1 for layer in layers if layer.flops), sum(l.flops for l in layers) / 1e6,
        sum(l.moved for l in layers) / 1e6, gpu, launches,
        tuple(max(pair) + call for pair, call in zip(zip(computing, launches), CALL)),
        tuple(ms + call for ms, call in zip(computing, CALL)))


def together(predictions, way="launched"):
    """(least, likely, most) ms of networks one after the other."""
    return tuple(sum(ms) for ms in zip(*(getattr(p, way) for p in predictions)))
