"""The small drive that every PC shows when the card is in it: kagami.txt and how to go on."""
import os

from appliance.box.drive import LABEL
from deploy.card.tools import run

SIZE = 64 << 20
HERE = os.path.dirname(os.path.abspath(__file__))
FILES = "../kagami.txt", "README.txt"


def make(path):
    """Make the drive's FAT file system in the file `path`."""
    with open(path, "wb") as f:
        f.truncate(SIZE)
    run(["mkfs.vfat", "-n", LABEL, path])
    run(["mcopy", "-i", path] + [os.path.join(HERE, name) for name in FILES] + ["::"])
