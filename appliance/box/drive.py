"""The disk that this system was started from, and on it the small partition that any PC can read:
where there is none, this machine is no card of ours, and nobody's disk is touched.
"""
import os
from collections import namedtuple

from appliance.errors import KagamiError

LABEL = "KAGAMI"
BLOCKS, CMDLINE = "/sys/class/block", "/proc/cmdline"

Root = namedtuple("Root", "disk number device")
Root.__doc__ = """The disk as /dev/mmcblk0, the number of its partition, that as /dev/mmcblk0p1."""


def root(place="/", devices="/sys/dev/block"):
    """The Root that the file system of `place` lies on; None where that is no disk's partition
    (an overlay, a network, a whole disk)."""
    number = os.stat(place).st_dev
    folder = os.path.realpath(os.path.join(devices, "%d:%d" % (os.major(number),
                                                               os.minor(number))))
    try:
        with open(os.path.join(folder, "partition")) as f:
            partition = int(f.read())
    except (OSError, ValueError):
        return None
    disk, device = os.path.dirname(folder), os.path.basename(folder)
    return Root("/dev/" + os.path.basename(disk), partition, "/dev/" + device)


def device(place, run):
    """The partition with the label, as /dev/mmcblk0p15, if it is on the disk that `place` lies on;
    else "": a stick in somebody's PC is not ours. run: as of system.run."""
    found = root(place)
    disk = found.disk if found else _started_from()
    try:
        told = run("blkid", "-t", "LABEL=" + LABEL, "-o", "device") if disk else ""
    except KagamiError:             # there is none
        told = ""
    return next((path for path in told.split() if _disk(path) == disk), "")


def size(disk):
    """How large a disk is, as the kernel writes it."""
    with open(os.path.join(BLOCKS, os.path.basename(disk), "size")) as f:
        return f.read().strip()


def _started_from():
    """The disk that the kernel was told to start from, for a root under an overlay; "" where it
    was told another way."""
    with open(CMDLINE) as f:
        words = [word[5:] for word in f.read().split() if word.startswith("root=/dev/")]
    return _disk(words[-1]) if words else ""


def _disk(path):
    folder = os.path.realpath(os.path.join(BLOCKS, os.path.basename(path)))
    return "/dev/" + os.path.basename(os.path.dirname(folder))
