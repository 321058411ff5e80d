"""A setting in, the backend that runs networks here out.

The contract, for every backend:

    backend = choose("auto")
    engine = backend.load("landmarks")      # a section of engines/manifest.ini
    engine.inputs["image"][...] = crop      # {name: float32 array}, fixed shapes, written in place
    outputs = engine.infer()                # {name: float32 array}, valid until the next infer()
    engine.network                          # the manifest's record: shapes, score, tolerance

Inputs are NHWC, raw pixel values 0..255. One thread owns an engine from load to the end. `infer()`
allocates nothing that `load()` can allocate. A file that is missing, corrupt, another one or of
other shapes ends `load()` with one line (InputMissing or DataError); a library that is missing
ends `choose()` (PartMissing).
"""
import logging

from appliance.errors import UsageError

NAMES = ("auto", "onnxruntime")
log = logging.getLogger("kagami.backend")


def choose(setting="auto"):
    """The backend for a setting of NAMES: the best that works here."""
    backend = ready(setting)
    log.info("networks run on %s, one thread: it is all that this version knows; a faster one "
             "takes a version that knows TensorRT or OpenVINO", backend)
    return backend


def ready(setting="auto"):
    """The same without a word. To be called before GStreamer is loaded: behind the libunwind that
    comes with it, a C++ exception of a library that is loaded later ends the program."""
    if setting not in NAMES:
        raise UsageError("backend %s" % setting, "no such backend",
                         "choose one of " + ", ".join(NAMES))
    from appliance.backends.onnxruntime import OnnxRuntime
    return OnnxRuntime()
