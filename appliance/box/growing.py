"""The disk that is started from comes in; its root partition and file system fill the room behind
them when it is left, so that a card of any size is used whole. A program of its own unit, after
the tracker has begun: a large card takes minutes.

A power cut at any moment leaves a table that is good, the old or the new one: each of its two
copies has its checksum, and all that changes of the first lies in the disk's first 4 KiB, which
the kernel writes at once. What was not finished goes on with the next start.
"""
import logging
import re
import sys
from collections import namedtuple

from appliance import terminal
from appliance.box import drive, marks, system
from appliance.errors import DataError, KagamiError

LOG = logging.getLogger("kagami.box")
WORTH = 8 << 20         # bytes of room for which it is worth it
_LAST = 34              # sectors at the end that the copy of the table takes, and the last of all

Partition = namedtuple("Partition", "number first last type guid flags name")
_ROWS = (("first", r"First sector: (\d+)"), ("last", r"Last sector: (\d+)"),
         ("type", r"Partition GUID code: (\S+)"), ("guid", r"Partition unique GUID: (\S+)"),
         ("flags", r"Attribute flags: ([0-9A-Fa-f]+)"), ("name", r"Partition name: '(.*)'"))


def main(run=system.run):
    """Grow what was started from, if it is a card of ours and larger than when that was done last;
    1 where it cannot be."""
    terminal.log()
    try:
        found = drive.root()
        if found and drive.device("/", run):
            size = drive.size(found.disk)
            if marks.read("grown") != size:
                grow(found, run)
                marks.keep("grown", size)
    except (KagamiError, OSError) as e:
        LOG.error("the card is not used whole: %s", e)
        return 1
    return 0


def grow(found, run):
    """Have partition and file system of a drive.Root fill the room behind it; whether any was.

    run: called with the words of a command, gives what it prints, raises where it fails.
    """
    grown = enlarge(found.disk, found.number, run)
    if grown:
        # The kernel takes a new size of a partition in use from partx alone.
        run("partx", "--update", "--nr", str(found.number), found.disk)
        LOG.info("partition %s: now as large as the card allows", found.device)
    run("resize2fs", found.device)
    return grown


def enlarge(disk, number, run):
    """Write a table in which partition `number` of `disk`, a device or an image with a GPT, ends
    where the next one begins or the disk ends; False where that gains nothing."""
    sectors, size, others = _listing(run("sgdisk", "--print", disk))
    mine = _partition(number, run("sgdisk", "--info=%d" % number, disk))
    behind = [first for n, first in others if n != number and first > mine.first]
    last = min(behind + [sectors - _LAST + 1]) - 1
    if (last - mine.last) * size < WORTH:
        if "No problems found" not in run("sgdisk", "--verify", disk):
            run("sgdisk", "--move-second-header", disk)     # a cut kept the copy from being made
        return False
    run("sgdisk", "--move-second-header", "--set-alignment=1", "--delete=%d" % number,
        "--new=%d:%d:%d" % (number, mine.first, last), "--typecode=%d:%s" % (number, mine.type),
        "--partition-guid=%d:%s" % (number, mine.guid),
        "--change-name=%d:%s" % (number, mine.name),
        "--attributes=%d:=:%s" % (number, mine.flags), disk)
    return True


def _listing(text):
    """(sectors of the disk, bytes of one, [(number, first sector)])."""
    sectors = _told(r"^Disk .*: (\d+) sectors", text)
    size = _told(r"^(?:Logical s|S)ector size.*?: (\d+)", text)     # older and newer sgdisk
    rows = re.findall(r"^ +(\d+) +(\d+) +\d+ ", text, re.M)
    return int(sectors), int(size), [(int(n), int(first)) for n, first in rows]


def _partition(number, text):
    found = {name: _told(pattern, text) for name, pattern in _ROWS}
    return Partition(number, int(found.pop("first")), int(found.pop("last")), **found)


def _told(pattern, text):
    found = re.search(pattern, text, re.M)
    if not found:
        raise DataError("sgdisk", "it does not tell %s" % pattern, "see what it prints")
    return found.group(1)


if __name__ == "__main__":
    sys.exit(main())
