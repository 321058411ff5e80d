"""Mapped against copied inputs, on the played GPU."""
import pytest

from appliance import quality
from appliance.backends import manifest
from engines import memory
from tests.fakes import tensorrt as fakes
from tests.fakes.engine_files import store

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A Nano whose engines are built, with a clock that counts work."""
    monkeypatch.setenv("CACHE_DIRECTORY", str(tmp_path))
    with fakes.installed("8.2.1.8") as one:
        store(one, tmp_path / "engines")
        monkeypatch.setattr(memory, "perf_counter", one.clock)
        yield one


def test_both_ways_are_measured_for_every_network(machine):
    assert {name: sorted(ways) for name, ways in memory.measure(turns=2).items()} == {
        name: ["copied", "mapped"] for name in quality.needed(manifest.read())}


def test_what_is_measured_is_the_time_of_an_inference(machine):
    machine.launch_s, machine.capturable = 1e-3, False
    layers = 21     # nodes of the expression network, its constants apart
    assert memory.measure(["expression"], turns=3)["expression"] == pytest.approx(
        {"copied": layers, "mapped": layers})


def test_the_command_prints_a_line_for_each_network(machine, capsys):
    assert memory.main(turns=1) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "network"] + sorted(quality.needed(manifest.read()))


def test_where_there_is_no_gpu_the_command_says_so(capsys):
    with fakes.installed(gpu=False):
        assert memory.main() == 69
    assert capsys.readouterr().err.startswith("kagami: error: GPU: ")
