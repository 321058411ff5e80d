"""What OpenVINO is asked for, and when it is passed over."""
import gc
import os
import subprocess
import sys
from collections import OrderedDict
from types import SimpleNamespace

import pytest

from appliance import backends
from appliance.backends import openvino
from appliance.errors import DataError, PartMissing

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


@pytest.fixture(autouse=True)
def installed():
    """A test is passed over where OpenVINO is not here."""
    try:
        openvino.OpenVino()
    except PartMissing as why:
        pytest.skip(str(why))


def test_its_python_package_is_not_imported():
    code = ("import sys; from appliance.backends.openvino import OpenVino; OpenVino();"
            "print([n for n in sys.modules if n.split('.')[0].startswith('openvino')])")
    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT) == b"[]\n"


def test_it_says_where_and_in_what_it_computes():
    assert str(openvino.OpenVino(precision="f32")).endswith("(CPU, f32)")


@pytest.fixture
def no_tensorrt(monkeypatch):
    """A machine without TensorRT."""
    others = [(name, make) for name, make in backends.KNOWN.items() if name != "tensorrt"]
    monkeypatch.setattr(backends, "KNOWN", OrderedDict(others))


def test_without_bf16_it_is_passed_over_unless_it_is_named(no_tensorrt):
    assert "OpenVINO" not in str(backends.choose("auto", "cpu", "f32"))
    assert "OpenVINO" in str(backends.choose("openvino", "cpu", "f32"))


def test_with_bf16_it_comes_before_onnx_runtime(no_tensorrt):
    assert "OpenVINO" in str(backends.choose("auto", "cpu", "bf16"))


def test_a_device_that_is_not_there_is_named_with_those_that_are(monkeypatch):
    library = SimpleNamespace(version="2026.4.1", devices=lambda: ["CPU", "GPU.0", "GPU.1"])
    monkeypatch.setattr(openvino, "_library", lambda: library)
    with pytest.raises(PartMissing, match=r"no NPU among its devices \(CPU, GPU.0, GPU.1\)"):
        openvino.OpenVino(device="npu")
    assert openvino.OpenVino(device="gpu").quick


def test_what_it_refuses_to_compile_is_told_in_one_line():
    backend = openvino.OpenVino()
    backend._options["INFERENCE_NUM_THREADS"] = "many"
    with pytest.raises(DataError, match="iris.onnx: OpenVINO refuses it .*INFERENCE_NUM_THREADS"):
        backend.load("iris")


def test_one_that_is_too_old_is_named(monkeypatch):
    monkeypatch.setattr(openvino, "Library", lambda path: SimpleNamespace(version="2024.6.0"))
    with pytest.raises(PartMissing, match="openvino 2024.6.0: too old"):
        openvino._loaded("another")


def test_an_engine_that_is_let_go_frees_what_it_held(monkeypatch):
    freed = []
    backend = openvino.OpenVino()
    free = backend._library.free
    monkeypatch.setattr(backend._library, "free",
                        lambda kind, handle: (freed.append(kind), free(kind, handle)))
    engine = backend.load("iris")
    assert "infer_request" not in freed
    del engine
    gc.collect()
    assert freed[-1] == "infer_request"


def test_it_loads_after_gstreamer():
    """GStreamer brings a libunwind behind which OpenVINO's exceptions would end the program."""
    pytest.importorskip("gi")
    code = ("from appliance.sources import gstreamer; gstreamer.need('videotestsrc');"
            "from appliance.backends.openvino import OpenVino; OpenVino().load('iris').infer()")
    subprocess.check_call([sys.executable, "-c", code], cwd=ROOT)
