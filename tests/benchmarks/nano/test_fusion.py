"""What goes into one layer is what the logs of TensorRT put there."""
import pytest

from appliance.errors import DataError
from benchmarks.nano import fusion

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
from onnx import TensorProto, helper  # noqa: E402


@pytest.fixture
def layers(tmp_path):
    """A function of nodes and {weight: shape} that gives the names of the fused layers; the
    picture "x" has 2 channels of 8x8, the result is "y"."""
    def fused(nodes, weights, picture=(1, 2, 8, 8)):
        graph = helper.make_graph(
            nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, picture)],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
            [helper.make_tensor(name, TensorProto.INT64, [len(value)], value)
             if isinstance(value, list) else
             helper.make_tensor(name, TensorProto.FLOAT, value, [0.0] * count(value))
             for name, value in weights.items()])
        path = str(tmp_path / "net.onnx")
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), path)
        return fusion.fused(path)
    return fused


def count(shape):
    found = 1
    for n in shape:
        found *= n
    return found


def conv(source, out, **how):
    return helper.make_node("Conv", [source, "w"], [out], name=out, pads=[1, 1, 1, 1], **how)


W = {"w": (2, 2, 3, 3)}


def node(kind, *names, **how):
    return helper.make_node(kind, list(names[:-1]), [names[-1]], **how)


def test_a_convolution_takes_its_activation(layers):
    layer, = layers([conv("x", "a"), node("Relu", "a", "y")], W)
    assert layer.kind == "3x3" and layer.flops == 2 * 128 * 18


def test_a_convolution_takes_the_shortcut_and_the_activation_behind(layers):
    found = layers([conv("x", "a"), node("Relu", "a", "b"), conv("b", "c"),
                    node("Add", "c", "b", "d"), node("Relu", "d", "y")], W)
    assert [layer.name for layer in found] == ["a", "c"]
    assert found[1].moved - found[0].moved == 2 * 128


def test_nothing_is_added_to_a_convolution_behind_its_activation(layers):
    found = layers([conv("x", "a"), node("Relu", "a", "b"), node("Add", "b", "x", "y")], W)
    assert [layer.name for layer in found] == ["a", "pointwise"]


def test_an_activation_of_what_others_read_too_is_a_layer(layers):
    found = layers([conv("x", "a"), node("Relu", "a", "b"), node("Add", "a", "b", "y")], W)
    assert [layer.name for layer in found][:2] == ["a", "pointwise"]


def test_what_works_value_by_value_is_one_layer(layers):
    found = layers([conv("x", "a"), node("Sigmoid", "a", "b"), node("Mul", "b", "k", "c"),
                    node("Add", "c", "k", "y")], dict(W, k=(1,)))
    assert [layer.name for layer in found] == ["a", "pointwise"]


def test_dense_layers_are_as_in_the_log_of_ultra_fast_lanes(layers):
    weights = {"v": (4, 128), "u": (6, 4), "flat": [1, 128], "shape": [1, 3, 2]}
    found = layers([
        node("Reshape", "x", "flat", "a"), node("Gemm", "a", "v", "b", transB=1),
        node("Relu", "b", "c"), node("Gemm", "c", "u", "d", transB=1),
        node("Reshape", "d", "shape", "y")], weights)
    assert [layer.name for layer in found] == ["shuffle", "b", "d", "shuffle"]
    assert [layer.flops for layer in found] == [0, 2 * 4 * 128, 2 * 4 * 6, 0]


def test_each_part_that_is_laid_beside_another_is_copied(layers):
    found = layers([node("Concat", "x", "x", "y", axis=1)], {})
    assert [layer.name for layer in found] == ["copy", "copy"]


def test_a_batch_counts_in_full(layers):
    one, two = (layers([conv("x", "y")], W, (n, 2, 8, 8))[0] for n in (1, 2))
    assert two.flops == 2 * one.flops


def test_what_is_no_network_is_told(tmp_path):
    path = tmp_path / "no.onnx"
    path.write_bytes(b"nothing")
    with pytest.raises(DataError):
        fusion.fused(str(path))
