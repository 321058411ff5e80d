"""The table of stages counts what ran, and the command writes it."""
import json

import numpy as np
import pytest

from appliance.backends import manifest
from appliance.errors import PartMissing
from appliance.tracker import Tracker
from benchmarks import parts, stages
from benchmarks.__main__ import main
from tests.fakes.dots import Dots, picture


def test_percentiles_are_in_milliseconds():
    assert stages.spread([0.001, 0.002, 0.003]) == {"p50_ms": 2.0, "p95_ms": 2.9, "count": 3}


def test_every_stage_is_counted_as_often_as_it_ran():
    rows = stages.stages([picture((320, 200))] * 5,
                         lambda timing: Tracker(timing=timing, backend=Dots()))
    assert (rows["detector"]["count"], rows["pose"]["count"], rows["call"]["count"]) == (1, 5, 5)


def test_every_network_is_timed_alone():
    rows = stages.networks(Dots(), 3)
    assert {row: f["count"] for row, f in rows.items()} == {
        "network " + name: 3 for name in manifest.read()}


@pytest.fixture
def finer(monkeypatch):
    """A manifest with a network [fine]."""
    monkeypatch.setattr(manifest, "read", lambda read=manifest.read: dict(read(), fine=None))


def test_the_finer_network_has_its_rows_where_there_is_one(finer):
    rows = stages.finer([picture((320, 200))] * 5,
                        lambda config, timing: Tracker(config, timing, Dots()))
    assert {row: f["count"] for row, f in rows.items()} == {"landmarks, fine": 5, "call, fine": 5}


class Without(Dots):
    """A backend with no engine of it."""

    def load(self, name, faces=1):
        if name == "fine":
            raise PartMissing("engine of fine", "none here", "build it")
        return Dots.load(self, name, faces)


def test_without_an_engine_of_it_the_rows_are_left_out_and_it_is_said(finer, capsys):
    assert stages.finer([picture()], lambda config, timing: Tracker(
        config, timing, Without())) == {}
    assert "landmarks, fine: not measured: engine of fine: none here" in capsys.readouterr().out
    assert "network fine" not in stages.networks(Without(), 1)


def test_a_manifest_without_it_gives_no_rows(monkeypatch):
    monkeypatch.setattr(manifest, "read", lambda: {"landmarks": None})
    assert stages.finer([picture()]) == {}


def test_a_row_of_the_loop_is_none_of_the_tracker():
    assert "publish" not in stages.stages([np.zeros((8, 8), np.uint8)],
                                          lambda timing: Tracker(timing=timing, backend=Dots()))


def test_with_the_detector_on_every_picture_it_never_rests():
    made = [picture((320, 200))] * 4
    found = parts.measured(made, Dots(), lambda **given: Tracker(stages.every_picture(), **given))
    assert all("detector" in rows for rows in found)


def test_a_stage_that_did_not_run_took_no_time():
    found = stages.side_by_side([
        {"detector": (0.004, 0), "landmarks": (0.002, 0), "pose": (0.001, 0)},
        {"landmarks": (0.002, 0), "pose": (0.001, 0), "expression": (0.003, 0)},
        {"detector": (0.004, 0)}])
    assert found["face detection"] == [4, 0] and found["more"] == [0, 3]
    assert found["sum"] == pytest.approx([7, 6])


def test_the_published_rows_stand_above_ours():
    ours = {"ours": dict.fromkeys(list(stages.COLUMNS) + ["sum"], [1.0, 1.0])}
    lines = stages.published_table(ours).splitlines()[2:]
    assert lines[0].startswith("| DeepVTB on a Nano | 45.50 | 24.90 | 48.70 | 22.30 | - | 141.40")
    assert lines[2].startswith("| ours, p50 | 1.00 |") and "| 1000.00 | 2 |" in lines[2]


def test_the_command_writes_the_table(tmp_path):
    pytest.importorskip("gi", reason="GStreamer's Python bindings are not here")
    assert main(["stages", "--source", "test", "--frames", "4", "--out", str(tmp_path)]) == 0
    with open(str(tmp_path / "stages.json")) as f:
        figures = json.load(f)["figures"]
    assert figures["frames"] == 4
    assert figures["rows"]["call"]["count"] == 4


def test_a_source_that_is_not_there_is_named(tmp_path, capsys):
    assert main(["stages", "--source", "nowhere.mp4", "--out", str(tmp_path)]) == 66
    assert "nowhere.mp4: no such file" in capsys.readouterr().err
