"""A card whose system is read-only: nothing is changed on it for good but what is Kagami's."""
import pytest

from tests.service.conftest import CONFIG, PORT, units
from tests.service.house import HERE, until
from tests.service.test_faults import changed
from tests.service.test_first_boot import CARD, PLAYED, UNIT
from tests.service.test_service import NEVER, pid

FLAG = "/opt/kagami/read-only"
DRIVE = "/opt/kagami/card"          # plays the card's own, which stays writable


@pytest.fixture(scope="module")
def shut(house):
    """A box that was made read-only, running."""
    units(house)
    house.write("/etc/kagami.conf", CONFIG % (HERE, PORT))
    house.boot()
    house.shell("touch %s" % FLAG)
    house.power_off()
    house.boot()
    return house


def tracks(box):
    """Wait until something arrives from it."""
    with box.listen(PORT) as receiver:
        until(receiver.datagrams, NEVER, lambda: box.journal("kagami"))


def refused(box, path):
    """Whether nothing can be written there."""
    return "Read-only file system" in box.shell("touch %s" % path, check=False)


def test_it_tracks(shut):
    assert shut.property("kagami-read-only", "Result") == "success"
    tracks(shut)


@pytest.mark.parametrize("folder", ["/", "/usr/bin", "/boot", "/opt"])
def test_the_system_is_read_only(shut, folder):
    assert refused(shut, folder + "/written")


def test_what_others_write_is_gone_after_a_boot_and_settings_are_not(shut):
    shut.shell("touch /etc/written /var/lib/written /root/written /tmp/written")
    assert "error" not in changed(shut, 1.5)
    shut.cut()
    shut.boot()
    assert shut.shell("ls -d /*/written /var/lib/written", check=False).count("cannot access") == 2
    assert "points_cutoff = 1.5" in shut.read("/var/lib/kagami/settings.conf")
    tracks(shut)


def test_units_of_another_version_can_be_placed_and_stay(shut):
    shut.shell("cd /opt/kagami/current && deploy/units.sh install")
    shut.cut()
    shut.boot()
    shut.shell("cd /opt/kagami/current/systemd && for unit in kagami*.service; do "
               "cmp $unit /usr/local/lib/systemd/system/$unit || exit 1; done")


def test_killed_it_comes_back(shut):
    before = pid(shut)
    shut.run("kill", "-KILL", str(before))
    until(lambda: pid(shut) not in (0, before), NEVER)
    tracks(shut)


def test_the_journal_goes_on_in_memory(shut):
    assert "the test pattern" in shut.journal("kagami")
    assert shut.shell("findmnt -n -o FSTYPE -T /var/log").strip() == "overlay"


def test_the_doctor_knows_that_it_is_meant(shut):
    said = shut.run("/opt/kagami/current/.venv/bin/kagami", "doctor", check=False)
    assert "mounted read-only" not in said and "the system is read-only" in said


def test_without_the_file_it_can_be_written_again(shut):
    shut.shell("rm %s" % FLAG)
    shut.power_off()
    shut.boot()
    assert not refused(shut, "/usr/bin/written")
    tracks(shut)


def start(box, wishes=None):
    """Switch it off and on, with another kagami.txt where one is given."""
    box.power_off()
    if wishes:
        box.write(DRIVE + "/kagami.txt", wishes)
    box.boot()


def test_a_card_that_wants_it_has_it_once_the_card_is_used_whole(shut):
    shut.write("/etc/systemd/system/%s.d/played.conf" % UNIT, PLAYED.replace(CARD, DRIVE))
    start(shut, "read-only = yes\n")
    assert "read-only from the next start on" in shut.read(DRIVE + "/kagami-says.txt")
    start(shut)
    assert "stays writable until kagami-grow.service" in shut.journal("kagami-read-only")
    shut.shell("touch /usr/bin/written; echo 1 > /var/lib/kagami-first-boot/grown")
    start(shut)
    assert refused(shut, "/usr/bin/written")
    tracks(shut)


def test_a_card_that_does_not_want_it_can_be_written_again(shut):
    start(shut, "read-only = no\n")
    assert refused(shut, "/usr/bin/written")
    start(shut)
    assert not refused(shut, "/usr/bin/written")
    tracks(shut)


def test_where_it_cannot_be_done_the_box_boots_as_ever(shut):
    shut.shell("touch %s; printf '#!/bin/sh\\nexit 1\\n' > /usr/bin/mount.overlay; "
               "chmod +x /usr/bin/mount.overlay; ln -sf /usr/bin/mount.overlay /sbin/" % FLAG)
    shut.power_off()
    shut.boot()
    assert "this system stays writable" in shut.journal("kagami-read-only")
    assert not refused(shut, "/usr/bin/again")
    tracks(shut)
