"""How earlier runs ended: what counts against the supply, and what does not."""
import json
import os

import pytest

from appliance.box.boots import STATE, Boots
from tests.box.boards import BOOT, put


@pytest.fixture
def run(tmp_path):
    """Boot once more: its Boots after the end that a test gives it."""
    count = [0]

    def once(end=lambda boots: None):
        count[0] += 1
        put(tmp_path, {BOOT: "boot-%d\n" % count[0]})
        boots = Boots(str(tmp_path))
        boots.begin()
        end(boots)
        return boots
    return once


def test_the_first_run_is_no_suspect(run):
    assert run().failed == 0


def test_two_runs_in_a_row_that_were_cut_off_make_a_suspect(run):
    assert [run().suspect for _ in range(4)] == [False, False, True, True]


def test_a_run_that_ends_as_it_should_breaks_the_row(run):
    run(), run(Boots.carry)
    assert run().failed == 0 and run().failed == 1


def test_after_a_suspect_was_carried_the_next_cut_makes_it_one_again(run):
    run(), run(), run(Boots.carry)
    assert run().failed == 1
    assert run().suspect


def test_the_same_boot_counts_once(run, tmp_path):
    run()
    for _ in range(3):
        boots = Boots(str(tmp_path))
        boots.begin()
    assert boots.failed == 0


def test_ended_and_begun_again_in_one_boot_it_may_still_be_cut_off(run, tmp_path):
    run(Boots.carry)
    Boots(str(tmp_path)).begin()
    assert run().failed == 1


def test_forgiven_it_is_forgotten(run):
    run(), run(), run(Boots.forgive)
    assert run().failed == 1


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"failed": "many"}', "\0" * 100])
def test_a_broken_file_is_told_and_begun_anew(run, tmp_path, caplog, text):
    put(tmp_path, {STATE: text})
    assert run().failed == 0 and "beginning anew" in caplog.text
    with open(os.path.join(str(tmp_path), STATE)) as f:
        assert json.load(f)["boot"] == "boot-1"


def test_a_disk_that_takes_nothing_is_told(run, tmp_path, caplog):
    put(tmp_path, {"var/lib": "a file where a folder should be"})
    run()
    assert "kagami-power" in caplog.text
