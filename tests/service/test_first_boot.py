"""A card's starts under a real systemd, the FAT partition played by a folder: applied before the
tracker begins, once, and anew when kagami.txt changes."""
import os
import sys

import pytest

from tests.foreign.tools import needs
from tests.network.test_discovery import Log
from tests.service import conftest
from tests.service.house import HERE, THERE, until

UNIT, CARD = "kagami-first-boot.service", "/srv/card"
PLAYED = """[Service]
ExecStart=
ExecStart=/opt/kagami/current/.venv/bin/python -m appliance.box.first_boot --card %s
""" % CARD
WISHES = ("\ufeffname = Desk\r\ntarget = vmc@%s:39539\r\ncamera = test\r\ntargt = x\r\n"
          "address = 10.9.9.9/24\r\n[backend]\r\nname = onnxruntime\r\n" % HERE)
FETCHES = """
import urllib.request
print(urllib.request.urlopen("http://%s/", timeout=20).status)
""" % THERE


@pytest.fixture(scope="module")
def card(house):
    """A machine with a card, that has started once."""
    conftest.units(house)
    house.write("/etc/systemd/system/%s.d/played.conf" % UNIT, PLAYED)
    house.write(CARD + "/kagami.txt", WISHES)
    house.boot()
    return house


def says(card):
    """The answer on the card."""
    return card.read(CARD + "/kagami-says.txt")


def began(card, unit, what="ExecMainStartTimestampMonotonic"):
    """Microseconds of the boot at which a unit's program began, or ended."""
    return int(card.property(unit, what))


def wait_for_frames(card):
    """Frames arrive at our end of the cable."""
    with card.listen(39539) as receiver:
        receiver.socket.settimeout(30)
        assert receiver.socket.recv(65536).startswith(b"#bundle")


def test_it_goes_well_and_before_the_tracker(card):
    wait_for_frames(card)
    assert card.property(UNIT, "Result") == "success"
    assert card.property(UNIT, "ActiveState") == "active"
    ended = began(card, UNIT, "ExecMainExitTimestampMonotonic")
    assert ended <= began(card, "kagami.service") and ended <= began(card, "kagami-panel.service")
    print("applied in %d ms" % ((ended - began(card, UNIT)) / 1000))


def test_the_wishes_are_in_force(card):
    assert card.run("hostname").strip() == "desk" == card.read("/etc/hostname").strip()
    assert "to = vmc@%s:39539" % HERE in card.read("/etc/kagami.conf")
    assert "Address=10.9.9.9/24" in card.read("/etc/systemd/network/50-kagami-cable.network")


def test_the_answer_and_the_journal_tell_what_was_understood(card):
    for told in (says(card), card.journal(UNIT)):
        assert "line 1: the box is called desk" in told
        assert "line 4: no such key: targt; did you mean target?" in told


def test_the_page_is_served_to_the_house_at_its_usual_place(card):
    assert card.cable.at("a", sys.executable, "-c", FETCHES).strip() == "200"


def test_a_second_start_changes_nothing(card):
    before = [card.shell("stat -c %%Y.%%i %s" % path) for path in (
        CARD + "/kagami-says.txt", "/etc/kagami.conf", "/etc/hostname")]
    card.power_off()
    card.boot()
    wait_for_frames(card)
    assert [card.shell("stat -c %%Y.%%i %s" % path) for path in (
        CARD + "/kagami-says.txt", "/etc/kagami.conf", "/etc/hostname")] == before
    assert card.property(UNIT, "Result") == "success"
    ended = began(card, UNIT, "ExecMainExitTimestampMonotonic")
    print("nothing to do, told in %d ms" % ((ended - began(card, UNIT)) / 1000))


def test_a_changed_card_is_applied_at_the_next_start(card):
    card.power_off()
    card.write(CARD + "/kagami.txt", WISHES.replace("Desk", "Shelf"))
    card.boot()
    assert card.run("hostname").strip() == "shelf"
    assert "is called shelf" in says(card)


def test_a_power_cut_amid_it_is_made_up_for(card):
    card.power_off()
    card.write(CARD + "/kagami.txt", WISHES.replace("Desk", "Table"))
    card.shell("rm -f /etc/kagami.conf; : > /etc/hostname")
    card.boot()
    assert card.run("hostname").strip() == "table"
    wait_for_frames(card)


def test_what_cannot_be_read_at_all_holds_nothing_up(card):
    card.power_off()
    with open(card.path(CARD + "/kagami.txt"), "wb") as f:
        f.write(os.urandom(50000))
    card.boot()
    assert card.property("kagami.service", "ActiveState") in ("active", "activating")
    assert "Not understood" in says(card)


def test_where_another_machine_is_called_kagami_it_takes_another_name(card):
    needs("avahi-daemon", "avahi-resolve", "dbus-daemon", "unshare")
    card.power_off()
    card.write(CARD + "/kagami.txt", "")
    called = "until avahi-resolve -n kagami.local; do sleep 0.2; done"
    other = Log(card.cable.avahi("a", called, called="kagami"))
    assert other.says("kagami.local\t"), other.lines
    card.boot()
    serial = card.read("/sys/class/net/eth0/address").replace(":", "").strip()[-4:]
    until(lambda: card.run("hostname").strip() == "kagami-" + serial, 30,
          lambda: card.journal("kagami-name.service"))
    assert card.read("/etc/hostname").strip() == "kagami-" + serial
    card.power_off()
    card.boot()
    assert card.run("hostname").strip() == "kagami-" + serial
