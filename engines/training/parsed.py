"""`python -m engines.training.parsed`: NVIDIA's own parser and builder on every network that ships, without a GPU.

TensorRT for RTX builds for a GPU that it is told, with no driver in the machine. Its parser is of the generation
of TensorRT 10 and knows more than the Nano's, and an engine of it runs on no Nano: it proves that the files are
well-formed for NVIDIA's code, that their shapes come out as the manifest says, and that its layers bear the names
by which some are kept in FP32. For the Nano's parser there is engines/operators.py.
"""
import sys
import time

import tensorrt_rtx as trt

from appliance.backends import manifest
from engines.graph import Graph

KINDS = ("SM86", "SM120")      # SM75, its oldest, has no product of matrices in FP32 there


class Ear(trt.ILogger):
    """Keeps what is worse than information."""

    def __init__(self):
        trt.ILogger.__init__(self)
        self.heard = []

    def log(self, severity, msg):
        """Called by the library."""
        if severity in (trt.ILogger.WARNING, trt.ILogger.ERROR, trt.ILogger.INTERNAL_ERROR):
            self.heard.append(msg)


def parsed(builder, ear, content):
    """The library's network of an ONNX file's bytes; ValueError where it refuses them."""
    network = builder.create_network(0)
    parser = trt.OnnxParser(network, ear)
    if not parser.parse(content):
        raise ValueError("; ".join(parser.get_error(i).desc() for i in range(parser.num_errors)))
    return network


def built(builder, network, kind):
    """(bytes of the plan, seconds) for a kind of GPU; ValueError where there is none."""
    config, start = builder.create_builder_config(), time.perf_counter()
    config.num_compute_capabilities = 1
    config.set_compute_capability(getattr(trt.ComputeCapability, kind), 0)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise ValueError("no plan for " + kind)
    return plan.nbytes, time.perf_counter() - start


def agrees(record, network):
    """Complaints about a parsed network beside its record in the manifest."""
    graph = Graph(record.content(), record.path)
    layers = [network.get_layer(i) for i in range(network.num_layers)]
    names = {layer.name for layer in layers}
    answers = {layer.get_output(i).name for layer in layers for i in range(layer.num_outputs)}
    for count, get, shapes in ((network.num_inputs, network.get_input, record.inputs),
                               (network.num_outputs, network.get_output, record.outputs)):
        found = {get(i).name: tuple(get(i).shape) for i in range(count)}
        if found != dict(shapes):
            yield "%s, the manifest says %s" % (found, dict(shapes))
    for node in graph.nodes:
        if node.kind != "Constant" and node.name not in names and not answers & set(node.outputs):
            yield "no layer is called %s" % node.name


def main():
    """Print the table; 1 where anything is refused or does not agree, 0 else."""
    ear, bad = Ear(), []
    builder = trt.Builder(ear)
    print("TensorRT for RTX %s" % trt.__version__)
    print("%-12s %6s %7s %7s  %s" % ("network", "nodes", "layers", "kernels", "plan kB / s for " + ", ".join(KINDS)))
    for name, record in sorted(manifest.read().items()):
        try:
            network = parsed(builder, ear, record.content())
            plans = [built(builder, network, kind) for kind in KINDS]
        except ValueError as why:
            bad.append("%s: %s" % (name, why))
            continue
        bad += ["%s: %s" % (name, text) for text in agrees(record, network)]
        nodes = [node for node in Graph(record.content()).nodes if node.kind != "Constant"]
        kernels = [node for node in nodes if node.kind in ("Conv", "Gemm", "Resize")]
        print("%-12s %6d %7d %7d  %s" % (name, len(nodes), network.num_layers, len(kernels),
                                         "  ".join("%.0f / %.2f" % (size / 1e3, s) for size, s in plans)))
    print("\n".join(bad + ear.heard) or "nothing to complain of")
    return int(bool(bad or ear.heard))


if __name__ == "__main__":
    sys.exit(main())
