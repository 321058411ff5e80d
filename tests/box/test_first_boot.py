"""A start applies the card's kagami.txt once, anew when it changes, and says what came of it."""
import os
import subprocess
import sys

import pytest

from appliance.box import closing, drive, first_boot, marks, naming
from appliance.errors import PartMissing
from tests.box.cards import KEY, WHOLE, Commands, below, got, put, system

SAYS, CONF = "kagami-says.txt", "etc/kagami.conf"


class Box:
    """A root folder, a card's folder, and the commands of the system."""

    def __init__(self, folder, text):
        self.card, self.run = str(folder / "card"), Commands()
        self.root = system(folder / "root", "usr/sbin/NetworkManager")
        os.makedirs(self.card)
        if text is not None:
            self.write(text)

    def write(self, text):
        """Change kagami.txt."""
        put(self.card, "kagami.txt", text)

    def start(self):
        """Start once; whether all went well."""
        return first_boot.Start(self.root, self.run).apply(self.card)

    @property
    def says(self):
        """The rows of the answer."""
        return got(self.card, SAYS).lstrip("\ufeff").split("\n")


@pytest.fixture
def box(tmp_path):
    return Box(tmp_path, WHOLE)


def test_a_first_start_applies_all_of_it(box):
    assert box.start()
    assert naming.current(box.root) == "desk"
    assert "to = vmc@192.168.1.20" in got(box.root, CONF)
    assert KEY in got(box.root, "root/.ssh/authorized_keys")
    assert "hostname desk" in box.run.run
    assert "127.0.1.1\tdesk" in got(box.root, "etc/hosts")


def test_a_second_start_touches_nothing(box):
    box.start()
    before, box.run.run[:] = (below(box.root), below(box.card)), []
    assert box.start()
    assert (below(box.root), below(box.card)) == before and box.run.run == []


def test_what_was_changed_on_the_box_since_stays_until_the_card_changes(box):
    box.start()
    naming.call("mine", box.root, Commands())
    box.start()
    assert naming.current(box.root) == "mine"
    box.write(WHOLE + "# \n")
    box.start()
    assert naming.current(box.root) == "desk"


def test_a_changed_card_is_applied_anew(box):
    box.start()
    box.write("target = vrchat@192.168.1.21\n")
    assert box.start()
    assert "to = vrchat@192.168.1.21" in got(box.root, CONF)
    assert "192.168.1.20" not in got(box.root, CONF)
    assert KEY not in got(box.root, "root/.ssh/authorized_keys")
    assert naming.current(box.root) == "kagami"


def test_a_power_cut_in_the_middle_is_made_up_for(box):
    box.start()
    after = below(box.root)
    os.unlink(os.path.join(box.root, marks.FOLDER, "applied"))
    os.unlink(os.path.join(box.root, CONF))
    assert box.start() and below(box.root) == after


def test_the_answer_is_for_any_editor(box):
    box.start()
    with open(os.path.join(box.card, SAYS), "rb") as f:
        data = f.read()
    assert data[:3] == b"\xef\xbb\xbf" and data.count(b"\n") == data.count(b"\r\n") > 5
    assert b"line 1: the box is called desk" in data
    assert b"sesame" not in data and b"Not understood" not in data


def test_mistakes_are_told_with_their_lines_and_the_rest_applies(box):
    box.write("name = desk\ntargt = vmc@1.2.3.4\n[tracker]\nmax_faces = 2\n")
    box.start()
    assert [row.strip() for row in box.says if "line 2" in row] == [
        "line 2: no such key: targt; did you mean target?"]
    assert naming.current(box.root) == "desk" and "max_faces = 2" in got(box.root, CONF)


def test_a_system_is_read_only_for_as_long_as_the_card_says_so(box):
    box.write("read-only = yes\n")
    assert box.start() and got(box.root, closing.FLAG) == "kagami.txt\n"
    box.write("name = desk\n")
    assert box.start() and got(box.root, closing.FLAG) is None


def test_what_was_made_read_only_by_hand_stays_unless_the_card_says_no(box):
    put(box.root, closing.FLAG, "")
    assert box.start() and got(box.root, closing.FLAG) == ""
    box.write("read-only = no\n")
    assert box.start() and got(box.root, closing.FLAG) is None


def test_what_is_not_done_yet_comes_before_a_system_that_is_read_only(box, monkeypatch):
    monkeypatch.setattr(naming, "settle", lambda *_: 1 / 0)
    box.write("read-only = yes\n")
    assert not box.start() and got(box.root, closing.FLAG) is None


def test_a_box_has_its_page_for_the_house_whatever_the_card_says(tmp_path):
    box = Box(tmp_path, "")
    box.start()
    assert "[panel]\naddress = 0.0.0.0\nport = 80\n" in got(box.root, CONF)
    box.write("[panel]\nport = 8000\n")
    box.start()
    assert "address = 0.0.0.0" in got(box.root, CONF) and "port = 8000" in got(box.root, CONF)
    assert "port = 80\n" not in got(box.root, CONF)


def test_a_configuration_of_ones_own_hand_is_kept(box):
    put(box.root, CONF, "[tracker]\nmax_faces = 3\n")
    box.start()
    assert got(box.root, CONF) == "[tracker]\nmax_faces = 3\n"
    assert "to = vmc@192.168.1.20" in got(box.root, CONF + ".from-kagami.txt")
    assert any("was changed by hand and stays" in row for row in box.says)


def test_a_configuration_that_was_ours_and_is_changed_by_hand_is_kept(box):
    box.start()
    mine = got(box.root, CONF).replace("max_faces = 2", "max_faces = 3")
    put(box.root, CONF, mine)
    box.write(WHOLE.replace("192.168.1.20", "192.168.1.22"))
    box.start()
    assert got(box.root, CONF) == mine


def test_what_the_page_has_set_is_told_where_it_has_the_better(box):
    os.makedirs(os.path.join(box.root, "var/lib/kagami"))
    put(box.root, "var/lib/kagami/settings.conf",
        "[camera]\nsource = usb\n[tracker]\nmax_faces = 2\n")
    box.start()
    told = [row.strip() for row in box.says if "take it back there" in row]
    assert told == ["line 11: camera.source = test; but usb was set on the page or by command, "
                    "and is in force: take it back there"]


def test_a_file_that_has_gone_comes_back_fresh(tmp_path):
    box = Box(tmp_path, None)
    assert box.start()
    assert got(box.card, "kagami.txt").startswith("# Settings of this Kagami box")
    assert any("nothing, for every line has a # before it" in row for row in box.says)


def test_what_a_power_cut_left_half_written_on_the_card_goes(box):
    put(box.card, ".kagami-abc.txt", "Kagami 0")
    box.start()
    assert sorted(os.listdir(box.card)) == [SAYS, "kagami.txt"]


def test_the_card_is_written_to_only_where_there_is_something_new(box, monkeypatch):
    monkeypatch.setattr(drive, "device", lambda root, run: "/dev/card")
    os.makedirs(os.path.join(box.root, first_boot.MOUNTED))
    put(box.root, first_boot.MOUNTED + "/kagami.txt", WHOLE)
    for rows in (["mount -t", "mount -o", "umount"], ["mount -t", "umount"]):
        box.run.run[:] = []
        assert first_boot.Start(box.root, box.run).whole()
        told = [row for row in box.run.run if "mount" in row]
        assert [" ".join(row.split()[:2]) if row[0] == "m" else "umount" for row in told] == rows
        assert "-o ro," in told[0]


def test_a_part_that_fails_is_told_and_tried_again_and_the_others_go_on(box):
    class Broken(Commands):
        def __call__(self, *words):
            if words[0] == "systemctl":
                raise PartMissing("systemctl", "no room", "make some")
            return super().__call__(*words)
    box.run = Broken()
    assert not box.start()
    assert any("ssh: systemctl: no room" in row for row in box.says)
    assert "to = vmc@192.168.1.20" in got(box.root, CONF)
    box.run = Commands()
    assert box.start() and not any("no room" in row for row in box.says)


def test_a_name_that_another_machine_made_us_take_stays(tmp_path):
    box = Box(tmp_path, "")
    naming.call("kagami-0b1c", box.root, Commands())
    box.start()
    assert naming.current(box.root) == "kagami-0b1c"


def test_a_disk_without_our_partition_is_left_alone(box):
    before = below(box.root)
    assert first_boot.Start(box.root, box.run).whole()
    assert below(box.root) == before
    assert [words for words in box.run.run if not words.startswith("blkid")] == []


def test_another_systems_root_is_never_given_commands_of_this_one(box):
    told = subprocess.run([sys.executable, "-m", "appliance.box.first_boot", "--root", box.root,
                           "--card", box.card], stderr=subprocess.PIPE, check=True,
                          universal_newlines=True).stderr
    assert "not run for another root: hostname desk" in told
