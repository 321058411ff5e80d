"""The thin layer over TensorRT's versions: which layers keep FP32, and where kernels come from."""
import pytest

from appliance.backends import cuda, manifest
from engines import builder
from engines.graph import Graph
from tests.fakes import tensorrt as fakes

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
IRIS = manifest.read()["iris"]
GRAPH = Graph(IRIS.content(), IRIS.path)


@pytest.fixture
def machine():
    with fakes.installed("8.2.1.8") as one:
        yield one


def wish(*pins, **more):
    return builder.Wish(more.get("precision", "fp16"), 128, builder.SOURCES[0], pins)


class Layer:
    """A layer as the parser of 8.2 leaves it."""

    def __init__(self, trt, name, output, kind="SHUFFLE", dtype=None):
        self.name, self.precision, self.kept = name, None, {}
        self.type, self.num_outputs = trt.LayerType[kind], 1
        self._output = type("Tensor", (), {"name": output, "dtype": dtype or trt.DataType.FLOAT})

    def get_output(self, index):
        return self._output

    def set_output_type(self, index, dtype):
        self.kept[index] = dtype


class Layers:
    """A network of layers."""

    def __init__(self, *layers):
        self._layers, self.num_layers = layers, len(layers)

    def get_layer(self, index):
        return self._layers[index]


@pytest.fixture
def pinned(machine):
    """Calls with (name, output, ...) of layers; gives the names of those that keep FP32 when the
    node /net/out/Gemm is pinned."""
    def pinned(*layers):
        one = builder.Builder(cuda.gpu())
        made = [Layer(one.trt, *layer) for layer in layers]
        config = one._configured(wish("/net/out/Gemm"))
        one._pin(Layers(*made), config, builder._reached(GRAPH, ["/net/out/Gemm"]))
        single = one.trt.DataType.FLOAT
        return [layer.name for layer in made if layer.precision is single
                and layer.kept == {0: single}]
    return pinned


def test_a_node_that_the_parser_makes_several_layers_of_keeps_fp32_to_its_end(pinned):
    assert pinned(("before", "x", "SHUFFLE"),
                  ("/net/out/Gemm", "(Unnamed Layer* 7)_output", "MATRIX_MULTIPLY"),
                  ("(Unnamed Layer* 8) [Shuffle]", "answers", "SHUFFLE"),
                  ("after", "y", "SHUFFLE")) == ["/net/out/Gemm", "(Unnamed Layer* 8) [Shuffle]"]


@pytest.mark.parametrize("kind", ["CONSTANT", "SHAPE"])
def test_a_layer_that_has_no_precision_is_not_asked_for_one(pinned, kind):
    assert pinned(("/net/out/Gemm", "x", kind)) == []


def test_a_layer_of_whole_numbers_stays_as_it_is(pinned, machine):
    import tensorrt
    assert pinned(("/net/out/Gemm", "x", "SHUFFLE", tensorrt.DataType.INT32)) == []


@pytest.mark.parametrize("wanted, usual, found", [
    ((), 0b111, 0), ((), 0b11111, 0b11000),             # 8.5 has kernels by other ways as well
    (("CUDNN",), 0b11111, 0b11100), (("CUDNN", "CUBLAS", "CUBLAS_LT"), 0b111, 0b111),
    (("CUDNN", "CUBLAS", "CUBLAS_LT"), 0b101, 0b101)])  # CUDA 10: no cuBLAS Lt by itself
def test_only_the_wanted_libraries_take_part_and_other_ways_stay(machine, wanted, usual, found):
    assert builder.Builder(cuda.gpu())._sources(usual, wanted) == found


@pytest.mark.parametrize("one, flags", [
    (wish(), ""), (wish("a", "b"), "fp32x2"), (wish("a", precision="fp32"), ""),
    (wish("a")._replace(sources=builder.SOURCES[1]), "cudnn+fp32x1")])
def test_the_flags_of_a_files_name_tell_what_it_took(one, flags):
    assert one.flags == flags


def test_a_plan_is_bytes_and_the_cache_grows(machine):
    one = builder.Builder(cuda.gpu())
    content = one.build(IRIS.content(), GRAPH, IRIS.path, wish())
    assert isinstance(content, bytes) and len(content) > 1000 and len(one.cache) > 100
