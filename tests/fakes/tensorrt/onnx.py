"""An ONNX file in, its nodes with names and kinds out: what a parser needs to see of it."""
import collections

Node = collections.namedtuple("Node", "name kind inputs outputs")
# Field numbers of onnx.proto.
GRAPH, NODE, KIND, NAME, OPSETS, VERSION = 7, 1, 4, 3, 8, 2


def nodes(content):
    """[Node] of the graph, in order; ValueError where the bytes are no ONNX file."""
    graph, = [value for field, value in _fields(content) if field == GRAPH] or [b""]
    found = []
    for number, value in _fields(graph):
        if number == NODE:
            parts = list(_fields(value))
            texts = {field: v.decode() for field, v in parts if field in (KIND, NAME)}
            kind = texts[KIND]
            found.append(Node(texts.get(NAME) or "%s_%d" % (kind, len(found)), kind,
                              [v.decode() for f, v in parts if f == 1],
                              [v.decode() for f, v in parts if f == 2]))
    if not found:
        raise ValueError("no graph in it")
    return found


def opset(content):
    """The file's opset."""
    return max(value for field, one in _fields(content) if field == OPSETS
               for inner, value in _fields(one) if inner == VERSION)


def _fields(content):
    """(number, value) of a message: an int, or bytes."""
    place = 0
    while place < len(content):
        key, place = _varint(content, place)
        wire = key & 7
        if wire == 0:
            value, place = _varint(content, place)
        else:
            size, place = _varint(content, place) if wire == 2 else ({1: 8, 5: 4}[wire], place)
            value, place = content[place:place + size], place + size
            if len(value) != size:
                raise ValueError("it ends too early")
        yield key >> 3, value


def _varint(content, place):
    value = shift = 0
    while True:
        if place >= len(content):
            raise ValueError("it ends too early")
        byte = content[place]
        value, shift, place = value | (byte & 127) << shift, shift + 7, place + 1
        if byte < 128:
            return value, place
