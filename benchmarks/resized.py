"""The detector's ONNX file and a size in, the same weights for pictures of that size out."""
import os
from collections import OrderedDict

from appliance.backends import manifest
from appliance.errors import PartMissing

MULTIPLE = 32       # of pixels: what halving and doubling in the network leave whole


def detector(width, height, folder, path=manifest.MANIFEST):
    """Write detector.onnx for (height, width) pictures and a manifest into a folder; returns the
    manifest's path. path: of the manifest whose detector it is.

    Only what says the size changes: the input's shape, the constant that shapes it for the first
    convolution, and the outputs' shapes, which follow.
    """
    network = manifest.read(path)["detector"]
    model = _model(network.path)
    old = network.inputs["image"][1:3]
    given = model.graph.input[0].type.tensor_type.shape.dim
    given[1].dim_value, given[2].dim_value = height, width
    for node in model.graph.node:
        if node.op_type == "Constant":
            _resize(node.attribute[0].t, old, (height, width))
    outputs = _settle(model)
    _save(model, os.path.join(folder, "detector.onnx"))
    renewed = os.path.join(folder, "manifest.ini")
    notes = {"score": network.score, "tolerance": network.tolerance}
    if network.parts:
        notes["parts"] = manifest.spelt(_grown(network, outputs))
    manifest.record("detector", "detector.onnx", {"image": (1, height, width, 1)}, outputs,
                    renewed, **notes)
    return renewed


def _grown(network, outputs):
    """{part: shape} in outputs of other sizes."""
    sizes = {whole[2:]: outputs[name][2:] for name, whole in network.outputs.items()}
    return OrderedDict((name, shape[:2] + sizes[shape[2:]])
                       for name, shape in network.parts.items())


def fitting(width, height):
    """(width, height) in whole multiples that hold a picture of such a size."""
    return tuple(-(-int(n) // MULTIPLE) * MULTIPLE for n in (width, height))


def _model(path):
    try:
        import onnx
    except ImportError as why:
        raise PartMissing("onnx", str(why), "run deploy/setup.sh test") from why
    return onnx.load(path)


def _resize(tensor, old, new):
    """Change a constant that is the shape of the picture before the first convolution."""
    from onnx import numpy_helper
    values = numpy_helper.to_array(tensor)
    if values.dtype.kind == "i" and tuple(values.reshape(-1)[-2:]) == tuple(old):
        changed = values.copy()
        changed[-2:] = new
        tensor.CopyFrom(numpy_helper.from_array(changed, tensor.name))


def _settle(model):
    """{output: shape} as they follow from the input's, written into the model."""
    from onnx import shape_inference
    del model.graph.value_info[:]
    for out in model.graph.output:
        out.type.tensor_type.ClearField("shape")
    inferred = shape_inference.infer_shapes(model, strict_mode=True)
    found = {}
    for out, known in zip(model.graph.output, inferred.graph.output):
        out.CopyFrom(known)
        found[out.name] = tuple(d.dim_value for d in known.type.tensor_type.shape.dim)
    return found


def _save(model, path):
    import onnx
    onnx.save(model, path)
