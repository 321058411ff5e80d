"""What a board tells is read from its own files; a PC has none."""
import os

import pytest

from benchmarks import board


@pytest.fixture
def nano(tmp_path):
    """The files of a Nano, made up."""
    rails = "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/"
    files = {
        "etc/nv_tegra_release": "# R32 (release), REVISION: 7.1, GCID: 29818004, BOARD: t210ref, "
                                "EABI: aarch64, DATE: Sat Feb 19 17:05:08 UTC 2022\n",
        board.CPU + "/scaling_cur_freq": "1479000\n", board.CPU + "/scaling_max_freq": "1479000\n",
        board.GPU + "/cur_freq": "76800000\n", board.GPU + "/max_freq": "921600000\n",
        rails + "rail_name_0": "POM_5V_IN\n", rails + "in_power0_input": "1750\n",
        rails + "rail_name_1": "POM_5V_GPU\n", rails + "in_power1_input": "0\n"}
    for name, text in files.items():
        path = tmp_path / name
        os.makedirs(str(path.parent), exist_ok=True)
        path.write_text(text)
    return str(tmp_path)


def test_release_and_clocks_are_told(nano):
    found = board.circumstances(nano)
    assert found["jetpack"] == "4.6.1 (L4T 32.7.1)"
    assert found["cpu_mhz"] == "1479 of 1479" and found["gpu_mhz"] == "77 of 922"


def test_rails_are_read_in_watts(nano):
    assert board.watts(nano) == {"POM_5V_IN": 1.75, "POM_5V_GPU": 0.0}


def test_what_a_board_does_not_tell_is_left_out(tmp_path):
    assert "jetpack" not in board.circumstances(str(tmp_path))
    assert board.watts(str(tmp_path)) == {}


def test_the_power_mode_is_what_nvpmodel_says(tmp_path, monkeypatch):
    program = tmp_path / "nvpmodel"
    program.write_text("#!/bin/sh\necho 'NVPM WARN: fan mode is not set!' >&2\n"
                       "echo 'NV Power Mode: MAXN'\necho 0\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path) + os.pathsep + os.environ["PATH"])
    assert board.power_mode() == "MAXN"
