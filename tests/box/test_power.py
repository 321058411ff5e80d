"""A Nano's power mode, clocks and fan are kept in order, its supply is watched; played boards."""
import os
import signal
import subprocess
import sys
import time

import pytest

from appliance.box import board
from appliance.box.boots import CARRIED
from appliance.box.fan import FOLDER, Fan
from appliance.box.power import ADVICE, DELAY, EVERY, SELDOM, Power, main
from tests.box.boards import BOOT, mode, nano, put, supply, zone

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")


class Nano:
    """A played Nano that is booted again and again; `power`: the Power of this run."""

    def __init__(self, root):
        self.root, self.now, self._boots = nano(root), 0.0, 0

    def boot(self):
        """Start; what NVIDIA's programs were told."""
        self._boots += 1
        put(self.root, {BOOT: "boot-%d\n" % self._boots, "done": "", board.NOTICE: ""})
        self.power = Power(self.root, Fan(self.root, lambda seconds: None), lambda: self.now)
        self.power.start()
        return self.done()

    def after(self, seconds):
        """Let it run; what NVIDIA's programs were told."""
        for _ in range(int(seconds / EVERY)):
            self.now += EVERY
            self.power.turn()
        return self.done()

    def done(self):
        """What was done since the boot."""
        return self.read("done").splitlines()

    def read(self, name):
        with open(os.path.join(self.root, name)) as f:
            return f.read().strip()

    @property
    def mode(self):
        return board.power_mode(self.root)


@pytest.fixture
def box(tmp_path):
    return Nano(tmp_path)


@pytest.fixture
def suspect(box):
    """The same after two runs that were cut off."""
    for _ in range(2):
        box.boot()
        box.after(30)
    box.boot()
    return box


def test_a_new_board_gets_its_full_mode(box):
    assert box.boot() == ["nvpmodel -m 0"] and box.mode == "MAXN"


def test_a_mode_that_is_in_force_is_not_set_again(box):
    put(box.root, mode(0))
    assert box.boot() == []


def test_the_clocks_are_pinned_some_seconds_later_and_once(box):
    box.boot()
    assert "jetson_clocks" not in box.after(DELAY - EVERY)
    assert box.after(10 * DELAY).count("jetson_clocks") == 1


def test_the_fan_follows_the_curve_whatever_the_clocks_program_does_to_it(box):
    put(box.root, zone(1, "CPU-therm", 58))
    box.boot()
    box.after(60)
    assert box.read(FOLDER + "/target_pwm") == "160"
    assert box.read(FOLDER + "/temp_control") == "0"


def test_a_pmic_that_always_says_100_moves_no_fan(box):
    box.boot()
    box.after(60)
    assert box.read(FOLDER + "/target_pwm") == "0"


def test_at_the_end_the_kernel_has_the_fan_again(box):
    box.boot()
    box.after(60)
    box.power.end()
    assert box.read(FOLDER + "/temp_control") == "1"


def test_a_fan_that_cannot_be_set_is_told_once(box, caplog):
    os.remove(os.path.join(box.root, FOLDER, "temp_control"))
    os.mkdir(os.path.join(box.root, FOLDER, "temp_control"))
    box.boot()
    box.after(60)
    assert caplog.text.count("the fan cannot be set") == 1


def test_cut_off_twice_soon_after_the_start_it_runs_at_5_watts(suspect):
    assert suspect.done() == ["nvpmodel -m 1"] and suspect.mode == "5W"
    assert "jetson_clocks" not in suspect.after(60)


def test_everybody_is_told_why_and_what_to_do(suspect):
    assert suspect.read(board.NOTICE) == (
        "power supply suspected: it failed twice soon after a start, so the board runs at 5 W and "
        "slower; " + ADVICE)


def test_cut_off_again_at_5_watts_it_stays_there(suspect):
    suspect.boot()
    assert suspect.mode == "5W" and suspect.done() == []


def test_after_a_run_that_ended_well_it_is_fast_again(suspect):
    suspect.power.end()
    assert suspect.boot() == ["nvpmodel -m 0"] and suspect.read(board.NOTICE) == ""


def test_after_ten_minutes_the_plug_may_be_pulled(suspect):
    suspect.after(CARRIED)
    assert suspect.boot() == ["nvpmodel -m 0"]


def test_fast_again_one_more_cut_is_enough(suspect):
    suspect.power.end()
    suspect.boot()
    suspect.boot()
    assert suspect.mode == "5W"


def test_pulling_the_plug_every_evening_is_no_fault_of_the_supply(box):
    for _ in range(5):
        box.boot()
        box.after(CARRIED)
        assert box.mode == "MAXN"


def test_5_watts_that_somebody_has_chosen_stay(box, caplog):
    put(box.root, mode(1))
    caplog.set_level("INFO")
    assert box.boot() == [] and "chosen by somebody, and stays" in caplog.text
    box.power.end()
    assert box.boot() == [] and box.mode == "5W"


def test_whoever_sets_the_full_mode_decides(suspect):
    put(suspect.root, mode(0))
    suspect.after(SELDOM + DELAY)
    assert suspect.read(board.NOTICE) == "" and "jetson_clocks" in suspect.done()
    assert suspect.boot() == [] and suspect.mode == "MAXN"


def test_a_mode_that_cannot_be_set_is_told_and_not_claimed(box, caplog):
    for _ in range(2):
        box.boot()
    put(box.root, {"etc/nvpmodel.conf": "< POWER_MODEL ID=0 NAME=MAXN >\n"})
    box.boot()
    assert "no mode 5W" in caplog.text and "5 W and" not in box.read(board.NOTICE)


def test_a_program_of_nvidias_that_fails_is_told_with_its_words(box, caplog):
    put(box.root, {"usr/sbin/nvpmodel": "#!/bin/sh\necho NVPM ERROR: no; exit 3\n"})
    box.boot()
    assert "it ended with 3 and said: NVPM ERROR: no" in caplog.text


def test_a_board_without_its_programs_goes_on(box, caplog):
    os.remove(os.path.join(box.root, "usr/bin/jetson_clocks"))
    box.boot()
    box.after(60)
    assert "jetson_clocks" in caplog.text


def test_one_look_at_few_volts_is_not_told(box):
    box.boot()
    put(box.root, supply(4.5))
    box.after(EVERY)
    put(box.root, supply(5.0))
    box.after(EVERY)
    assert box.read(board.NOTICE) == ""


def test_a_supply_that_sags_is_told_until_the_next_start(box):
    box.boot()
    put(box.root, supply(4.6))
    box.after(60)
    put(box.root, supply(5.0))
    box.after(60)
    assert box.read(board.NOTICE) == "power supply too weak, 4.60 V; " + ADVICE


def test_alarms_of_the_kernel_are_told(box):
    box.boot()
    put(box.root, {"var/log/dmesg": "[9.2] soctherm: OC ALARM 0x00000001\n"})
    box.after(2 * SELDOM)
    assert box.read(board.NOTICE) == "power supply too weak, the board slows down; " + ADVICE


def test_elsewhere_it_says_so_and_ends(tmp_path, caplog):
    caplog.set_level("INFO")
    put(tmp_path, {"proc/device-tree/model": "Raspberry Pi 4 Model B\0"})
    assert main(str(tmp_path)) == 0
    assert "no Jetson Nano" in caplog.text
    assert sorted(os.listdir(str(tmp_path))) == ["proc"]


def test_the_program_runs_until_it_is_told_to_end(box):
    running = subprocess.Popen([sys.executable, "-m", "appliance.box.power", box.root], cwd=ROOT)
    end = time.monotonic() + 30
    while not os.path.exists(os.path.join(box.root, board.NOTICE)) and time.monotonic() < end:
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    assert running.wait(20) == 0 and box.mode == "MAXN"
    assert '"good": true' in box.read("var/lib/kagami-power/boots.json")
