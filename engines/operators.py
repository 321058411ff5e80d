"""A network's graph in, what the Nano's parser would refuse or get wrong out.

    python3 -m engines.operators NETWORK.onnx ...

TensorRT's own parser names the first node that it cannot import, minutes into a first start, and
lets some pass that it gets wrong. This reads the graph alone, anywhere. The operators stand in
parser_8_2.txt; what their nodes must hold to was read in onnx-tensorrt 8.2-GA,
builtin_op_importers.cpp.
"""
import os
import sys

import numpy as np

from appliance.errors import DataError, KagamiError
from engines.graph import FLOAT, Graph

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "parser_8_2.txt")
OPSETS = range(7, 14)
LARGEST = 65504.0       # of FP16
MARGIN = 10.0           # by which a network's magnitudes stay below that
# Inputs that must be constant, by their place.
CONSTANT = {"Conv": (1,), "ConvTranspose": (1,), "InstanceNormalization": (1, 2), "Slice": (3,),
            "Squeeze": (1,), "Unsqueeze": (1,), "TopK": (1,), "CumSum": (1,)}
RESIZE = ("half_pixel", "pytorch_half_pixel", "tf_half_pixel_for_nn", "asymmetric",
          "align_corners")
# Kernels of which 8.2 builds the flat and the solid kind: weights of 4 or 5 sizes.
KERNELS = {"Conv", "ConvTranspose"}


def known():
    """{operator: set of types} of parser_8_2.txt."""
    with open(TABLE) as f:
        rows = [line.split() for line in f if line.strip() and line[0] != "#"]
    return {row[0]: set(row[1:]) for row in rows}


def complaints(graph):
    """[text] of all that TensorRT 8.2 would refuse or get wrong, each with its node; [] for none.

    graph: engines.graph.Graph.
    """
    found = _of_the_file(graph)
    table = known()
    for node in graph.nodes:
        why = _of_the_node(node, graph, table)
        if why:
            found.append("node %s (%s): %s" % (node.name or node.outputs[0], node.kind, why))
    return found


def check(graph, path):
    """DataError with the first complaint about a file, and how many more there are."""
    found = complaints(graph)
    if found:
        more = ", and %d more" % (len(found) - 1) if found[1:] else ""
        raise DataError(path, found[0] + more, "export it without; all of them: "
                        "python3 -m engines.operators " + os.path.basename(path))


def _of_the_file(graph):
    found = []
    if graph.opset not in OPSETS:
        found.append("opset %d: 8.2 knows 7 to 13" % graph.opset)
    for name, shape in graph.inputs.items():
        if not shape or not all(shape):
            found.append("input %s: a size is not fixed" % name)
        if graph.types[name] != FLOAT:
            found.append("input %s: not 32-bit floats" % name)
    for name, value in graph.constants.items():
        if value is not None and value.dtype.kind == "f" and _beyond(value):
            found.append("constant %s: %.3g is beyond what FP16 should be asked to hold, %g"
                         % (name, np.abs(value).max(), LARGEST / MARGIN))
    return found


def _beyond(value):
    return bool(value.size) and not np.abs(value).max() <= LARGEST / MARGIN


def _of_the_node(node, graph, table):
    """Why one node is refused or gets a wrong answer; None for a good one."""
    if node.domain not in ("", "ai.onnx"):
        return "of the domain %s" % node.domain
    if node.kind not in table:
        return "the parser has no such operator"
    for place in CONSTANT.get(node.kind, ()):
        name = node.inputs[place] if node.inputs[place:] else ""
        if name and name not in graph.constants:
            return "its input %d must be a constant" % place
    return _of_its_kind(node, graph)


def _of_its_kind(node, graph):
    weights = graph.constants.get(node.inputs[1]) if node.inputs[1:] else None
    if node.kind in KERNELS and weights is not None and weights.ndim not in (4, 5):
        return "only flat and solid kernels, its weights have %d sizes" % weights.ndim
    # The importer reads the attribute alone: axes that come as an input (opset 18) are passed over
    # and all axes reduced, without a word.
    if node.kind.startswith("Reduce") and node.kind != "ReduceSum" and len(node.inputs) > 1:
        return "its axes come as an input, which is passed over: all axes would be reduced"
    if node.kind == "MaxPool" and len(node.outputs) > 1:
        return "it cannot give the places of the largest"
    if node.kind == "Resize":
        return _of_a_resize(node, graph)
    return None


def _of_a_resize(node, graph):
    way = node.attributes.get("coordinate_transformation_mode", "half_pixel")
    if node.attributes.get("mode") == "cubic" or way not in RESIZE:
        return "no %s %s" % (node.attributes.get("mode"), way)
    nearest = node.attributes.get("nearest_mode", "round_prefer_floor")
    if way == "tf_half_pixel_for_nn" and nearest != "round_prefer_floor":
        return "%s goes with round_prefer_floor alone" % way
    scales = [name for name in node.inputs[2:4] if name]
    if not all(name in graph.constants for name in scales):
        return "its scales must be constant"
    return None


def main(paths):
    """Print the complaints about each file; 1 where there are any, 0 else."""
    bad = 0
    for path in paths:
        with open(path, "rb") as f:
            found = complaints(Graph(f.read(), path))
        bad += bool(found)
        print("\n".join("%s: %s" % (path, text) for text in found) or path + ": good")
    return int(bool(bad))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (KagamiError, OSError) as e:
        sys.exit("kagami: error: %s" % e)
