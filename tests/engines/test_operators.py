"""What the Nano's parser would refuse or get wrong: none of the networks that ship has it, and
each kind is found in a network that does."""
import numpy as np
import pytest

from appliance.backends import manifest
from appliance.errors import DataError
from engines import operators, recorded
from engines.graph import FLOAT, Graph, Node

networks = sorted(manifest.read().values(), key=lambda network: network.name)
names = [network.name for network in networks]


class Played:
    """A graph of one node."""

    def __init__(self, node, constants=(), shape=(1, 3, 8, 8), opset=13, kind=FLOAT):
        self.nodes, self.opset = [node], opset
        self.constants = {name: value for name, value in constants}
        self.inputs, self.types = {"x": shape}, {"x": kind}


def node(kind, *inputs, **attributes):
    outputs = attributes.pop("outputs", ("y",))
    domain = attributes.pop("domain", "")
    return Node("/net/one", kind, domain, ("x",) + inputs, outputs, attributes)


def complaint(*arguments, **more):
    one, = operators.complaints(Played(*arguments, **more))
    return one


@pytest.mark.parametrize("network", networks, ids=names)
def test_a_network_that_ships_holds_to_what_the_nano_knows(network):
    graph = Graph(network.content(), network.path)
    assert operators.complaints(graph) == []
    assert graph.opset == 13 and graph.ir == 7


@pytest.mark.parametrize("network", networks, ids=names)
def test_a_network_that_ships_stays_far_within_half_precision(network):
    runtime = pytest.importorskip("appliance.backends.onnxruntime").OnnxRuntime()
    graph = Graph(network.content(), network.path)
    between = [node.outputs[0] for node in graph.nodes if node.kind != "Constant"]
    answers = runtime.answers(graph.with_outputs(between),
                              recorded.inputs(network) + recorded.extremes(network))
    largest = {name: max(np.abs(one[name]).max() for one in answers) for name in between}
    assert max(largest.values()) < operators.LARGEST / operators.MARGIN


def test_the_table_is_that_of_the_branch():
    known = operators.known()
    assert len(known) == 129 and {"FP32", "FP16"} <= known["Conv"]
    assert not {"HardSwish", "GridSample", "OneHot", "LayerNormalization"} & set(known)


@pytest.mark.parametrize("given, told", [
    ((node("GridSample"),), "/net/one (GridSample): the parser has no such operator"),
    ((node("Conv", domain="com.example"),), "of the domain com.example"),
    ((node("Conv", "w"),), "its input 1 must be a constant"),
    ((node("Conv", "w"), {"w": np.zeros((4, 3, 3))}.items()), "flat and solid kernels"),
    ((node("ReduceMean", "axes"), {"axes": np.array([1])}.items()), "all axes would be reduced"),
    ((node("MaxPool", outputs=("y", "places")),), "the places of the largest"),
    ((node("Resize", "", "", mode="cubic"),), "no cubic half_pixel"),
    ((node("Resize", "", "s", coordinate_transformation_mode="tf_crop_and_resize"),),
     "no None tf_crop_and_resize"),
    ((node("Resize", "", "s", coordinate_transformation_mode="tf_half_pixel_for_nn",
           nearest_mode="floor"),), "round_prefer_floor alone"),
    ((node("Resize", "", "s", mode="nearest"),), "its scales must be constant"),
    ((node("Mul", "w"), {"w": np.array([7000.0], np.float32)}.items()), "beyond what FP16"),
    ((node("Mul", "w"), {"w": np.array([np.nan], np.float32)}.items()), "beyond what FP16")])
def test_what_is_wrong_with_a_node_is_told(given, told):
    assert told in complaint(*given)


@pytest.mark.parametrize("given", [
    (node("ReduceSum", "axes"), {"axes": np.array([1])}.items()), (node("ReduceMean", axes=[1]),),
    (node("Conv", "w"), {"w": np.zeros((4, 3, 3, 3))}.items()), (node("MaxPool"),),
    (node("Resize", "", "s", mode="linear"), {"s": np.ones(4)}.items()),
    (node("Mul", "w"), {"w": np.array([6000.0], np.float32)}.items())])
def test_what_the_parser_knows_is_no_complaint(given):
    assert operators.complaints(Played(*given)) == []


@pytest.mark.parametrize("more, told", [
    ({"opset": 17}, "opset 17: 8.2 knows 7 to 13"), ({"opset": 6}, "opset 6"),
    ({"shape": (None, 3, 8, 8)}, "input x: a size is not fixed"),
    ({"shape": ()}, "input x: a size is not fixed"), ({"kind": 2}, "not 32-bit floats")])
def test_what_is_wrong_with_a_file_is_told(more, told):
    assert told in complaint(node("Relu"), **more)


def test_the_first_complaint_ends_a_build_and_the_others_are_counted():
    graph = Played(node("GridSample"), opset=17)
    with pytest.raises(DataError, match="mine.onnx: opset 17.*, and 1 more; .*engines.operators"):
        operators.check(graph, "mine.onnx")


def test_files_are_told_of_on_the_command_line(tmp_path, capsys):
    bad = tmp_path / "bad.onnx"
    detector = manifest.read()["detector"]
    content = detector.content()
    bad.write_bytes(content.replace(b"Resize", b"Resizd"))
    assert operators.main([detector.path, str(bad)]) == 1
    good, *rest = capsys.readouterr().out.splitlines()
    assert good.endswith(": good") and "Resizd" in rest[0]
