"""The played GPU: its memory, contexts, streams and clock."""
import bisect
import collections
import threading
import weakref

import numpy as np


class Refused(AssertionError):
    """What the real library would answer with a crash, or with wrong numbers."""


class CudaError(Exception):
    """A failed call of the driver; the fakes of pycuda and TensorRT turn it into theirs."""

    def __init__(self, routine, code, words):
        super().__init__("%s failed: %s" % (routine, words))
        self.code = code


class Machine:
    """See the package. `tensorrt`, `pycuda`: versions, None where the library is missing;
    cuda: what the driver knows, 10020 for 10.2."""

    def __init__(self, tensorrt="8.2.1.8", pycuda="2020.1", capability=(5, 3), cuda=10020,
                 name="NVIDIA Tegra X1", memory=4 << 30, driver=True, gpu=True):
        self.tensorrt, self.pycuda, self.cuda = tensorrt, pycuda, cuda
        self.capability, self.name, self.memory = tuple(capability), name, memory
        self.driver, self.gpu = driver, gpu
        self.unsupported, self.workspace, self.sources = set(), {}, {}
        self.building, self.overflowing, self.coarse = 0, set(), 0.0
        self.capturable, self.failing = True, False
        self.graph_wrong = self.graph_idle = self.graph_fails = False
        self.launch_s, self.graph_s = 40e-6, 100e-6
        self.used, self.peak, self.replaying = 0, 0, False
        self.listening = weakref.WeakSet()      # builders and runtimes that live
        self.left_behind = None         # an error of CUDA's runtime that the next call is told
        self.log, self.counts, self.streams = [], collections.Counter(), {}
        self.primary = Context(self)
        self._now, self._bases, self._blocks = 0.0, [], {}
        self._thread, self._stacks, self._next = threading.local(), [], 0x7f0000000000
        self._lock = threading.RLock()

    @property
    def contexts(self):
        """What this thread has pushed, Holds, the current one last."""
        if not hasattr(self._thread, "stack"):
            self._thread.stack = []
            self._stacks.append(self._thread.stack)
        return self._thread.stack

    def clock(self):
        """Seconds of work done, for tests that put it in the place of time.perf_counter."""
        return self._now

    def spend(self, seconds):
        """Let time pass."""
        self._now += seconds

    def current(self, routine):
        """The thread's current context; CudaError where there is none."""
        if not self.contexts:
            raise CudaError(routine, 201, "invalid device context - no currently active context?")
        return self.contexts[-1].shared.alive(routine)

    def take(self, size, routine="cuMemAlloc", array=None, pinned=False):
        """A Block of memory, in the current context; CudaError where there is not so much."""
        context = self.current(routine)
        if size <= 0:
            raise CudaError(routine, 1, "invalid argument")
        if self.used + size > self.memory:
            raise CudaError(routine, 2, "out of memory")
        with self._lock:
            block = Block(self, context, self._next, size, array, pinned)
            block.hold = self.contexts[-1]
            self._next += (size + 511) // 256 * 256     # with a gap: no run into the next one
            bisect.insort(self._bases, block.address)
            self._blocks[block.address] = block
            self.used += size
            self.peak = max(self.peak, self.used)
        return block

    def block(self, address, size, what):
        """The live Block that holds `size` bytes at an address; Refused where none does."""
        place = bisect.bisect_right(self._bases, address) - 1
        block = self._blocks[self._bases[place]] if place >= 0 else None
        if block is None or address >= block.address + block.size:
            raise Refused("%s: no memory was ever allocated at %#x" % (what, address))
        if block.freed or block.context.gone:
            raise Refused("%s: the memory at %#x was freed" % (what, address))
        if address + size > block.address + block.size:
            raise Refused("%s: %d bytes at %#x, %d are allocated" % (
                what, size, address, block.address + block.size - address))
        return block

    def bytes_at(self, address, size, what):
        """The bytes at a device address, as a writable array."""
        block = self.block(address, size, what)
        start = address - block.address
        return block.array[start:start + size]

    def leave(self):
        """End of the machine; Refused where a thread has left a context pushed."""
        if any(self._stacks):
            raise Refused("a context was left pushed: pycuda aborts the program at its end")
        if "a primary context was not detached" in self.log:
            raise Refused("a primary context was not detached: pycuda complains of that")


class Block:
    """Device memory, or pinned memory of the host with its address on the device."""

    def __init__(self, machine, context, address, size, array, pinned):
        self.machine, self.context, self.address, self.size = machine, context, address, size
        self.array = np.zeros(size, np.uint8) if array is None else array
        self.pinned, self.freed = pinned, False
        if array is None:
            self.array[:] = 0xA5        # what was never written is no zero

    def free(self):
        """Give it back; its address stays known as freed."""
        if not self.freed:
            self.freed = True
            self.machine.used -= self.size


    def drop(self):
        """What pycuda does with memory that nobody refers to any more: in a thread that cannot
        make its context current it is lost."""
        hold = self.hold
        if self.machine.contexts or hold.valid and hold.thread == threading.get_ident():
            self.free()


class Hold:
    """One thread's way to a context, as an object of pycuda.driver.Context is."""

    def __init__(self, shared):
        self.shared, self.valid, self.thread = shared.retain(), True, threading.get_ident()

    def release(self):
        """Give it back; it is of no use any more."""
        self.valid = False
        self.shared.release()


class Context:
    """A CUDA context: the primary one, or one of its own."""

    def __init__(self, machine):
        self._machine, self.users, self.gone = machine, 0, False

    def alive(self, routine):
        """Itself; CudaError once it was given back by all its users."""
        if self.gone:
            raise CudaError(routine, 709, "context is destroyed")
        return self

    def retain(self):
        """One more user."""
        self.users, self.gone = self.users + 1, False
        return self

    def release(self):
        """One user less; with the last one all its memory goes."""
        self.users -= 1
        if self.users <= 0:
            self.gone = True
            self._machine.log.append("cuda context")


class Stream:
    """What waits to be done, or is being captured."""

    def __init__(self, machine, handle):
        self.machine, self.handle = machine, handle
        self.context = machine.current("cuStreamCreate")
        self._waiting, self.captured, self.broken = [], None, False
        machine.streams[handle] = self

    def put(self, work, capturable=True):
        """Enqueue a function, or add it to the graph that is being captured."""
        if self.captured is None:
            self._waiting.append(work)
        elif capturable and self.machine.capturable:
            self.captured.append(work)
        else:
            self.broken = True
            raise CudaError("capture", 900, "operation not permitted when stream is capturing")

    def finish(self):
        """Do everything that waits, as a wait for the stream does."""
        if self.captured is not None:
            self.broken = True
            raise CudaError("cuStreamSynchronize", 900,
                            "operation not permitted when stream is capturing")
        if self.machine.failing:
            raise CudaError("cuStreamSynchronize", 719, "unspecified launch failure")
        waiting, self._waiting = self._waiting, []
        for work in waiting:
            work()

    @property
    def idle(self):
        """Whether nothing waits."""
        return not self._waiting
