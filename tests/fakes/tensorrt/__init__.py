"""A machine with an NVIDIA GPU, played: `tensorrt`, `pycuda.driver` and libcuda for the tests.

    from tests.fakes import tensorrt as fakes

    with fakes.installed("8.2.1.8") as machine:        # or "8.0.1.6" to "8.6.1.6", "10.3.0.26"
        import tensorrt, pycuda.driver                 # the fakes, wherever they are imported
        ...

    python3 -m tests.fakes.tensorrt 8.2.1.8 SCRIPT ARGUMENTS     # a whole program on them

Engines run what the ONNX file says, by ONNX Runtime on one thread, so that their outputs are
those of appliance/backends/onnxruntime.py to the last bit. Names are those of the version
(tests/tensorrt_names): another one is an AttributeError. Work that is enqueued is done when
somebody waits for it, not before. What the real libraries answer with None, False, a line in the
log or an exception, is answered the same way; what they answer with a crash or wrong numbers
raises `Refused`.

`machine` has what a test may want to turn and to look at:

    capability, name, memory            of the GPU: (5, 3), "NVIDIA Tegra X1", bytes
    driver, gpu                         False: no libcuda.so.1; no GPU in the machine
    unsupported = {"GridSample"}        operators that the parser knows no importer for
    workspace = {"node": bytes}         nodes without any tactic under that workspace
    sources = {"node": "CUDNN"}         nodes without any tactic unless that source takes part
    building = bytes                    memory that a build takes for its time
    overflowing = {"node"}              FP16 engines answer NaN unless that layer is kept in FP32
    coarse = 0.001                      FP16 engines err by this share of each output's largest
    capturable                          False: capture fails
    graph_wrong, _idle, _fails          True: replays answer wrongly, do nothing, are refused
    failing                             True: every wait tells that a kernel has failed
    launch_s, graph_s                   seconds of `clock()` for one layer's launch, for a replay
    used, peak, log, counts, contexts   bytes, what was destroyed in order, calls, pushed contexts
"""
import contextlib
import ctypes
import sys

from tests.fakes.tensorrt.driver import driver_module, libcuda
from tests.fakes.tensorrt.library import tensorrt_module
from tests.fakes.tensorrt.machine import Machine, Refused

__all__ = ["Machine", "Refused", "installed"]
PARTS = ("tensorrt", "pycuda", "pycuda.driver")


@contextlib.contextmanager
def installed(version="8.2.1.8", pycuda="2020.1", **about):
    """The fakes in the place of the real libraries, for the block; gives the Machine.

    about: what the Machine is made with. `version` or `pycuda` = None: that library is not
    there. A context that a thread leaves pushed fails the block, as it ends a real program.
    """
    machine = Machine(version, pycuda, **about)
    before = {name: sys.modules.get(name) for name in PARTS}
    real = ctypes.CDLL
    for name in PARTS:
        sys.modules.pop(name, None)
    sys.modules.update(_modules(machine))
    sys.meta_path.insert(0, _Unlinked)
    ctypes.CDLL = lambda name, *more, **also: (
        libcuda(machine) if str(name).startswith("libcuda.so") else real(name, *more, **also))
    try:
        yield machine
    finally:
        ctypes.CDLL = real
        sys.meta_path.remove(_Unlinked)
        for name, module in before.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module
    machine.leave()


def _modules(machine):
    """{name: module or None}, as they stand in sys.modules."""
    package = driver = None
    if machine.pycuda:
        package, driver = driver_module(machine)
    found = {"tensorrt": tensorrt_module(machine) if machine.tensorrt else None,
             "pycuda": package, "pycuda.driver": driver}
    if not machine.driver and package:
        del found["pycuda.driver"], package.__dict__["driver"]
    return found


class _Unlinked:
    """A finder: pycuda.driver that does not find the library that it is linked to."""

    @staticmethod
    def find_spec(name, path, target=None):
        if name == "pycuda.driver":
            raise ImportError("libcuda.so.1: cannot open shared object file: No such file or "
                              "directory")
