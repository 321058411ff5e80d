"""What OpenVINO is asked for, and when it is passed over."""
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from appliance import backends
from appliance.errors import PartMissing

pytest.importorskip("openvino", reason="OpenVINO is not installed")
from appliance.backends import openvino  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def test_nothing_that_reports_elsewhere_is_imported():
    code = ("import sys; from appliance.backends.openvino import OpenVino; OpenVino();"
            "print([n for n in sys.modules if 'telemetry' in n or 'openvino.tools' in n])")
    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT) == b"[]\n"


def test_it_says_where_and_in_what_it_computes():
    assert str(openvino.OpenVino(precision="f32")).endswith("(CPU, f32)")


def test_without_bf16_it_is_passed_over_unless_it_is_named(monkeypatch):
    monkeypatch.delitem(backends.KNOWN, "tensorrt")
    assert "OpenVINO" not in str(backends.choose("auto", "cpu", "f32"))
    assert "OpenVINO" in str(backends.choose("openvino", "cpu", "f32"))


def test_with_bf16_it_comes_before_onnx_runtime(monkeypatch):
    monkeypatch.delitem(backends.KNOWN, "tensorrt")
    assert "OpenVINO" in str(backends.choose("auto", "cpu", "bf16"))


def test_a_device_that_is_not_there_is_named_with_those_that_are(monkeypatch):
    core = SimpleNamespace(available_devices=["CPU", "GPU.0", "GPU.1"])
    monkeypatch.setattr(openvino, "_library", lambda: (None, core))
    with pytest.raises(PartMissing, match=r"no NPU among its devices \(CPU, GPU.0, GPU.1\)"):
        openvino.OpenVino(device="npu")
    assert openvino.OpenVino(device="gpu").quick
