"""A name of the manifest or an ONNX file's path in, the record of a network out.

`iris` is the network for one face, `iris-x2` the same for two at once.
"""
import hashlib
import os
import re

from appliance.backends import manifest
from appliance.backends.manifest import Network
from appliance.errors import DataError, InputMissing, UsageError, nearest
from engines.graph import Graph

SEVERAL = re.compile(r"(.+)-x([2-4])")      # as many as the option max_faces allows


def find(word, path=manifest.MANIFEST):
    """The Network that a word means. UsageError for a name that is not known, InputMissing and
    DataError for a file that is not there or has sizes that are not fixed."""
    known = manifest.read(path)
    found = named(word, known)
    if found is not None:
        return found
    if not word.endswith(".onnx"):
        near = nearest(word, known)
        raise UsageError(word, "no such network", "did you mean %s?" % near if near else
                         "take one of %s, or the path of an ONNX file" % ", ".join(known))
    return own(word)


def named(word, known):
    """The Network of a name, `known` being what manifest.read() gave; None where it is none."""
    if word in known:
        return known[word]
    several = SEVERAL.fullmatch(word)
    if several and several.group(1) in known:
        return known[several.group(1)].of(int(several.group(2)))
    return None


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
