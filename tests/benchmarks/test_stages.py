"""The table of stages counts what ran, and the command writes it."""
import json

import numpy as np
import pytest

from appliance.tracker import Tracker
from benchmarks import stages
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
        "network " + name: 3 for name in ("detector", "expression", "iris", "landmarks")}


def test_a_row_of_the_loop_is_none_of_the_tracker():
    assert "publish" not in stages.stages([np.zeros((8, 8), np.uint8)],
                                          lambda timing: Tracker(timing=timing, backend=Dots()))


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
