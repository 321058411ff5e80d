"""ONNX bytes in, the graph out: nodes, tensors, shapes; with more outputs, or for more pictures at
once, back to bytes.

The onnx package is not among what the box installs, so the few fields of onnx.proto that are
needed are read here.
"""
import collections
import struct
from typing import NamedTuple

import numpy as np

from appliance.errors import DataError

FLOAT, INT32, INT64, FLOAT16, DOUBLE = 1, 6, 7, 10, 11
TYPES = {FLOAT: np.float32, INT32: np.int32, INT64: np.int64, FLOAT16: np.float16,
         DOUBLE: np.float64}
# The field of a tensor that holds its numbers where they do not lie in raw_data.
PLACES = {FLOAT: (4, "f"), INT32: (5, None), INT64: (7, None), DOUBLE: (10, "d")}
# Fields of a graph, and the way from one of its inputs or outputs to the first of its sizes.
NODE, INITIALIZER, INPUT, OUTPUT, BETWEEN = 1, 5, 11, 12, 13
FIRST_SIZE = 2, 1, 2, 1, 1


class Node(NamedTuple):
    """One operation. inputs, outputs: names of tensors, "" for one left out. attributes: {name:
    int, float, text, list of these, array, or None for what is not read (graphs)}."""

    name: str
    kind: str
    domain: str
    inputs: tuple
    outputs: tuple
    attributes: dict


class Graph:
    """What an ONNX file says.

    nodes: [Node] in order, those of subgraphs left out. constants: {name: array} of initializers
    and Constant nodes. inputs, outputs: ordered {name: shape}, None in a shape for a size that is
    not fixed. types: {name: ONNX's number} of inputs and outputs. opset: of the default domain.
    ir: the format's version. DataError where the bytes are no ONNX.
    """

    def __init__(self, content, path="network"):
        try:
            self._read(content)
        except (IndexError, KeyError, ValueError, UnicodeDecodeError, struct.error) as why:
            raise DataError(path, "not an ONNX file that can be read (%s)" % why,
                            "export it anew") from why
        if not self.nodes:
            raise DataError(path, "not an ONNX file, or one without nodes", "export it anew")

    def _read(self, content):
        self._model = _fields(content)
        self.ir = _one(self._model, 1, 0)
        self.opset = max([_one(_fields(entry), 2, 0) for entry in _all(self._model, 8)
                          if not _one(_fields(entry), 1, b"")] or [0])
        graph = self._graph = _fields(_one(self._model, 7, b""))
        self.nodes = [_node(_fields(entry)) for entry in _all(graph, 1)]
        self.constants = dict(_tensor(_fields(entry)) for entry in _all(graph, 5))
        self.constants.update((node.outputs[0], node.attributes.get("value"))
                              for node in self.nodes if node.kind == "Constant")
        values = {kind: [_value(_fields(e)) for e in _all(graph, kind)] for kind in (11, 12)}
        self.types = {name: number for kind in values for name, number, _ in values[kind]}
        self.inputs, self.outputs = (
            collections.OrderedDict((name, shape) for name, _, shape in values[kind]
                                    if name not in self.constants) for kind in (11, 12))

    def with_outputs(self, names):
        """The file's bytes with further tensors as outputs: to look into a network as it runs."""
        more = [(12, _packed([(1, name.encode())])) for name in names
                if name not in self.outputs]
        graph = _packed(self._graph + more)
        return _packed([(n, graph if n == 7 else value) for n, value in self._model])


    def times(self, faces):
        """The file's bytes for so many times the pictures at once, with the same weights: inputs,
        outputs and what tensors are reshaped to become larger, sizes in between follow."""
        batch = next(iter(self.inputs.values()))[0]
        fixed = {node.inputs[1] for node in self.nodes if node.kind == "Reshape"
                 and self.constants.get(node.inputs[1], (None,))[0] == batch}
        graph = _packed([(n, self._larger(n, value, faces, fixed))
                         for n, value in self._graph if n != BETWEEN])
        return _packed([(n, graph if n == 7 else value) for n, value in self._model])

    def _larger(self, number, entry, faces, fixed):
        """An entry of the graph for more pictures; fixed: names of the shapes that tell how many
        there are."""
        fields = _fields(entry) if number in (NODE, INITIALIZER, INPUT, OUTPUT) else ()
        if number in (INPUT, OUTPUT):
            return _replaced(entry, FIRST_SIZE, faces * _value(fields)[2][0])
        name = _text(fields, 2 if number == NODE else 8)
        if name not in fixed or number == NODE and _text(fields, 4) != "Constant":
            return entry
        shape = self.constants[name].astype(np.int64)
        shape[0] *= faces
        tensor = _packed([(1, len(shape)), (2, INT64), (8, name.encode()),
                          (9, shape.astype("<i8").tobytes())])
        return _replaced(entry, (5, 5), tensor) if number == NODE else tensor


def _replaced(content, path, value):
    """A message with another value in the first field on a path of numbers."""
    fields = _fields(content)
    at = next(i for i, (number, _) in enumerate(fields) if number == path[0])
    inside = _replaced(fields[at][1], path[1:], value) if path[1:] else value
    fields[at] = path[0], inside
    return _packed(fields)


def _fields(content):
    """[(number, int or bytes)] of a message of protocol buffers."""
    found, at = [], 0
    while at < len(content):
        key, at = _varint(content, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(content, at)
        else:
            size, at = _varint(content, at) if wire == 2 else ({5: 4, 1: 8}[wire], at)
            if at + size > len(content):
                raise ValueError("it ends too early")
            value, at = content[at:at + size], at + size
        found.append((number, value if wire in (0, 2) else _Fixed(value)))
    return found


class _Fixed(bytes):
    """Four or eight bytes without a length before them."""


def _packed(fields):
    """The message of such fields."""
    out = bytearray()
    for number, value in fields:
        if isinstance(value, int):
            out += _spelt(number << 3) + _spelt(value)
        elif isinstance(value, _Fixed):
            out += _spelt(number << 3 | (5 if len(value) == 4 else 1)) + value
        else:
            out += _spelt(number << 3 | 2) + _spelt(len(value)) + value
    return bytes(out)


def _varint(content, at):
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _spelt(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def _all(fields, number):
    return [value for n, value in fields if n == number]


def _one(fields, number, default):
    found = _all(fields, number)
    return found[-1] if found else default


def _text(fields, number):
    return bytes(_one(fields, number, b"")).decode()


def _signed(n):
    return n - (1 << 64) if n >> 63 else n


def _ints(fields, number):
    """The whole numbers of a repeated field, packed into one or not."""
    found = []
    for value in _all(fields, number):
        at = 0
        if isinstance(value, int):
            found.append(_signed(value))
        while not isinstance(value, int) and at < len(value):
            n, at = _varint(value, at)
            found.append(_signed(n))
    return found


def _floats(fields, number):
    """The numbers of a repeated float field, packed or not."""
    return [x for value in _all(fields, number)
            for x in struct.unpack("<%df" % (len(value) // 4), value)]


def _node(fields):
    attributes = dict(_attribute(_fields(entry)) for entry in _all(fields, 5))
    names = [tuple(bytes(v).decode() for v in _all(fields, n)) for n in (1, 2)]
    return Node(_text(fields, 3), _text(fields, 4), _text(fields, 7), names[0], names[1],
                attributes)


def _attribute(fields):
    kind = _one(fields, 20, 0)
    value = {1: lambda: _floats(fields, 2)[0], 2: lambda: (_ints(fields, 3) or [0])[0],
             3: lambda: _text(fields, 4), 4: lambda: _tensor(_fields(_one(fields, 5, b"")))[1],
             6: lambda: _floats(fields, 7), 7: lambda: _ints(fields, 8),
             8: lambda: [bytes(v).decode() for v in _all(fields, 9)]}.get(kind, lambda: None)()
    return _text(fields, 1), value


def _tensor(fields):
    """(name, array) of a tensor; None for what lies in another file or is no number."""
    name, shape, kind = _text(fields, 8), _ints(fields, 1), _one(fields, 2, 0)
    raw = _one(fields, 9, None)
    if kind not in TYPES or _one(fields, 14, 0):
        return name, None
    if raw is not None:
        return name, np.frombuffer(raw, np.dtype(TYPES[kind]).newbyteorder("<")).reshape(shape)
    number, spelling = PLACES.get(kind, (5, None))
    values = _ints(fields, number) if spelling is None else [
        x for v in _all(fields, number)
        for x in struct.unpack("<%d%s" % (len(v) // struct.calcsize(spelling), spelling), v)]
    if kind == FLOAT16:
        return name, np.array(values, np.uint16).view(np.float16).reshape(shape)
    return name, np.array(values, TYPES[kind]).reshape(shape)


def _value(fields):
    """(name, type, shape) of an input or output."""
    tensor = _fields(_one(_fields(_one(fields, 2, b"")), 1, b""))
    sizes = [_fields(size) for size in _all(_fields(_one(tensor, 2, b"")), 1)]
    shape = tuple(_one(size, 1, None) if not _all(size, 2) else None for size in sizes)
    return _text(fields, 1), _one(tensor, 1, 0), shape
