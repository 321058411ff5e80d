"""Heat and a weak supply become words, and fewer pictures, without flapping."""
import logging

import pytest

from appliance.box.strain import EVERY, Strain, next_state
from tests.box.boards import put, zone


class Warmed:
    """A Strain on a board whose temperature a test sets."""

    def __init__(self, tmp_path, name="CPU-therm"):
        self._root, self._name, self._now = tmp_path, name, 0.0
        put(tmp_path, zone(1, "PMIC-Die", 100))
        self.put(40)
        self.strain = Strain(str(tmp_path))

    def put(self, degrees):
        put(self._root, zone(0, self._name, degrees))

    def to(self, degrees):
        """The Strain after its next look."""
        self.put(degrees)
        self._now += EVERY
        self.strain(self._now)
        return self.strain


@pytest.fixture
def warmed(tmp_path):
    return Warmed(tmp_path)


@pytest.mark.parametrize("before, degrees, after", [
    ("", 69.9, ""), ("", 70, "warm"), ("warm", 67, "warm"), ("warm", 66.9, ""),
    ("warm", 89.9, "warm"), ("warm", 90, "hot"), ("", 90, "hot"), ("hot", 85, "hot"),
    ("hot", 84.9, "warm"), ("hot", 50, ""), ("hot", None, "hot"), ("", None, "")])
def test_each_step_is_left_at_less_than_it_was_entered(before, degrees, after):
    assert next_state(before, degrees) == after


def test_a_cool_board_is_not_told(warmed):
    assert warmed.to(50).words == "" and not warmed.strain.leaves_out()


def test_a_warm_board_is_told_and_keeps_its_rate(warmed):
    assert warmed.to(72).words == "warm, add a fan" and warmed.strain.share == 1
    assert not any(warmed.strain.leaves_out() for _ in range(4))


def test_a_hot_board_leaves_out_every_second_picture(warmed):
    assert "every second picture is left out" in warmed.to(91).words
    assert [warmed.strain.leaves_out() for _ in range(4)] == [True, False, True, False]
    assert warmed.strain.share == 0.5


def test_cooled_down_it_tracks_every_picture(warmed):
    warmed.to(91)
    warmed.to(84)
    assert not any(warmed.strain.leaves_out() for _ in range(4))


def test_the_log_has_a_line_for_each_change(warmed, caplog):
    caplog.set_level(logging.INFO, "kagami.heat")
    for degrees in (50, 75, 76, 91, 88, 92, 60, 50):
        warmed.to(degrees)
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "75 C (CPU-therm)", "91 C (CPU-therm)", "60 C (CPU-therm)"]


def test_between_two_looks_nothing_is_read(warmed):
    warmed.to(50)
    warmed.put(95)
    warmed.strain(EVERY * 1.9)
    assert not warmed.strain.hot


def test_a_thermometer_that_fails_changes_nothing(warmed, tmp_path):
    warmed.to(91)
    put(tmp_path, {"sys/class/thermal/thermal_zone0/temp": ""})
    warmed.strain(100.0)
    assert warmed.strain.hot


@pytest.mark.parametrize("name", ["x86_pkg_temp", "acpitz", "PMIC-Die", "iwlwifi_1"])
def test_a_machine_that_is_no_nano_may_be_as_hot_as_it_likes(tmp_path, name):
    assert Warmed(tmp_path, name).to(99).words == ""


def test_what_is_wrong_with_the_supply_is_told_too(warmed, tmp_path):
    put(tmp_path, {"run/kagami-power/notice": "the power supply is too weak\n"})
    assert warmed.to(75).words == "warm, add a fan, the power supply is too weak"
