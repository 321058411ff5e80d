"""Engine files in, engines out: TensorRT 8.0 to 10 on a GPU of NVIDIA.

To run TensorRT's bytes that lie in no file yet:

    runtime = Runtime(library(), cuda.gpu())
    engine = Engine(runtime, network, content)
"""
import collections
import functools
import logging
import re
import weakref
from time import perf_counter

import numpy as np

from appliance import quality
from appliance.backends import cuda, manifest
from appliance.errors import DataError, PartMissing

OLDEST = (8, 0)
WARMING = 5     # inferences until the clocks are up and all is loaded: 299, 112, 95, 78 ms
TRIES = 20      # of launches and of replays, taking turns, to see which is faster
PLACE = re.compile(r"^\d+: (\[[^]]*\] )?(Error Code \d+: )?")    # in TensorRT's own sources
log = logging.getLogger("kagami.backend")


class TensorRT:
    """Backend: runs the engine files that were built from the networks of a manifest.

    path: the manifest. folder: of the engine files. Making it ends in PartMissing where TensorRT,
    pycuda, the GPU or a good engine file, which TensorRT takes, is missing (quality.needed: of
    which networks).
    """

    def __init__(self, path=manifest.MANIFEST, folder=None):
        self._runtime = Runtime(library(), cuda.gpu())
        self.networks, self._path, self._folder = manifest.read(path), path, folder
        for name in quality.needed(self.networks):
            self._content(self.networks[name])

    def __str__(self):
        return "TensorRT %s on %s" % (self._runtime.trt.__version__, self._runtime.gpu.name)

    def load(self, name, faces=1, mapped=False):
        """Engine for the section `name` of the manifest, of so many faces at once; PartMissing
        where none was built. mapped: see Engine."""
        if name not in self.networks:
            raise DataError(self._path, "has no section [%s]" % name, manifest.FETCH)
        network = self.networks[name].of(faces)
        return Engine(self._runtime, network, self._content(network), mapped)

    def _content(self, network):
        from engines import workshop
        return workshop.content(network, self._runtime, self._folder)


class Engine:
    """One network, ready: inputs to write into, infer() to call, by the thread that made it.

    content: TensorRT's bytes, built on this GPU. mapped: as for cuda.Staging. `inputs` are for
    writing only: they may be memory that is slow to read. `replayed`: whether a CUDA graph is
    replayed instead of launching layer by layer; it is where that takes less time and gives the
    same answers, which is seen when the engine is loaded. close() gives everything back; so does
    the end of the last reference, and of the program.
    """

    def __init__(self, runtime, network, content, mapped=False):
        self.network, self.replayed = network, False
        self._gpu = runtime.gpu
        with self._gpu:
            self._work = Work(runtime, network, content, mapped)
            self.close = weakref.finalize(self, _close, self._gpu, self._work)
            self.inputs, self._copied = self._work.inputs.arrays, self._work.outputs.block
            self._answers = np.zeros(self._copied.shape, np.float32)
            self._outputs = network.apart(self._work.outputs.like(self._answers))
            for _ in range(WARMING):
                self._run(self._work.launch)
            self._enqueue = self._settle(self._work.launch, self._work.capture())
        runtime.complaints.clear()

    def infer(self):
        """{name: array} for what the inputs hold now; the same arrays each time."""
        with self._gpu:
            self._run(self._enqueue)
        return self._outputs

    def _run(self, enqueue):
        """Enqueue everything, wait once, copy once: what follows reads ordinary memory."""
        if not enqueue():
            raise PartMissing("TensorRT", "it cannot run %s: %s" % (
                self.network.name, self._work.complaint()), "start Kagami again, " + cuda.ELSE)
        self._work.line.wait()
        np.copyto(self._answers, self._copied)

    def _settle(self, launch, graph):
        """What infer() enqueues: the graph where it answers the same in less time."""
        if graph is not None and self._same(launch, graph.launch):
            launched, replayed = self._race(launch, graph.launch)
            self.replayed = replayed < launched
            log.debug("%s: launched in %.3f ms, replayed in %.3f ms", self.network.name,
                      launched * 1e3, replayed * 1e3)
        if not self.replayed:
            self._work.forget()
        self._work.inputs.block.fill(0.0)
        return graph.launch if self.replayed else launch

    def _same(self, *ways):
        """Whether all answer the same to two pictures that were not there when it was captured:
        two, so that a replay that does nothing shows."""
        try:
            answers = {tuple(self._answer(enqueue, seed) for seed in (0, 1)) for enqueue in ways}
        except PartMissing:
            return False
        return len(answers) == 1

    def _answer(self, enqueue, seed):
        """The bytes of an answer to noise."""
        random = np.random.RandomState(seed)
        for array in self.inputs.values():
            array[...] = random.uniform(0, 255, array.shape)
        self._run(enqueue)
        return self._answers.tobytes()

    def _race(self, *ways):
        """Median seconds of each, taking turns."""
        seconds = [[] for _ in ways]
        for _ in range(TRIES):
            for enqueue, taken in zip(ways, seconds):
                start = perf_counter()
                self._run(enqueue)
                taken.append(perf_counter() - start)
        return [float(np.median(taken)) for taken in seconds]


class Work:
    """What one engine holds on the GPU, and its enqueueing. Made inside `with gpu:`."""

    def __init__(self, runtime, network, content, mapped):
        self.complaint = runtime.complaint
        self._gpu, self._graph = runtime.gpu, None
        self._engine = runtime.engine(network, content)
        self._context = self._engine.create_execution_context()
        if self._context is None:
            raise cuda.no_memory(runtime.complaint())
        self.line = cuda.Line(self._gpu)
        self.inputs = cuda.Staging(self._gpu, network.inputs, mapped)
        self.outputs = cuda.Staging(self._gpu, network.outputs)
        self._start = starter(self._engine, self._context, self.line.stream.handle,
                              dict(self.inputs.addresses, **self.outputs.addresses))

    def launch(self):
        """Enqueue inputs, layers and outputs; False where TensorRT refuses."""
        self.inputs.to_device(self.line.stream)
        well = self._start()
        self.outputs.to_host(self.line.stream)
        return well

    def capture(self):
        """What launch() enqueues as a cuda.Graph, or None."""
        self._graph = self.line.capture(self._gpu, self.launch)
        if self._graph is None:
            self.launch()       # CUDA's runtime tells a failed capture to whoever comes next
            self.line.wait()
        return self._graph

    def forget(self):
        """Give the graph back."""
        if self._graph is not None:
            self._graph.close()
        self._graph = None

    def close(self):
        """Give all back, in the order that TensorRT wants: what uses something goes before it."""
        self.forget()
        self._start = self._context = None
        self._engine = None
        self.inputs = self.outputs = self.line = None


def _close(gpu, work):
    with gpu:
        work.close()


# The thin layer over what changed in 8.5 (tensors by name) and 10 (no bindings any more).

def tensors(engine, trt):
    """{name: (whether it is an input, whether it is float, shape)} of an ICudaEngine."""
    if hasattr(engine, "num_io_tensors"):
        names = [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)]
        return {name: (engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT,
                       engine.get_tensor_dtype(name) == trt.DataType.FLOAT,
                       tuple(engine.get_tensor_shape(name))) for name in names}
    return {engine.get_binding_name(i): (engine.binding_is_input(i),
                                         engine.get_binding_dtype(i) == trt.DataType.FLOAT,
                                         tuple(engine.get_binding_shape(i)))
            for i in range(engine.num_bindings)}


def starter(engine, context, stream, addresses):
    """What enqueues an engine's layers on a stream (its handle), to work at these addresses of
    the device; it says whether that went well."""
    if hasattr(context, "execute_async_v3"):
        for name, address in addresses.items():
            context.set_tensor_address(name, address)
        return lambda: context.execute_async_v3(stream)
    bindings = [addresses[engine.get_binding_name(i)] for i in range(engine.num_bindings)]
    return lambda: context.execute_async_v2(bindings, stream)


def library():
    """The module tensorrt; PartMissing where there is none that will do."""
    try:
        import tensorrt
    except (ImportError, OSError) as why:
        raise PartMissing("tensorrt", str(why), "take JetPack's, with the system's own Python, "
                          + cuda.ELSE) from why
    if tuple(int(n) for n in tensorrt.__version__.split(".")[:2]) < OLDEST:
        raise PartMissing("TensorRT " + tensorrt.__version__, "older than 8.0",
                          "take JetPack 4.6.1, " + cuda.ELSE)
    return tensorrt


class Runtime:
    """TensorRT's runtime on a GPU. trt: the module. gpu: a Gpu. complaints: what it complained
    of, in order."""

    def __init__(self, trt, gpu):
        self.trt, self.gpu, self.complaints = trt, gpu, collections.deque(maxlen=8)
        try:
            with gpu:
                self._runtime = trt.Runtime(ear(trt, self.complaints))
        except TypeError as why:            # what a constructor that fails in C++ looks like
            raise PartMissing("TensorRT " + trt.__version__, self.complaint(),
                              "take CUDA and TensorRT of one JetPack, " + cuda.ELSE) from why

    def try_on(self, network, content):
        """Go through engine() in vain, once for these bytes in this process: reading an engine
        takes long on a Nano, and a program makes its backend more than once."""
        one = network.name, hash(content)
        if one not in self.gpu.taken:
            with self.gpu:
                self.engine(network, content)
            self.gpu.taken.add(one)

    def engine(self, network, content):
        """ICudaEngine of TensorRT's bytes; DataError where it refuses them, or finds tensors in
        them that are not the network's."""
        self.complaints.clear()
        engine = self._runtime.deserialize_cuda_engine(content)
        if engine is None:
            raise DataError("engine of " + network.name, self.complaint(),
                            "build it again: kagami-engines --models " + network.name)
        _compare(network, tensors(engine, self.trt))
        return engine

    def complaint(self):
        """Why something was asked for in vain, in TensorRT's words."""
        return self.complaints[0] if self.complaints else "TensorRT gives no reason"


def ear(trt, complaints):
    """A logger for TensorRT: errors go into a list, everything into the log's finest level.

    It is the same object for all that ask, for of several loggers TensorRT keeps the first.
    """
    one = _ear(trt)
    one.lists.append(complaints)
    return one


@functools.lru_cache(maxsize=1)
def _ear(trt):
    class Ear(trt.ILogger):
        """Hears from any thread."""

        def __init__(self):
            trt.ILogger.__init__(self)
            self.lists = []

        def log(self, severity, msg):
            """Called by TensorRT."""
            log.debug("TensorRT: %s", msg)
            errors = trt.Logger.ERROR, trt.Logger.INTERNAL_ERROR    # ILogger has none in 8.0
            if severity in errors or "CUDA initialization" in msg:
                for complaints in self.lists:
                    complaints.append(PLACE.sub("", " ".join(msg.split()))[:240])
    return Ear()


def _compare(network, have):
    for given, shapes in ((True, network.inputs), (False, network.outputs)):
        for name, shape in shapes.items():
            if have.pop(name, None) != (given, True, tuple(shape)):
                have[name] = None
    if have:
        raise DataError("engine of " + network.name, "%s is not as the manifest says"
                        % sorted(have)[0], "build it again: kagami-engines --models "
                        + network.name)
