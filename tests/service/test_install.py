"""install.sh, from an unpacked bundle without a network, on a Debian with its own systemd."""
import json
import re
import shutil
import time

import pytest

from appliance import __version__
from tests.service import house as houses
from tests.service.conftest import PATTERN
from tests.service.house import until

BUNDLE = "/root/kagami-" + __version__
INSTALL = BUNDLE + "/deploy/install.sh"
NEWER = "9.9.9"
LOCKED = "/opt/kagami/versions"
VERSION = LOCKED + "/" + __version__
# What a running system changes by itself, what a killed useradd leaves, and the bundle.
OTHERS = re.compile(r"^/(proc|sys|dev|run|tmp|root/kagami-|var/log|var/tmp|var/lib/systemd|"
                    r"var/cache/ldconfig|etc/(resolv\.conf|machine-id|\.pwd\.lock|\.updated|"
                    r"(passwd|group|shadow|gshadow|subuid|subgid)(-|\.\d+)?$)|var/\.updated)")


@pytest.fixture(scope="module")
def bundle(bare):
    """The machine, with a bundle unpacked on it; what a bundle does without is not there."""
    bare.shell("dpkg -r --force-depends $(dpkg-query -W -f '${Package} ' 'python3*-venv')")
    bare.shell("mkdir -p %s/wheels" % BUNDLE)
    houses.copy(bare.path(BUNDLE))
    for path in houses.wheels(bare):
        shutil.copy(path, bare.path(BUNDLE + "/wheels"))
    bare.write(BUNDLE + "/release.pub", "the key\n")
    summed(bare)
    bare.boot()
    return bare


def summed(house):
    """Write the sums of a bundle's files as they are now."""
    house.shell("cd %s && find . -type f ! -name SHA256SUMS ! -name sums -exec sha256sum {} + | "
                "sort > sums && mv sums SHA256SUMS" % BUNDLE)


def renamed(house, old, new):
    """Make another version of the bundle."""
    house.shell("sed -i 's/%s/%s/' %s/appliance/__init__.py" % (old, new, BUNDLE))
    summed(house)


def running(house):
    """The version that the tracker's process is of."""
    program = house.shell("tr '\\0' '\\n' < /proc/%s/cmdline" % house.property(
        "kagami.service", "MainPID"))
    return program.split("/versions/")[1].split("/")[0]


def killed(house, moment, program=INSTALL):
    """Install, and kill all that it started as soon as this is so."""
    house.shell("systemctl reset-failed install; systemd-run -q --unit install %s; until %s; do "
                "systemctl -q is-active install || { journalctl -u install -n 30; exit 1; }; "
                "sleep 0.05; done; systemctl kill --kill-who=all -s KILL install; "
                "systemctl stop install; [ ! -d %s ] || flock -w 30 %s true || { ps -ef; exit 1; }"
                % (program, moment, LOCKED, LOCKED))     # who writes to a disk dies late


def listing(house):
    """{path: what is there} of all that lasts on the machine."""
    rows = house.shell(r"find / -xdev -printf '%p\t%y %m %u %g %l\n'").splitlines()
    return {path: told for path, _, told in (row.partition("\t") for row in rows)
            if not OTHERS.match(path)}


def but_state(there):
    """The same without what a service that runs writes of its own."""
    return {path: told for path, told in there.items() if not path.startswith("/var/lib/kagami")}


def names(house, *files):
    return [line.split(":")[0] for file in files for line in house.read(file).splitlines()]


def used_mb(house):
    return int(house.shell("du -smx / | cut -f1"))


@pytest.fixture(scope="module")
def before(bundle):
    """What was there before anything was installed."""
    return listing(bundle), names(bundle, "/etc/passwd", "/etc/group")


def test_a_check_says_what_will_be_done_and_does_nothing(bundle, before):
    said = bundle.run(INSTALL, "--check")
    assert "put version %s into %s, offline" % (__version__, VERSION) in said
    assert listing(bundle) == before[0]


def test_what_the_system_lacks_is_named_in_one_line_where_no_network_is(bundle, before):
    bundle.shell("mv /usr/lib/python3/dist-packages/gi /root/gi")
    said = bundle.run(INSTALL, check=False)
    bundle.shell("mv /root/gi /usr/lib/python3/dist-packages/gi")
    assert said.count("kagami: error: ") == 1
    assert "sudo apt-get install python3-gi" in said.splitlines()[-1]


@pytest.mark.parametrize("moment", [
    "-e /opt/kagami", "-e %s/deploy" % VERSION, "-e %s/.venv/bin/python" % VERSION,
    "-e %s/.venv/lib/python3*/site-packages/numpy" % VERSION, "-e %s/.complete" % VERSION,
    "-L /opt/kagami/current", "-e /usr/local/lib/systemd/system/kagami-panel.service",
    "-e /var/cache/kagami", "-d /run/kagami"])
def test_killed_at_any_point_it_leaves_a_whole_version_or_none(bundle, before, moment):
    killed(bundle, "[ %s ]" % moment)
    current = bundle.shell("readlink -e /opt/kagami/current; true").strip()
    assert not current or bundle.shell("%s/.venv/bin/kagami --version" % current).startswith(
        "kagami " + __version__)


def test_run_again_it_goes_on_and_the_page_is_served(bundle):
    said = bundle.run(INSTALL, timeout=600)
    assert "version %s is installed" % __version__ in said
    assert "the page: http://kagami-test.local/ (or" in said
    assert bundle.property("kagami-panel.service", "ActiveState") == "active"
    until(lambda: "Kagami" in bundle.shell(PAGE, check=False), 20)


PAGE = ("/usr/bin/python3 -c \"import urllib.request as u; "
        "print(u.urlopen('http://127.0.0.1/').read().decode())\"")


def test_the_tracker_runs_and_waits_for_a_camera(bundle):
    assert bundle.property("kagami.service", "ActiveState") == "active"
    until(lambda: "none is there" in bundle.property("kagami.service", "StatusText"), 20)


def test_the_doctor_finds_the_camera_missing_and_the_rest_in_order(bundle):
    said = bundle.run("kagami", "doctor", "--json", check=False)
    found = [(one["part"], one["level"]) for one in json.loads(said)]
    assert ("camera", "bad") in found and ("version", "ok") in found
    assert found.count(("service", "ok")) == 2
    assert [part for part, level in found if level == "bad"] == ["camera"]


def test_the_command_is_on_everybodys_path(bundle):
    assert bundle.run("kagami", "--version").strip() == "kagami " + __version__


def test_a_second_run_changes_nothing_and_says_so(bundle):
    there = but_state(listing(bundle))
    assert bundle.run(INSTALL).splitlines()[-1] == (
        "kagami: all is there already, nothing was changed")
    assert but_state(listing(bundle)) == there


def test_what_is_masked_stays_off(bundle):
    bundle.run("systemctl", "mask", "--now", "kagami-panel.service")
    assert "nothing was changed" in bundle.run(INSTALL)
    assert bundle.property("kagami-panel.service", "ActiveState") == "inactive"
    bundle.run("systemctl", "unmask", "kagami-panel.service")


def test_a_damaged_bundle_is_refused_in_one_line(bundle):
    bundle.shell("echo >> %s/setup.cfg" % BUNDLE)
    said = bundle.run(INSTALL, check=False)
    assert "bad   bundle     ./setup.cfg is not as it was packed" in said
    assert said.count("kagami: error: ") == 1
    bundle.shell("truncate -s -1 %s/setup.cfg" % BUNDLE)


@pytest.fixture(scope="module")
def newer(bundle):
    """The bundle is one of a newer version from now on."""
    renamed(bundle, __version__, NEWER)
    return bundle


@pytest.mark.parametrize("moment", [
    "[ -e /opt/kagami/versions/%s/.venv ]" % NEWER,
    "[ -e /opt/kagami/versions/%s/.complete ]" % NEWER,
    "[ -L /opt/kagami/previous ]"])
def test_killed_while_a_newer_one_comes_the_old_or_the_new_one_is_there_and_tracks(newer, moment):
    killed(newer, moment)
    until(lambda: newer.property("kagami.service", "ActiveState") == "active", 60)
    assert newer.run("kagami", "--version").split()[1] in (__version__, NEWER)


def test_a_newer_one_runs_and_the_old_one_stays_beside_it(newer):
    newer.run(INSTALL, timeout=600)
    assert running(newer) == NEWER
    assert newer.shell("readlink /opt/kagami/previous").strip() == "versions/" + __version__


def test_after_that_too_a_second_run_changes_nothing(newer):
    assert "nothing was changed" in newer.run(INSTALL)


def test_a_tree_that_was_changed_without_a_new_version_goes_beside(newer):
    newer.shell("echo '# changed' >> %s/appliance/face.py" % BUNDLE)
    summed(newer)
    assert re.search(r"into /opt/kagami/versions/%s\+\d+, offline" % re.escape(NEWER),
                     newer.run(INSTALL, "--check"))
    newer.shell("sed -i '$d' %s/appliance/face.py" % BUNDLE)
    summed(newer)


def test_taken_away_it_leaves_nothing_but_the_configuration(bundle, before):
    bundle.run(INSTALL)
    bundle.shell("mkdir -p /var/lib/kagami && echo mine > /var/lib/kagami/settings.conf")
    said = bundle.run(INSTALL, "--uninstall")
    assert "/etc/kagami.conf stays" in said and "/var/lib/kagami stays" in said
    was, after = before[0], but_state(listing(bundle))
    assert {path for path in set(after) | set(was) if after.get(path) != was.get(path)} == {
        "/etc/kagami.conf"}
    assert names(bundle, "/etc/passwd", "/etc/group") == before[1]


def test_installed_again_it_has_the_old_configuration(bundle):
    bundle.write("/etc/kagami.conf", PATTERN)
    began, used = time.monotonic(), used_mb(bundle)
    bundle.run(INSTALL, timeout=600)
    print("installed in %.0f s, %d MB added" % (time.monotonic() - began, used_mb(bundle) - used))
    assert bundle.read("/etc/kagami.conf") == PATTERN
    assert bundle.property("kagami.service", "ActiveState") == "active"
    assert bundle.shell("stat -c %U /var/lib/kagami/settings.conf").strip() == "kagami"
