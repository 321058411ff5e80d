"""An exported network in, the first layers of another one that begins as these did out.

What tells brows and lids from skin is known to the landmarks network already; learning it anew takes longer
than all that comes after.
"""
import cv2
import numpy as np
import onnx
import torch
from onnx import numpy_helper

from engines.training.nets import SCALE

FACE = 256      # of the exported first dense layer's answers; the others are the score's


def begin(net, path, layers, image):
    """Give `net` the stem of the network at `path` and for each of its body's layers the exported one's number in
    `layers`; image: a batch (N, H, W, 1) of what it will see, for the batch norms."""
    given = _weights(path)
    inputs = [(net.stem.first, *_stem(given, net.stem.fold))]
    inputs += [(layer, *_layer(given, k)) for layer, k in zip(net.body, layers)]
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


def grow(net, path, image):
    """Begin a `nets.Fine` as the landmarks network at `path`: it answers as that does at once, and what it has more of has
    no say yet. image: a batch (N, S, S, 1) of what it will see, for the batch norms."""
    given = _weights(path)
    x = torch.nn.functional.pixel_unshuffle(image.reshape(len(image), 1, *image.shape[1:3]).float() * SCALE, net.stem.fold)
    known = [_stem(given, net.stem.fold)] + [(None, None) if k is None else _layer(given, k) for k in net.LANDMARKS]
    last = x.shape[1]       # channels of x that the given network knows
    with torch.no_grad():
        for layer, (weight, bias) in zip([net.stem.first] + list(net.body), known):
            if weight is None:      # a layer more: what was known passes
                weight, bias = torch.zeros(last, last, 3, 3), torch.zeros(last)
                weight[range(last), range(last), 1, 1] = 1.0
            _widen(layer, weight, bias, x)
            x, last = layer.train()(x), len(weight)
        _dense(net, given)


def go_on(net, path, image):
    """Begin a `nets.Expression` as the exported one at `path`, which may have seen crops of another size: it answers as
    that does. Call after `start_from`."""
    given = _weights(path)
    fold, n, h, w = net.stem.fold, *image.shape[:3]
    x = torch.nn.functional.pixel_unshuffle(image.reshape(n, 1, h, w).float() * SCALE, fold)
    known = [_stem(given, fold)] + [_layer(given, k) for k in range(len(net.body))]
    with torch.no_grad():
        for layer, (weight, bias) in zip([net.stem.first] + list(net.body), known):
            _take(layer, weight, bias, x)
            x = layer.train()(x)
        net.hidden.weight.copy_(given["net.hidden.weight"])
        net.hidden.bias.copy_(given["net.hidden.bias"])
        net.out.weight.copy_(given["net.out.weight"] / net.deviation[:, None])
        net.out.bias.copy_((given["net.out.bias"] - net.mean) / net.deviation)


def _widen(layer, weight, bias, x):
    """`_take` for the first of the layer's answers; the rest stays as it was drawn, unread by the first of the next."""
    wide = layer.conv.weight.clone()
    wide[:len(weight)] = 0.0
    wide[:len(weight), :weight.shape[1]] = weight
    shift = torch.zeros(len(wide))
    shift[:len(weight)] = bias
    rest = slice(len(weight), None)
    _take(layer, wide, shift, x)
    layer.norm.weight[rest], layer.norm.bias[rest] = 1.0, 0.0


def _dense(net, given):
    """The dense layers, taken apart again as `nets.Landmarks.dense` put them together."""
    hidden, more = given["net.hidden.weight"], given["net.hidden.bias"]
    out, shift = given["net.out.weight"], given["net.out.bias"]
    left, strength, right = torch.linalg.svd(hidden, full_matrices=False)
    rank = len(net.narrow.weight)       # what is lost is won back in a minute
    root = strength[:rank].sqrt()
    net.narrow.weight.copy_(root[:, None] * right[:rank])
    hidden = left[:, :rank] * root
    net.hidden.weight.copy_(hidden[:FACE])
    net.hidden.bias.copy_(more[:FACE])
    net.face.weight.copy_(hidden[FACE:])
    net.face.bias.copy_(more[FACE:])
    net.points.weight.copy_(out[:136, :FACE] / 32.0)
    net.points.bias.copy_((shift[:136] - 63.5) / 32.0)
    net.rest.weight.copy_(out[136:210, :FACE])
    net.rest.bias.copy_(shift[136:210])
    net.rest.bias[:68] += float(np.log(net.reach / 32.0))       # sigmas are pixels of the crop
    net.score.weight.copy_(out[210:, FACE:])
    net.score.bias.copy_(shift[210:])


def _weights(path):
    return {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in onnx.load(path).graph.initializer}


def _stem(given, fold):
    """Weight and bias of the folded first layer, its filters spread over a fold of another size."""
    weight, n = given["net.stem.strided.weight"], 3 * fold
    spread = np.stack([cv2.resize(f, (n, n), interpolation=cv2.INTER_LINEAR) for f in weight[:, 0].numpy()])
    weight = torch.from_numpy(spread) * float(weight.shape[-1] / n) ** 2
    weight = weight.reshape(-1, 3, fold, 3, fold).permute(0, 2, 4, 1, 3) / SCALE
    return weight.reshape(len(weight), -1, 3, 3), given["net.stem.strided.bias"]


def _layer(given, k):
    return given["net.body.%d.conv.weight" % k], given["net.body.%d.conv.bias" % k]
