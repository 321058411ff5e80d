"""A bundle becomes the version that runs, or nothing changes and one line says why."""
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from appliance.box.bundle import tag
from appliance.box.update import Updates
from appliance.errors import (DataError, InputMissing, KagamiError, OutputError, PartMissing,
                              UsageError)
from tests.box.workshop import OTHER, SETUP, Played, installed, release, runs

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")


@pytest.fixture
def box(tmp_path):
    return installed(tmp_path / "opt", "0.0.9", "0.1.0")


@pytest.fixture
def services(box):
    return Played(box, broken=["6.6.6"])


@pytest.fixture
def updates(box, services):
    said = []
    made = Updates(box, services, said.append)
    made.said = said
    return made


@pytest.fixture
def unchanged(box):
    """Whatever a test does, the box stays as it was."""
    yield
    assert (box.current, box.previous, box.trial, box.refused) == ("0.1.0", "0.0.9", None, None)
    assert sorted(os.listdir(box.folder(""))) == ["0.0.9", "0.1.0"] and runs(box) == "0.1.0"


def test_a_good_version_runs_and_the_one_before_is_kept(box, updates, services, tmp_path):
    assert updates.update(release(tmp_path / "b.tar")) == (
        "version 0.2.0 runs; 0.1.0 is kept: `kagami rollback`")
    assert (box.current, box.previous, runs(box), services.running) == (
        "0.2.0", "0.1.0", "0.2.0", "0.2.0")
    assert sorted(box.all()) == ["0.1.0", "0.2.0"] and box.trial is None


def test_it_tells_what_it_does(updates, tmp_path):
    updates.update(release(tmp_path / "b.tar", **{"deploy/setup.sh": SETUP % "0.2.0" +
                                                  "echo from the script\n"}))
    assert updates.said == ["version 0.2.0 is signed rightly: unpacking 0 MB",
                            "making its environment: some minutes on a Nano",
                            "  from the script",
                            "version 0.2.0 is on trial: it has a minute to track"]


def test_a_version_that_does_not_track_goes_and_the_box_says_so(box, updates, services, tmp_path):
    with pytest.raises(KagamiError) as e:
        updates.update(release(tmp_path / "b.tar", "6.6.6"))
    assert e.value.status == 1 and "it is failed; 0.1.0 runs again" in str(e.value)
    assert (box.current, box.previous, services.running) == ("0.1.0", "0.0.9", "0.1.0")
    assert box.refused == {"version": "6.6.6", "reason": "it is failed"}
    assert updates.listing()[-1] == "did not stay   6.6.6: it is failed"


def test_what_did_not_stay_may_be_tried_again(box, updates, services, tmp_path):
    bundle = release(tmp_path / "b.tar", "6.6.6")
    with pytest.raises(KagamiError):
        updates.update(bundle)
    services.broken = ()
    updates.update(bundle)
    assert box.current == "6.6.6" and box.refused is None


def test_rollback_goes_there_and_back(box, updates, services):
    assert updates.rollback() == "version 0.0.9 runs; 0.1.0 is kept: `kagami rollback`"
    assert (box.current, services.running) == ("0.0.9", "0.0.9")
    updates.rollback()
    assert (box.current, services.running) == ("0.1.0", "0.1.0")


def test_without_a_version_before_there_is_no_way_back(tmp_path):
    box = installed(tmp_path / "opt", "0.1.0")
    with pytest.raises(UsageError, match="no version before"):
        Updates(box, Played(box), print).rollback()


def test_the_first_update_of_a_new_box(tmp_path):
    box = installed(tmp_path / "opt", "0.1.0")
    Updates(box, Played(box), lambda text: None).update(release(tmp_path / "b.tar"))
    assert (box.current, box.previous) == ("0.2.0", "0.1.0")


def test_a_first_update_that_fails_leaves_no_version_before(tmp_path):
    box = installed(tmp_path / "opt", "0.1.0")
    with pytest.raises(KagamiError):
        Updates(box, Played(box, ["0.2.0"]), lambda text: None).update(release(tmp_path / "b.tar"))
    assert (box.current, box.previous, box.all()) == ("0.1.0", None, ["0.1.0"])


@pytest.mark.parametrize("words, error, told", [
    (dict(version="0.1.0"), UsageError, "version 0.1.0 runs already"),
    (dict(version="0.0.9"), UsageError, "`kagami rollback` goes there"),
    (dict(version="0.0.1"), UsageError, "add --older to have it"),
    (dict(target="cp27-armv7l"), DataError, "made for cp27-armv7l, this is " + tag()),
    (dict(secret=OTHER), DataError, "not signed with the key of this box's releases"),
    ({"deploy/setup.sh": "exit 7"}, PartMissing, "it ended with 7"),
    ({"deploy/setup.sh": "exit 0"}, PartMissing, "no program"),
    ({"deploy/setup.sh": "echo 'cp: x: No space left on device'; exit 1"}, OutputError,
     "make room"), ({"deploy/setup.sh": None}, PartMissing, "no program")])
def test_what_is_refused_changes_nothing(updates, unchanged, tmp_path, words, error, told):
    with pytest.raises(error, match=told.replace("(", ".")):
        updates.update(release(tmp_path / "b.tar", **words))


def test_an_older_one_may_be_wanted(box, updates, tmp_path):
    updates.update(release(tmp_path / "b.tar", "0.0.1"), older=True)
    assert box.current == "0.0.1"


@pytest.mark.parametrize("spoil", [lambda data: data[:-8000], lambda data: data[:700],
                                   lambda data: b"", lambda data: data[512:],
                                   lambda data: data.replace(b"PK", b"KP")])
def test_a_broken_bundle_changes_nothing(updates, unchanged, tmp_path, spoil):
    path = tmp_path / "b.tar"
    release(path)
    path.write_bytes(spoil(path.read_bytes().rstrip(b"\0") + b"\0" * 1024))
    with pytest.raises(DataError) as e:
        updates.update(str(path))
    assert e.value.status == 65


@pytest.mark.parametrize("name", ["none.tar", ".", "b.tar/x"])
def test_a_bundle_that_is_not_there_is_told(updates, unchanged, tmp_path, name):
    (tmp_path / "b.tar").touch()
    with pytest.raises(InputMissing):
        updates.update(str(tmp_path / name))


def test_a_box_without_a_key_takes_nothing(updates, unchanged, box, tmp_path):
    os.unlink(box.key)
    with pytest.raises(InputMissing, match="release.pub"):
        updates.update(release(tmp_path / "b.tar"))


def test_a_disk_without_room_is_told_before_anything_is_written(updates, unchanged, tmp_path,
                                                                monkeypatch):
    usage = shutil.disk_usage(str(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(OutputError, match="MB are free"):
        updates.update(release(tmp_path / "b.tar"))


FULL = """
mount -t tmpfs -o size=900k none "$1" && exec "$2" -m tests.box.full "$1" "$3"
"""


def test_a_disk_that_becomes_full_is_told(tmp_path):
    if subprocess.run(["unshare", "-rm", "true"], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("no mount namespaces for us here")
    bundle = release(tmp_path / "b.tar", **{"big.bin": "x" * 2000000})
    (tmp_path / "opt").mkdir()
    done = subprocess.run(["unshare", "-rm", "sh", "-c", FULL, "sh", str(tmp_path / "opt"),
                           sys.executable, bundle], cwd=ROOT, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True)
    assert done.stdout.splitlines()[-2:] == ["73 No space left on device", "0.1.0 ['0.1.0']"]


def test_half_a_version_is_cleared_away_by_the_next_update(box, updates, tmp_path):
    os.makedirs(box.folder("0.2.0") + "/half")
    os.makedirs(box.folder("0.1.5") + "/half")
    updates.update(release(tmp_path / "b.tar"))
    assert sorted(os.listdir(box.folder(""))) == ["0.1.0", "0.2.0"]
    assert not os.path.exists(box.folder("0.2.0") + "/half")


def test_what_a_killed_update_left_running_is_waited_for(box, updates, tmp_path):
    slow = release(tmp_path / "b.tar", **{"deploy/setup.sh": "touch begun; exec sleep 60"})
    child = os.fork()
    if child == 0:
        os.setsid()
        updates.update(slow)
        os._exit(0)
    while not os.path.exists(box.folder("0.2.0") + "/begun"):
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    try:
        with pytest.raises(PartMissing, match="another update is under way"):
            updates.update(release(tmp_path / "c.tar", "0.3.0"))
    finally:
        os.killpg(child, signal.SIGKILL)


def test_a_trial_that_nobody_ended_is_ended_first(box, updates, services, tmp_path):
    updates.update(release(tmp_path / "b.tar", "0.2.0"))
    box.begin_trial(**{"from": "0.1.0", "to": "0.2.0", "before": None, "seeing": False})
    updates.update(release(tmp_path / "c.tar", "0.3.0"))
    assert (box.current, box.previous, box.trial) == ("0.3.0", "0.2.0", None)


def test_a_box_without_a_judge_takes_nothing(updates, unchanged, services, tmp_path):
    def check():
        raise PartMissing("kagami-trial.service", "not installed", "install it")
    services.check = check
    with pytest.raises(PartMissing, match="kagami-trial"):
        updates.update(release(tmp_path / "b.tar"))


def test_the_versions_are_listed(updates):
    assert updates.listing() == ["runs now       0.1.0",
                                 "ran before     0.0.9, `kagami rollback` goes back there"]
