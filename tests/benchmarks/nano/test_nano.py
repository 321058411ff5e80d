"""What is predicted is told as least, likely and most, and apart from what was measured."""
import json

import pytest

from benchmarks import nano
from benchmarks.__main__ import main
from benchmarks.nano import prediction, processor, roofline
from benchmarks.nano.layers import Layer

COSTS = (30.0, 45.0, 60.0)
SLIGHT = [Layer("conv", "3x3", 1e3, 1e3)] * 10 + [Layer("slice", "memory", 0.0, 10.0)] * 6
HERE = dict.fromkeys(nano.STAGES + ("detector",), 0.1)


def test_slight_layers_wait_for_their_launches():
    found = prediction.network(SLIGHT, roofline.BEGIN, COSTS, 1.5)
    assert found.bound == "launches" and found.products == 10
    assert found.launched == pytest.approx((0.48 + 0.2, 0.72 + 0.25, 0.96 + 0.3))


def test_heavy_layers_wait_for_the_gpu():
    found = prediction.network([Layer("conv", "3x3", 4e9, 1e3)], roofline.BEGIN, COSTS, 2.0)
    assert found.bound == "GPU"
    assert found.launched == found.graph == pytest.approx((5.2, 10.26, 20.31), abs=0.02)


def test_networks_are_run_one_after_the_other():
    made = [prediction.network(SLIGHT, roofline.BEGIN, COSTS, 1.5)] * 3
    assert prediction.together(made) == pytest.approx([3 * ms for ms in made[0].launched])


@pytest.mark.parametrize("ms, words", [
    ((1, 2, 3), "met"), ((1, 3, 5), "met unless the worst comes together"), ((4, 5, 6), "missed")])
def test_a_verdict_names_what_it_rests_on(ms, words):
    assert nano.verdict(ms, 4.0) == words


@pytest.fixture
def without_a_camera(monkeypatch):
    monkeypatch.setattr(processor, "here", lambda url, most: HERE)


def test_the_command_tells_predicted_and_measured_apart(without_a_camera, tmp_path):
    pytest.importorskip("onnx", reason="onnx is not installed")
    assert main(["nano", "--out", str(tmp_path)]) == 0
    with open(str(tmp_path / "nano.json")) as f:
        figures = json.load(f)["figures"]
    assert figures["measured_here"] == HERE
    picture, slower = figures["predicted"]["picture"], processor.slower()
    assert picture["pose"] == pytest.approx([0.1 * k for k in slower])
    assert set(nano.TRACKING) - {"brows"} < set(figures["predicted"]["networks"])
    assert "<svg" in (tmp_path / "nano.svg").read_text()


def test_a_nano_predicts_nothing_of_itself(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(nano.report, "circumstances",
                        lambda: {"device": "NVIDIA Jetson Nano Developer Kit, 4 cores"})
    assert main(["nano", "--out", str(tmp_path)]) == 2
    assert "run stages" in capsys.readouterr().err
