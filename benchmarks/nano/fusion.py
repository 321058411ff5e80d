"""An ONNX file in, the fused layers that TensorRT makes of it out.

What is put into one layer follows the [GpuLayer] lists of published logs: a convolution takes the
activation and the addition behind it, what works value by value goes together, so do changes of
shape; a dense layer wants its input and its result in another shape; copies lay parts beside
each other.
"""
from appliance.errors import DataError, PartMissing
from benchmarks.nano.layers import BYTES, Layer, convolution_kind

PRODUCTS = ("Conv", "Gemm", "MatMul")
POINTWISE = ("Relu", "Add", "Mul", "Sub", "Div", "Clip", "Sigmoid")
SHUFFLES = ("Reshape", "Transpose")


def fused(path):
    """[Layer] of an ONNX file, in order; DataError where its shapes are not fixed."""
    return Fusion(_model(path).graph).layers


def _model(path):
    """The file with the shape of every tensor."""
    try:
        import onnx
        from onnx import shape_inference
    except ImportError as why:
        raise PartMissing("onnx", str(why), "run deploy/setup.sh test") from why
    try:
        return shape_inference.infer_shapes(onnx.load(path))
    except Exception as why:        # protobuf's and onnx's own kinds share no family
        raise DataError(path, str(why).splitlines()[0], "give an ONNX file") from why


class Fusion:
    """The layers of a graph; `layers` is the result."""

    def __init__(self, graph):
        self.layers = []
        self._sizes = _sizes(graph)
        self._constant = {c.name: tuple(c.dims) for c in graph.initializer}
        self._constant.update((n.output[0], ()) for n in graph.node if n.op_type == "Constant")
        self._readers = {}
        for node in graph.node:
            for name in set(node.input):
                self._readers.setdefault(name, []).append(node)
        self._kept = {out.name for out in graph.output}
        self._made = {}         # tensor -> (what its layer is, the layer's place)
        for node in graph.node:
            if node.op_type != "Constant":
                self._take(node)

    def _take(self, node):
        """Join the layer before, or be one."""
        kind, inputs = node.op_type, [i for i in node.input if i and i not in self._constant]
        if kind in PRODUCTS:
            return self._product(node, inputs[0])
        if kind in POINTWISE:
            joined = self._joined(node, inputs, ("pointwise",) + self._open_products(node))
            return joined or self._layer(node, "pointwise", inputs)
        if kind in SHUFFLES:
            return self._joined(node, inputs, ("shuffle",)) or self._layer(node, "shuffle", inputs)
        if kind == "Concat":
            for name in inputs:
                self._append("copy", "memory", 0, 2 * self._values(name))
            self._made[node.output[0]] = "copy", len(self.layers) - 1
            return None
        return self._layer(node, kind.lower(), inputs)

    @staticmethod
    def _open_products(node):
        """What of products a node by itself may join: an addition what has no activation yet."""
        return {"Relu": ("product", "sum", "dense"), "Add": ("product",)}.get(node.op_type, ())

    def _joined(self, node, inputs, kinds):
        """Whether the node became part of the layer that made one of its inputs."""
        for name in inputs:
            what, place = self._made.get(name, ("", 0))
            alone = len(self._readers[name]) == 1 and name not in self._kept
            if what in kinds and alone and (what != "product" or self._fits(node, inputs)):
                more = sum(self._values(i) for i in inputs if i != name) * BYTES
                self.layers[place] = self.layers[place]._replace(
                    moved=self.layers[place].moved + more)
                what = {"product": "sum" if node.op_type == "Add" else "active",
                        "sum": "active", "dense": "active dense"}.get(what, what)
                self._made[node.output[0]] = what, place
                return True
        return False

    @staticmethod
    def _fits(node, inputs):
        """Whether a convolution takes the node: an activation, or the sum of two results."""
        return node.op_type == "Relu" or len(inputs) == 2

    def _product(self, node, source):
        dense = node.op_type != "Conv"
        out, weights = node.output[0], self._constant[node.input[1]]
        if dense and self._made.get(source, ("",))[0] not in ("shuffle", "dense", "active dense"):
            self._append("shuffle", "memory", 0, 2 * self._values(source))
        count = _product_of(weights)
        flops = 2.0 * self._values(out) * count / weights[0 if not dense else _outputs(node)]
        self._append(node.name or out, "memory" if dense else self._conv_kind(node, weights),
                     flops, self._values(source) + self._values(out) + count)
        self._made[out] = "dense" if dense else "product", len(self.layers) - 1
        if dense and not self._stays_dense(out):
            self._append("shuffle", "memory", 0, 2 * self._values(out))

    def _stays_dense(self, out):
        """Whether a dense result goes on into dense layers or a change of shape alone."""
        readers = self._readers.get(out, [])
        if [r.op_type for r in readers] == ["Relu"]:
            readers = self._readers.get(readers[0].output[0], [])
        return bool(readers) and all(r.op_type in PRODUCTS[1:] + SHUFFLES for r in readers)

    @staticmethod
    def _conv_kind(node, weights):
        told = {a.name: (list(a.ints), a.i) for a in node.attribute}
        groups = told.get("group", ((), 1))[1]
        stride = told["strides"][0][0] if "strides" in told else 1
        return convolution_kind(weights[2], stride, weights[1] * groups, groups)

    def _layer(self, node, what, inputs):
        values = sum(self._values(i) for i in inputs) + sum(self._values(o) for o in node.output)
        self._append(what, "memory", 0, values)
        self._made[node.output[0]] = what, len(self.layers) - 1

    def _append(self, name, kind, flops, values):
        self.layers.append(Layer(name, kind, float(flops), float(BYTES * values)))

    def _values(self, name):
        if name not in self._sizes:
            raise DataError("tensor " + name, "its shape is not fixed", "export static shapes")
        return self._sizes[name]


def _outputs(node):
    """Which axis of a dense layer's weights counts its outputs."""
    turned = any(a.name == "transB" and a.i for a in node.attribute)
    return 0 if turned else 1


def _sizes(graph):
    """{tensor: how many values}, of those whose shape is fixed."""
    found = {}
    for one in list(graph.value_info) + list(graph.input) + list(graph.output):
        dims = one.type.tensor_type.shape.dim
        if all(d.HasField("dim_value") for d in dims):
            found[one.name] = _product_of(d.dim_value for d in dims)
    return found


def _product_of(numbers):
    found = 1
    for n in numbers:
        found *= n
    return found
