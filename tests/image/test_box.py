"""A card as deploy/image.py makes it boots, does what its owner's kagami.txt says, tracks what its
camera shows, and comes back from what happens to a box. `make test-image` makes the card."""
import json
import os
import random
import shutil
import subprocess
import time

import pytest

from tests.fakes.receiver import eventually
from tests.image import machine

CARD = os.environ.get("KAGAMI_CARD")
pytestmark = pytest.mark.skipif(
    not CARD or bool(machine.missing()),
    reason=machine.missing() or "no card image; `make test-image` makes one and boots it")
LARGER = 512 << 20              # a card has more room than its image
BOOT, SOON = 400, 200           # seconds at most on a busy machine, for a boot and for less
CUTS = int(os.environ.get("KAGAMI_CUTS", "20"))
KAGAMI_TXT = """name = testbox
target = vmc@{host}:{port}
camera = usb
ssh-key = {key}
[smoothing]
head_cutoff = 5
"""
SETTINGS = "cat /etc/kagami.conf /etc/hostname /root/.ssh/authorized_keys"
CALIBRATION = "cat /var/lib/kagami/calibration.json"


class Box:
    """The card in its board, the camera's clip, and the PC beside them."""

    def __init__(self, folder):
        from tests.image.clip import Clip
        from tests.image.ears import Ears
        self.card, self.clip, self.ears = os.path.join(folder, "card.img"), Clip(), Ears()
        subprocess.run(["cp", "--sparse=always", CARD, self.card], check=True)
        os.truncate(self.card, os.path.getsize(self.card) + LARGER)
        self.machine = machine.Machine(self.card, folder)
        self._plug_camera(folder)
        self.write("kagami.txt", KAGAMI_TXT.format(host=machine.HOST, port=self.ears.port,
                                                   key=self.machine.key))

    def parts(self):
        """{name: Partition} of the card as it is now."""
        from deploy.card import table
        with open(self.card, "rb") as f:
            return {p.name: p for p in table.read(f.read(table.HEAD), self.card)}

    def write(self, name, text):
        """Write a file of the KAGAMI drive, as its owner's PC does."""
        path = os.path.join(os.path.dirname(self.card), name)
        with open(path, "w") as f:
            f.write(text)
        self._mtools("mcopy", "-o", path, "::" + name)

    def read(self, name):
        """The text of a file of the drive."""
        return self._mtools("mtype", "::" + name).decode("utf-8-sig")

    def _mtools(self, command, *words):
        at = "%s@@%d" % (self.card, self.parts()["KAGAMI"].offset)
        return subprocess.run([command, "-i", at] + list(words),
                              check=True, stdout=subprocess.PIPE).stdout

    def _plug_camera(self, folder):
        from deploy.card.filesystem import FileSystem
        here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "camera")
        root = FileSystem(self.card, self.parts()["APP"].offset)
        clip, port = os.path.join(folder, "clip"), os.path.join(folder, "port")
        with open(clip, "wb") as f:
            f.write(b"".join(self.clip.pictures))
        with open(port, "w") as f:
            f.write("%d\n" % self.ears.shown_port)
        for local, name in ((clip, "clip.yuyv"), (port, "port")):
            root.put(local, "/opt/camera/" + name)
        for name in ("vivid.sh", "play.py"):
            root.put(os.path.join(here, name), "/opt/camera/" + name)
        unit = "/etc/systemd/system/stand-in-camera.service"
        root.put(os.path.join(here, "stand-in-camera.service"), unit)
        root.link(unit, "/etc/systemd/system/multi-user.target.wants/stand-in-camera.service")
        root.commit()

    def follows(self, when, within):
        """Frames of one whole turn of the clip and their correlation, told and kept to what is
        asked."""
        frames = self.ears.turn(len(self.clip.yaws), when, within)
        fit = self.ears.correlation(frames, self.clip.yaws)
        print("    %d frames with tracking 1 in %.0f s, head yaw fits the clip's with r = %.3f"
              % (len(frames), frames[-1].arrived - frames[0].arrived if frames else 0, fit),
              flush=True)
        assert len(frames) >= 20 and fit >= 0.9

    def kept(self):
        """(settings, calibration) as they lie on the box; what it learns by itself goes on."""
        calibration = json.loads(self.machine.ssh(CALIBRATION))
        calibration.pop("learned", None)
        return self.machine.ssh(SETTINGS), calibration

    def boot(self, words):
        """Power on, and wait for the first message."""
        self.ears.forget()
        on = time.monotonic()
        self.machine.start()
        first = self.ears.first(on, BOOT)
        assert first, "\n".join(self.machine.console[-30:])
        told(words + ": kernel's start to first message", on + first - self.machine.started)
        return on


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    """One box, to which everything happens in turn."""
    folder = str(tmp_path_factory.mktemp("box"))
    out = Box(folder)
    yield out
    out.machine.cut()
    out.ears.close()
    shutil.rmtree(folder)


def told(words, seconds):
    """A figure on the terminal; it is there at all."""
    assert seconds is not None, words
    print("\n  %-56s %6.1f s" % (words, seconds), flush=True)


def test_a_new_card_boots_and_tracks(box):
    on = box.boot("first boot")
    told("first boot: kernel's start to first face",
         on + box.ears.first(on, BOOT, tracking=True) - box.machine.started)
    box.follows(on, SOON)


def test_its_owner_gets_in_with_the_key_and_nobody_with_a_password(box):
    assert box.machine.reached(SOON)
    assert box.machine.ssh("hostname").strip() == "testbox"
    locked = box.machine.ssh("cut -d: -f2 /etc/shadow").split()
    assert all(word[0] in "!*" for word in locked)


def test_the_root_fills_the_card(box):
    assert eventually(lambda: box.machine.ssh("cat /var/lib/kagami-first-boot/grown", check=False),
                      SOON)
    size = int(box.machine.ssh("df -B1 --output=size / | tail -1"))
    assert size > box.parts()["APP"].size - (200 << 20)
    root = box.parts()["APP"]
    assert os.path.getsize(box.card) - root.offset - root.size < 2 << 20


def test_the_drive_tells_what_was_understood(box):
    assert "testbox" in box.read("kagami-says.txt")


def test_it_is_calibrated(box):
    box.machine.ssh("kagami calibrate neutral", SOON)
    assert box.kept()[1]["rotation"]


def test_a_camera_that_is_plugged_in_again_is_followed_again(box):
    box.machine.ssh("systemctl stop stand-in-camera")
    time.sleep(5.0)
    quiet = time.monotonic()
    time.sleep(10.0)
    assert box.ears.since(quiet) == []
    back = time.monotonic()
    box.machine.ssh("systemctl start stand-in-camera")
    face = box.ears.first(back, SOON, tracking=True)
    told("camera back: plugging in to first face", face)
    node = box.ears.at(float(box.machine.ssh("cat /run/camera-there")))
    told("camera back: its node to first face", back + face - node)
    picture = min(arrived for arrived, _, _ in list(box.ears.shown) if arrived > back)
    told("camera back: its first picture to first face", back + face - picture)
    box.follows(back, SOON)


def test_a_killed_tracker_comes_back(box):
    box.machine.ssh("systemctl kill -s KILL kagami.service")
    killed = time.monotonic()
    told("kill: to first message", box.ears.first(killed, SOON))
    told("kill: to first face", box.ears.first(killed, SOON, tracking=True))
    box.follows(killed, SOON)
    assert box.machine.ssh("systemctl show -p NRestarts kagami").strip() == "NRestarts=1"


@pytest.mark.parametrize("number", range(1, CUTS + 1))
def test_a_power_cut_leaves_a_box_that_tracks(box, number):
    before, dice = box.kept(), random.Random(number)
    time.sleep(dice.uniform(0.0, 10.0))
    box.machine.cut()
    if number % 2:                      # and once more, in the midst of the boot that follows
        box.machine.start()
        time.sleep(dice.uniform(2.0, 45.0))
        box.machine.cut()
    on = box.boot("power cut %d" % number)
    box.follows(on, SOON)
    assert box.machine.reached(SOON) and box.kept() == before


def test_after_all_of_it_the_file_system_is_whole(box):
    box.machine.cut()
    root, alone = box.parts()["APP"], os.path.join(os.path.dirname(box.card), "root.ext4")
    # By itself: what begins within a file e2fsck loses once it has played its journal back.
    subprocess.run(["dd", "if=" + box.card, "of=" + alone, "bs=1M", "conv=sparse", "status=none",
                    "iflag=skip_bytes,count_bytes", "skip=%d" % root.offset,
                    "count=%d" % root.size], check=True)
    # Mended is no more than what every start mends unasked.
    assert subprocess.run(["e2fsck", "-p", alone]).returncode in (0, 1)
    subprocess.run(["e2fsck", "-fn", alone], check=True, stdout=subprocess.DEVNULL)
