"""pycuda.driver and libcuda on a played Machine."""
import contextlib
import ctypes
import types
import weakref

import numpy as np

from tests import tensorrt_names
from tests.fakes.tensorrt.guard import Guarded, Module, enumeration, of_version
from tests.fakes.tensorrt.machine import Context as Shared, CudaError, Hold, Refused
from tests.fakes.tensorrt.machine import Stream as Queue

ENUMERATIONS = {
    "event_flags": {"DEFAULT": 0, "BLOCKING_SYNC": 1, "DISABLE_TIMING": 2, "INTERPROCESS": 4},
    "ctx_flags": {"SCHED_AUTO": 0, "SCHED_SPIN": 1, "SCHED_YIELD": 2, "SCHED_BLOCKING_SYNC": 4,
                  "MAP_HOST": 8},
    "device_attribute": {"MULTIPROCESSOR_COUNT": 16, "INTEGRATED": 18, "CAN_MAP_HOST_MEMORY": 19,
                         "CLOCK_RATE": 13},
}
# The codes of CUDA for which pycuda has classes of their own; LogicError is for all others.
CLASSES = {2: "MemoryError", 100: "RuntimeError", 719: "LaunchError"}


def driver_module(machine):
    """(pycuda, pycuda.driver) for a machine."""
    names = tensorrt_names.read("pycuda.driver", machine.pycuda)
    errors = _errors()
    content = dict(errors, host_alloc_flags=_Flags, __all__=[])
    content.update((kind, enumeration(kind, values, names))
                   for kind, values in ENUMERATIONS.items())
    calls = _Calls(machine, _Turning(errors), names)
    content.update((name, getattr(calls, name)) for name in dir(calls) if name[0] != "_")
    package, driver = types.ModuleType("pycuda"), Module("pycuda.driver", names, **content)
    package.__path__, package.VERSION_TEXT, package.driver = [], machine.pycuda, driver
    return package, driver


def _errors():
    found = {"Error": type("Error", (Exception,), {"__module__": "pycuda._driver"})}
    for name in ("LogicError", "MemoryError", "RuntimeError", "LaunchError"):
        found[name] = type(name, (found["Error"],), {"__module__": "pycuda._driver"})
    return found


class _Turning:
    """Turns a failed call into pycuda's exception for it."""

    def __init__(self, errors):
        self._errors = errors

    @contextlib.contextmanager
    def __call__(self):
        try:
            yield
        except CudaError as why:
            raise self._errors[CLASSES.get(why.code, "LogicError")](str(why)) from why


class _Flags:
    PORTABLE, DEVICEMAP, WRITECOMBINED = 1, 2, 4


class _Calls:
    """The functions and classes of the module; each class is bound to the machine."""

    def __init__(self, machine, turning, names):
        self._machine, self._turning = machine, turning
        more = {"_machine": machine, "_turning": turning}
        for kind in (Device, Context, Stream, Event, DeviceAllocation):
            bound = of_version(kind, names, _classes=self, **more)
            setattr(self, kind.__name__, bound)
        self._pinned = type("PagelockedHostAllocation", (_HostAllocation,), more)

    def init(self):
        with self._turning():
            if not self._machine.gpu:
                raise CudaError("cuInit", 100, "no CUDA-capable device is detected")
            self._machine.counts["init"] += 1

    def get_version(self):
        return (self._machine.cuda // 1000, self._machine.cuda % 1000 // 10, 0)

    def get_driver_version(self):
        return self._machine.cuda

    def mem_get_info(self):
        with self._turning():
            self._machine.current("cuMemGetInfo")
            return self._machine.memory - self._machine.used, self._machine.memory

    def mem_alloc(self, bytes):
        with self._turning():
            self._machine.counts["mem_alloc"] += 1
            return self.DeviceAllocation(self._machine.take(int(bytes)))

    def pagelocked_empty(self, shape, dtype, order="C", mem_flags=0):
        dtype, shape = np.dtype(dtype), (shape,) if isinstance(shape, int) else tuple(shape)
        with self._turning():
            self._machine.counts["pagelocked"] += 1
            return self._pinned(int(np.prod(shape)) * dtype.itemsize, mem_flags).as_array(
                shape, dtype)

    def pagelocked_zeros(self, shape, dtype, order="C", mem_flags=0):
        array = self.pagelocked_empty(shape, dtype, order, mem_flags)
        array[...] = 0
        return array

    def memcpy_htod(self, dest, src):
        self._copy(dest, src, None, True)

    def memcpy_dtoh(self, dest, src):
        self._copy(src, dest, None, False)

    def memcpy_htod_async(self, dest, src, stream=None):
        self._copy(dest, src, stream, True)

    def memcpy_dtoh_async(self, dest, src, stream=None):
        self._copy(src, dest, stream, False)

    def _copy(self, device, host, stream, to_device):
        """One copy; the host's side of an asynchronous one must be pinned."""
        address, machine = _address(device), self._machine
        host = np.asarray(host).view(np.ndarray)
        if not host.flags.c_contiguous and not host.flags.f_contiguous:
            raise ValueError("ndarray is not contiguous")
        size, pinned = host.nbytes, _block_of(host)
        machine.bytes_at(address, size, "copy")

        def work():
            if pinned is not None and pinned.freed:
                raise Refused("copy: the pinned memory was freed before it was done")
            there = machine.bytes_at(address, size, "copy")
            here = host.reshape(-1).view(np.uint8)
            there[:], here[:] = (here, here) if to_device else (there, there)
        with self._turning():
            machine.current("cuMemcpy")
            machine.counts["htod" if to_device else "dtoh"] += 1
            if stream is None:
                for queue in list(machine.streams.values()):
                    queue.finish()
                work()
                return
            queue = stream._ready("cuMemcpyAsync")
            if pinned is None and queue.captured is not None:
                queue.put(work, capturable=False)
            queue.put(work)
            if pinned is None:          # pageable memory: the real call waits too
                queue.finish()


def _address(device):
    """The number of what pycuda takes for a device pointer."""
    if not hasattr(device, "__index__"):
        raise TypeError("No registered converter was able to produce a C++ rvalue of type "
                        "unsigned long long from this Python object of type %s"
                        % type(device).__name__)
    return int(device)


def _block_of(array):
    """The pinned Block that an array lies in, or None."""
    while array is not None:
        if isinstance(array, _HostAllocation):
            return array._block
        array = getattr(array, "base", None) if not isinstance(array, memoryview) else array.obj
    return None


class _HostAllocation(bytearray):
    """Pinned memory; it goes with the last array that lies in it."""

    def __init__(self, size, flags):
        super().__init__(size)
        self._flags = flags
        place = ctypes.addressof((ctypes.c_uint8 * size).from_buffer(self))
        bare = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(place))
        self._block = self._machine.take(size, "cuMemHostAlloc", bare, True)
        weakref.finalize(self, self._block.drop)

    def as_array(self, shape, dtype):
        """What pagelocked_empty gives."""
        array = np.ndarray.__new__(Pinned, shape, dtype, buffer=self)
        array._counts = self._machine.counts
        return array

    def get_device_pointer(self):
        """Its address for the GPU, where it was asked for."""
        with self._turning():
            if not self._flags & _Flags.DEVICEMAP:
                raise CudaError("cuMemHostGetDevicePointer", 1, "invalid argument")
        return self._block.address

    def free(self):
        """Give it back at once."""
        self._block.free()


class Pinned(np.ndarray):
    """An array in pinned memory. Reading one is counted: it is uncached on the Nano."""

    def __array_finalize__(self, source):
        self._counts = getattr(source, "_counts", None)

    def __array_ufunc__(self, ufunc, method, *inputs, **more):
        self._read(*inputs)
        if "out" in more:
            more["out"] = tuple(_bare(one) for one in more["out"])
        return getattr(ufunc, method)(*[_bare(one) for one in inputs], **more)

    def __array_function__(self, function, types, arguments, more):
        self._read(*(arguments[1:] if function is np.copyto else arguments))
        return function(*[_bare(one) for one in arguments],
                        **{key: _bare(value) for key, value in more.items()})

    def _read(self, *arguments):
        if self._counts is not None:
            self._counts["pinned reads"] += sum(isinstance(one, Pinned) for one in arguments)


def _bare(value):
    return value.view(np.ndarray) if isinstance(value, Pinned) else value


class Device(Guarded):
    """pycuda.driver.Device."""

    _kind = "Device"

    def __init__(self, number):
        with self._turning():
            if not self._machine.counts["init"]:
                raise CudaError("cuDeviceGet", 3, "initialization error")
            if number:
                raise CudaError("cuDeviceGet", 101, "invalid device ordinal")

    def name(self):
        return self._machine.name

    def compute_capability(self):
        return self._machine.capability

    def total_memory(self):
        return self._machine.memory

    def get_attribute(self, attribute):
        return {"MULTIPROCESSOR_COUNT": 1, "INTEGRATED": 1, "CAN_MAP_HOST_MEMORY": 1,
                "CLOCK_RATE": 921600}[attribute.name]

    def make_context(self, flags=0):
        context = self._classes.Context(Shared(self._machine))
        self._machine.contexts.append(context._hold)
        return context

    def retain_primary_context(self):
        with self._turning():
            return self._classes.Context(self._machine.primary)


class Context(Guarded):
    """pycuda.driver.Context: a user of a context, which is current where it was pushed."""

    _kind = "Context"

    def __init__(self, shared):
        self._hold = Hold(shared)

    def push(self):
        with self._turning():
            self._hold.shared.alive("cuCtxPushCurrent")
            self._machine.contexts.append(self._hold)

    @classmethod
    def pop(cls):
        with cls._turning():
            if not cls._machine.contexts:
                raise CudaError("context::pop", 201,
                                "invalid device context - cannot pop non-current context")
            cls._machine.contexts.pop()

    @classmethod
    def synchronize(cls):
        with cls._turning():
            here = cls._machine.current("cuCtxSynchronize")
            for queue in list(cls._machine.streams.values()):
                if queue.context is here:
                    queue.finish()

    @classmethod
    def get_device(cls):
        return cls._classes.Device(0)

    def detach(self):
        with self._turning():
            if not self._hold.valid:
                raise CudaError("context::detach", 201,
                                "invalid device context - cannot detach from invalid context")
            self._hold.release()

    def __del__(self):      # pycuda 2020.1 then calls cuCtxDetach, which is not for primary ones
        if self._hold.valid:
            self._machine.log.append("a primary context was not detached")


class Stream(Guarded):
    """pycuda.driver.Stream; flags: 1 for one that does not wait for the default stream."""

    _kind = "Stream"

    def __init__(self, flags=0):
        with self._turning():
            self._queue = Queue(self._machine, 0x5500000000 + 256 * len(self._machine.streams))

    @property
    def handle(self):
        return self._queue.handle

    def _ready(self, routine):
        """Its queue, in the context that it was made in."""
        if self._machine.current(routine) is not self._queue.context:
            raise CudaError(routine, 400, "invalid resource handle")
        return self._queue

    def synchronize(self):
        with self._turning():
            self._machine.counts["waits"] += 1
            self._ready("cuStreamSynchronize").finish()

    def is_done(self):
        with self._turning():
            return self._ready("cuStreamQuery").idle


class Event(Guarded):
    """pycuda.driver.Event. A wait for one does what its stream had to do before it."""

    _kind = "Event"

    def __init__(self, flags=0):
        with self._turning():
            self._machine.current("cuEventCreate")
        self._stream, self._at, self._timed = None, None, not int(flags) & 2

    def record(self, stream=None):
        with self._turning():
            self._stream = stream
            stream._ready("cuEventRecord").put(self._mark)
        return self

    def _mark(self):
        self._at = self._machine.clock()

    def synchronize(self):
        with self._turning():
            self._machine.counts["waits"] += 1
            self._stream._ready("cuEventSynchronize").finish()
        return self

    def query(self):
        return self._stream._queue.idle

    def time_since(self, event):
        return (self._passed() - event._passed()) * 1e3

    def time_till(self, event):
        return event.time_since(self)

    def _passed(self):
        with self._turning():
            if not self._timed:
                raise CudaError("cuEventElapsedTime", 400, "invalid resource handle")
            if self._at is None:
                raise CudaError("cuEventElapsedTime", 600, "device not ready")
        return self._at


class DeviceAllocation(Guarded):
    """Device memory; it goes with this object."""

    _kind = "DeviceAllocation"

    def __init__(self, block):
        self._block = block
        weakref.finalize(self, block.drop)

    def __int__(self):
        return self._block.address

    __index__ = __int__

    def free(self):
        with self._turning():
            if self._block.freed:
                raise CudaError("device_allocation::free", 400, "invalid resource handle")
            self._block.free()


class libcuda:
    """What ctypes.CDLL("libcuda.so.1") gives: the symbols that the driver's version has."""

    def __init__(self, machine):
        if not machine.driver:
            raise OSError("libcuda.so.1: cannot open shared object file: No such file or "
                          "directory")
        self._symbols = tensorrt_names.symbols(machine.cuda)
        self._graphs = _Graphs(machine)

    def __getattr__(self, name):
        if name not in self._symbols:
            raise AttributeError("libcuda.so.1: undefined symbol: " + name)
        function = _Function(name, getattr(self._graphs, name.replace("_v2", "")))
        setattr(self, name, function)
        return function


class _Function:
    """A symbol of ctypes. Without argtypes a number is passed as a C int: no address fits."""

    def __init__(self, name, function):
        self._name, self._function = name, function
        self.argtypes, self.restype = None, ctypes.c_int

    def __call__(self, *arguments):
        for number, one in enumerate(arguments):
            if self.argtypes is None and isinstance(one, int) and abs(one) >= 1 << 31:
                raise Refused("%s: argument %d is cut to 32 bits: it has no argtypes"
                              % (self._name, number))
        if self.argtypes is not None and len(self.argtypes) != len(arguments):
            raise TypeError("this function takes %d arguments" % len(self.argtypes))
        return self._function(*[getattr(one, "value", one) for one in arguments])


class _Graphs:
    """Stream capture and graphs, as far as TensorRT's own samples use them."""

    def __init__(self, machine):
        self._machine, self._graphs, self._ready, self._next = machine, {}, {}, 0x6600000000

    def cuStreamBeginCapture(self, stream, mode=0):
        queue = self._machine.streams.get(stream)
        if queue is None:
            return 400
        if queue.captured is not None or not queue.idle:
            return 1
        queue.captured, queue.broken = [], False
        return 0

    def cuStreamEndCapture(self, stream, graph):
        queue = self._machine.streams.get(stream)
        if queue is None or queue.captured is None:
            return 1
        captured, queue.captured = queue.captured, None
        graph._obj.value = None if queue.broken else self._keep(self._graphs, captured)
        return 901 if queue.broken else 0

    def cuGraphInstantiate(self, ready, graph, node, log, size):
        if graph not in self._graphs:
            return 1
        ready._obj.value = self._keep(self._ready, list(self._graphs[graph]))
        return 0

    def cuGraphLaunch(self, ready, stream):
        queue, works = self._machine.streams.get(stream), self._ready.get(ready)
        if queue is None or works is None or not self._machine.contexts:
            return 400
        if self._machine.graph_fails:
            return 999
        self._machine.counts["graphs"] += 1
        self._machine.spend(self._machine.graph_s)

        def replay():
            self._machine.replaying = True
            for work in () if self._machine.graph_idle else works:
                work()
            self._machine.replaying = False
        queue.put(replay)
        return 0

    def cuGraphDestroy(self, graph):
        return 0 if self._graphs.pop(graph, None) is not None else 1

    def cuGraphExecDestroy(self, ready):
        self._machine.log.append("graph")
        return 0 if self._ready.pop(ready, None) is not None else 1

    def cuDriverGetVersion(self, version):
        version._obj.value = self._machine.cuda
        return 0

    def _keep(self, where, works):
        self._next += 64
        where[self._next] = works
        return self._next
