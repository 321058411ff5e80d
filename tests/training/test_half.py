"""Rounding to half precision, played on the processor."""
import numpy as np
import pytest

from appliance.backends import manifest
from engines import effects, recorded
from engines.graph import Graph

half = pytest.importorskip("engines.training.half", reason="runs on a PC's Python")
if not hasattr(np.lib.stride_tricks, "sliding_window_view"):
    pytest.skip("numpy is too old for it", allow_module_level=True)
OnnxRuntime = pytest.importorskip("appliance.backends.onnxruntime").OnnxRuntime
network = manifest.read()["expression"]
graph = Graph(network.content(), network.path)
inputs = recorded.inputs(network)[:2]


def far(way):
    """The largest difference of the shapes to ONNX Runtime's."""
    truth = OnnxRuntime().answers(network.content(), inputs)
    found = [half.Half(graph, way, network.fp32)(one)[0] for one in inputs]
    return effects.differences(*[[network.apart(one) for one in some]
                                 for some in (truth, found)])["shapes"]


def test_without_rounding_it_answers_what_onnx_runtime_answers():
    assert far("exact") < 1e-5


@pytest.mark.parametrize("way", ["kind", "winograd 4"])
def test_halves_stay_within_the_tolerance_and_do_make_a_difference(way):
    assert 1e-5 < far(way) < network.tolerances["shapes"]


def test_sums_in_halves_are_worse_than_sums_in_fp32():
    assert far("harsh") > far("kind")


def test_a_node_left_in_fp32_is_not_rounded():
    nodes = [node.name for node in graph.nodes if node.kind != "Constant"]
    exact, pinned = (half.Half(graph, way, pins)(inputs[0])[0]["answers"]
                     for way, pins in (("exact", ()), ("harsh", nodes)))
    assert np.array_equal(exact, pinned)


@pytest.mark.parametrize("tile", [2, 4])
def test_winograds_way_is_a_convolution(tile, monkeypatch):
    monkeypatch.setattr(half, "rounded", lambda x: x)
    random = np.random.RandomState(0)
    x, w, b = (random.randn(*shape).astype(np.float32) for shape in (
        (1, 8, 13, 10), (5, 8, 3, 3), (5,)))
    plain = half.conv({"pads": [1] * 4}, np.dot, x, w, b)
    assert np.abs(half.winograd(tile, x, w, b) - plain).max() < 1e-3
