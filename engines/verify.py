"""An engine that was built in, what it is worth out: its answers beside ONNX Runtime's.

Both are shown the recorded inputs of the network, where every output must stay within its
tolerance, and what no camera gives, where every number must be one. How long it takes is measured
on the way.
"""
from time import perf_counter
from typing import NamedTuple

import numpy as np

from appliance.backends.onnxruntime import OnnxRuntime
from engines import effects, recorded

TURNS = 50              # inferences that are timed, after half as many that are not
SHARE = 0.02            # of an output's largest value: the tolerance where the manifest has none


class Verdict(NamedTuple):
    """difference: {part: largest difference to ONNX Runtime}. effects: {text: number}, the same
    in the terms of whoever is tracked. wrong: [text] of what is beyond its tolerance, [] for a
    good engine. ms: (p50, p95) of an inference. nearest: the output that comes nearest to its
    tolerance, in words.
    """

    difference: dict
    effects: dict
    wrong: list
    ms: tuple
    nearest: str

    @property
    def words(self):
        """What the difference comes to, for people."""
        told = ["%.2g %s" % (value, key) for key, value in self.effects.items()]
        return ", ".join(told or ["%s %.2g" % pair for pair in sorted(self.difference.items())])


class Trial:
    """ONNX Runtime's answers for one network, to hold engines against. content: the ONNX file's
    bytes. network: its record. graph: engines.graph.Graph."""

    def __init__(self, content, network, graph):
        self._network, self._content, self._graph = network, content, graph
        self._inputs = recorded.inputs(network)
        self._extremes = recorded.extremes(network)
        self._truth = [network.apart(out) for out in self._answers(content, self._inputs)]

    def judge(self, engine):
        """Verdict on an engine of the contract of appliance/backends."""
        found = [_answer(engine, one) for one in self._inputs]
        extreme = [_answer(engine, one) for one in self._extremes]
        broken = effects.broken(found + extreme)
        difference = effects.differences(self._truth, found)
        wrong = ["%s: NaN or infinite" % name for name in broken] + [
            "%s: off by %.3g, %.3g is allowed" % (name, value, self.allowed(name))
            for name, value in difference.items()
            if name not in broken and not value <= self.allowed(name)]
        told = {} if broken else effects.of(self._network, self._truth, found)
        name = max(difference, key=lambda name: difference[name] / self.allowed(name))
        nearest = "%s %.2g of %.2g" % (name, difference[name], self.allowed(name))
        return Verdict(difference, told, wrong, _timed(engine), nearest)

    def allowed(self, name):
        """The largest difference that an output may have."""
        if name in self._network.tolerances:
            return self._network.tolerances[name]
        return SHARE * max(1e-6, max(float(np.abs(out[name]).max()) for out in self._truth))

    def magnitudes(self):
        """[(largest magnitude, node's name)] over all inputs, the largest first: where half
        precision overflows, or rounds most, comes first."""
        nodes = [node for node in self._graph.nodes if node.kind != "Constant" and node.name]
        content = self._graph.with_outputs([node.outputs[0] for node in nodes])
        answers = self._answers(content, self._inputs + self._extremes)
        return sorted(((max(float(np.abs(out[node.outputs[0]]).max()) for out in answers),
                        node.name) for node in nodes), reverse=True)

    def _answers(self, content, inputs):
        return OnnxRuntime().answers(content, inputs, self._network.path)


def _answer(engine, given):
    """{output: array} of an engine, copied."""
    for name, value in given.items():
        engine.inputs[name][...] = value
    return {name: np.array(value) for name, value in engine.infer().items()}


def _timed(engine):
    """(p50, p95) milliseconds of an inference."""
    seconds = []
    for turn in range(TURNS * 3 // 2):
        start = perf_counter()
        engine.infer()
        seconds.append(perf_counter() - start)
    return tuple(round(float(ms), 3) for ms in np.percentile(seconds[TURNS // 2:], [50, 95]) * 1e3)
