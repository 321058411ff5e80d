"""tensorrt on a played Machine: runtime, engine and execution context."""
import json
import weakref

import numpy as np

from tests.fakes.tensorrt import onnx
from tests.fakes.tensorrt.guard import Guarded, Spoken
from tests.fakes.tensorrt.machine import CudaError, Refused
from tests.fakes.tensorrt.plan import Plan

SCRATCH = 1 << 20               # bytes that a context takes for what lies between the layers


def session(content):
    """An ONNX Runtime session like that of the backend: one thread, the same outputs."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


class Told(Spoken):
    """Something that tells its runtime's logger what goes wrong."""

    def _fails(self, words, answer=None):
        self._logger = self._runtime._logger
        self._say("ERROR", words)
        return answer


class Runtime(Told):
    """tensorrt.Runtime."""

    _kind = "Runtime"
    _runtime = property(lambda self: self)
    max_threads = 1

    def __init__(self, logger):
        self._begin(logger)
        weakref.finalize(self, self._machine.log.append, "runtime")

    def deserialize_cuda_engine(self, serialized_engine):
        try:
            plan = Plan.unpacked(bytes(serialized_engine))
        except ValueError as why:
            return self._unread("1: [stdArchiveReader.cpp::StdArchiveReader::29] Error Code 1: "
                                "Serialization (Serialization assertion %s)" % why)
        if plan.version != self._machine.tensorrt:
            return self._unread("1: [stdArchiveReader.cpp::StdArchiveReader::35] Error Code 1: "
                                "Serialization (Serialization assertion stdVersionRead == "
                                "serializationVersion failed.Version tag does not match. Note: "
                                "Current Version: 205, Serialized Engine Version: 213)")
        if plan.capability != self._machine.capability:
            return self._unread("6: The engine plan file is generated on an incompatible device, "
                                "expecting compute %d.%d got compute %d.%d, please rebuild."
                                % (self._machine.capability + plan.capability))
        return self._content["ICudaEngine"](self, plan)

    def _unread(self, words):
        self._fails(words)
        return self._fails("4: [runtime.cpp::deserializeCudaEngine::50] Error Code 4: Internal "
                           "Error (Engine deserialization failed.)")


class ICudaEngine(Told):
    """tensorrt.ICudaEngine: bindings before 10, named tensors since 8.5."""

    _kind = "ICudaEngine"
    num_bindings = num_io_tensors = property(lambda self: len(self._tensors))
    num_layers = property(lambda self: len(self._layers))
    name, refittable, has_implicit_batch_dimension = "", False, False
    max_batch_size = num_optimization_profiles = 1
    device_memory_size = SCRATCH

    def __init__(self, runtime, plan):
        self._runtime, self._plan = runtime, plan
        self._session = session(plan.onnx)
        self._layers = [node.name for node in onnx.nodes(plan.onnx) if node.kind != "Constant"]
        self._inputs = [one.name for one in self._session.get_inputs()]
        self._tensors = [(one.name, tuple(one.shape)) for one in
                         self._session.get_inputs() + self._session.get_outputs()]
        weakref.finalize(self, self._machine.log.append, "engine")

    def __len__(self):
        if "num_bindings" not in self._names["ICudaEngine"]:
            raise TypeError("object of type 'tensorrt.ICudaEngine' has no len()")
        return len(self._tensors)

    def __getitem__(self, index):
        return self._tensors[index][0]

    def get_binding_name(self, index):
        return self._tensors[index][0]

    def get_binding_index(self, name):
        return self._number(name)

    def get_binding_shape(self, index):
        return self._tensor(index)[1]

    def get_binding_dtype(self, index):
        return self._content["DataType"].FLOAT

    def binding_is_input(self, index):
        return self._tensor(index)[0] in self._inputs

    get_tensor_name = get_binding_name

    def get_tensor_shape(self, name):
        return self._tensor(name)[1]

    def get_tensor_dtype(self, name):
        return self._content["DataType"].FLOAT

    def get_tensor_location(self, name):
        return self._content["TensorLocation"].DEVICE

    def get_tensor_mode(self, name):
        mode = self._content["TensorIOMode"]
        return mode.INPUT if name in self._inputs else mode.OUTPUT

    def _tensor(self, which):
        which = self._number(which) if isinstance(which, str) else which
        if not 0 <= which < len(self._tensors):
            raise Refused("no tensor %r" % which)
        return self._tensors[which]

    def _number(self, name):
        names = [one for one, _ in self._tensors]
        return names.index(name) if name in names else -1

    def serialize(self):
        return self._content["IHostMemory"](self._plan.packed())

    def create_engine_inspector(self):
        return self._content["EngineInspector"](self)

    def create_execution_context(self):
        try:
            scratch = self._machine.take(SCRATCH, "cudaMalloc")
        except CudaError as why:
            return self._fails("1: [defaultAllocator.cpp::allocate::20] Error Code 1: Cuda "
                               "Runtime (%s)" % why)
        return self._content["IExecutionContext"](self, scratch)


class EngineInspector(Guarded):
    """tensorrt.EngineInspector."""

    _kind = "EngineInspector"
    execution_context = None

    def __init__(self, engine):
        self._engine = engine

    def get_engine_information(self, format):
        return json.dumps({"Layers": self._engine._layers, "Bindings": [
            name for name, _ in self._engine._tensors]})

    def get_layer_information(self, layer_index, format):
        return json.dumps(self._engine._layers[layer_index])


class IExecutionContext(Told):
    """tensorrt.IExecutionContext: enqueues; the work is done when somebody waits for it."""

    _kind = "IExecutionContext"
    engine = property(lambda self: self._engine)
    name = ""

    def __init__(self, engine, scratch):
        self._engine, self._runtime, self._scratch = engine, engine._runtime, scratch
        self._addresses, self._warm = {}, False
        self._home = self._machine.current("cudaMalloc")
        weakref.finalize(self, _released, self._machine, scratch)

    def set_tensor_address(self, name, memory):
        if name not in dict(self._engine._tensors):
            return self._fails("3: Error Code 3: API Usage Error (Parameter check failed: no "
                               "tensor " + name + ")", False)
        self._addresses[name] = int(memory)
        return True

    def get_tensor_address(self, name):
        return self._addresses.get(name, 0)

    def get_tensor_shape(self, name):
        return self._engine._tensor(name)[1]

    def execute_async_v2(self, bindings, stream_handle, input_consumed=None):
        if len(bindings) != len(self._engine._tensors):
            raise Refused("execute_async_v2: %d bindings, the engine has %d"
                          % (len(bindings), len(self._engine._tensors)))
        return self._enqueue([_pointer(one) for one in bindings], stream_handle)

    def execute_async_v3(self, stream_handle):
        return self._enqueue([self._addresses.get(name, 0) for name, _ in self._engine._tensors],
                             stream_handle)

    def _enqueue(self, addresses, handle):
        machine, queue = self._machine, self._machine.streams.get(handle)
        for (name, _), address in zip(self._engine._tensors, addresses):
            if not address:
                return self._fails("3: [executionContext.cpp::enqueueInternal] Error Code 3: API "
                                   "Usage Error (Parameter check failed: neither address nor "
                                   "allocator is set for %s)" % name, False)
        if queue is None or not machine.contexts or (
                machine.contexts[-1].shared is not self._home):
            return self._fails("1: [reformat.cu] Error Code 1: Cuda Runtime (invalid resource "
                               "handle)", False)
        if self._scratch.context.gone or self._scratch.freed:
            raise Refused("enqueue: the context of CUDA is gone")
        tensors = [(name, shape, address) for (name, shape), address
                   in zip(self._engine._tensors, addresses)]
        for name, shape, address in tensors:
            machine.block(address, 4 * int(np.prod(shape)), "tensor " + name)
        return self._put(queue, tensors)

    def _put(self, queue, tensors):
        machine, first = self._machine, not self._warm
        machine.counts["enqueues"] += 1
        machine.spend(machine.launch_s * len(self._engine._layers))
        failed, machine.left_behind = machine.left_behind, None
        try:
            if failed:
                raise failed
            queue.put(lambda: self._run(tensors), capturable=not first)
        except CudaError as why:
            machine.left_behind = None if failed else why
            return self._fails("1: [genericReformat.cuh] Error Code 1: Cuda Runtime (%s)" % why,
                               False)
        self._warm = True
        return True

    def _run(self, tensors):
        """Do the work: read, infer, write."""
        plan, machine = self._engine._plan, self._machine
        values = {name: (_at(machine, address, shape, name), name in self._engine._inputs)
                  for name, shape, address in tensors}
        fed = {name: value.copy() for name, (value, given) in values.items() if given}
        names = [name for name, (_, given) in values.items() if not given]
        for name, answer in zip(names, self._engine._session.run(names, fed)):
            values[name][0][...] = _erring(answer, plan, machine)


def _released(machine, scratch):
    scratch.free()
    machine.log.append("context")


def _pointer(one):
    if isinstance(one, bool) or not isinstance(one, int):
        raise TypeError("execute_async_v2(): incompatible function arguments: bindings are "
                        "List[int], one is %s" % type(one).__name__)
    return one


def _at(machine, address, shape, name):
    there = machine.bytes_at(address, 4 * int(np.prod(shape)), "tensor " + name)
    return there.view(np.float32).reshape(shape)


def _erring(answer, plan, machine):
    """An output with the errors that the machine was told to make."""
    if plan.broken:
        return np.full_like(answer, np.nan)
    if plan.half and machine.coarse:
        answer = answer + np.float32(machine.coarse) * np.abs(answer).max()
    if machine.graph_wrong and machine.replaying:
        answer = answer + 1
    return answer
