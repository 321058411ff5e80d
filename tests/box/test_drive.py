"""Only a disk that has our partition beside the root is a card of ours."""
import os

from appliance.box import drive
from tests.box.cards import Commands


def test_a_root_that_is_no_partition_is_none(tmp_path):
    assert drive.root(str(tmp_path), str(tmp_path)) is None


def test_the_root_is_found_by_its_device(tmp_path):
    number = os.stat(str(tmp_path)).st_dev
    place = tmp_path / "devices/mmcblk0/mmcblk0p1"
    place.mkdir(parents=True)
    (place / "partition").write_text("1\n")
    link = tmp_path / ("%d:%d" % (os.major(number), os.minor(number)))
    link.symlink_to(str(place))
    assert drive.root(str(tmp_path), str(tmp_path)) == (
        "/dev/mmcblk0", 1, "/dev/mmcblk0p1")


def test_a_stick_with_the_label_on_another_disk_is_not_ours(monkeypatch):
    monkeypatch.setattr(drive, "root", lambda place: drive.Root("/dev/sda", 1, "/dev/sda1"))
    assert drive.device("/", Commands(blkid="/dev/sdb1\n")) == ""


def test_the_partition_beside_the_root_is_ours(monkeypatch, tmp_path):
    (tmp_path / "devices/sda/sda15").mkdir(parents=True)
    (tmp_path / "sda15").symlink_to(str(tmp_path / "devices/sda/sda15"))
    monkeypatch.setattr(drive, "BLOCKS", str(tmp_path))
    monkeypatch.setattr(drive, "root", lambda place: drive.Root("/dev/sda", 1, "/dev/sda1"))
    assert drive.device("/", Commands(blkid="/dev/sdb1\n/dev/sda15\n")) == "/dev/sda15"


def test_under_an_overlay_it_is_the_disk_that_the_kernel_was_told(monkeypatch, tmp_path):
    for name in ("sda1", "sda15"):
        (tmp_path / "devices/sda" / name).mkdir(parents=True)
        (tmp_path / name).symlink_to(str(tmp_path / "devices/sda" / name))
    (tmp_path / "cmdline").write_text("quiet root=/dev/sda1 rw\n")
    monkeypatch.setattr(drive, "BLOCKS", str(tmp_path))
    monkeypatch.setattr(drive, "CMDLINE", str(tmp_path / "cmdline"))
    monkeypatch.setattr(drive, "root", lambda place: None)
    assert drive.device("/", Commands(blkid="/dev/sda15\n")) == "/dev/sda15"
    (tmp_path / "cmdline").write_text("root=PARTUUID=1\n")
    assert drive.device("/", Commands(blkid="/dev/sda15\n")) == ""
