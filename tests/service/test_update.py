"""Updates of a box under its own systemd: good ones, bad ones, killed ones, and power cuts in the
middle, after which it boots and tracks."""
import os
import random
import re
import shutil
import time

import pytest

from appliance import __version__
from appliance.box import bundle, signature
from appliance.box.update import ROOM
from tests.service import house as houses
from tests.service.conftest import PATTERN, PORT
from tests.service.house import ROOT, until

SECRET = b"1" * 32
ASK = ("from appliance.box.services import answered; print(*answered())")
# Later versions take over the environment of the one that runs: what pip does was seen by then.
TAKEN_OVER = """#!/bin/sh
set -e
old=$(readlink -e /opt/kagami/current)
cp -a "$old/.venv" "$old/kagami.egg-info" .
grep -rlI "$old" .venv | xargs sed -i "s#$old#$PWD#g"
"""
CRASHES = "raise RuntimeError('made to fail')\n"
HANGS = "import time; time.sleep(1e6)\n"


@pytest.fixture(scope="module")
def files():
    """{name: bytes} of this tree as it is now."""
    found = {}
    for name in houses.files():
        if not name.startswith("tests/"):
            with open(os.path.join(ROOT, name), "rb") as f:
                found[name] = f.read()
    return found


@pytest.fixture(scope="module")
def release(files, bare, tmp_path_factory):
    """Make a bundle: its path. first: what a release begins with in appliance/run.py. wheels:
    whether it brings its own."""
    folder, tag = tmp_path_factory.mktemp("bundles"), houses.tag(bare)

    def make(version, first="", wheels=False, secret=SECRET):
        from deploy import bundle as maker      # a PC's tool, not for Python 3.6
        tree = dict(files)
        tree["appliance/__init__.py"] = files["appliance/__init__.py"].replace(
            __version__.encode(), version.encode())
        tree["appliance/run.py"] = first.encode() + files["appliance/run.py"]
        if wheels:
            for wheel in houses.wheels(bare):
                with open(wheel, "rb") as f:
                    tree["wheels/" + os.path.basename(wheel)] = f.read()
        else:
            tree["deploy/setup.sh"] = TAKEN_OVER.encode()
        tree[bundle.KEY] = signature.spelt(signature.sign(SECRET, b"")[1])
        path = str(folder / ("kagami-%s.tar" % version))
        maker.write(path, version, tag, tree, 0, secret)
        return path
    return make


@pytest.fixture(scope="module")
def box(bare, release):
    """The machine, on which this version was installed from a bundle, and runs."""
    bare.write("/etc/kagami.conf", PATTERN)
    bare.boot()
    put(bare, release(__version__, wheels=True), "/root/first.tar")
    bare.shell("cd /root && tar xf first.tar && rm first.tar")
    bare.run("/root/kagami-%s/deploy/install.sh" % __version__, "--yes", timeout=300)
    bare.shell("rm -r /root/kagami-*")
    tracks(bare, __version__)
    return bare


def put(box, path, where="/root/new.tar"):
    """Copy a bundle onto the machine."""
    shutil.copyfile(path, box.path(where))
    return where


def update(box, path, *words):
    """(exit status, what it said) of `kagami update`."""
    return command(box, "kagami update %s %s" % (put(box, path), " ".join(words)))


def command(box, text):
    said = box.shell(text + " 2>&1; echo $?", timeout=400)
    *lines, status = said.splitlines()
    return int(status), "\n".join(lines)


def links(box):
    names = box.shell("for link in current previous; do "
                      "basename \"$(readlink /opt/kagami/$link)\"; done")
    return tuple(names.split())


def tracks(box, version, seconds=90):
    """See that the tracker of a version answers, and that its datagrams arrive."""
    python = "/opt/kagami/current/.venv/bin/python"
    until(lambda: box.run(python, "-c", ASK, check=False).split()[-1:] == [version], seconds,
          lambda: box.journal("kagami", "-n", "30"))
    with box.listen(PORT) as receiver:
        receiver.socket.settimeout(20)
        for _ in range(20):
            receiver.socket.recv(65536)


def settled(box):
    """Wait for the end of the trial that is open."""
    until(lambda: box.shell("[ -e /opt/kagami/trial ] || echo over", check=False).strip(), 200)


def test_a_good_version_is_installed_without_a_network_and_kept(box, release):
    status, said = update(box, release("0.9.1", wheels=True))
    assert status == 0, said + box.journal("kagami", "-n", "30")
    assert "version 0.9.1 runs; %s is kept: `kagami rollback`" % __version__ in said
    assert links(box) == ("0.9.1", __version__)
    tracks(box, "0.9.1")
    assert "0.9.1 is kept" in box.journal("kagami-trial")


def test_the_room_that_is_asked_for_is_enough(box, release):
    bundle_mb = os.path.getsize(release("0.9.1", wheels=True)) / 1e6
    taken_mb = int(box.shell("du -sm --apparent-size /opt/kagami/versions/0.9.1").split()[0])
    print("\na bundle of %d MB takes %d MB" % (bundle_mb, taken_mb))
    assert taken_mb < ROOM * bundle_mb


def test_the_versions_are_listed_for_everybody(box):
    said = box.run("runuser", "-u", "nobody", "--", "kagami", "update")
    assert said.splitlines()[0] == "runs now       0.9.1"


@pytest.mark.parametrize("first, told", [
    (CRASHES, "it ended 3 times"), (HANGS, "after 60 s it is not ready")],
    ids=["crashes", "hangs"])
def test_a_version_that_does_not_track_goes_by_itself(box, release, first, told):
    status, said = update(box, release("0.9.2", first))
    assert status == 1 and "kagami: error: version 0.9.2: " + told in said, said
    assert "0.9.1 runs again" in said.splitlines()[-1]
    assert links(box) == ("0.9.1", __version__)
    tracks(box, "0.9.1")
    assert "version 0.9.2 is not kept: " + told in box.journal("kagami-trial")
    assert told in box.read("/opt/kagami/refused.json")


@pytest.mark.parametrize("words, status, told", [
    (dict(version="0.9.1"), 2, "version 0.9.1 runs already"),
    (dict(version="0.0.1"), 2, "add --older"),
    (dict(version="0.9.3", secret=b"2" * 32), 65, "not signed with the key")])
def test_what_is_refused_is_one_line(box, release, words, status, told):
    got, said = update(box, release(**words))
    assert got == status and told in said and len(said.splitlines()) == 1
    assert links(box) == ("0.9.1", __version__)


def test_somebody_else_may_not_do_it(box):
    status, said = command(box, "runuser -u nobody -- kagami rollback")
    assert status == 69 and "do it as root" in said


def test_rollback_goes_back_and_forth(box):
    for version, other in ((__version__, "0.9.1"), ("0.9.1", __version__)):
        status, said = command(box, "kagami rollback")
        assert status == 0 and links(box) == (version, other), said
        tracks(box, version)


def test_the_page_may_wish_to_go_back(box):
    wish = "from appliance.box import wish; print(wish.go_back())"
    said = box.run("runuser", "-u", "kagami", "--", "env",
                   "STATE_DIRECTORY=/var/lib/kagami", "/opt/kagami/current/.venv/bin/python",
                   "-c", wish)
    assert said.startswith("version %s is started" % __version__)
    until(lambda: links(box) == (__version__, "0.9.1"), 60)
    settled(box)
    tracks(box, __version__)
    assert not box.shell("ls /var/lib/kagami | grep rollback", check=False)
    assert command(box, "kagami rollback")[0] == 0 and links(box)[0] == "0.9.1"


def test_whoever_asked_for_it_may_go(box, release):
    # As when the network takes the terminal away: the judge is systemd's.
    put(box, release("0.9.4"))
    box.shell("systemd-run -q --unit asked --collect kagami update /root/new.tar; "
              "until [ -e /opt/kagami/trial ]; do sleep 0.05; done; "
              "systemctl kill --kill-who=all -s KILL asked")
    settled(box)
    assert links(box) == ("0.9.4", "0.9.1"), box.journal("kagami", "-n", "30")
    tracks(box, "0.9.4")


def begin(box, seconds):
    """Start an update, and come back after some seconds of it."""
    box.shell("systemd-run -q --unit asked --collect kagami update /root/new.tar")
    time.sleep(seconds)


def test_killed_at_any_moment_it_leaves_a_box_that_tracks(box, release):
    chance = random.Random(5)
    put(box, release("0.9.5"))
    for _ in range(4):
        begin(box, chance.uniform(0.1, 4))
        box.shell("systemctl kill --kill-who=all -s KILL asked", check=False)
        settled(box)
        tracks(box, links(box)[0])
        if links(box)[0] == "0.9.5":
            break
    assert links(box)[0] in ("0.9.4", "0.9.5")


def test_a_power_cut_at_any_moment_of_an_update_leaves_a_box_that_boots_and_tracks(box, release):
    chance = random.Random(6)
    put(box, release("0.9.6"))
    for _ in range(4):
        before = links(box)[0]
        begin(box, chance.uniform(0.1, 8))
        box.cut()
        box.boot()
        settled(box)
        assert links(box)[0] in (before, "0.9.6")
        tracks(box, links(box)[0])


@pytest.mark.parametrize("version, first, ends", [
    ("0.9.7", "", "0.9.7"), ("0.9.8", CRASHES, "0.9.7")], ids=["good", "crashes"])
def test_a_power_cut_in_the_trial_is_followed_by_the_end_of_it(box, release, version, first,
                                                               ends):
    put(box, release(version, first))
    begin(box, 0)
    until(lambda: links(box)[0] == version, 60)
    time.sleep(1)
    box.cut()
    box.boot()
    settled(box)
    assert links(box)[0] == ends
    tracks(box, ends)


def test_a_disk_that_is_full_is_told(box, release):
    put(box, release("1.0.0"))
    version = links(box)[0]
    box.shell("mkdir /mnt/small && mount -t tmpfs -o size=20m none /mnt/small && "
              "mkdir /mnt/small/%s && mount --bind /opt/kagami/versions/%s /mnt/small/%s && "
              "mount --rbind /mnt/small /opt/kagami/versions" % (version, version, version))
    status, said = command(box, "kagami update /root/new.tar")
    box.shell("umount -R /opt/kagami/versions /mnt/small")
    assert status == 73 and re.search(r"\d+ MB are free, \d+ are needed", said), said
    tracks(box, links(box)[0])


def test_a_box_whose_system_is_read_only_is_updated_too(box, release):
    box.shell("touch /opt/kagami/read-only")
    box.power_off()
    box.boot()
    status, said = update(box, release("1.1.0"))
    assert status == 0 and "version 1.1.0 runs" in said, said
    box.cut()
    box.boot()
    assert "Read-only file system" in box.shell("touch /usr/written", check=False)
    tracks(box, "1.1.0")
