"""An exported network in, one that begins with its layers or answers as it does at once out.

What tells brows and lids from skin is known to the landmarks network already; learning it anew takes longer
than all that comes after.
"""
from functools import partial

import cv2
import numpy as np
import onnx
import torch
from onnx import numpy_helper

from engines.training.nets import SCALE, Conv, Detector, put


def begin(net, path, layers, image):
    """Give `net` the stem of the network at `path` and for each of its body's layers the exported one's number in
    `layers`, None for a layer more; image: a batch (N, H, W, 1) of what it will see, for the batch norms.

    Layers may have more channels than the exported ones, and the picture more pixels: the first channels answer as those
    do, the others have no say in them. Of a layer with fewer, any but the last, those are kept of which the next one
    makes most.
    """
    given, fold, (n, h, w, _) = _weights(path), net.stem.fold, image.shape
    x = torch.nn.functional.pixel_unshuffle(image.reshape(n, 1, h, w).float() * SCALE, fold)
    known, last = [_stem(given, fold)] + [None if k is None else _layer(given, k) for k in layers], None
    with torch.no_grad():
        for i, layer in enumerate(([net.stem.first] + list(net.body))[:len(known)]):
            weight, bias = known[i] or _passing(last)
            if len(weight) > layer.conv.out_channels:
                weight, bias, known[i + 1] = _slimmed(layer, weight, bias, known[i + 1], x)
            _widen(layer, weight, bias, x)
            x, last = layer.train()(x), len(weight)


def take(net, path, image):
    """Begin `net` as the network at `path`, one of the same kind or that which it grows from (`nets.Fine`)."""
    if isinstance(net, Detector):
        return _whole(net, path, image)
    begin(net, path, getattr(net, "LANDMARKS", range(len(net.body))), image)
    given = _weights(path)
    hidden, out = [[given["net.%s.%s" % (layer, kind)] for kind in ("weight", "bias")] for layer in ("hidden", "out")]
    if "net.narrow.weight" in given:
        narrow, more = given["net.narrow.weight"], given["net.narrow.bias"]
        reads, turn = hidden[0][:, :len(narrow)], hidden[0][:, len(narrow):]
        hidden = [torch.cat([reads @ narrow, turn], 1), hidden[1] + reads @ more]
    with torch.no_grad():
        net.take(hidden, out)


def _whole(net, path, image):
    """Begin a detector as the one at `path`, each of whose layers it has."""
    given, heads = _weights(path), ("head8.1", "head16.1")
    hooks = []
    with torch.no_grad():
        for name, layer in net.named_modules():
            if isinstance(layer, Conv):
                pair = _stem(given, net.stem.fold) if name == "stem.first" else _pair(given, name + ".conv")
                hooks.append(layer.register_forward_pre_hook(partial(_settle, pair)))
            elif isinstance(layer, torch.nn.Conv2d) and layer.bias is not None:
                factor = net.units() if name in heads else torch.ones(layer.out_channels)
                weight, bias = _pair(given, name)
                put(layer, weight / factor[:, None, None, None], bias / factor)
        net.train()(image.float())
    for hook in hooks:
        hook.remove()


def _settle(pair, layer, seen):
    """`_take` on what the layer is about to see."""
    _take(layer, *pair, *seen)


def _weights(path):
    return {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in onnx.load(path).graph.initializer}


def _stem(given, fold):
    """Weight and bias of the folded first layer, its filters spread over a fold of another size."""
    weight, n = given["net.stem.strided.weight"], 3 * fold
    spread = np.stack([cv2.resize(f, (n, n), interpolation=cv2.INTER_LINEAR) for f in weight[:, 0].numpy()])
    weight = torch.from_numpy(spread) * (weight.shape[-1] / n) ** 2
    weight = weight.reshape(-1, 3, fold, 3, fold).permute(0, 2, 4, 1, 3) / SCALE
    return weight.reshape(len(weight), -1, 3, 3), given["net.stem.strided.bias"]


def _layer(given, k):
    return _pair(given, "body.%d.conv" % k)


def _pair(given, name):
    return given["net.%s.weight" % name], given["net.%s.bias" % name]


def _passing(channels):
    """A layer that lets what is known pass."""
    weight = torch.zeros(channels, channels, 3, 3)
    weight[range(channels), range(channels), 1, 1] = 1.0
    return weight, torch.zeros(channels)


def _slimmed(layer, weight, bias, following, x):
    """(weight, bias) of as many channels as the layer has, and those of the one that follows, which reads what is gone
    out of what is left by least squares: channel after channel goes that costs it least."""
    conv = layer.conv
    y = torch.relu(torch.nn.functional.conv2d(x, weight, bias, conv.stride, conv.padding)).transpose(0, 1).flatten(1)
    y = torch.cat([y, torch.ones(1, y.shape[1])]).double()
    seen, (read, shift) = y @ y.T / y.shape[1], following
    say = torch.einsum("ocyx,odyx->cd", read, read).double()
    kept = list(range(len(weight)))
    while len(kept) > conv.out_channels:
        kept.pop(min(range(len(kept)), key=lambda k: _lost(seen, say, kept[:k] + kept[k + 1:])))
    told = _told(seen, kept).float()
    read, more = torch.einsum("ocyx,ck->okyx", read, told[:, :-1]), torch.einsum("ocyx,c->o", read, told[:, -1])
    return weight[kept], bias[kept], (read, shift + more)


def _told(seen, kept):
    """(C, K + 1) least squares of all channels from those kept and a constant; seen: (C + 1, C + 1) mean products."""
    basis = kept + [len(seen) - 1]
    ridge = 1e-6 * seen.diagonal().mean() * torch.eye(len(basis), dtype=seen.dtype)
    return torch.linalg.solve(seen[basis][:, basis] + ridge, seen[basis][:, :-1]).T


def _lost(seen, say, kept):
    """What the next layer loses, squared, where only those are kept."""
    told, basis = _told(seen, kept), kept + [len(seen) - 1]
    return float(((seen[:-1, :-1] - told @ seen[basis][:, :-1]) * say).sum())


def _widen(layer, weight, bias, x):
    """`_take` for the first of the layer's answers; the others stay as they were drawn."""
    wide, shift, first = layer.conv.weight.clone(), torch.zeros(layer.conv.out_channels), len(weight)
    wide[:first] = 0.0
    wide[:first, :weight.shape[1]] = weight
    shift[:first] = bias
    _take(layer, wide, shift, x)
    layer.norm.weight[first:], layer.norm.bias[first:] = 1.0, 0.0


def _take(layer, weight, bias, x):
    """The exported convolution as one with a batch norm that undoes itself on x."""
    layer.conv.weight.copy_(weight)
    y = layer.conv(x)
    mean, variance = y.mean((0, 2, 3)), y.var((0, 2, 3), unbiased=False)
    layer.norm.weight.copy_(torch.sqrt(variance + layer.norm.eps))
    layer.norm.bias.copy_(bias + mean)
    layer.norm.running_mean.copy_(mean)
    layer.norm.running_var.copy_(variance)
