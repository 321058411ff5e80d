"""The networks of the manifest in, what they cost out: multiplications, fused layers, bytes."""
import os

from appliance.backends import manifest
from appliance.errors import PartMissing
from benchmarks import report
from benchmarks.nano import fusion

THREE = ("detector", "landmarks", "iris")
FINE = "fine"       # the network of the higher quality, beside those that always run


def measure():
    """{network: {"mmac": of one picture's, "each": of one eye where it takes two, "layers": as
    TensorRT fuses them, "products": of these, "mb"}, "three": {"mb": of THREE}, "all": {"mb":
    without the fine one}}.

    The count of layers takes onnx; without it those are left out."""
    found = {}
    for name, network in sorted(manifest.read().items()):
        found[name] = dict(_layers(network), mb=os.path.getsize(network.path) / 1e6)
    found["three"] = {"mb": sum(found[name]["mb"] for name in THREE if name in found)}
    found["all"] = {"mb": sum(f["mb"] for name, f in found.items()
                               if name not in (FINE, "three"))}
    return found


def _layers(network):
    try:
        layers = fusion.fused(network.path)
    except PartMissing as why:
        print("layers of %s: not counted: %s" % (network.name, why))
        return {}
    mmac = sum(layer.flops for layer in layers) / 2e6
    return {"mmac": mmac, "each": mmac / network.inputs["image"][0], "layers": len(layers),
            "products": sum(layer.flops > 0 for layer in layers)}


def table(found):
    """Markdown: a row a network."""
    rows = [[name, f.get("mmac"), f.get("each"), f.get("layers"), f.get("products"),
             f["mb"]] for name, f in found.items()]
    return report.markdown(("network", "MMAC", "MMAC a face or eye", "fused layers",
                            "of these products", "MB"), rows)
