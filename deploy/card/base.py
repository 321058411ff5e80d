"""What a card is made from: an image as its maker offers it, packed or not, comes in, its bytes go
out one after another."""
import hashlib
import lzma
import os
import re
import zipfile
from contextlib import contextmanager

from appliance.errors import DataError, InputMissing, NotPermitted
from deploy.card.tools import run

PIECE = 4 << 20
TAR = re.compile("[.](tar|tar[.](gz|xz|bz2)|tgz|tbz2)$")


@contextmanager
def opened(path):
    """The image's bytes as a file to read from the beginning; a .zip holds one .img."""
    try:
        if path.endswith(".zip"):
            with zipfile.ZipFile(path) as packed, packed.open(_inside(packed, path)) as f:
                yield f
        else:
            with (lzma.open if path.endswith(".xz") else open)(path, "rb") as f:
                yield f
    except (zipfile.BadZipFile, lzma.LZMAError, EOFError) as e:
        raise DataError(path, "it is broken (%s)" % e, "fetch it again") from e


def _inside(packed, path):
    images = [row for row in packed.infolist() if row.filename.endswith(".img")]
    if len(images) != 1:
        raise DataError(path, "it holds %d files .img" % len(images),
                        "give the archive that holds one card image")
    return images[0]


def need(path):
    """InputMissing where it is not there."""
    if not os.path.exists(path):
        raise InputMissing(path, "no such file", "name the image or the root to make a card from")


def is_root(path):
    """Whether it is a root file system rather than a card: a folder, or a tar of one."""
    return os.path.isdir(path) or bool(TAR.search(path))


def folder(path, work):
    """The folder with a root file system; a tar's is made in the folder `work`, which takes root,
    for files there belong to many."""
    if os.path.isdir(path):
        return path
    if os.geteuid() != 0:
        raise NotPermitted(path, "only root can keep the owners of its files", "use sudo")
    to = os.path.join(work, "root")
    os.mkdir(to)
    run(["tar", "--numeric-owner", "--xattrs", "-xpf", path, "-C", to])
    return to


def digest(path, told):
    """SHA-256 of a file, hex; told(bytes so far) is called meanwhile."""
    total = hashlib.sha256()
    with open(path, "rb") as f:
        for data in iter(lambda: f.read(PIECE), b""):
            total.update(data)
            told(f.tell())
    return total.hexdigest()


def copy(source, target, size, told=lambda done: None):
    """Copy `size` bytes to where the file `target` stands; zeros become holes. DataError where
    there are fewer."""
    left = size
    while left:
        data = source.read(min(PIECE, left))
        if not data:
            raise DataError(getattr(source, "name", "the image"), "%d bytes are missing" % left,
                            "fetch it again")
        if data.count(0) == len(data):
            target.seek(len(data), os.SEEK_CUR)
        else:
            target.write(data)
        left -= len(data)
        told(size - left)
