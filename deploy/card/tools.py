"""Programs of the system: a command line comes in, what it printed goes out, or one line that says
why not."""
import os
import shutil
import subprocess

from appliance.errors import PartMissing

PACKAGES = {"debugfs": "e2fsprogs", "e2fsck": "e2fsprogs", "mke2fs": "e2fsprogs",
            "sgdisk": "gdisk", "mkfs.vfat": "dosfstools", "mcopy": "mtools", "xz": "xz-utils"}


def need(*names):
    """PartMissing for the first of these programs that is not installed."""
    for name in names:
        if not shutil.which(name, path=_path()):
            raise PartMissing(name, "not installed", "sudo apt-get install " + PACKAGES[name])


def run(words, accept=(0,)):
    """Standard output, bytes, of a program that ends with a status in `accept`; PartMissing with
    the end of what it said where it does not."""
    done = talk(words)
    if done.returncode not in accept:
        said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise PartMissing(words[0], said[-1] if said else "status %d" % done.returncode,
                          "run by hand: " + " ".join(words)[:200])
    return done.stdout


def talk(words):
    """The subprocess.CompletedProcess of a program, whatever its status."""
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE,
                          env=dict(os.environ, PATH=_path(), LC_ALL="C.UTF-8"))


def _path():
    """Debian keeps these programs out of a user's path."""
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
