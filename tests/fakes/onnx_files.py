"""Small ONNX files without the onnx package: fixed outputs for given shapes, the input reshaped.

Each fixed output is its constant plus nothing of the input (0 * mean), which keeps the input in
use.
"""
import struct

import numpy as np


def constant_network(path, inputs, outputs):
    """Write a network of {name: shape} inputs that answers {name: array} whatever it is shown."""
    body = b""
    source = next(iter(inputs))
    body += _node("GlobalAveragePool", [source], ["pooled"])
    body += _node("ReduceMean", ["pooled"], ["mean"], _attribute("keepdims", 0))
    body += _node("Mul", ["mean", "zero"], ["nothing"])
    body += _bytes(5, _tensor("zero", np.zeros((), np.float32)))
    for name, value in outputs.items():
        body += _node("Add", [name + "_value", "nothing"], [name])
        body += _bytes(5, _tensor(name + "_value", np.asarray(value, np.float32)))
    body += _bytes(2, b"constant")
    body += b"".join(_bytes(11, _value(name, shape)) for name, shape in inputs.items())
    body += b"".join(_bytes(12, _value(name, np.shape(value))) for name, value in outputs.items())
    _write(path, body)


def reshaping_network(path, shape, other):
    """Write a network that answers its "image" in another shape, as "values"."""
    body = _node("Reshape", ["image", "shape"], ["values"])
    body += _bytes(5, _number(1, len(other)) + _number(2, 7) + _bytes(8, "shape")
                   + _bytes(9, struct.pack("<%dq" % len(other), *other)))
    _write(path, body + _bytes(2, b"reshaping") + _bytes(11, _value("image", shape))
           + _bytes(12, _value("values", other)))


def _write(path, body):
    with open(str(path), "wb") as f:
        f.write(_number(1, 7) + _bytes(7, body) + _bytes(8, _bytes(1, b"") + _number(2, 13)))


def _varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out + bytearray([n]))


def _number(field, n):
    return _varint(field << 3) + _varint(n)


def _bytes(field, content):
    content = content.encode() if isinstance(content, str) else content
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _attribute(name, n):
    return _bytes(5, _bytes(1, name) + _number(3, n) + _number(20, 2))


def _node(kind, inputs, outputs, attributes=b""):
    return _bytes(1, b"".join(_bytes(1, i) for i in inputs)
                  + b"".join(_bytes(2, o) for o in outputs)
                  + _bytes(4, kind) + attributes)


def _tensor(name, array):
    return (b"".join(_number(1, n) for n in array.shape) + _number(2, 1) + _bytes(8, name)
            + _bytes(9, struct.pack("<%df" % array.size, *array.reshape(-1))))


def _value(name, shape):
    sizes = b"".join(_bytes(1, _number(1, n)) for n in shape)
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, 1) + _bytes(2, sizes)))
