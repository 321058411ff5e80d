"""ONNX files in, engines out: OpenVINO, for processors that compute in half the bits, and for
Intel's graphics units and NPUs.

A processor with bf16 of its own (AMX, AVX512_BF16) takes half the time of ONNX Runtime, and what
comes out stays within the manifest's tolerance; in f32 OpenVINO is no faster.
"""
import collections
import sys
from functools import lru_cache

import numpy as np

from appliance.backends import manifest
from appliance.errors import DataError, PartMissing

# The caller's thread computes, and goes wherever the system puts it.
ON_CPU = {"INFERENCE_NUM_THREADS": 1, "ENABLE_CPU_PINNING": False}


class OpenVino:
    """Backend: loads the networks of a manifest into OpenVINO.

    device: cpu, gpu, npu, or auto for whichever OpenVINO likes. precision: f32, bf16, or auto for
    what is native to the device. `quick`: whether it is faster here than ONNX Runtime.
    """

    def __init__(self, path=manifest.MANIFEST, device="cpu", precision="auto"):
        self._library, self._core = _library()
        self._device = device.upper()
        native = _native(self._core, self._device)
        self._precision = native if precision == "auto" else precision
        self._options = dict(ON_CPU if device == "cpu" else {}, PERFORMANCE_HINT="LATENCY")
        if precision != "auto":
            self._options["INFERENCE_PRECISION_HINT"] = precision
        self.quick = device != "cpu" or self._precision == "bf16"
        self._path, self._networks = path, manifest.read(path)

    def __str__(self):
        version = self._library.__version__.split("-")[0]
        return "OpenVINO %s (%s, %s)" % (version, self._device, self._precision)

    def load(self, name):
        """Engine for the section `name` of the manifest."""
        if name not in self._networks:
            raise DataError(self._path, "has no section [%s]" % name, manifest.FETCH)
        network = self._networks[name]
        content = network.content()
        try:
            model = self._core.read_model(content)
            network.compare("input", _tensors(model.inputs))
            network.compare("output", _tensors(model.outputs))
            compiled = self._core.compile_model(model, self._device, self._options)
        except RuntimeError as why:         # the library's errors share no narrower family
            raise DataError(network.path, "OpenVINO refuses it (%s)" % _reason(why),
                            manifest.FETCH) from why
        return Engine(self._library, network, compiled.create_infer_request())


class Engine:
    """One network, ready: inputs to write into, infer() to call. Not for two threads at once."""

    def __init__(self, library, network, request):
        self.network, self._request = network, request
        self.inputs = self._bind(library, network.inputs)
        self._outputs = self._bind(library, network.outputs)

    def _bind(self, library, shapes):
        """Arrays of our own that the request reads and writes in place: no copies later."""
        arrays = collections.OrderedDict()
        for name, shape in shapes.items():
            arrays[name] = np.zeros(shape, np.float32)
            self._request.set_tensor(name, library.Tensor(arrays[name], shared_memory=True))
        return arrays

    def infer(self):
        """{name: array} for what the inputs hold now; the same arrays each time."""
        self._request.infer(share_outputs=True)
        return self._outputs


@lru_cache(maxsize=None)
def _library():
    """(module, core), the same for good: what a core has loaded goes when it goes, and would come
    again behind GStreamer (backends.ready)."""
    openvino = _imported()
    core = openvino.Core()
    openvino.frontend.FrontEndManager().load_by_framework("onnx")
    return openvino, core


def _imported():
    """The module, without its converters: where openvino-telemetry is installed their import is
    reported to Google Analytics, and it takes as long as all the rest."""
    converters = sys.modules.setdefault("openvino.tools", None)
    try:
        import openvino
        return openvino
    except ImportError as why:
        raise PartMissing("openvino", str(why), "make setup installs it where it pays: where the "
                          "processor has AMX or AVX512_BF16") from why
    finally:
        if converters is None:
            del sys.modules["openvino.tools"]


def _native(core, device):
    """The numbers that a device computes in if nothing is said; PartMissing where there is none
    of that kind. Both questions load what the device needs."""
    if device == "CPU":
        return core.get_property(device, "INFERENCE_PRECISION_HINT").get_type_name()
    found = core.available_devices
    if device != "AUTO" and not any(name.split(".")[0] == device for name in found):
        raise PartMissing("openvino", "no %s among its devices (%s)" % (device, ", ".join(found)),
                          "install its driver, or set [backend] device")
    return "its own precision"


def _tensors(ports):
    """{name: shape} of the tensors that are float32, None for the shape of others."""
    found = {}
    for port in ports:
        known = port.get_element_type().get_type_name() == "f32" and port.partial_shape.is_static
        found.update(dict.fromkeys(port.get_names(), tuple(port.shape) if known else None))
    return found


def _reason(error):
    """The last line of a message: the first ones tell where in OpenVINO's source it comes from."""
    return str(error).strip().splitlines()[-1][:160]
