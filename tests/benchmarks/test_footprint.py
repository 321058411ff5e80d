"""Memory, allocations and sizes are what they are known to be."""
import json

import pytest

from benchmarks import footprint, life
from benchmarks.__main__ import main

KEPT = []


def renewing(luma):
    """Keeps the newest 100 KiB for its work."""
    KEPT[:] = [bytearray(100 * 1024)]


def leaking(luma):
    """Leaves a thousand bytes behind."""
    KEPT.append(bytearray(1000))


def wasting(luma):
    """Holds 200 KiB for a moment."""
    return len(bytearray(200 * 1024))


def test_what_a_picture_leaves_behind_is_counted():
    assert 1000 <= life.allocations(leaking, [None], 20)["left_bytes"] <= 1400


def test_what_is_renewed_is_not_left_behind():
    assert life.allocations(renewing, [None], 20)["left_bytes"] < 100


def test_what_a_picture_holds_for_a_moment_is_counted():
    found = life.allocations(wasting, [None], 20)
    assert found["within_kib"] == pytest.approx(200, abs=5)
    assert found["left_bytes"] < 100


def test_the_peak_of_memory_never_falls():
    before = life.peak_mib()
    block = bytearray(64 * 2 ** 20)
    block[::4096] = b"x" * len(block[::4096])
    after = life.peak_mib()
    del block
    assert after >= max(before, 64)
    assert life.peak_mib() >= after - 1      # the kernel counts in batches


def test_processor_time_is_told_per_picture_and_as_a_share():
    found = life.paced(lambda luma: None, [None] * 3, rate=1000.0)
    assert found["cpu_percent"] == pytest.approx(found["cpu_ms"] * 100, abs=0.1)


def test_sizes_are_those_of_the_files(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"12345")
    (tmp_path
     / "manifest.ini").write_text("[a]\nfile = a.onnx\nsha256 = 0\ninputs = x:1\noutputs = y:1\n")
    assert footprint.sizes(str(tmp_path / "manifest.ini")) == {"a": 5}


def test_energy_is_what_a_frame_takes_beyond_idling():
    assert footprint.power(2.0, [3.0, 4.0], 30.0) == {"idle_w": 2.0, "mean_w": 3.5,
                                                      "mj_a_frame": 50.0}


@pytest.mark.parametrize("watts, told", [
    ({"POM_5V_IN": {"idle_w": 2.0, "mean_w": 3.5, "mj_a_frame": 50.0}}, "2.00 / 3.50; 50.0"),
    ({}, "this board tells none")])
def test_the_table_tells_rails_where_the_board_has_them(watts, told):
    one = {"first_s": 1.0, "mib": 100.0, "cpu_ms": 3.0, "cpu_percent": 9.0, "frames": 300,
           "watts": watts}
    assert told in footprint.program_table({30: one})


def test_the_middle_of_three_lives_counts():
    lives = [dict.fromkeys(footprint.LINES, value) for value in (3.0, 1.0, 2.0)]
    assert set(footprint.middle(lives).values()) == {2.0}


def test_the_command_writes_the_table(tmp_path):
    pytest.importorskip("gi", reason="GStreamer's Python bindings are not here")
    assert main(["footprint", "--source", "test", "--frames", "3", "--lives", "1", "--out",
                 str(tmp_path)]) == 0
    with open(str(tmp_path / "footprint.json")) as f:
        figures = json.load(f)["figures"]
    assert set(footprint.LINES) < set(figures)
    assert figures["networks"]["landmarks"] > 1000


def test_a_life_that_fails_tells_its_last_word(tmp_path, capsys):
    assert main(["footprint", "--source", "nothing:x", "--lives", "1", "--out",
                 str(tmp_path)]) == 1
    assert "nothing:x" in capsys.readouterr().err
