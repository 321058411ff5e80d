"""The partitions of a card: the head of an image comes in, what lies where goes out, so that all
but two of them can be left as they are.

Reading is done here, because a base image may still be packed; writing is sgdisk's.
"""
import struct
import uuid
import zlib
from typing import NamedTuple

from appliance.errors import DataError
from deploy.card.tools import run

SECTOR = 512
HEAD = 1 << 20          # bytes of an image that hold its table, and nothing of its first partition
MIB = 1 << 20
LEGACY_BOOT = 1 << 2    # the attribute by which U-Boot knows where to look for extlinux
BASIC_DATA = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"     # what Windows gives a letter
LINUX = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"


class Partition(NamedTuple):
    """One row of the table. first, last: sectors, both inside. attributes: 64 bits."""

    number: int
    name: str
    first: int
    last: int
    type: str
    guid: str
    attributes: int

    @property
    def offset(self):
        """Where it begins, in bytes."""
        return self.first * SECTOR

    @property
    def size(self):
        """In bytes."""
        return (self.last - self.first + 1) * SECTOR


def read(head, name):
    """[Partition] in the order of their numbers, from the first HEAD bytes of the image `name`.
    DataError where it holds no table, or a broken one."""
    header = head[SECTOR:SECTOR + 92]
    if header[:8] != b"EFI PART":
        raise DataError(name, "it holds no partition table (GPT)",
                        "give the card image as the maker of the board offers it")
    size, crc = struct.unpack_from("<II", header, 12)
    first, count, each, rows_crc = struct.unpack_from("<QIII", header, 72)
    rows = head[first * SECTOR:first * SECTOR + count * each]
    blank = head[SECTOR:SECTOR + 16] + b"\0\0\0\0" + head[SECTOR + 20:SECTOR + size]
    if zlib.crc32(blank) != crc or zlib.crc32(rows) != rows_crc or len(rows) < count * each:
        raise DataError(name, "its partition table is broken", "fetch it again")
    parts = (_row(n + 1, rows[n * each:(n + 1) * each]) for n in range(count))
    return [part for part in parts if part]


def _row(number, row):
    kind, guid, first, last, attributes = struct.unpack_from("<16s16sQQQ", row)
    if kind == bytes(16):
        return None
    name = row[56:128].decode("utf-16-le", "replace").split("\0")[0]
    return Partition(number, name, first, last, _text(kind), _text(guid), attributes)


def _text(guid):
    return str(uuid.UUID(bytes_le=guid)).upper()


def write(path, parts, new=False):
    """Put these partitions into the table of the image `path`, each in place of the one with its
    number; the others stay. new: begin with an empty table."""
    words = ["--clear"] if new else ["--move-second-header"]
    for part in parts if not new else ():
        if part.number in {old.number for old in _there(path)}:
            words.append("--delete=%d" % part.number)
    for p in parts:
        words += ["--new=%d:%d:%d" % (p.number, p.first, p.last),
                  "--change-name=%d:%s" % (p.number, p.name),
                  "--typecode=%d:%s" % (p.number, p.type),
                  "--partition-guid=%d:%s" % (p.number, p.guid)]
        words += ["--attributes=%d:set:%d" % (p.number, bit) for bit in range(64)
                  if p.attributes >> bit & 1]
    # Without it sgdisk moves what does not begin at a whole MiB.
    run(["sgdisk", "--set-alignment=1"] + words + [path])


def _there(path):
    with open(path, "rb") as f:
        return read(f.read(HEAD), path)


def new_guid():
    """A GUID as the table writes it."""
    return str(uuid.uuid4()).upper()
