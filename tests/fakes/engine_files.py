"""Engine files without the trouble of a build, for the played GPU."""
import os

from appliance.backends import manifest
from engines import plan
from tests.fakes.tensorrt.plan import Plan


def store(machine, folder, path=manifest.MANIFEST, precision="fp16", faces=1):
    """Write engine files of all networks of a manifest, for so many faces; gives the last one's
    path."""
    kind = "sm%d%d" % machine.capability
    os.makedirs(str(folder), exist_ok=True)
    for network in [one.of(faces) for one in manifest.read(path).values()]:
        where = plan.path_of(network, machine.tensorrt, kind, precision, within=str(folder))
        plan.write(where, {"network": network.name, "onnx": network.sha256, "gpu": kind,
                           "tensorrt": machine.tensorrt, "precision": precision},
                   built(machine, network.content(), precision == "fp16"))
    return where


def built(machine, onnx, half=True):
    """TensorRT's bytes for an ONNX file's, on a machine."""
    return Plan(machine.tensorrt, machine.capability, half, [], onnx).packed()
