"""The contract of engines, on every backend that is here and on the fake, and what broken networks
get."""
import os
import struct
from importlib import import_module

import cv2
import numpy as np
import pytest

import appliance
from appliance import config, quality
from appliance.backends import manifest
from appliance.errors import DataError, InputMissing, PartMissing
from appliance.tracker import Tracker
from tests.backends.conftest import INPUTS, VALUE, path
from tests.fakes import dots
from tests.fakes.onnx_files import constant_network

# Module, class and options of each: all of them answer to the same tests.
BACKENDS = {
    "onnxruntime": ("onnxruntime", "OnnxRuntime", {}),
    "openvino in f32": ("openvino", "OpenVino", {"precision": "f32"}),
    "openvino in bf16": ("openvino", "OpenVino", {"precision": "bf16"}),
}
DEMO = os.path.join(os.path.dirname(appliance.__file__), "demo.mp4")


def made(name, path=manifest.MANIFEST):
    """A backend of the table; the test is passed over where it is not here."""
    module, kind, options = BACKENDS[name]
    try:
        return getattr(import_module("appliance.backends." + module), kind)(path, **options)
    except PartMissing as why:
        pytest.skip(str(why))


@pytest.fixture(params=sorted(BACKENDS))
def backend(request):
    """Makes a backend for the manifest of a folder."""
    return lambda folder: made(request.param, path(folder))


@pytest.fixture(params=sorted(BACKENDS) + ["fake"])
def engine(request, engines):
    """An engine of each backend, and the fake's."""
    if request.param == "fake":
        return dots.Dots().load("landmarks")
    return made(request.param, path(engines)).load("small")


def refused(act, error=DataError):
    """The one line in which `act()` ends."""
    with pytest.raises(error) as refusal:
        act()
    assert "\n" not in str(refusal.value) and len(str(refusal.value).split(": ")[0]) > 0
    return str(refusal.value)


def test_an_engine_has_the_inputs_and_outputs_of_its_record(engine):
    assert {k: v.shape for k, v in engine.inputs.items()} == dict(engine.network.inputs)
    parts = engine.network.parts or engine.network.outputs
    assert {k: v.shape for k, v in engine.infer().items()} == dict(parts)
    tensors = list(engine.inputs.values()) + list(engine.infer().values())
    assert all(tensor.dtype == np.float32 for tensor in tensors)


def test_an_engine_answers_into_the_same_arrays_each_time(engine):
    first = engine.infer()
    assert all(first[k] is v for k, v in engine.infer().items())


def test_what_is_written_into_the_input_reaches_the_network(backend, engines):
    engine = backend(engines).load("small")
    engine.inputs["image"][...] = 255.0
    assert np.array_equal(engine.infer()["values"], VALUE)
    engine.inputs["image"][...] = np.nan
    assert np.isnan(engine.infer()["values"]).all()


def test_a_network_of_another_hash_is_refused(backend, engines):
    constant_network(engines / "small.onnx", INPUTS, {"values": VALUE + 1})
    assert "SHA-256" in refused(lambda: backend(engines).load("small"))


def test_a_corrupt_network_is_refused(backend, engines):
    with open(str(engines / "small.onnx"), "r+b") as f:
        f.write(struct.pack("8q", *range(8)))
    manifest.record("small", "small.onnx", INPUTS, {"values": (2, 3)}, path=path(engines))
    assert "small.onnx" in refused(lambda: backend(engines).load("small"))


@pytest.mark.parametrize("inputs, outputs", [
    ({"image": (1, 8, 9, 1)}, {"values": (2, 3)}), ({"picture": (1, 8, 8, 1)}, {"values": (2, 3)}),
    (INPUTS, {"values": (3, 2)}), (INPUTS, {"numbers": (2, 3)})])
def test_a_network_of_other_shapes_than_its_record_is_refused(backend, engines, inputs, outputs):
    manifest.record("small", "small.onnx", inputs, outputs, path=path(engines))
    assert "manifest" in refused(lambda: backend(engines).load("small"))


def test_a_missing_network_is_named(backend, engines):
    os.remove(str(engines / "small.onnx"))
    assert "small.onnx" in refused(lambda: backend(engines).load("small"), InputMissing)


def test_a_missing_manifest_is_named(backend, tmp_path):
    assert "manifest.ini" in refused(lambda: backend(tmp_path), InputMissing)


def test_a_network_that_the_manifest_lacks_is_named(backend, engines):
    assert "[large]" in refused(lambda: backend(engines).load("large"))


class Recorder:
    """A backend's engines, and what each of them was shown and answered."""

    def __init__(self, backend):
        self._backend, self.networks, self.seen = backend, backend.networks, {}

    def load(self, name):
        engine = self._backend.load(name)
        infer, seen = engine.infer, self.seen.setdefault(name, [])

        def kept():
            shown = {key: value.copy() for key, value in engine.inputs.items()}
            answer = infer()
            seen.append((shown, {key: value.copy() for key, value in answer.items()}))
            return answer
        engine.infer = kept
        return engine


@pytest.fixture(scope="module")
def recorded():
    """{network: [(inputs, outputs)]} of ONNX Runtime on every tenth picture of the demo's clip."""
    recorder, video = Recorder(made("onnxruntime")), cv2.VideoCapture(DEMO)
    trackers = [Tracker(config.load(config.DEFAULTS, ["tracker.quality=" + word]),
                        backend=recorder) for word in quality.known(manifest.read())]
    for _ in range(30):
        for _ in range(10):
            picture = video.read()[1]
        for tracker in trackers:
            tracker(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
    return recorder.seen


@pytest.mark.parametrize("name", sorted(set(BACKENDS) - {"onnxruntime"}))
@pytest.mark.parametrize("network", sorted(manifest.read()))
def test_every_backend_answers_the_same_within_the_tolerance(recorded, name, network):
    engine = made(name).load(network)
    for inputs, outputs in recorded[network]:
        for key, value in inputs.items():
            engine.inputs[key][...] = value
        for key, value in engine.infer().items():
            print(key, np.abs(value - outputs[key]).max())
            assert np.abs(value - outputs[key]).max() < engine.network.tolerance


@pytest.mark.parametrize("name", sorted(BACKENDS))
@pytest.mark.parametrize("network", sorted({"brows", "expression", "iris", "landmarks"}
                                           & set(manifest.read())))
def test_of_several_faces_each_answer_is_that_of_the_face_alone(recorded, name, network):
    alone, together = made(name).load(network), made(name).load(network, 3)
    shown = [inputs for inputs, _ in recorded[network][:3]]
    for key, tensor in together.inputs.items():
        tensor[...] = np.concatenate([inputs[key] for inputs in shown])
    answer = {key: np.split(value, 3) for key, value in together.infer().items()}
    for i, inputs in enumerate(shown):
        for key, value in inputs.items():
            alone.inputs[key][...] = value
        for key, value in alone.infer().items():
            assert np.abs(answer[key][i] - value).max() < alone.network.tolerances[key]
