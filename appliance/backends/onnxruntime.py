"""ONNX files in, engines out: ONNX Runtime on one core, for machines without an accelerator."""
import collections

import numpy as np

from appliance.backends import manifest
from appliance.errors import DataError, PartMissing


class OnnxRuntime:
    """Backend: loads the networks of a manifest, `networks`, into ONNX Runtime."""

    def __init__(self, path=manifest.MANIFEST):
        try:
            import onnxruntime
        except ImportError as why:
            raise PartMissing("onnxruntime", str(why), "run make setup") from why
        self._library = onnxruntime
        self.networks = manifest.read(path)
        self._path = path

    def __str__(self):
        return "ONNX Runtime %s" % self._library.__version__

    def answers(self, content, inputs, path="network"):
        """[{output: array}] of an ONNX file's bytes to [{input: float32 array}]: a yardstick for
        other backends, not for a loop. DataError, with the path, where the library refuses the
        bytes."""
        session = _session(self._library, content, path)
        names = [t.name for t in session.get_outputs()]
        return [dict(zip(names, session.run(names, one))) for one in inputs]

    def tensors(self, content, path):
        """({input: shape}, {output: shape}) of an ONNX file's bytes, None for the shape of what is
        no float32; DataError where the library refuses them."""
        session = _session(self._library, content, path)
        return _tensors(session.get_inputs()), _tensors(session.get_outputs())

    def load(self, name, faces=1):
        """Engine for the section `name` of the manifest, of so many faces at once."""
        if name not in self.networks:
            raise DataError(self._path, "has no section [%s]" % name, manifest.FETCH)
        return Engine(self._library, self.networks[name].of(faces))


class Engine:
    """One network, ready: inputs to write into, infer() to call. Not for two threads at once."""

    def __init__(self, library, network):
        self.network = network
        self._session = _session(library, network.content(), network.path)
        network.compare("input", _tensors(self._session.get_inputs()))
        network.compare("output", _tensors(self._session.get_outputs()))
        self._binding = self._session.io_binding()
        self._keep = []
        self.inputs = self._bind(library, network.inputs, self._binding.bind_ortvalue_input)
        self._outputs = network.apart(
            self._bind(library, network.outputs, self._binding.bind_ortvalue_output))

    def _bind(self, library, shapes, bind):
        """Arrays of our own that the session reads and writes in place: no copies later."""
        arrays = collections.OrderedDict()
        for name, shape in shapes.items():
            arrays[name] = np.zeros(shape, np.float32)
            value = library.OrtValue.ortvalue_from_numpy(arrays[name])
            bind(name, value)
            self._keep.append(value)
        return arrays

    def infer(self):
        """{name: array} for what the inputs hold now; the same arrays each time."""
        self._session.run_with_iobinding(self._binding)
        return self._outputs


def _session(library, content, path):
    options = library.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = library.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4      # what goes wrong is raised; no lines of its own
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    try:
        return library.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as why:            # the library's errors share no narrower family
        raise DataError(path, "ONNX Runtime refuses it (%s)" % _first_line(why),
                        manifest.FETCH) from why


def _tensors(found):
    """{name: shape} of tensors; for the shape of other numbers than float32 None."""
    return collections.OrderedDict(
        (t.name, tuple(t.shape) if t.type == "tensor(float)" else None) for t in found)


def _first_line(error):
    lines = str(error).strip().splitlines()
    return lines[0][:160] if lines else type(error).__name__
