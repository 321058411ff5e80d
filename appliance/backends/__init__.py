"""A setting in, the backend that runs networks here out.

The contract, for every backend:

    backend = choose("auto")
    backend.networks                        # {section: record} of the manifest, loaded or not
    engine = backend.load("landmarks")      # a section of engines/manifest.ini
    engine.inputs["image"][...] = crop      # {name: float32 array}, fixed shapes, written in place
    outputs = engine.infer()                # {part: float32 array}, valid until the next infer()
    engine.network                          # the manifest's record: shapes, score, tolerance
    pair = backend.load("landmarks", 2)     # of two faces at once: first sizes are twice those

Inputs are NHWC, raw pixel values 0..255. One thread owns an engine from load to the end. `infer()`
allocates nothing that `load()` can allocate. A file that is missing, corrupt, another one or of
other shapes ends `load()` with one line (InputMissing or DataError), as does a number of faces
that there is no engine for (PartMissing: batches.py shows them in turn).

A backend is made without arguments that it could do without, and says in words (`str`) what it
is. Where it cannot work here (library, device or engines are missing) making it ends in
PartMissing: what is missing, and what to do to have it. `auto` then passes on to the next.
"""
import logging
from collections import OrderedDict, namedtuple

from appliance.errors import PartMissing, UsageError

log = logging.getLogger("kagami.backend")
Options = namedtuple("Options", "name device precision")


def _tensorrt(options):
    from appliance.backends.tensorrt import TensorRT
    return TensorRT()


def _openvino(options):
    from appliance.backends.openvino import OpenVino
    backend = OpenVino(device=options.device, precision=options.precision)
    if options.name == "auto" and not backend.quick:
        raise PartMissing("openvino", "without a processor's own bf16 it is no faster",
                          "it takes AMX or AVX512_BF16")
    return backend


def _onnxruntime(options):
    from appliance.backends.onnxruntime import OnnxRuntime
    return OnnxRuntime()


# The fastest first: auto takes the first that works here. None is imported before it is wanted.
KNOWN = OrderedDict([
    ("tensorrt", _tensorrt), ("openvino", _openvino), ("onnxruntime", _onnxruntime)])
NAMES = ("auto",) + tuple(KNOWN)


def choose(name="auto", device="cpu", precision="auto"):
    """The backend for the options of [backend]: name of NAMES, auto for the best that works here;
    device and precision for OpenVINO. One line in the log tells which, why, and what would make a
    better one possible."""
    backend, lacking = first(name, device, precision)
    log.info("networks run on %s: %s", backend, _reason(name, lacking))
    return backend


def ready(name="auto", device="cpu", precision="auto"):
    """The same without a word. To be called before GStreamer is loaded: behind the libunwind that
    comes with it, a C++ exception of a library that is loaded later ends the program."""
    return first(name, device, precision)[0]


def first(name="auto", device="cpu", precision="auto"):
    """(backend, [PartMissing] of those that would be faster); PartMissing where none works."""
    if name not in NAMES:
        raise UsageError("backend %s" % name, "no such backend",
                         "choose one of " + ", ".join(NAMES))
    options, lacking = Options(name, device, precision), []
    for make in KNOWN.values() if name == "auto" else (KNOWN[name],):
        try:
            return make(options), lacking
        except PartMissing as why:
            lacking.append(why)
    raise lacking[-1]


def _reason(name, lacking):
    if name != "auto":
        return "as configured"
    if not lacking:
        return "the fastest that is known"
    return "the fastest that works here; faster ones lack: " + " | ".join(map(str, lacking))
