"""Engines in, milliseconds out: inputs that are copied to the GPU, against inputs that it reads
where the processor wrote them: python3 -m engines.memory

On a Nano both lie in the same chips, and neither side caches what is shared: which one wins is a
matter of measuring.
"""
import sys
from time import perf_counter

import numpy as np

from appliance.backends.tensorrt import TensorRT
from appliance.errors import KagamiError
from engines import workshop

TURNS = 200
WAYS = ("copied", "mapped")


def measure(names=None, turns=TURNS, backend=None):
    """{network: {"copied", "mapped": median ms}} of writing the inputs and inferring.

    names: of networks, without any those that the configuration needs. turns: of each way, taking
    turns. Ends in PartMissing where TensorRT cannot run here.
    """
    backend = backend or TensorRT()
    return {name: _both(backend, name, turns) for name in names or sorted(workshop.wanted())}


def _both(backend, name, turns):
    engines = [backend.load(name, mapped=way == "mapped") for way in WAYS]
    pixels = [np.random.RandomState(0).randint(0, 256, array.shape).astype(np.uint8)
              for array in engines[0].inputs.values()]
    seconds = {way: [] for way in WAYS}
    for _ in range(turns):
        for way, engine in zip(WAYS, engines):
            seconds[way].append(_one(engine, pixels))
    return {way: float(np.median(taken)) * 1e3 for way, taken in seconds.items()}


def _one(engine, pixels):
    """Seconds from the pixels to the answer."""
    start = perf_counter()
    for array, values in zip(engine.inputs.values(), pixels):
        array[...] = values
    engine.infer()
    return perf_counter() - start


def main(turns=TURNS):
    """Print the table; the exit status."""
    try:
        found = measure(turns=turns)
    except KagamiError as e:
        sys.stderr.write("kagami: error: %s\n" % e)
        return e.status
    print("%-12s" % "network" + "".join("%12s ms" % way for way in WAYS))
    for name, ways in found.items():
        print("%-12s" % name + "".join("%15.3f" % ways[way] for way in WAYS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
