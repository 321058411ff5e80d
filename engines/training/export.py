"""A trained network's averaged weights in, its ONNX file and manifest row out.

Opset 13, IR 7, static shapes; checked against torch and against the operators that the Nano's parser knows.
"""
import os

import numpy as np
import onnx
import onnxruntime
import torch

from appliance.backends import manifest
from engines.training import nets

# What CONVENTIONS allows in a network, as ONNX operators.
OPERATORS = {"Conv", "Relu", "Clip", "Mul", "Add", "Sub", "Div", "Sigmoid", "GlobalAveragePool", "AveragePool", "MaxPool",
             "Gemm", "MatMul", "Reshape", "Transpose", "Concat", "Slice", "Resize", "Softmax", "Constant"}
TOLERANCE = {"landmarks": 0.5, "fine": 0.5, "iris": 0.5, "detector": 0.1, "expression": 0.05, "brows": 0.05}
NOTES = {"image": "none: raw luma 0..255, scaled inside", "turn": "yaw and pitch over 45 degrees"}


class Outputs(torch.nn.Module):
    """A network's outputs as a tuple in order; the one of `nets.Answers` is called "answers"."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def named(self, *inputs):
        """{name: tensor}"""
        out = self.net(*inputs)
        return out if isinstance(out, dict) else {"answers": out}

    def forward(self, *inputs):
        return tuple(self.named(*inputs).values())


def load(name, checkpoint):
    """The deployed network of a checkpoint's averaged weights."""
    net = nets.NETS[name]()
    net.load_state_dict(torch.load(checkpoint, weights_only=True, map_location="cpu")["average"])
    return nets.deploy(net)


def write(name, checkpoint, folder, trained_with, licence="MIT"):
    """Write folder/<name>.onnx and its row in folder/manifest.ini; returns the largest difference to torch."""
    return save(name, load(name, checkpoint), folder, trained_with=trained_with, licence=licence)


def save(name, net, folder, shapes=None, parts=None, tolerance=None, **notes):
    """The same of a deployed network; notes: lines of the row. shapes, parts, tolerance: of a network that is none of
    `nets.NETS`, each part with the pictures in front."""
    if shapes is None:
        shapes, parts, tolerance = nets.INPUTS[name], nets.PARTS.get(name), TOLERANCE[name]
        parts = parts and {k: shapes["image"][:1] + shape for k, shape in parts.items()}
    net = Outputs(nets.exported(net) if parts else net)
    given = {k: torch.rand(*shape) * (255 if k == "image" else 1) for k, shape in shapes.items()}
    with torch.no_grad():
        truth = net.named(*given.values())
    path = os.path.join(folder, name + ".onnx")
    torch.onnx.export(net, tuple(given.values()), path + ".part", opset_version=13, dynamo=False,
                      input_names=list(given), output_names=list(truth))
    model = onnx.load(path + ".part")
    check(model)
    del model.metadata_props[:]
    onnx.save(model, path + ".part")
    session = onnxruntime.InferenceSession(path + ".part", providers=["CPUExecutionProvider"])
    ours = session.run(list(truth), {k: v.numpy() for k, v in given.items()})
    worst = max(float(np.abs(a - truth[k].numpy()).max()) for k, a in zip(truth, ours))
    os.replace(path + ".part", path)
    if parts:
        notes["parts"] = manifest.spelt(parts)
    manifest.record(name, name + ".onnx", shapes, {k: tuple(v.shape) for k, v in truth.items()},
                    os.path.join(folder, "manifest.ini"), channels=1, tolerance=tolerance,
                    normalisation="; ".join("%s: %s" % (k, NOTES[k]) for k in shapes), **notes)
    return worst


def check(model):
    """ValueError where the model leaves what every backend here can run."""
    foreign = {n.op_type for n in model.graph.node} - OPERATORS
    if foreign or model.opset_import[0].version != 13 or model.ir_version != 7:
        raise ValueError("operators %s, opset %d, IR %d" % (sorted(foreign), model.opset_import[0].version, model.ir_version))
    onnx.checker.check_model(model)

