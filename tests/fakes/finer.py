"""A manifest with a network [fine] that was not trained for it: the usual landmarks network behind
a step that shrinks 96x96 to what it knows, its answers told in the larger crop's pixels.

What the tracker makes of it is what the usual network gives, so a size that is taken for granted
anywhere shows as points that lie elsewhere.
"""
import collections
import os
import shutil

import numpy as np
import onnx
from onnx import helper, numpy_helper

from appliance.backends import manifest

USUAL, FINE = 64, 96


def add(folder, source=manifest.MANIFEST):
    """The path of a manifest in `folder`: the networks of another one, with a [fine] of ours."""
    usual = manifest.read(source)["landmarks"]
    for name in os.listdir(os.path.dirname(source)):
        if name.endswith((".onnx", ".ini")) and name != "fine.onnx":
            shutil.copy(os.path.join(os.path.dirname(source), name), str(folder))
    path = os.path.join(str(folder), "manifest.ini")
    onnx.save(_larger(onnx.load(usual.path), usual), os.path.join(str(folder), "fine.onnx"))
    manifest.record("fine", "fine.onnx", {"image": (1, FINE, FINE, 1)}, usual.outputs, path,
                    parts=manifest.spelt(usual.parts), tolerance=0.5,
                    fp32=" ".join(usual.fp32), tolerances=" ".join(
                        "%s:%g" % pair for pair in usual.tolerances.items()))
    return path


def _larger(model, network):
    graph, (answers,) = model.graph, network.outputs
    for node in graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = {"image": "small"}.get(name, name)
        for i, name in enumerate(node.output):
            node.output[i] = {answers: "small_answers"}.get(name, name)
    scale, shift = _way_back(network)
    made = collections.OrderedDict([
        ("planes", np.array([1, 1, FINE, FINE], np.int64)),
        ("shares", np.array([1, 1, USUAL / FINE, USUAL / FINE], np.float32)),
        ("pixels", np.array([1, USUAL, USUAL, 1], np.int64)), ("scale", scale), ("shift", shift)])
    before = [helper.make_node("Reshape", ["image", "planes"], ["large"], "/fine/planes"),
              helper.make_node("Resize", ["large", "", "shares"], ["shrunk"], "/fine/shrunk",
                               mode="linear", coordinate_transformation_mode="half_pixel"),
              helper.make_node("Reshape", ["shrunk", "pixels"], ["small"], "/fine/pixels")]
    after = [helper.make_node("Mul", ["small_answers", "scale"], ["scaled"], "/fine/scaled"),
             helper.make_node("Add", ["scaled", "shift"], [answers], "/fine/answers")]
    nodes = before + list(graph.node) + after
    del graph.node[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.initializer.extend(numpy_helper.from_array(v, name) for name, v in made.items())
    for size in graph.input[0].type.tensor_type.shape.dim[1:3]:
        size.dim_value = FINE
    onnx.checker.check_model(model)
    return model


def _way_back(network):
    """(scale, shift) of the answers: points and the logarithm of their sigma in larger pixels."""
    scale, shift = [], []
    for name, shape in network.parts.items():
        count = int(np.prod(shape[1:]))
        scale += [FINE / USUAL if name == "points" else 1.0] * count
        shift += [{"points": (FINE / USUAL - 1) / 2, "log_sigma": np.log(FINE / USUAL)}.get(
            name, 0.0)] * count
    return np.array(scale, np.float32), np.array(shift, np.float32)
