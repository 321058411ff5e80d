"""Shapes and channels in, fused layers with their work and bytes out: a network as it is run.

Batch norm, activation and the addition of a shortcut cost nothing of their own, for TensorRT puts
them into the convolution before; what is left counts as its logs list it ([GpuLayer]).
"""
from typing import NamedTuple

KINDS = ("3x3", "1x1", "other", "depthwise")    # what has a rate of its own
BYTES = 2       # of a value, FP16


class Layer(NamedTuple):
    """One layer of an engine: kind (of KINDS, or "memory" for what only moves values), flops (two
    for each multiplication) and moved, bytes read and written with the weights among them."""

    name: str
    kind: str
    flops: float
    moved: float


def convolution_kind(kernel, stride, channels, groups):
    """The kind of a convolution: (kernel, kernel), its stride, channels it reads, groups."""
    if groups > 1:
        return "depthwise" if groups == channels else "other"
    if kernel == 1:
        return "1x1"
    return "3x3" if kernel == 3 and stride == 1 else "other"


class Stack:
    """A network layer by layer, from (channels, height, width) of its picture; `layers` is what
    came of it. Each method gives the Stack."""

    def __init__(self, channels, height, width):
        self.layers, self.shape = [], (channels, height, width)

    @property
    def values(self):
        """How many values flow here."""
        channels, height, width = self.shape
        return channels * height * width

    def convolution(self, channels, kernel, stride=1, groups=1, pad=None, shortcut=False):
        """A convolution with what is fused into it; pad: as kernel // 2 where None; shortcut: adds
        an earlier result."""
        before, (read, height, width) = self.values, self.shape
        pad = kernel // 2 if pad is None else pad
        self.shape = (channels, (height + 2 * pad - kernel) // stride + 1,
                      (width + 2 * pad - kernel) // stride + 1)
        products = read // groups * kernel * kernel
        moved = before + self.values * (2 if shortcut else 1) + channels * products
        return self._add("conv", convolution_kind(kernel, stride, read, groups),
                         2 * self.values * products, moved)

    def depthwise(self, stride=1):
        """A 3x3 convolution of each channel by itself."""
        return self.convolution(self.shape[0], 3, stride, self.shape[0])

    def dense(self, outputs):
        """A fully connected layer: it waits for its weights."""
        inputs, self.shape = self.values, (outputs, 1, 1)
        return self._add("dense", "memory", 2 * inputs * outputs,
                         inputs + outputs + inputs * outputs)

    def pool(self, kernel, stride, pad=0, whole=False):
        """Pooling; whole: a window that leaves the picture counts too."""
        before, (channels, height, width) = self.values, self.shape
        more = stride - 1 if whole else 0
        self.shape = (channels, (height + 2 * pad - kernel + more) // stride + 1,
                      (width + 2 * pad - kernel + more) // stride + 1)
        return self.move(before + self.values, "pool")

    def average(self):
        """The mean of each channel."""
        return self.pool(self.shape[1], 1) if self.shape[1] == self.shape[2] else self.at(
            self.shape[0], 1, 1).move(self.values, "pool")

    def move(self, values, name="copy"):
        """A layer that only reads and writes so many values: copies, sizes, separate norms."""
        return self._add(name, "memory", 0, values)

    def at(self, channels, height=None, width=None):
        """Go on from (channels, height, width): a branch's start, or where branches meet."""
        self.shape = channels, height or self.shape[1], width or self.shape[2]
        return self

    def _add(self, name, kind, flops, values):
        self.layers.append(Layer(name, kind, float(flops), float(BYTES * values)))
        return self
