"""Which card a base becomes: an image of the board's maker, or a root file system, comes in; a
card with Kagami's small drive and the root behind it goes out, into which nothing was put yet.

    the maker's image    its partitions | KAGAMI (15) | APP (1), moved up by the drive's size
    a root file system                    KAGAMI (15) | APP (1)

The root stays last, so that it can grow to the end of any card; its number stays, which is what
the board's start program and the kernel's command line know it by. KAGAMI takes a number that
nothing there asks for.
"""
import os

from appliance.errors import DataError
from deploy.card import base, drive, table
from deploy.card.filesystem import FileSystem
from deploy.card.tools import run

NUMBER = 15
TAIL = 1 << 20          # for the copy of the table
ROOM = 600 << 20        # beside what a root holds: Kagami, and what a first start writes
# What kernel 4.9 and old U-Boots read; newer mke2fs would add more.
FEATURES = ("none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,flex_bg,"
            "sparse_super,large_file,huge_file,dir_nlink,extra_isize")


def from_image(path, image, told):
    """Write the card's partitions into the new file `image`; the FileSystem of its root."""
    with base.opened(path) as source:
        head = source.read(table.HEAD)
        parts = table.read(head, path)
        app = _root_of(parts, path)
        with open(image, "r+b") as target:
            target.write(head)
            base.copy(source, target, app.offset - len(head), told)
            target.seek(drive.SIZE, os.SEEK_CUR)
            base.copy(source, target, app.size, told)
            target.truncate(app.offset + drive.SIZE + app.size + TAIL)
    step = drive.SIZE // table.SECTOR
    moved = app._replace(first=app.first + step, last=app.last + step)
    return _finish(path, image, moved, _drive_at(app.first))


def _root_of(parts, path):
    """The partition APP, where all is as on the maker's card."""
    app = next((p for p in parts if p.name == "APP"), None)
    if app is None or app.number != 1 or max(parts, key=lambda p: p.first) != app:
        raise DataError(path, "its partitions are not those of a Jetson Nano's card (the first, "
                        "APP, lies last)", "give the image jetson-nano-jp461-sd-card-image")
    if any(p.number == NUMBER or p.name == drive.LABEL for p in parts):
        raise DataError(path, "Kagami is on it already", "give the image as its maker offers it")
    return app


def from_root(folder, image, name):
    """Write a card whose root is a copy of `folder`, which errors call `name`; the FileSystem of
    that."""
    at = table.MIB // table.SECTOR
    step = drive.SIZE // table.SECTOR
    size = _rounded(_used(folder) * 5 // 4 + ROOM)
    app = table.Partition(1, "APP", at + step, at + step + size // table.SECTOR - 1, table.LINUX,
                          table.new_guid(), table.LEGACY_BOOT)
    with open(image, "r+b") as f:
        f.truncate(app.offset + size + TAIL)
    run(["mke2fs", "-q", "-t", "ext4", "-O", FEATURES, "-d", folder,
         "-E", "offset=%d" % app.offset, image, "%dk" % (size >> 10)])
    return _finish(name, image, app, _drive_at(at), new=True)


def _used(folder):
    return int(run(["du", "-s", "-k", "-x", folder]).split()[0]) << 10


def _rounded(size):
    return (size + table.MIB - 1) // table.MIB * table.MIB


def _drive_at(first):
    last = first + drive.SIZE // table.SECTOR - 1
    return table.Partition(NUMBER, drive.LABEL, first, last, table.BASIC_DATA, table.new_guid(), 0)


def _finish(name, image, app, small, new=False):
    table.write(image, [app, small], new)
    made = image + ".drive"
    try:
        drive.make(made)
        with open(made, "rb") as source, open(image, "r+b") as target:
            target.seek(small.offset)
            base.copy(source, target, small.size)
    finally:
        if os.path.exists(made):
            os.unlink(made)
    return FileSystem(image, app.offset, name)
