"""The contract of engines, on the fake and on ONNX Runtime, and what broken networks get."""
import os
import struct

import numpy as np
import pytest

from appliance.backends import manifest
from appliance.errors import DataError, InputMissing
from tests.fakes import dots
from tests.fakes.onnx_files import constant_network

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
from appliance.backends.onnxruntime import OnnxRuntime  # noqa: E402

INPUTS = {"image": (1, 8, 8, 1)}
VALUE = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture
def engines(tmp_path):
    """A folder with one recorded network that always answers VALUE."""
    constant_network(tmp_path / "small.onnx", INPUTS, {"values": VALUE})
    manifest.record("small", "small.onnx", INPUTS, {"values": (2, 3)}, path=path(tmp_path),
                    score="0.3", licence="MIT", tolerance="0.02")
    return tmp_path


def path(folder):
    return str(folder / "manifest.ini")


def refused(folder, error=DataError):
    with pytest.raises(error) as refusal:
        OnnxRuntime(path(folder)).load("small")
    assert "\n" not in str(refusal.value) and len(str(refusal.value).split(": ")[0]) > 0
    return str(refusal.value)


def real(folder):
    return OnnxRuntime(path(folder)).load("small")


def fake(folder):
    return dots.Dots().load("landmarks")


@pytest.mark.parametrize("make", [real, fake])
def test_an_engine_has_the_inputs_and_outputs_of_its_record(engines, make):
    engine = make(engines)
    assert {k: v.shape for k, v in engine.inputs.items()} == dict(engine.network.inputs)
    assert {k: v.shape for k, v in engine.infer().items()} == dict(engine.network.outputs)
    tensors = list(engine.inputs.values()) + list(engine.infer().values())
    assert all(tensor.dtype == np.float32 for tensor in tensors)


@pytest.mark.parametrize("make", [real, fake])
def test_an_engine_answers_into_the_same_arrays_each_time(engines, make):
    engine = make(engines)
    first = engine.infer()
    assert all(first[k] is v for k, v in engine.infer().items())


def test_what_is_written_into_the_input_reaches_the_network(engines):
    engine = real(engines)
    engine.inputs["image"][...] = 255.0
    assert np.array_equal(engine.infer()["values"], VALUE)
    engine.inputs["image"][...] = np.nan
    assert np.isnan(engine.infer()["values"]).all()


def test_the_record_keeps_what_it_was_told(engines):
    network = manifest.read(path(engines))["small"]
    assert network.score == 0.3 and network.tolerance == 0.02 and network.channels == 1
    assert dict(network.inputs) == INPUTS


def test_recording_anew_keeps_the_notes_that_are_not_named(engines):
    values = {"values": (2, 3)}
    manifest.record("small", "small.onnx", INPUTS, values, path=path(engines), score="0.4")
    network = manifest.read(path(engines))["small"]
    assert network.score == 0.4 and network.tolerance == 0.02


def test_a_network_of_another_hash_is_refused(engines):
    constant_network(engines / "small.onnx", INPUTS, {"values": VALUE + 1})
    assert "SHA-256" in refused(engines)


def test_a_corrupt_network_is_refused(engines):
    with open(str(engines / "small.onnx"), "r+b") as f:
        f.write(struct.pack("8q", *range(8)))
    manifest.record("small", "small.onnx", INPUTS, {"values": (2, 3)}, path=path(engines))
    assert "small.onnx" in refused(engines)


@pytest.mark.parametrize("inputs, outputs", [
    ({"image": (1, 8, 9, 1)}, {"values": (2, 3)}), ({"picture": (1, 8, 8, 1)}, {"values": (2, 3)}),
    (INPUTS, {"values": (3, 2)}), (INPUTS, {"numbers": (2, 3)})])
def test_a_network_of_other_shapes_than_its_record_is_refused(engines, inputs, outputs):
    manifest.record("small", "small.onnx", inputs, outputs, path=path(engines))
    assert "manifest" in refused(engines)


def test_a_missing_network_is_named(engines):
    os.remove(str(engines / "small.onnx"))
    assert "small.onnx" in refused(engines, InputMissing)


def test_a_missing_manifest_is_named(tmp_path):
    with pytest.raises(InputMissing, match="manifest.ini"):
        OnnxRuntime(path(tmp_path))


@pytest.mark.parametrize("text", [
    "no section", "[small]\nfile = small.onnx\n", "[small\n", "[a]\nx = 1\n[a]\nx = 2\n",
    "[small]\nfile=a\nsha256=b\ninputs=image:1xtwo\noutputs=values:2\n"])
def test_a_broken_manifest_is_refused_in_one_line(tmp_path, text):
    (tmp_path / "manifest.ini").write_text(text)
    refused(tmp_path)


@pytest.mark.parametrize("note, told", [
    ({"channels": 3}, "channels = 3"), ({"channels": 0}, "channels = 0"),
    ({"score": 0}, "score = 0 is not"), ({"score": 1}, "score = 1 is not"),
    ({"score": "nan"}, "score = nan is not"), ({"driven": "jawOpn"}, r"jawOpn \(jawOpen\?")])
def test_a_note_that_would_be_passed_over_is_refused(engines, note, told):
    manifest.record("small", "small.onnx", INPUTS, {"values": (2, 3)}, path=path(engines), **note)
    with pytest.raises(DataError, match=told):
        manifest.read(path(engines))


def test_a_network_that_the_manifest_lacks_is_named(engines):
    with pytest.raises(DataError, match=r"\[large\]"):
        OnnxRuntime(path(engines)).load("large")
