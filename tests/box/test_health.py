"""A board's files in, how it is and what to do out."""
import os

import pytest

from appliance.box import board, health
from appliance.box.finding import BAD, OK, WARN
from tests.box.boards import cooling, free, mode, put, supply, zone

NOW = 1796000000.0      # 2026


def level(found):
    finding, = found
    return finding.level


@pytest.mark.parametrize("degrees, wanted", [(55, OK), (66, WARN), (75, WARN), (95, BAD)])
def test_heat_is_told_before_the_board_acts_on_it(tmp_path, degrees, wanted):
    root = put(tmp_path, zone(0, "GPU-therm", degrees))
    assert level(health.temperature(root)) == wanted


def test_what_is_cool_enough_for_a_pc_is_not_told(tmp_path):
    assert level(health.temperature(put(tmp_path, zone(0, "x86_pkg_temp", 66)))) == OK


def test_a_cool_board_that_is_slowed_down_is_told(tmp_path):
    root = put(tmp_path, dict(zone(0, "CPU-therm", 50), **cooling(0, "cpu-balanced", 1)))
    finding, = health.temperature(root)
    assert finding.level == WARN and "cpu-balanced" in finding.words


def test_a_machine_without_thermometers_is_well(tmp_path):
    assert level(health.temperature(str(tmp_path))) == OK


def test_the_mode_of_5_watts_is_told_with_the_way_out_of_it(tmp_path):
    finding, = health.power(put(tmp_path, dict(mode(1), **supply(5.0))))
    assert finding.level == WARN and "nvpmodel -m 0" in finding.do


def test_a_supply_that_sags_is_bad(tmp_path):
    finding, = health.power(put(tmp_path, dict(mode(0), **supply(4.6))))
    assert finding.level == BAD and "4.60 V" in finding.words and "4 A" in finding.do


def test_a_supply_that_is_suspected_is_told_once_with_what_to_do(tmp_path):
    files = {board.NOTICE: "power supply suspected: it failed twice; use 5 V 4 A\n"}
    finding, = health.power(put(tmp_path, dict(mode(1), **files)))
    assert finding == ("power", BAD, "power supply suspected: it failed twice", "use 5 V 4 A")


def test_alarms_of_the_supply_are_bad(tmp_path):
    root = put(tmp_path, {"var/log/dmesg": "[9.2] soctherm: OC ALARM 0x00000001\n"})
    assert level(health.power(root)) == BAD


def test_a_good_supply_is_told(tmp_path):
    finding, = health.power(put(tmp_path, dict(mode(0), **supply(5.02))))
    assert finding == ("power", OK, "mode MAXN, 5.02 V at POM_5V_IN", "")


def test_a_clock_that_was_never_set_is_told():
    finding, = health.clock(lambda: 0.0, lambda: False)
    assert finding.level == WARN and "1970" in finding.words


@pytest.mark.parametrize("told, wanted", [(True, OK), (None, OK), (False, WARN)])
def test_a_clock_that_no_time_server_sets_is_told(told, wanted):
    assert level(health.clock(lambda: NOW, lambda: told)) == wanted


@pytest.mark.parametrize("mb, wanted", [(900, OK), (200, WARN), (50, BAD)])
def test_little_memory_is_told(tmp_path, mb, wanted):
    assert level(health.memory(put(tmp_path, free(mb)))) == wanted


def disk(mb, flags=0):
    """What statvfs says of a disk with so much room."""
    told = os.statvfs("/")
    return lambda place: type("Told", (), dict(f_bavail=mb, f_frsize=1 << 20, f_flag=flags,
                                               f_bsize=told.f_bsize))


@pytest.mark.parametrize("mb, wanted", [(9000, OK), (200, WARN), (5, BAD)])
def test_a_disk_that_fills_is_told(mb, wanted):
    assert level(health.disk(("/",), disk(mb))) == wanted


def test_a_disk_that_cannot_be_written_is_told():
    finding, = health.disk(("/",), disk(9000, os.ST_RDONLY))
    assert finding.level == WARN and "read-only" in finding.words


@pytest.mark.parametrize("place, wanted", [("/", OK), ("/var/lib/kagami", WARN)])
def test_one_that_somebody_has_closed_is_well_where_it_is_closed(tmp_path, place, wanted):
    wanted_by = put(tmp_path, {"closed": ""}) + "/closed"
    assert level(health.disk((place,), disk(9000, os.ST_RDONLY), wanted_by)) == wanted


def test_one_that_is_closed_at_the_next_start_is_not_told_to_be(tmp_path):
    wanted_by = put(tmp_path, {"closed": ""}) + "/closed"
    assert "read-only" not in health.disk(("/",), disk(9000), wanted_by)[0].words


def test_a_folder_that_is_not_there_yet_is_passed_over(tmp_path):
    assert level(health.disk(("/", str(tmp_path / "none")))) in (OK, WARN, BAD)
