"""The ONNX files that ship, read without the onnx package."""
import numpy as np
import pytest

from appliance.backends import manifest
from appliance.errors import DataError
from engines import recorded
from engines.graph import FLOAT, Graph
from tests.fakes.onnx_files import constant_network, reshaping_network

networks = sorted(manifest.read().values(), key=lambda network: network.name)
names = [network.name for network in networks]


def graph(network):
    return Graph(network.content(), network.path)


@pytest.mark.parametrize("network", networks, ids=names)
def test_inputs_and_outputs_are_those_of_the_manifest(network):
    found = graph(network)
    assert dict(found.inputs) == dict(network.inputs)
    assert dict(found.outputs) == dict(network.outputs)
    assert set(found.types.values()) == {FLOAT}


@pytest.mark.parametrize("network", networks, ids=names)
def test_every_input_of_a_node_comes_from_somewhere(network):
    found = graph(network)
    known = set(found.inputs) | set(found.constants) | {""}
    for node in found.nodes:
        assert set(node.inputs) <= known, node.name
        known.update(node.outputs)


@pytest.mark.parametrize("network", networks, ids=names)
def test_written_back_without_a_change_the_file_is_the_same(network):
    assert graph(network).with_outputs([]) == network.content()


def test_attributes_and_weights_are_read():
    found = graph(manifest.read()["landmarks"])
    stem, = [node for node in found.nodes if node.name == "/net/stem/strided/Conv"]
    assert stem.attributes["strides"] == [2, 2] and stem.attributes["group"] == 1
    weights, bias = (found.constants[name] for name in stem.inputs[1:])
    assert weights.dtype == np.float32 and weights.shape[1:] == (1, 6, 6)
    assert bias.shape == weights.shape[:1] and np.isfinite(weights).all()


def test_more_outputs_tell_what_lies_between(tmp_path):
    runtime = pytest.importorskip("appliance.backends.onnxruntime").OnnxRuntime()
    constant_network(tmp_path / "a.onnx", {"image": (1, 4, 4, 1)}, {"values": np.ones(3)})
    found = Graph((tmp_path / "a.onnx").read_bytes())
    answer, = runtime.answers(found.with_outputs(["mean", "values"]),
                              [{"image": np.full((1, 4, 4, 1), 7, np.float32)}])
    assert set(answer) == {"values", "mean"} and float(answer["mean"]) == 7.0


@pytest.mark.parametrize("faces", [2, 3, 4])
@pytest.mark.parametrize("network", networks, ids=names)
def test_for_more_faces_every_answer_is_that_of_the_face_alone(network, faces):
    runtime = pytest.importorskip("appliance.backends.onnxruntime").OnnxRuntime()
    shown = recorded.inputs(network)[:faces]
    together = {name: np.concatenate([one[name] for one in shown]) for name in network.inputs}
    several = network.of(faces)
    answer, = runtime.answers(several.content(), [together])
    assert {name: value.shape for name, value in answer.items()} == dict(several.outputs)
    alone = [network.apart(one) for one in runtime.answers(network.content(), shown)]
    for name, value in several.apart(answer).items():
        wanted = np.concatenate([one[name] for one in alone])
        assert np.abs(value - wanted).max() < network.tolerances[name] / 100


def test_a_shape_among_the_weights_grows_too(tmp_path):
    runtime = pytest.importorskip("appliance.backends.onnxruntime").OnnxRuntime()
    path = str(tmp_path / "a.onnx")
    reshaping_network(path, (1, 4, 4, 1), (1, 16))
    with open(path, "rb") as f:
        content = Graph(f.read()).times(3)
    shown = np.arange(48, dtype=np.float32).reshape(3, 4, 4, 1)
    answer, = runtime.answers(content, [{"image": shown}])
    assert np.array_equal(answer["values"], shown.reshape(3, 16))


@pytest.mark.parametrize("content", [b"", b"no onnx", b"\x08\x07", bytes(range(256)),
                                     b"\xff" * 40])
def test_what_is_no_onnx_file_is_refused_in_one_line(content):
    with pytest.raises(DataError) as refusal:
        Graph(content, "some.onnx")
    assert str(refusal.value).startswith("some.onnx: ") and "\n" not in str(refusal.value)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(share):
    content = networks[0].content()
    with pytest.raises(DataError):
        Graph(content[:int(len(content) * share)])
