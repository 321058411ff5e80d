"""Somebody's own ONNX file in, that file beside the manifest and its section there out: from then
on the tracker runs it in place of ours.

Of the section that was there nothing stays but which shapes are driven: tolerances, parts and
nodes kept in FP32 belonged to another network.
"""
import os

from appliance import files
from appliance.backends import duties, manifest
from appliance.backends.onnxruntime import OnnxRuntime
from appliance.errors import DataError, InputMissing

# What an engine in half precision may differ by: pixels, degrees, log odds, or shares; as of our own.
TOLERANCE = {"landmarks": 0.5, "fine": 0.5, "iris": 0.5, "detector": 0.1}
SHARES = 0.05


def adopt(name, path, ini=manifest.MANIFEST, score=0.5, licence="its owner's"):
    """Write the file and its section `name`; DataError where the tracker could not use it.

    score: between 0 and 1, the raw score that means "as likely as not".
    """
    if not os.path.isfile(path):
        raise InputMissing(path, "no such file", "name an ONNX file")
    with open(path, "rb") as f:
        content = f.read()
    inputs, outputs = OnnxRuntime(ini).tensors(content, path)
    for tensor, shape in list(inputs.items()) + list(outputs.items()):
        if shape is None or not all(isinstance(size, int) and size > 0 for size in shape):
            raise DataError(path, "%s is no float tensor of a fixed shape" % tensor,
                            "export it with fixed shapes")
    duties.check(manifest.Network(name, path, "", inputs, outputs, score, 0.0, 1))
    place = os.path.join(os.path.dirname(os.path.abspath(ini)), os.path.basename(path))
    if os.path.abspath(path) != place:
        files.write(place, content)
    driven = manifest.read(ini)[name].driven if name in manifest.read(ini) else ()
    notes = {"driven": " ".join(driven)} if driven else {}
    manifest.record(name, os.path.basename(path), inputs, outputs, ini, anew=True, score=score,
                    tolerance=TOLERANCE.get(name, SHARES), licence=licence, channels=1, **notes)
    return place
