"""A root partition takes the room behind it, on real tables of real image files; a power cut at
any moment leaves a table with which the card starts."""
import os
import re
import shutil
import struct
import zlib

import pytest

from appliance.box import drive, growing
from appliance.box.system import run

MIB = 1 << 20
SMALL, LARGE = 64 * MIB, 160 * MIB
FIRST = 28672                       # where the maker's card has its root
pytestmark = pytest.mark.skipif(not (shutil.which("sgdisk") and shutil.which("mke2fs")),
                                reason="no sgdisk or mke2fs")


def card(path, size=SMALL, *more):
    """An image as the card has it: APP first by number and last by place, small ones before it;
    written to a card that is larger."""
    with open(path, "wb") as f:
        f.truncate(size)
    run("sgdisk", "--new=1:%d:0" % FIRST, "--change-name=1:APP", "--typecode=1:8300",
        "--attributes=1:set:2", "--partition-guid=1:11111111-2222-3333-4444-555555555555",
        "--new=2:2048:+1M", "--change-name=2:TBC", "--new=15:8192:+4M", *more + (path,))
    run("mke2fs", "-q", "-F", "-t", "ext4", "-E", "offset=%d" % (FIRST * 512), path,
        "%dk" % ((table(path)[0][1] - FIRST + 1) // 2))
    with open(path, "r+b") as f:
        f.truncate(LARGE)
    return path


def header(image, sector):
    """[(first, last, type, guid, flags, name)] of the table whose header stands there, None where
    its checksums are wrong: as a kernel reads it."""
    image.seek(sector * 512)
    raw = image.read(92)
    size, crc = struct.unpack_from("<II", raw, 12)
    if raw[:8] != b"EFI PART" or size != 92 or \
            zlib.crc32(raw[:16] + b"\0" * 4 + raw[20:]) != crc or \
            struct.unpack_from("<Q", raw, 24)[0] != sector:
        return None
    at, count, width, entries_crc = struct.unpack_from("<QIII", raw, 72)
    image.seek(at * 512)
    entries = image.read(count * width)
    if zlib.crc32(entries) != entries_crc:
        return None
    rows = [entries[i:i + width] for i in range(0, len(entries), width)]
    return [struct.unpack_from("<QQ", row, 32) + (row[:16], row[16:32], row[48:56], row[56:128])
            for row in rows]


def table(path):
    """The rows that a kernel would take: of the first header, else of the last sector's."""
    with open(path, "rb") as image:
        end = image.seek(0, os.SEEK_END) // 512
        return header(image, 1) or header(image, end - 1)


@pytest.fixture
def image(tmp_path):
    return card(str(tmp_path / "card.img"))


def test_the_root_fills_the_card_and_is_else_what_it_was(image):
    before = table(image)
    assert growing.enlarge(image, 1, run)
    after = table(image)
    assert after[0][1] == LARGE // 512 - 34
    assert after[0][:1] + after[0][2:] == before[0][:1] + before[0][2:]
    assert after[1:] == before[1:]
    assert "No problems found" in run("sgdisk", "--verify", image)


def test_a_second_time_changes_nothing(image):
    growing.enlarge(image, 1, run)
    with open(image, "rb") as f:
        before = f.read()
    assert not growing.enlarge(image, 1, run)
    with open(image, "rb") as f:
        assert f.read() == before


def test_a_partition_behind_it_is_left_alone(tmp_path):
    image = card(str(tmp_path / "card.img"))
    run("sgdisk", "--move-second-header", "--new=3:202752:+10M", image)
    before = table(image)
    assert growing.enlarge(image, 1, run)
    assert table(image)[0][1] == 202751 and table(image)[1:] == before[1:]


def test_a_card_without_room_is_left_as_it_is(tmp_path):
    image = card(str(tmp_path / "card.img"))
    with open(image, "r+b") as f:
        f.truncate(SMALL + 4 * MIB)
    assert not growing.enlarge(image, 1, run)


def test_the_file_system_grows_with_it_and_stays_whole(image, tmp_path):
    growing.enlarge(image, 1, run)
    # No loop device here: the partition is cut out, as the kernel would show it.
    first, last = table(image)[0][:2]
    part = str(tmp_path / "part")
    with open(image, "rb") as f, open(part, "wb") as out:
        f.seek(first * 512)
        out.write(f.read((last - first + 1) * 512))
    run("e2fsck", "-f", "-y", part)
    run("resize2fs", part)
    run("e2fsck", "-f", "-n", part)
    blocks = int(re.search(r"Block count: +(\d+)", run("dumpe2fs", "-h", part)).group(1))
    size = int(re.search(r"Block size: +(\d+)", run("dumpe2fs", "-h", part)).group(1))
    assert 0.98 < blocks * size / ((last - first + 1) * 512.0) <= 1.0


def writes(image, folder):
    """[(offset, data)] that growing writes, in their order, as the kernel was given them."""
    told = os.path.join(folder, "trace")
    words = []

    def traced(*command):
        if command[1] != "--move-second-header":
            return run(*command)
        words.extend(command)
        return run("strace", "-f", "-y", "-xx", "-s", "99999", "-e", "trace=lseek,write,pwrite64",
                   "-o", told, *command)
    assert growing.enlarge(image, 1, traced) and words
    found, at = [], 0
    with open(told) as f:
        for line in f:
            name = re.search("<([^>]*)>", line)
            if not name or bytes.fromhex(name.group(1).replace("\\x", "")).decode() != image:
                continue
            seek = re.search(r"lseek\(.*\) += (\d+)", line)
            wrote = re.search(r'write\([^,]+, "([^"]*)", \d+\) += (\d+)', line)
            if seek:
                at = int(seek.group(1))
            elif wrote:
                data = bytes.fromhex(wrote.group(1).replace("\\x", ""))
                found.append((at, data))
                at += len(data)
    return found


def test_a_power_cut_at_any_write_leaves_a_card_that_starts_and_grows_on(image, tmp_path):
    if not shutil.which("strace"):
        pytest.skip("no strace to see what is written in which order")
    with open(image, "rb") as f:
        before = f.read()
    old = table(image)
    steps = writes(image, str(tmp_path))
    new, cut = table(image), str(tmp_path / "cut.img")
    assert len(steps) >= 4 and old != new
    for count in range(len(steps) + 1):
        with open(cut, "wb") as f:
            f.write(before)
            for offset, data in steps[:count]:
                f.seek(offset)
                f.write(data)
        assert table(cut) in (old, new), count
        growing.enlarge(cut, 1, run)
        assert table(cut) == new, count
        assert "No problems found" in run("sgdisk", "--verify", cut)


def test_all_that_changes_of_the_first_table_is_written_at_once(image):
    with open(image, "rb") as f:
        before = f.read(1 << 16)
    growing.enlarge(image, 1, run)
    with open(image, "rb") as f:
        after = f.read(1 << 16)
    assert before[:4096] != after[:4096] and before[4096:] == after[4096:]


def test_a_copy_that_a_power_cut_kept_from_the_end_is_made_later(image):
    growing.enlarge(image, 1, run)
    new = table(image)
    with open(image, "r+b") as f:
        f.seek(-34 * 512, os.SEEK_END)
        f.write(b"\0" * 34 * 512)
    assert not growing.enlarge(image, 1, run)
    assert table(image) == new and "No problems found" in run("sgdisk", "--verify", image)


def test_growing_tells_the_kernel_and_the_file_system(image):
    told = []

    def noted(*words):
        told.append(words)
        return run(*words) if words[0] == "sgdisk" else ""
    assert growing.grow(drive.Root(image, 1, "/dev/part"), noted)
    assert told[-2:] == [("partx", "--update", "--nr", "1", image), ("resize2fs", "/dev/part")]
