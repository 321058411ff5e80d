"""tensorrt on a played Machine, in both shapes of its API; builder, network and parser here."""
import time

import numpy as np

from tests import tensorrt_names
from tests.fakes.tensorrt import onnx, runtime
from tests.fakes.tensorrt.guard import Guarded, Module, Spoken, enumeration, of_version
from tests.fakes.tensorrt.plan import Plan

# Numbers as in the headers; which of the names there are is a matter of the version.
ENUMERATIONS = {
    "Severity": {"INTERNAL_ERROR": 0, "ERROR": 1, "WARNING": 2, "INFO": 3, "VERBOSE": 4},
    "DataType": {"FLOAT": 0, "HALF": 1, "INT8": 2, "INT32": 3, "BOOL": 4, "UINT8": 5},
    "BuilderFlag": {"FP16": 0, "INT8": 1, "DEBUG": 2, "GPU_FALLBACK": 3, "STRICT_TYPES": 4,
                    "REFIT": 5, "DISABLE_TIMING_CACHE": 6, "TF32": 7, "SPARSE_WEIGHTS": 8,
                    "SAFETY_SCOPE": 9, "OBEY_PRECISION_CONSTRAINTS": 10,
                    "PREFER_PRECISION_CONSTRAINTS": 11, "DIRECT_IO": 12,
                    "REJECT_EMPTY_ALGORITHMS": 13},
    "NetworkDefinitionCreationFlag": {"EXPLICIT_BATCH": 0, "EXPLICIT_PRECISION": 1},
    "TacticSource": {"CUBLAS": 0, "CUBLAS_LT": 1, "CUDNN": 2, "EDGE_MASK_CONVOLUTIONS": 3,
                     "JIT_CONVOLUTIONS": 4},
    "MemoryPoolType": {"WORKSPACE": 0, "DLA_MANAGED_SRAM": 1, "DLA_LOCAL_DRAM": 2,
                       "DLA_GLOBAL_DRAM": 3, "TACTIC_DRAM": 4},
    "TensorIOMode": {"NONE": 0, "INPUT": 1, "OUTPUT": 2},
    "TensorLocation": {"DEVICE": 0, "HOST": 1},
    "ProfilingVerbosity": {"DEFAULT": 0, "LAYER_NAMES_ONLY": 0, "NONE": 1, "VERBOSE": 2,
                           "DETAILED": 2},
    "LayerInformationFormat": {"ONELINE": 0, "JSON": 1},
    "ErrorCode": {"SUCCESS": 0, "INTERNAL_ERROR": 1, "MEM_ALLOC_FAILED": 2,
                  "MODEL_DESERIALIZE_FAILED": 3, "INVALID_VALUE": 4, "INVALID_GRAPH": 5,
                  "INVALID_NODE": 6, "UNSUPPORTED_GRAPH": 7, "UNSUPPORTED_NODE": 8},
}
# Kinds of layers by operator, for those that our networks have; the rest are ELEMENTWISE here.
LAYERS = {"Conv": "CONVOLUTION", "Relu": "ACTIVATION", "Sigmoid": "ACTIVATION", "Clip":
          "ACTIVATION", "Resize": "RESIZE", "Slice": "SLICE", "Concat": "CONCATENATION",
          "Constant": "CONSTANT", "Reshape": "SHUFFLE", "Transpose": "SHUFFLE", "Gemm":
          "MATRIX_MULTIPLY", "MatMul": "MATRIX_MULTIPLY", "Softmax": "SOFTMAX", "Shape": "SHAPE",
          "MaxPool": "POOLING", "AveragePool": "POOLING", "ReduceMean": "REDUCE",
          "GlobalAveragePool": "REDUCE"}


def tensorrt_module(machine):
    """The module for the version of a machine."""
    names = tensorrt_names.read("tensorrt", machine.tensorrt)
    names = dict(names, Severity=names["Logger"])
    content = {kind: enumeration(kind, values, names) for kind, values in ENUMERATIONS.items()}
    content["LayerType"] = enumeration("LayerType", {
        kind: n for n, kind in enumerate(sorted(names["LayerType"] - {"name", "value"}))}, names)
    types = content["DataType"]
    content.update(float32=types.FLOAT, float16=types.HALF, int32=types.INT32,
                   __version__=machine.tensorrt, volume=lambda shape: int(np.prod(shape)),
                   nptype=lambda one: {types.FLOAT: np.float32, types.HALF: np.float16,
                                       types.INT32: np.int32}[one])
    more = {"_machine": machine, "_content": content}
    for kind in (Logger, Builder, IBuilderConfig, INetworkDefinition, ILayer, ITensor, OnnxParser,
                 ParserError, ITimingCache, runtime.Runtime, runtime.ICudaEngine,
                 runtime.IExecutionContext, runtime.EngineInspector):
        content[kind.__name__] = of_version(kind, names, **more)
    content["IHostMemory"] = type("IHostMemory", (IHostMemory,), {"_known": names["IHostMemory"]})
    content["ILogger"] = _logger_class(content, more)
    for kind in ("Logger", "ILogger"):
        for name in names[kind] & set(content["Severity"].__members__):
            setattr(content[kind], name, content["Severity"][name])
        if "Severity" in names[kind]:
            content[kind].Severity = content["Severity"]
    return Module("tensorrt", names, **content)


def _logger_class(content, more):
    """ILogger, to be derived from; without its __init__ the real one takes no logger."""
    def prepare(self):
        self._prepared = True
    return type("ILogger", (object,), dict(more, __init__=prepare, __module__="tensorrt"))


class Logger(Guarded):
    """tensorrt.Logger: prints what is not below its level."""

    _kind, _prepared = "Logger", True

    def __init__(self, min_severity=None):
        self.min_severity = min_severity or self._content["Severity"].WARNING

    def log(self, severity, msg):
        if severity.value <= self.min_severity.value:
            letter = "FEWIV"[severity.value]
            print(time.strftime("[%m/%d/%Y-%H:%M:%S]"), "[TRT] [%s]" % letter, msg)


class Builder(Spoken):
    """tensorrt.Builder."""

    _kind = "Builder"
    platform_has_tf32 = property(lambda self: self._machine.capability >= (8, 0))
    platform_has_fast_fp16 = property(lambda self: self._machine.capability in ((5, 3), (6, 0), (
        6, 2)) or self._machine.capability >= (7, 0))
    platform_has_fast_int8 = property(lambda self: self._machine.capability >= (6, 1))
    max_threads = 1

    def __init__(self, logger):
        self._begin(logger)

    def create_network(self, flags=0):
        return self._content["INetworkDefinition"](flags)

    def create_builder_config(self):
        return self._content["IBuilderConfig"](self)

    def build_serialized_network(self, network, config):
        why = self._obstacle(network, config)
        if why:
            self._say("ERROR", why)
            self._say("ERROR", "2: [builder.cpp::buildSerializedNetwork::609] Error Code 2: "
                               "Internal Error (Assertion enginePtr != nullptr failed. )")
            return None
        self._time(network, config)
        machine = self._machine
        machine.counts["builds"] += 1
        machine.peak = max(machine.peak, machine.used + machine.building)
        half = "FP16" in config._flags
        plan = Plan(machine.tensorrt, machine.capability, half,
                    network._overflows(machine, config) if half else [], network._onnx)
        return self._content["IHostMemory"](plan.packed())

    def _obstacle(self, network, config):
        """Why the build fails, in the real one's words, or None."""
        machine, limit = self._machine, config._workspace
        if not network._layers:
            return ("4: [network.cpp::validate::2633] Error Code 4: Internal Error (Network must "
                    "have at least one output)")
        if machine.used + machine.building > machine.memory:
            return ("2: [virtualMemoryBuffer.cpp::resizePhysical::161] Error Code 2: OutOfMemory "
                    "(no further information)")
        for layer in network._layers:
            source = self._content["TacticSource"].__members__.get(
                machine.sources.get(layer._name))
            lacks = source and not config._sources >> int(source) & 1
            if lacks or machine.workspace.get(layer._name, 0) > limit:
                self._say("WARNING", "Skipping tactic 0 due to insuficient memory on requested "
                                     "size of %d detected for tactic 0." % limit)
                return ("10: [optimizer.cpp::computeCosts::2011] Error Code 10: Internal Error "
                        "(Could not find any implementation for node %s.)" % layer._name)
        return None

    def _time(self, network, config):
        """Time the tactics that the cache does not know."""
        cache = config._cache or self._content["ITimingCache"](self._machine)
        for layer in network._layers:
            key = "%s %s %s" % (layer._name, sorted(config._flags), config._sources)
            if key not in cache._known:
                self._machine.counts["timed"] += 1
                self._machine.spend(1.0)
                cache._known.add(key)


class IBuilderConfig(Guarded):
    """tensorrt.IBuilderConfig."""

    _kind = "IBuilderConfig"

    def __init__(self, builder):
        self._flags, self._cache, self._builder = set(), None, builder
        self._workspace = self._machine.memory
        tactics = self._content["TacticSource"]
        self._sources = sum(1 << int(one) for one in tactics)
        self.profiling_verbosity = next(iter(self._content["ProfilingVerbosity"]))

    @property
    def max_workspace_size(self):
        return self._workspace

    @max_workspace_size.setter
    def max_workspace_size(self, size):
        self._workspace = int(size)

    def set_memory_pool_limit(self, pool, pool_size):
        if pool.name == "WORKSPACE":
            self._workspace = int(pool_size)

    def get_memory_pool_limit(self, pool):
        return self._workspace

    def set_flag(self, flag):
        self._flags.add(flag.name)

    def clear_flag(self, flag):
        self._flags.discard(flag.name)

    def get_flag(self, flag):
        return flag.name in self._flags

    def set_tactic_sources(self, tactic_sources):
        self._sources = int(tactic_sources)
        return True

    def get_tactic_sources(self):
        return self._sources

    def create_timing_cache(self, serialized_timing_cache):
        return self._content["ITimingCache"](self._machine, bytes(serialized_timing_cache))

    def set_timing_cache(self, cache, ignore_mismatch):
        if not cache._fits and not ignore_mismatch:
            self._builder._say("WARNING", "Timing cache is of another device or version: unused")
            return False
        self._cache = cache
        return True

    def get_timing_cache(self):
        return self._cache


class ITimingCache(Guarded):
    """tensorrt.ITimingCache: which layers were timed, where, by which version."""

    _kind = "ITimingCache"

    def __init__(self, machine, content=b""):
        self._head = "timing %s %s" % (machine.tensorrt, machine.capability)
        head, *known = content.decode("utf-8", "replace").split("\n")
        self._fits = not content or head == self._head
        self._known = set(known) if self._fits else set()

    def serialize(self):
        return self._content["IHostMemory"]("\n".join([self._head] + sorted(self._known)).encode())

    def reset(self):
        self._known.clear()
        return True


class IHostMemory(bytes):
    """tensorrt.IHostMemory: a buffer and nothing else."""

    nbytes = property(lambda self: memoryview(self).nbytes)

    def __getattribute__(self, name):
        if not name.startswith("_") and name not in type(self)._known:
            raise AttributeError("'tensorrt.IHostMemory' object has no attribute '%s'" % name)
        return super().__getattribute__(name)

    def __len__(self):
        raise TypeError("object of type 'tensorrt.IHostMemory' has no len()")


class INetworkDefinition(Guarded):
    """tensorrt.INetworkDefinition; one node of the file is one layer, named as its node is."""

    _kind = "INetworkDefinition"
    num_layers = property(lambda self: len(self._layers))
    num_inputs = property(lambda self: len(self._inputs))
    num_outputs = property(lambda self: len(self._outputs))
    has_implicit_batch_dimension = property(lambda self: not self._explicit)
    name = ""

    def __init__(self, flags):
        new = int(self._machine.tensorrt.split(".")[0]) >= 10
        self._explicit, self._onnx = new or bool(flags & 1), b""
        self._layers, self._inputs, self._outputs = [], [], []

    def get_layer(self, index):
        return self._layers[index]

    def get_input(self, index):
        return self._inputs[index]

    def get_output(self, index):
        return self._outputs[index]

    def _fill(self, content):
        """Take the graph of an ONNX file."""
        session = runtime.session(content)
        tensors = {one.name: tuple(one.shape) for one in
                   session.get_inputs() + session.get_outputs()}
        made = {name: self._content["ITensor"](name, shape) for name, shape in tensors.items()}
        self._inputs = [made[one.name] for one in session.get_inputs()]
        self._outputs = [made[one.name] for one in session.get_outputs()]
        self._layers = [self._content["ILayer"](node) for node in onnx.nodes(content)]
        self._onnx = content

    def _overflows(self, machine, config):
        """Names of the layers that FP16 breaks and that are not kept in FP32."""
        obeyed = config._flags & {"OBEY_PRECISION_CONSTRAINTS", "PREFER_PRECISION_CONSTRAINTS",
                                  "STRICT_TYPES"}
        return sorted(layer._name for layer in self._layers if layer._name in machine.overflowing
                      and not (obeyed and layer._kept))


class ITensor(Guarded):
    """tensorrt.ITensor."""

    _kind = "ITensor"

    def __init__(self, name, shape=()):
        self.name, self.shape, self.dtype = name, shape, self._content["DataType"].FLOAT


class ILayer(Guarded):
    """tensorrt.ILayer: what it is, and the precision that it is asked to keep."""

    _kind = "ILayer"
    name = property(lambda self: self._name)
    type = property(lambda self: self._type)
    num_inputs = property(lambda self: len(self._node.inputs))
    num_outputs = property(lambda self: len(self._node.outputs))
    precision_is_set = property(lambda self: self._precision is not None)

    def __init__(self, node):
        kind = LAYERS.get(node.kind, "ELEMENTWISE")
        self._name, self._node, self._precision, self._types = node.name, node, None, {}
        self._type = self._content["LayerType"][kind]

    @property
    def precision(self):
        return self._precision or self._content["DataType"].FLOAT

    @precision.setter
    def precision(self, precision):
        if self._type.name in ("SHAPE", "CONSTANT"):
            raise AssertionError("the real builder fails when %s is asked for a precision"
                                 % self._name)
        self._precision = precision

    def get_output(self, index):
        return self._content["ITensor"](self._node.outputs[index])

    def get_input(self, index):
        return self._content["ITensor"](self._node.inputs[index])

    def set_output_type(self, index, dtype):
        self._types[index] = dtype

    def output_type_is_set(self, index):
        return index in self._types

    @property
    def _kept(self):
        """Whether it keeps FP32, inside and in what it gives."""
        float32 = self._content["DataType"].FLOAT
        return self._precision is float32 and all(
            self._types.get(n) is float32 for n in range(self.num_outputs))


class ParserError(Guarded):
    """tensorrt.ParserError: functions, as in the real one."""

    _kind = "ParserError"

    def __init__(self, code, desc, node, func="importFallbackPluginImporter"):
        self._code, self._desc, self._node, self._func = code, desc, node, func

    def code(self):
        return self._code

    def desc(self):
        return self._desc

    def node(self):
        return self._node

    def func(self):
        return self._func

    def file(self):
        return "builtin_op_importers.cpp"

    def line(self):
        return 4870

    def __str__(self):
        return "In node %d (%s): %s: %s" % (self._node, self._func, self._code.name, self._desc)


class OnnxParser(Spoken):
    """tensorrt.OnnxParser. Operators that are not known: the machine's `unsupported`."""

    _kind = "OnnxParser"
    num_errors = property(lambda self: len(self._errors))

    def __init__(self, network, logger):
        self._hear(logger)
        self._network, self._errors = network, []

    def get_error(self, index):
        return self._errors[index]

    def clear_errors(self):
        self._errors = []

    def supports_operator(self, op_name):
        return op_name not in self._machine.unsupported

    def parse(self, model, path=None):
        content = bytes(model)
        if not self._network._explicit:
            return self._fails("INVALID_VALUE", "This version of the ONNX parser only supports "
                               "TensorRT INetworkDefinitions with an explicit batch dimension.")
        try:
            found = onnx.nodes(content)
        except (ValueError, KeyError):
            return self._fails("MODEL_DESERIALIZE_FAILED", "Failed to parse the ONNX model.")
        for number, node in enumerate(found):
            if node.kind in self._machine.unsupported:
                self._say("ERROR", 'While parsing node number %d [%s -> "%s"]:'
                          % (number, node.kind, node.outputs[0]))
                return self._fails("UNSUPPORTED_NODE", 'Assertion failed: creator && "Plugin not '
                                   'found, are the plugin name, version, and namespace correct?"',
                                   number)
        self._network._fill(content)
        return True

    def _fails(self, code, why, node=-1):
        self._errors.append(self._content["ParserError"](
            self._content["ErrorCode"][code], why, node))
        self._say("ERROR", "ModelImporter.cpp:779: ERROR: " + str(self._errors[-1]))
        return False
