"""The first GPU of NVIDIA in this machine: its context, memory on both sides, waiting, graphs.

Everything that runs on it, whichever library enqueues it, shares its primary context: one more
would cost 200 MB on a Nano. A context is current in a thread only inside `with gpu:`, for pycuda
ends a program whose thread leaves one behind.
"""
import collections
import ctypes
import functools
import threading
import weakref

import numpy as np

from appliance.errors import PartMissing

ELSE = "or set name = onnxruntime in [backend]"
ALIGNED = 64            # floats: 256 bytes, where TensorRT wants its tensors to begin
NON_BLOCKING = 1        # CU_STREAM_NON_BLOCKING: waits for no work but its own
THREAD_LOCAL = 1        # CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: other threads may do what they like
# Graphs are younger than any pycuda that runs on Python 3.6, so libcuda is called by ctypes; the
# arguments are those of CUDA 10.1 and later.
GRAPHS = {
    "cuStreamBeginCapture_v2": (ctypes.c_void_p, ctypes.c_int),
    "cuStreamEndCapture": (ctypes.c_void_p, ctypes.c_void_p),
    "cuGraphInstantiate": (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p,
                           ctypes.c_size_t),
    "cuGraphLaunch": (ctypes.c_void_p, ctypes.c_void_p),
    "cuGraphDestroy": (ctypes.c_void_p,),
    "cuGraphExecDestroy": (ctypes.c_void_p,),
}


def gpu():
    """The Gpu of this process; PartMissing where there is none, or no way to it."""
    try:
        from pycuda import driver
    except ImportError as why:
        if "libcuda" in str(why):
            raise PartMissing("GPU", str(why), "install NVIDIA's driver, " + ELSE) from why
        raise PartMissing("pycuda", str(why), "kagami-engines builds it, " + ELSE) from why
    return _gpu(driver)


@functools.lru_cache(maxsize=1)
def _gpu(driver):
    """Kept while the program runs: making a context takes a second on a Nano."""
    return Gpu(driver)


class Gpu:
    """driver: pycuda's module. name: "NVIDIA Tegra X1". kind: "sm53". taken: what of engines
    TensorRT has taken here (tensorrt.Runtime). `with gpu:` makes its context current in this
    thread; a failed call of the driver ends such a block in PartMissing, one line."""

    def __init__(self, driver):
        self.driver, self._threads, self.taken = driver, threading.local(), set()
        try:
            driver.init()
            self._device = driver.Device(0)
            self._hold()
        except AttributeError as why:
            raise PartMissing("pycuda", "older than 2020.1", "take 2020.1, " + ELSE) from why
        except driver.Error as why:
            raise PartMissing("GPU", _line(why), "look whether its driver is loaded and this user "
                              "in the group video, " + ELSE) from why
        self.name = self._device.name()
        self.kind = "sm%d%d" % self._device.compute_capability()

    def _hold(self):
        """This thread's hold on the primary context: what it allocates, only it can give back."""
        if not hasattr(self._threads, "hold"):
            self._threads.hold = Hold(self._device)
        return self._threads.hold.context

    def __enter__(self):
        self._hold().push()
        return self

    def __exit__(self, kind, error, trace):
        self.driver.Context.pop()
        if isinstance(error, self.driver.MemoryError):
            raise no_memory(_line(error)) from error
        if isinstance(error, self.driver.Error):
            raise PartMissing("GPU", _line(error), "start Kagami again, " + ELSE) from error

    def free_memory(self):
        """Bytes that are free now; on a Nano they are the whole system's."""
        with self:
            return self.driver.mem_get_info()[0]


class Hold:
    """A thread's hold on the primary context, until the thread ends, or the program. pycuda needs
    to be told: else it gives the context back as if it were one of its own."""

    def __init__(self, device):
        self.context = device.retain_primary_context()
        weakref.finalize(self, self.context.detach)


def no_memory(why):
    """What to raise where the GPU's memory does not suffice."""
    return PartMissing("memory of the GPU", why, "end what else uses it, a desktop or a browser, "
                       + ELSE)


def _line(error):
    return " ".join(str(error).split())[:160]


class Staging:
    """Float tensors, on the device and in pinned memory of the host, each side one block so that
    one copy moves them all. Made inside `with gpu:`.

    block: the pinned side, flat; on a Nano writing there is quick, reading slow. arrays: ordered
    {name: array} in it. addresses: {name: number} on the device. mapped: the GPU reads the pinned
    memory itself, and nothing is copied.
    """

    def __init__(self, gpu, shapes, mapped=False):
        self._driver, self._places, end = gpu.driver, collections.OrderedDict(), 0
        for name, shape in shapes.items():
            size = int(np.prod(shape))
            self._places[name] = slice(end, end + size), shape
            end += -(-size // ALIGNED) * ALIGNED
        flags = gpu.driver.host_alloc_flags.DEVICEMAP if mapped else 0
        self.block = gpu.driver.pagelocked_empty(end, np.float32, mem_flags=flags)
        self.block.fill(0.0)
        self._device = None if mapped else gpu.driver.mem_alloc(4 * end)
        start = self.block.base.get_device_pointer() if mapped else int(self._device)
        self.addresses = {name: start + 4 * place.start
                          for name, (place, _) in self._places.items()}
        self.arrays = self.like(self.block)

    def like(self, block):
        """Ordered {name: array} in another flat array of the block's size."""
        return collections.OrderedDict((name, block[place].reshape(shape))
                                       for name, (place, shape) in self._places.items())

    def to_device(self, stream):
        """Enqueue the copy of all tensors to the GPU."""
        if self._device is not None:
            self._driver.memcpy_htod_async(self._device, self.block, stream)

    def to_host(self, stream):
        """Enqueue the copy of all tensors from the GPU."""
        self._driver.memcpy_dtoh_async(self.block, self._device, stream)


class Line:
    """A stream with a wait that lets the processor sleep; the usual wait spins on a core that
    others need. Made inside `with gpu:`."""

    def __init__(self, gpu):
        flags = gpu.driver.event_flags
        self.stream = gpu.driver.Stream(NON_BLOCKING)
        self._end = gpu.driver.Event(int(flags.BLOCKING_SYNC) | int(flags.DISABLE_TIMING))

    def wait(self):
        """Return when everything that was enqueued is done."""
        self._end.record(self.stream)
        self._end.synchronize()

    def capture(self, gpu, work):
        """Graph of what work() enqueues (it says whether that went well), None where this driver
        or this work cannot be captured. Nothing of it is done yet."""
        library = _libcuda()
        if library is None or library.cuStreamBeginCapture_v2(self.stream.handle, THREAD_LOCAL):
            return None
        try:
            well = work()
        except gpu.driver.Error:
            well = False
        graph, ready = ctypes.c_void_p(), ctypes.c_void_p()
        well = library.cuStreamEndCapture(self.stream.handle, ctypes.byref(graph)) == 0 and well
        if graph:
            well = well and library.cuGraphInstantiate(ctypes.byref(ready), graph, None, None,
                                                       0) == 0
            library.cuGraphDestroy(graph)
        return Graph(library, ready, self.stream.handle) if well else None


class Graph:
    """Enqueued work that one call enqueues again."""

    def __init__(self, library, ready, stream):
        self._library, self._ready, self._stream = library, ready, stream

    def launch(self):
        """Enqueue it; False where the driver refuses."""
        return self._library.cuGraphLaunch(self._ready, self._stream) == 0

    def close(self):
        """Give it back."""
        self._library.cuGraphExecDestroy(self._ready)


def _libcuda():
    """libcuda with the functions of GRAPHS, None where it has not all of them."""
    try:
        library = ctypes.CDLL("libcuda.so.1")
        for name, arguments in GRAPHS.items():
            getattr(library, name).argtypes = arguments
    except (OSError, AttributeError):
        return None
    return library
