"""`python -m engines.training.half`: what rounding to half precision does to each network, without a GPU.

Every node's answer, every weight and every input is rounded to FP16, as TensorRT stores them, and sums run in one
of two ways: in FP32 ("kind"), or rounded to FP16 after each product in one long chain ("harsh"). Maxwell's fp16x2
kernels add in halves, in several shorter chains, so they lie between. Convolutions of 3x3 may go by Winograd's way
("winograd 2", "winograd 4": tiles of so many pixels), which multiplies less and rounds more; there, too, all sums
are harsh. TensorRT also fuses nodes, which spares some of the roundings done here. Nodes of the manifest's fp32
line stay as they are.

The table is what the manifest's tolerances were chosen from: see its lines `tolerance_why`.
"""
import functools
import sys

import numpy as np

from appliance.backends import manifest
from engines import effects, recorded
from engines.graph import Graph


def rounded(x):
    """x as FP16 holds it, in FP32."""
    with np.errstate(over="ignore"):
        return x.astype(np.float16).astype(np.float32)


def chained(a, b):
    """(P, K) times (K, C) with the sum rounded after each product."""
    out = np.zeros((len(a), b.shape[1]), np.float32)
    for k in range(a.shape[1]):
        out = rounded(out + a[:, k:k + 1] * b[k])
    return out


WAYS = ("exact", "kind", "harsh", "winograd 2", "winograd 4")
# Lavin and Gray 2015: (G of the kernel, B of the input, A of the output), each transposed as it is used on the left.
WINOGRAD = {
    2: ([[1, 0, 0], [.5, .5, .5], [.5, -.5, .5], [0, 0, 1]],
        [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
        [[1, 1, 1, 0], [0, 1, -1, -1]]),
    4: ([[1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6], [1 / 24, 1 / 12, 1 / 6],
         [1 / 24, -1 / 12, 1 / 6], [0, 0, 1]],
        [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0], [0, -2, -1, 2, 1, 0],
         [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]],
        [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]])}


def winograd(tile, x, w, b):
    """A 3x3 convolution of stride 1 and padding 1 in tiles, every sum in halves; the kernel's transform is exact
    but for its end, since it is done once, at build time."""
    g, bt, at = (np.array(m, np.float32) for m in WINOGRAD[tile])
    n, c, height, width = x.shape
    rows, columns = -(-height // tile), -(-width // tile)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1 + rows * tile - height), (1, 1 + columns * tile - width)))
    tiles = np.lib.stride_tricks.sliding_window_view(padded, (tile + 2, tile + 2), (2, 3))[:, :, ::tile, ::tile]
    turned = _around(bt, np.ascontiguousarray(tiles.transpose(4, 5, 0, 2, 3, 1)))
    kernel = rounded(np.einsum("ij,ocjk,lk->ilco", g, w, g))
    size = tile + 2
    products = np.stack([chained(turned[i, j].reshape(-1, c), kernel[i, j])
                         for i in range(size) for j in range(size)]).reshape((size, size) + turned.shape[2:5] + (-1,))
    out = _around(at, products).transpose(2, 5, 3, 0, 4, 1).reshape(n, -1, rows * tile, columns * tile)
    return out[:, :, :height, :width] + b.reshape(-1, 1, 1)


def _around(matrix, tiles):
    """matrix times tiles times its transpose, over the first two axes, rounded after each addition."""
    for _ in range(2):
        out = np.zeros((len(matrix),) + tiles.shape[1:], np.float32)
        for i, row in enumerate(matrix):
            for factor, plane in zip(row, tiles):
                out[i] = rounded(out[i] + factor * plane) if factor else out[i]
        tiles = out.swapaxes(0, 1)
    return tiles


class Half:
    """A network run node by node. way: one of WAYS. pinned: names of nodes left in FP32."""

    def __init__(self, graph, way, pinned=()):
        self._graph, self._way, self._pinned = graph, way, set(pinned)

    def __call__(self, inputs):
        """({output: array}, {node: largest magnitude})"""
        values, largest = dict(self._graph.constants, **inputs), {}
        for node in self._graph.nodes:
            if node.kind == "Constant":
                continue
            exact = self._way == "exact" or node.name in self._pinned
            given = [values.get(name) for name in node.inputs]
            if not exact:
                given = [rounded(x) if x is not None and x.dtype == np.float32 else x
                         for x in given]
            multiply = np.dot if exact or self._way == "kind" else chained
            if self._way.startswith("winograd"):
                multiply = functools.partial(multiply)
                multiply.tile = 0 if exact else int(self._way[-1])
            out = OPERATIONS[node.kind](node.attributes, multiply, *given).astype(np.float32)
            values[node.outputs[0]] = out if exact else rounded(out)
            largest[node.name] = float(np.abs(values[node.outputs[0]]).max())
        return {name: values[name] for name in self._graph.outputs}, largest


def conv(a, multiply, x, w, b=None):
    """A flat convolution without groups."""
    (ph, pw, qh, qw), (sh, sw) = a.get("pads", [0] * 4), a.get("strides", [1, 1])
    tile = getattr(multiply, "tile", 0)
    if tile and w.shape[2:] == (3, 3) and (sh, sw) == (1, 1):
        return winograd(tile, x, w, b)
    x = np.pad(x, ((0, 0), (0, 0), (ph, qh), (pw, qw)))
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], (2, 3))[:, :, ::sh, ::sw]
    n, c, h, v = windows.shape[:4]
    patches = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * h * v, -1)
    out = multiply(np.ascontiguousarray(patches), np.ascontiguousarray(w.reshape(len(w), -1).T))
    out = out + (0 if b is None else b)
    return out.reshape(n, h, v, -1).transpose(0, 3, 1, 2)


def gemm(a, multiply, x, w, b=None):
    """Gemm with alpha and beta 1."""
    return multiply(x, w.T if a.get("transB") else w) + (0 if b is None else b)


def part(a, _, x, starts, ends, axes=None, steps=None):
    """Slice."""
    places = [slice(None)] * x.ndim
    for i, axis in enumerate(range(len(starts)) if axes is None else axes):
        places[axis] = slice(int(starts[i]), int(min(ends[i], x.shape[axis])), 1 if steps is None else int(steps[i]))
    return x[tuple(places)]


def grown(a, _, x, roi, scales):
    """Resize to the nearest, by whole numbers."""
    for axis, scale in enumerate(scales):
        x = np.repeat(x, int(scale), axis)
    return x


OPERATIONS = {
    "Conv": conv, "Gemm": gemm, "Slice": part, "Resize": grown,
    "Relu": lambda a, _, x: np.maximum(x, 0), "Sigmoid": lambda a, _, x: 1 / (1 + np.exp(-x)),
    "Add": lambda a, _, x, y: x + y, "Mul": lambda a, _, x, y: x * y,
    "Reshape": lambda a, _, x, shape: x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(shape)]),
    "Transpose": lambda a, _, x: x.transpose(a["perm"]), "Concat": lambda a, _, *x: np.concatenate(x, a["axis"]),
}


def main():
    """Print the differences by network and way; 1 where one is beyond its tolerance, 0 else."""
    bad = []
    for network in manifest.read().values():
        graph = Graph(network.content(), network.path)
        runs = {way: [Half(graph, way, network.fp32)(given) for given in recorded.inputs(network)] for way in WAYS}
        runs["kind, nothing pinned"] = [Half(graph, "kind")(given) for given in recorded.inputs(network)]
        answers = {way: [network.apart(out) for out, _ in run] for way, run in runs.items()}
        truth = answers["exact"]
        at, most = max(((name, m) for _, found in runs["exact"] for name, m in found.items()), key=lambda p: p[1])
        print("%s: largest magnitude %.4g at %s; allowed %s" % (network.name, most, at, _spelt(network.tolerances)))
        for way, found in answers.items():
            apart = effects.differences(truth, found)
            bad += ["%s, %s: %s" % (network.name, way, name) for name in apart
                    if not apart[name] <= network.tolerances[name]]
            print("  %-21s %s\n  %21s %s" % (way, _spelt(apart), "", effects.told(network, truth, found)))
    print("\n".join("beyond its tolerance: " + text for text in bad) or "all within their tolerances")
    return int(bool(bad))


def _spelt(values):
    return " ".join("%s:%.3g" % pair for pair in values.items())


if __name__ == "__main__":
    sys.exit(main())
