"""What the networks cost is counted from their files."""
import os

import pytest

from appliance.backends import manifest
from appliance.errors import PartMissing
from benchmarks import networks

pytest.importorskip("onnx", reason="layers are counted with onnx")


def test_every_network_of_the_manifest_is_counted():
    found = networks.measure()
    assert set(found) == set(manifest.read()) | {"three", "all"}
    assert all(found[name]["layers"] >= found[name]["products"] > 0 for name in manifest.read())


def test_of_an_iris_one_eye_is_told():
    iris = networks.measure()["iris"]
    assert iris["each"] == pytest.approx(iris["mmac"] / 2)


def test_the_fine_network_does_not_count_among_those_that_always_run(monkeypatch):
    read = manifest.read()
    read["fine"] = read["landmarks"]._replace(name="fine")
    monkeypatch.setattr(manifest, "read", lambda: read)
    found = networks.measure()
    sizes = {name: os.path.getsize(network.path) / 1e6 for name, network in read.items()}
    assert found["fine"]["mb"] == pytest.approx(sizes["landmarks"])
    assert found["all"]["mb"] == pytest.approx(sum(sizes.values()) - sizes["fine"])
    assert found["three"]["mb"] == pytest.approx(sum(sizes[name] for name in networks.THREE))


def test_without_onnx_files_are_weighed_alone(monkeypatch, capsys):
    def without(path):
        raise PartMissing("onnx", "not installed", "install it")
    monkeypatch.setattr(networks.fusion, "fused", without)
    assert set(networks.measure()["iris"]) == {"mb"}
    assert "layers of iris: not counted" in capsys.readouterr().out
    assert "| iris | - | - |" in networks.table(networks.measure())
