"""Versions lie side by side."""
import os
import subprocess
import sys

import pytest

from appliance.box.versions import COMPLETE, CURRENT, PREVIOUS, Versions
from appliance.errors import DataError, OutputError, PartMissing
from tests.box.workshop import installed


@pytest.fixture
def box(tmp_path):
    return installed(tmp_path, "0.1.0", "0.2.0")


def test_it_knows_what_runs_and_what_ran(box):
    assert (box.current, box.previous, sorted(box.all())) == ("0.2.0", "0.1.0",
                                                              ["0.1.0", "0.2.0"])


def test_the_links_hold_when_the_folder_is_moved(box, tmp_path):
    assert os.readlink(str(tmp_path / CURRENT)) == "versions/0.2.0"


def test_nothing_is_installed_at_first(tmp_path):
    box = Versions(str(tmp_path / "none"))
    assert (box.current, box.previous, box.all(), box.trial, box.refused) == (None, None, [],
                                                                              None, None)


def test_an_incomplete_version_is_none(box):
    os.unlink(os.path.join(box.folder("0.2.0"), COMPLETE))
    assert box.current is None and not box.is_complete("0.2.0")


@pytest.mark.parametrize("version", ["0.9.0", "..", "0.1.0/..", ""])
def test_nothing_else_becomes_current(box, version):
    with pytest.raises(DataError, match="not complete"):
        box.point(CURRENT, version)
    assert box.current == "0.2.0"


def test_a_link_that_was_not_finished_is_no_obstacle(box, tmp_path):
    os.symlink("versions/nowhere", str(tmp_path / ".new-current"))
    box.point(CURRENT, "0.1.0")
    assert box.current == "0.1.0"


def test_previous_may_be_none(box):
    box.point(PREVIOUS, None)
    box.point(PREVIOUS, None)
    assert box.previous is None


def test_all_but_the_two_is_swept_away(box):
    os.makedirs(box.folder("0.3.0") + "/half")
    os.makedirs(box.folder("not-a-version"))
    os.symlink("/etc", box.folder("0.4.0"))
    open(box.folder("file"), "w").close()
    box.sweep()
    assert os.path.isdir("/etc")
    assert sorted(os.listdir(os.path.dirname(box.folder("x")))) == ["0.1.0", "0.2.0"]


def test_a_trial_is_kept(box):
    box.begin_trial(**{"from": "0.1.0", "to": "0.2.0", "before": None, "seeing": True})
    assert box.trial == {"from": "0.1.0", "to": "0.2.0", "before": None, "seeing": True}
    box.end_trial()
    box.end_trial()
    assert box.trial is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"from": "..", "to": "0.1.0"}',
                                  '{"from": 1, "to": "0.1.0"}', "\xff"])
def test_a_spoilt_trial_is_none(box, tmp_path, text):
    (tmp_path / "trial").write_bytes(text.encode("latin-1"))
    assert box.trial is None


def test_what_did_not_stay_is_kept_until_taken_back(box):
    box.refuse("0.3.0", "it ended")
    assert box.refused == {"version": "0.3.0", "reason": "it ended"}
    box.refuse(None, "")
    assert box.refused is None


def test_one_changes_versions_at_a_time(box, tmp_path):
    code = ("import sys; from appliance.box.versions import Versions\n"
            "with Versions(sys.argv[1]).alone(): pass")
    with box.alone():
        done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], stderr=subprocess.PIPE)
    assert b"another update is under way" in done.stderr
    with box.alone():
        pass


def test_a_folder_of_ones_own_is_not_updated(tmp_path):
    with pytest.raises(PartMissing, match="no such folder"):
        with Versions(str(tmp_path / "none")).alone():
            pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do everything")
def test_whoever_may_not_change_it_is_told(box):
    os.chmod(os.path.dirname(box.folder("x")), 0o555)
    with pytest.raises(PartMissing, match="no permission"):
        with box.alone():
            pass


def test_what_the_disk_refuses_is_one_line(box, tmp_path):
    with pytest.raises(OutputError, match="No such file") as e:
        with box.alone():
            os.unlink(str(tmp_path / "none"))
    assert e.value.what == str(tmp_path / "none")


def test_room_is_asked_for(box):
    box.room_for(1)
    with pytest.raises(OutputError, match="MB are free") as e:
        box.room_for(1 << 60)
    assert e.value.status == 73
