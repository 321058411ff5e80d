"""What a board tells is read from its own files; a PC has none."""
import os

import pytest

from appliance.box import board
from tests.box.boards import cooling, mode, put, supply, zone


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


def test_zones_are_known_by_their_names_and_the_one_that_always_says_100_is_left_out(tmp_path):
    root = put(tmp_path, dict(zone(0, "CPU-therm", 66.5), **zone(1, "PMIC-Die", 100)))
    assert board.temperatures(root) == {"CPU-therm": 66.5}


def test_cooling_that_takes_speed_is_told_and_the_fan_is_not(tmp_path):
    files = dict(cooling(0, "pwm-fan", 3), **cooling(1, "cpu-balanced", 2))
    root = put(tmp_path, dict(files, **cooling(2, "gpu-balanced", 0)))
    assert board.throttled(root) == ["cpu-balanced"]


@pytest.mark.parametrize("number, name", [(0, "MAXN"), (1, "5W")])
def test_the_power_mode_that_was_chosen_is_read_from_its_file(tmp_path, number, name):
    assert board.power_mode(put(tmp_path, mode(number))) == name


def test_volts_are_read_from_the_power_monitor(tmp_path):
    assert board.volts(put(tmp_path, supply(4.9))) == {"POM_5V_IN": 4.9}


def test_alarms_of_the_supply_are_counted_in_the_kernels_log(tmp_path):
    assert board.alarms(str(tmp_path)) is None
    log = "[3.1] usb\n[9.2] soctherm: OC ALARM 0x00000001\n"
    assert board.alarms(put(tmp_path, {"var/log/dmesg": log})) == 1


def test_the_model_ends_where_its_text_does(tmp_path):
    text = "NVIDIA Jetson Nano Developer Kit\0"
    assert board.model(put(tmp_path, {"proc/device-tree/model": text})) == text[:-1]
