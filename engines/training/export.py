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
SHAPES = {"landmarks": (1, 128, 128, 1), "iris": (2, 64, 64, 1), "detector": (1, 192, 320, 1)}
TOLERANCE = {"landmarks": 0.5, "iris": 0.5, "detector": 0.05}


class Outputs(torch.nn.Module):
    """A network's dict of outputs as a tuple in order."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, image):
        return tuple(self.net(image).values())


def load(name, checkpoint):
    """The deployed network of a checkpoint's averaged weights."""
    net = nets.NETS[name]()
    net.load_state_dict(torch.load(checkpoint, weights_only=True, map_location="cpu")["average"])
    return nets.deploy(net)


def write(name, checkpoint, folder, trained_with, licence="MIT"):
    """Write folder/<name>.onnx and its row in folder/manifest.ini; returns the largest difference to torch."""
    net = load(name, checkpoint)
    image = torch.rand(*SHAPES[name]) * 255
    with torch.no_grad():
        truth = net(image)
    path = os.path.join(folder, name + ".onnx")
    torch.onnx.export(Outputs(net), (image,), path + ".part", opset_version=13, dynamo=False, input_names=["image"],
                      output_names=list(truth))
    model = onnx.load(path + ".part")
    check(model)
    del model.metadata_props[:]
    onnx.save(model, path + ".part")
    session = onnxruntime.InferenceSession(path + ".part", providers=["CPUExecutionProvider"])
    ours = session.run(list(truth), {"image": image.numpy()})
    worst = max(float(np.abs(a - truth[k].numpy()).max()) for k, a in zip(truth, ours))
    os.replace(path + ".part", path)
    manifest.record(name, name + ".onnx", {"image": SHAPES[name]}, {k: tuple(v.shape) for k, v in truth.items()},
                    os.path.join(folder, "manifest.ini"), channels=1, trained_with=trained_with, licence=licence,
                    normalisation="none: raw luma 0..255, scaled inside", tolerance=TOLERANCE[name])
    return worst


def check(model):
    """ValueError where the model leaves what every backend here can run."""
    foreign = {n.op_type for n in model.graph.node} - OPERATORS
    if foreign or model.opset_import[0].version != 13 or model.ir_version != 7:
        raise ValueError("operators %s, opset %d, IR %d" % (sorted(foreign), model.opset_import[0].version, model.ir_version))
    onnx.checker.check_model(model)

