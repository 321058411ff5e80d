"""A name of the manifest or an ONNX file's path in, the record of a network out."""
import hashlib
import os
import re

from appliance.backends import manifest
from appliance.backends.manifest import Network
from appliance.errors import DataError, InputMissing, UsageError, nearest
from engines.graph import Graph


def find(word, path=manifest.MANIFEST):
    """The Network that a word means. UsageError for a name that is not known, InputMissing and
    DataError for a file that is not there or has sizes that are not fixed."""
    known = manifest.read(path)
    if word in known:
        return known[word]
    if not word.endswith(".onnx"):
        near = nearest(word, known)
        raise UsageError(word, "no such network", "did you mean %s?" % near if near else
                         "take one of %s, or the path of an ONNX file" % ", ".join(known))
    return own(word)


def own(path):
    """The record of somebody's own ONNX file, named as the file is."""
    try:
        with open(path, "rb") as f:
            content = f.read()
    except OSError as why:
        raise InputMissing(path, why.strerror or "cannot be read", "give another") from why
    graph = Graph(content, path)
    for kind, shapes in (("input", graph.inputs), ("output", graph.outputs)):
        for name, shape in shapes.items():
            if not shape or not all(shape):
                raise DataError(path, "%s %s has a size that is not fixed: %s" % (
                    kind, name, "x".join(str(n or "?") for n in shape)),
                    "export it with fixed sizes")
    name = re.sub(r"[^\w.-]+", "_", os.path.splitext(os.path.basename(path))[0])
    return Network(name, path, hashlib.sha256(content).hexdigest(), graph.inputs, graph.outputs,
                   0.5, 0.0, 1)
