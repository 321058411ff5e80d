"""A network's graph in, TensorRT's plan out: the thin layer over what changed from 8.0 to 10.

    8.0, 8.1   layers keep their precision with STRICT_TYPES
    8.2        OBEY_PRECISION_CONSTRAINTS
    8.4        the workspace is a memory pool
    10         no STRICT_TYPES, no max_workspace_size; every network has an explicit batch

Names and signatures were read in NVIDIA/TensorRT, python/src of 8.0.1, 8.2.1, 8.4.1, 8.5.1 and
10.0 to 10.13.
"""
from typing import NamedTuple

from appliance.backends import tensorrt
from appliance.errors import DataError, KagamiError, PartMissing, UsageError
from engines import operators

MB = 1 << 20
# Where kernels may come from beside TensorRT's own. cuBLAS and cuDNN cost a Nano some 400 MB and
# seconds of start, so they come in only when a node finds no kernel without.
SOURCES = (("", ()), ("cudnn", ("CUDNN",)), ("cublas+cudnn", ("CUDNN", "CUBLAS", "CUBLAS_LT")))
LIBRARIES = ("CUDNN", "CUBLAS", "CUBLAS_LT")
WORKSPACES = (128, 256, 16)     # MB; the second where a node finds no kernel, the third for memory
TABLE_UNTIL = (8, 4)            # from here on TensorRT's parser knows more than parser_8_2.txt
NO_KERNEL = "Could not find any implementation"
NO_MEMORY = ("OutOfMemory", "out of memory", "could not be allocated", "Insufficient memory",
             "insufficient memory")
KEEPS = ("SHAPE", "CONSTANT")   # layers that have no precision to keep


class Wish(NamedTuple):
    """How to build. precision: "fp16" or "fp32". workspace: MB. sources: one of SOURCES. pins:
    names of nodes that stay in FP32."""

    precision: str
    workspace: int
    sources: tuple
    pins: tuple

    @property
    def flags(self):
        """For the engine file's name."""
        pinned = "fp32x%d" % len(self.pins) if self.pins and self.precision == "fp16" else ""
        return "+".join(word for word in (self.sources[0], pinned) if word)


class NoKernel(KagamiError):
    """A node finds no kernel under these conditions; under others it may."""


class OutOfMemory(PartMissing):
    """The build needs more memory than there is."""


class Builder:
    """Builds plans on one GPU (cuda.Gpu). cache: bytes of a timing cache, renewed by every build:
    what was timed once is not timed again."""

    def __init__(self, gpu, cache=b""):
        self.trt, self.gpu, self.cache = tensorrt.library(), gpu, cache
        self._complaints = []
        self._ear = tensorrt.ear(self.trt, self._complaints)
        try:
            with gpu:
                self._builder = self.trt.Builder(self._ear)
        except TypeError as why:            # what a constructor that fails in C++ looks like
            raise PartMissing("TensorRT %s" % self.version, self._complaint(),
                              "take CUDA and TensorRT of one JetPack") from why

    @property
    def version(self):
        """TensorRT's, "8.2.1.8"."""
        return self.trt.__version__

    def build(self, content, graph, path, wish):
        """TensorRT's bytes for an ONNX file's bytes; its engines.graph.Graph and path beside.

        DataError where the parser refuses the network, NoKernel, OutOfMemory, UsageError where
        this GPU gains nothing by FP16.
        """
        del self._complaints[:]
        with self.gpu:
            network = self._parsed(content, graph, path)
            config = self._configured(wish)
            if wish.precision == "fp16":
                self._pin(network, config, _reached(graph, wish.pins))
            plan = self._builder.build_serialized_network(network, config)
            self._remember(config)
            if plan is None:
                raise self._refusal(path, wish)
            return bytes(plan)

    def check(self, graph, path):
        """DataError where this version's parser would refuse a graph, or get it wrong."""
        if self._older_than(TABLE_UNTIL):
            operators.check(graph, path)

    def _parsed(self, content, graph, path):
        explicit = getattr(self.trt.NetworkDefinitionCreationFlag, "EXPLICIT_BATCH", None)
        flags = 0 if explicit is None else 1 << int(explicit)
        network = self._builder.create_network(flags)
        parser = self.trt.OnnxParser(network, self._ear)
        if not parser.parse(content):
            raise DataError(path, _told(parser, graph), "export it without")
        return network

    def _older_than(self, version):
        return tuple(int(n) for n in self.version.split(".")[:2]) < version

    def _configured(self, wish):
        config = self._builder.create_builder_config()
        if hasattr(config, "set_memory_pool_limit"):
            config.set_memory_pool_limit(self.trt.MemoryPoolType.WORKSPACE, wish.workspace * MB)
        else:
            config.max_workspace_size = wish.workspace * MB
        config.set_tactic_sources(self._sources(config.get_tactic_sources(), wish.sources[1]))
        config.clear_flag(self.trt.BuilderFlag.TF32)        # FP32 is to be FP32
        if wish.precision == "fp16":
            if not self._builder.platform_has_fast_fp16:
                raise UsageError("--precision fp16", "this GPU (%s) is no faster with it"
                                 % self.gpu.name, "take --precision fp32")
            config.set_flag(self.trt.BuilderFlag.FP16)
        self._use_cache(config)
        return config

    def _sources(self, usual, wanted):
        """The bits of tactic sources: the usual ones, with these libraries alone. cuBLAS Lt comes
        in where it is usual: CUDA 10 has it and TensorRT does not use it there."""
        bits = {name: 1 << int(getattr(self.trt.TacticSource, name)) for name in LIBRARIES}
        return usual & ~sum(bits.values()) | sum(
            bit for name, bit in bits.items()
            if name in wanted and (usual & bit or name != "CUBLAS_LT"))

    def _use_cache(self, config):
        """The timing cache that is there, or a new one: another GPU's or a spoilt one is none."""
        for content in (self.cache, b""):
            cache = config.create_timing_cache(content)
            if cache is not None and config.set_timing_cache(cache, False):
                return

    def _remember(self, config):
        cache = config.get_timing_cache()
        if cache is not None:
            self.cache = bytes(cache.serialize())

    def _pin(self, network, config, names):
        """Keep the layers of these names, or whose answers have them, in FP32."""
        single = self.trt.DataType.FLOAT
        for layer in (network.get_layer(i) for i in range(network.num_layers)):
            outputs = [layer.get_output(i) for i in range(layer.num_outputs)]
            reached = layer.name in names or any(one.name in names for one in outputs if one)
            if reached and layer.type.name not in KEEPS and all(
                    one.dtype == single for one in outputs if one):
                layer.precision = single
                for i in range(layer.num_outputs):
                    layer.set_output_type(i, single)
        if names:
            flags = self.trt.BuilderFlag
            obey = getattr(flags, "OBEY_PRECISION_CONSTRAINTS", None)
            config.set_flag(flags.STRICT_TYPES if obey is None else obey)

    def _refusal(self, path, wish):
        """What to raise for a build that gave nothing."""
        heard = "\n".join(self._complaints)
        if any(words in heard for words in NO_MEMORY):
            return OutOfMemory(
                "memory for " + path, "TensorRT ran out of it with a workspace of %d MB, %d MB are"
                " free" % (wish.workspace, self.gpu.free_memory() // MB),
                "end what else uses memory, a desktop first, and run it again")
        if NO_KERNEL in heard:
            return NoKernel(path, self._complaint(NO_KERNEL), "try --workspace 512")
        return DataError(path, "TensorRT cannot build it (%s)" % self._complaint(),
                         "look whether another export of it can be built")

    def _complaint(self, words=""):
        """The first that was heard, with these words in it."""
        heard = [line for line in self._complaints if words in line]
        return heard[0] if heard else "TensorRT gives no reason"


def _reached(graph, pins):
    """The pinned nodes' names, with those of their answers: an auxiliary layer that the parser
    puts behind a node bears these alone."""
    return set(pins) | {name for node in graph.nodes if node.name in pins for name in node.outputs}


def _told(parser, graph):
    """The parser's first error with the node that it means."""
    if not parser.num_errors:
        return "TensorRT's parser refuses it without a reason"
    error = parser.get_error(0)
    words = " ".join(error.desc().split())[:160]
    if 0 <= error.node() < len(graph.nodes):
        node = graph.nodes[error.node()]
        return "node %s (%s): TensorRT's parser refuses it (%s)" % (
            node.name or node.outputs[0], node.kind, words)
    return "TensorRT's parser refuses it (%s)" % words
