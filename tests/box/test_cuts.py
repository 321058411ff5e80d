"""The power may be cut, or the program killed, before any of the changes that an update makes to
the disk: what is current is always a whole version, and the next start ends what was begun."""
import os
import shutil
import signal

import pytest

from appliance.box.update import Updates
from tests.box.workshop import Played, installed, release, runs

CHANGES = ("mkdir", "rename", "replace", "symlink", "unlink", "rmdir", "fsync", "sync", "chmod",
           "fchmod", "open", "close")
MOST = 3000


def dies_before(change, work):
    """Do some work in a process that is killed before its change number so; whether it was."""
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            _count(change)
            work()
        finally:
            os._exit(0)
    died = os.WIFSIGNALED(os.waitpid(child, 0)[1])
    try:
        os.killpg(child, signal.SIGKILL)        # what it started
    except ProcessLookupError:
        pass
    return died


def _count(change):
    left = [change]

    def counted(real):
        def do(*words, **more):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*words, **more)
        return do
    for name in CHANGES:
        setattr(os, name, counted(getattr(os, name)))


def is_sound(box, broken):
    """The box boots: what is current is whole and runs. It tracks: that is the version which was
    known to be good, or is itself, or somebody will judge it."""
    assert box.current is not None and runs(box) == box.current
    assert box.current not in broken or box.trial


def settle(box, services):
    """Start again, and see that it comes to an end."""
    services.boot()
    assert box.trial is None and runs(box) == box.current == services.running
    assert box.previous is None or box.is_complete(box.previous)
    return box.current


@pytest.mark.parametrize("broken, ends", [((), {"0.1.0", "0.2.0"}), (("0.2.0",), {"0.1.0"})])
def test_an_update_may_be_killed_anywhere(tmp_path, broken, ends):
    bundle, change, killed, seen = release(tmp_path / "b.tar"), 0, True, set()
    fresh = installed(tmp_path / "fresh", "0.0.9", "0.1.0")
    while killed:
        assert change < MOST
        box = type(fresh)(str(tmp_path / "box"))
        shutil.copytree(fresh.root, box.root, symlinks=True)
        services = Played(box, broken)
        updates = Updates(box, services, lambda text: None)
        killed = dies_before(change, lambda: updates.update(bundle))
        if killed:
            is_sound(box, broken)
        seen.add(settle(box, services))
        assert seen <= ends
        shutil.rmtree(box.root)
        change += 1
    assert seen == ends and change > 60


@pytest.mark.parametrize("broken", [(), ("0.2.0",)])
def test_a_judge_may_be_killed_anywhere_and_again_at_the_next_start(tmp_path, broken):
    fresh = installed(tmp_path / "fresh", "0.2.0", "0.0.9", "0.1.0")
    fresh.begin_trial(**{"from": "0.1.0", "to": "0.2.0", "before": "0.0.9", "seeing": True})
    change, killed = 0, True
    while killed:
        box = type(fresh)(str(tmp_path / "box"))
        shutil.copytree(fresh.root, box.root, symlinks=True)
        services = Played(box, broken)
        killed = dies_before(change, services.judge)
        for again in range(0, 3 * killed):
            if box.trial:
                is_sound(box, broken)
                dies_before((change * 7 + again * 13) % 60, Played(box, broken).boot)
        services = Played(box, broken)
        assert settle(box, services) == ("0.1.0" if broken else "0.2.0")
        shutil.rmtree(box.root)
        change += 1
    assert change > 20


def test_after_any_of_it_the_next_update_works(tmp_path):
    bundle, change, killed = release(tmp_path / "b.tar"), 3, True
    fresh = installed(tmp_path / "fresh", "0.0.9", "0.1.0")
    while killed:
        box = type(fresh)(str(tmp_path / "box"))
        shutil.copytree(fresh.root, box.root, symlinks=True)
        updates = Updates(box, Played(box), lambda text: None)
        killed = dies_before(change, lambda: updates.update(bundle))
        services = Played(box)
        settle(box, services)
        Updates(box, services, lambda text: None).update(release(tmp_path / "c.tar", "0.3.0"))
        assert box.current == runs(box) == "0.3.0"
        assert sorted(os.listdir(box.folder(""))) == sorted(["0.3.0", box.previous])
        shutil.rmtree(box.root)
        change += 17
