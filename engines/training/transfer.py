"""An exported network in, the first layers of another one that begins as these did out.

What tells brows and lids from skin is known to the landmarks network already; learning it anew takes longer
than all that comes after.
"""
import onnx
import torch
from onnx import numpy_helper

from engines.training.nets import SCALE


def begin(net, path, layers, image):
    """Give `net` the stem of the network at `path` and for each of its body's layers the exported one's number in
    `layers`; image: a batch (N, H, W, 1) of what it will see, for the batch norms."""
    given = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in onnx.load(path).graph.initializer}
    fold = net.stem.fold
    weight = given["net.stem.strided.weight"].reshape(-1, 3, fold, 3, fold).permute(0, 2, 4, 1, 3) / SCALE
    inputs = [(net.stem.first, weight.reshape(len(weight), -1, 3, 3), given["net.stem.strided.bias"])]
    inputs += [(layer, given["net.body.%d.conv.weight" % k], given["net.body.%d.conv.bias" % k])
               for layer, k in zip(net.body, layers)]
    n, h, w, _ = image.shape
    x = torch.nn.functional.pixel_unshuffle(image.reshape(n, 1, h, w).float() * SCALE, fold)
    with torch.no_grad():
        for layer, weight, bias in inputs:
            _take(layer, weight, bias, x)
            x = layer.train()(x)


def _take(layer, weight, bias, x):
    """The exported convolution as one with a batch norm that undoes itself on x."""
    layer.conv.weight.copy_(weight)
    y = layer.conv(x)
    mean, variance = y.mean((0, 2, 3)), y.var((0, 2, 3), unbiased=False)
    layer.norm.weight.copy_(torch.sqrt(variance + layer.norm.eps))
    layer.norm.bias.copy_(bias + mean)
    layer.norm.running_mean.copy_(mean)
    layer.norm.running_var.copy_(variance)
