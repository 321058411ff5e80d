"""ONNX files in, engines out: OpenVINO, for processors that compute in half the bits, and for
Intel's graphics units and NPUs.

A processor with bf16 of its own (AMX, AVX512_BF16) takes half the time of ONNX Runtime, and what
comes out stays within the manifest's tolerance; in f32 OpenVINO is no faster. It is called through
its C interface: the Python one wraps every answer anew (20 us a network, 50 where the caches are
cold), loads for 55 ms more, and reports its import to Google Analytics where its telemetry package
is installed.
"""
import collections
import ctypes
import glob
import os
import weakref
from ctypes import byref, c_char_p, c_int64, c_size_t, c_void_p
from functools import lru_cache
from importlib.util import find_spec

import numpy as np

from appliance.backends import manifest
from appliance.errors import DataError, PartMissing

# The caller's thread computes, and goes wherever the system puts it.
ON_CPU = {"INFERENCE_NUM_THREADS": "1", "ENABLE_CPU_PINNING": "NO"}
FLOAT = 4               # ov_element_type_e, since OLDEST
OLDEST = "2025"


class OpenVino:
    """Backend: loads the networks of a manifest into OpenVINO.

    device: cpu, gpu, npu, or auto for whichever OpenVINO likes. precision: f32, bf16, or auto for
    what is native to the device. `quick`: whether it is faster here than ONNX Runtime.
    """

    def __init__(self, path=manifest.MANIFEST, device="cpu", precision="auto"):
        self._library = _library()
        self._device = device.upper()
        native = _native(self._library, self._device)
        self._precision = native if precision == "auto" else precision
        self._options = dict(ON_CPU if device == "cpu" else {}, PERFORMANCE_HINT="LATENCY")
        if precision != "auto":
            self._options["INFERENCE_PRECISION_HINT"] = precision
        self.quick = device != "cpu" or self._precision == "bf16"
        self._path, self.networks = path, manifest.read(path)

    def __str__(self):
        return "OpenVINO %s (%s, %s)" % (self._library.version, self._device, self._precision)

    def load(self, name, faces=1):
        """Engine for the section `name` of the manifest, of so many faces at once."""
        if name not in self.networks:
            raise DataError(self._path, "has no section [%s]" % name, manifest.FETCH)
        network = self.networks[name].of(faces)
        content = network.content()
        try:
            request = self._library.request(content, self._device, self._options)
        except RuntimeError as why:
            raise DataError(network.path, "OpenVINO refuses it (%s)" % why,
                            manifest.FETCH) from why
        return Engine(self._library, network, request)


class Engine:
    """One network, ready: inputs to write into, infer() to call. Not for two threads at once."""

    def __init__(self, library, network, request):
        self.network, self._library, self._request = network, library, request
        weakref.finalize(self, library.free, "infer_request", request)
        self.inputs = self._bind(network.inputs)
        self._outputs = network.apart(self._bind(network.outputs))
        self._run = library.function("infer_request_infer", c_void_p)

    def _bind(self, shapes):
        """Arrays of our own that the request reads and writes in place: no copies later."""
        arrays = collections.OrderedDict()
        for name, shape in shapes.items():
            arrays[name] = np.zeros(shape, np.float32)
            try:
                self._library.bind(self._request, name, arrays[name])
            except RuntimeError as why:
                raise DataError(self.network.path, "%s is not the float %s that the manifest says "
                                "(%s)" % (name, shape, why), "record the network anew") from why
        return arrays

    def infer(self):
        """{name: array} for what the inputs hold now; the same arrays each time."""
        if self._run(self._request):
            raise RuntimeError(self._library.complaint())
        return self._outputs


class _Shape(ctypes.Structure):
    _fields_ = [("rank", c_int64), ("sizes", ctypes.POINTER(c_int64))]


class _Words(ctypes.Structure):         # both of a version's words, or the devices and how many
    _fields_ = [("first", c_void_p), ("second", c_void_p)]


class Library:
    """libopenvino_c and the one core of this process; what fails in it ends in RuntimeError."""

    def __init__(self, path):
        # Else every infer() binds the caller's thread to processors and frees it again: nine
        # system calls a picture, 2 to 4 % of the networks' time.
        os.environ.setdefault("HWLOC_THISSYSTEM", "0")
        self._c = ctypes.CDLL(path)
        self._core = self._made("core_create")
        version = _Words()
        self._do("get_openvino_version", byref(version))
        self.version = ctypes.string_at(version.first).decode().split("-")[0]
        self.free("version", byref(version))

    def function(self, name, *kinds):
        """A C function whose arguments are of these kinds; gives 0, or the number of an error."""
        function = self._c["ov_" + name]
        function.argtypes = kinds
        return function

    def complaint(self):
        """The last line of the last error: the first ones tell where in OpenVINO's source."""
        last = self._c["ov_get_last_err_msg"]
        last.restype = c_char_p
        lines = (last() or b"").decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:160] if lines else "no word"

    def _do(self, name, *arguments):
        if self._c["ov_" + name](*arguments):
            raise RuntimeError(self.complaint())

    def _made(self, name, *arguments):
        handle = c_void_p()
        self._do(name, *(arguments + (byref(handle),)))
        return handle

    def free(self, kind, handle):
        """Give back what an `ov_<kind>_free` takes."""
        self._c["ov_%s_free" % kind](handle)

    def property(self, device, name):
        """A property's value, in words."""
        found = self._made("core_get_property", self._core, device.encode(), name.encode())
        value = ctypes.string_at(found).decode()
        self._c["ov_free"](found)
        return value

    def devices(self):
        """The names of what networks could run on, CPU or GPU.1 for instance."""
        found = _Words()
        self._do("core_get_available_devices", self._core, byref(found))
        names = ctypes.cast(found.first, ctypes.POINTER(c_char_p))[:found.second or 0]
        self.free("available_devices", byref(found))
        return [name.decode() for name in names]

    def request(self, content, device, options):
        """The handle of what runs the network in an ONNX file's bytes."""
        model = self._made("core_read_model_from_memory_buffer", self._core, content,
                           c_size_t(len(content)), None)
        words = [c_char_p(word.encode()) for pair in options.items() for word in pair]
        compiled = c_void_p()
        try:
            self._do("core_compile_model", self._core, model, device.encode(),
                     c_size_t(len(words)), byref(compiled), *words)
            return self._made("compiled_model_create_infer_request", compiled)
        finally:
            self.free("compiled_model", compiled)
            self.free("model", model)

    def bind(self, request, name, array):
        """Have the request's tensor `name` lie in a float32 array, which must outlive it."""
        sizes = (c_int64 * array.ndim)(*array.shape)
        tensor = self._made("tensor_create_from_host_ptr", FLOAT, _Shape(array.ndim, sizes),
                            c_void_p(array.ctypes.data))
        try:
            self._do("infer_request_set_tensor", request, name.encode(), tensor)
        finally:
            self.free("tensor", tensor)


def _library():
    """The Library of the Python package, which itself is not imported."""
    spec = find_spec("openvino")
    folders = spec.submodule_search_locations if spec else ()
    found = [path for folder in folders
             for path in glob.glob(os.path.join(folder, "libs", "libopenvino_c.so*"))]
    if not found:
        raise PartMissing("openvino", "not installed", "make setup installs it where it pays: "
                          "where the processor has AMX or AVX512_BF16")
    return _loaded(found[0])


@lru_cache(maxsize=None)
def _loaded(path):
    """The Library at a path, the same for good: what its core has loaded goes when it goes, and
    would come again behind GStreamer (backends.ready)."""
    library = Library(path)
    if library.version < OLDEST:
        raise PartMissing("openvino %s" % library.version, "too old",
                          "install %s or later" % OLDEST)
    return library


def _native(library, device):
    """The numbers that a device computes in if nothing is said; PartMissing where there is none
    of that kind. Both questions load what the device needs."""
    if device == "CPU":
        return library.property(device, "INFERENCE_PRECISION_HINT")
    found = library.devices()
    if device != "AUTO" and not any(name.split(".")[0] == device for name in found):
        raise PartMissing("openvino", "no %s among its devices (%s)" % (device, ", ".join(found)),
                          "install its driver, or set [backend] device")
    return "its own precision"
