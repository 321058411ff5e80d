"""An ext4 file system inside an image: what it holds comes out, changes go in, by debugfs.

Neither root nor a loop device is needed, and no byte outside the file system is touched. Changes
are collected and made by one run of debugfs at `commit`.
"""
import os
import re
import tempfile
from typing import NamedTuple

from appliance.errors import DataError
from deploy.card.tools import run, talk

VERSION_LINE = re.compile(rb"^debugfs \d.*\n")
KINDS = {0o10: "file", 0o04: "folder", 0o12: "link"}


class Entry(NamedTuple):
    """What a name stands for. kind: "file", "folder", "link" or ""; mode: permissions."""

    kind: str
    mode: int
    owner: tuple


class FileSystem:
    """The ext4 file system at byte `offset` of the image `path`, which errors call `name`."""

    def __init__(self, path, offset, name=None):
        self.name = name or path
        self._device = "%s?offset=%d" % (path, offset)
        self._orders, self._made, self._listed = [], set(), {}
        self._texts = tempfile.TemporaryDirectory()

    def check(self):
        """Play back its journal and mend what is harmless; DataError where it is broken."""
        try:
            run(["e2fsck", "-fp", self._device], accept=(0, 1))
        except Exception as e:
            raise DataError(self.name, "its root file system is broken", "fetch it again") from e

    def free(self):
        """(bytes, inodes) that are free."""
        text = self._ask("show_super_stats -h").decode()
        number = {key.strip(): value.strip() for key, _, value in
                  (line.partition(":") for line in text.splitlines())}
        return (int(number["Free blocks"]) * int(number["Block size"]), int(number["Free inodes"]))

    def listed(self, folder):
        """{name: Entry} of a folder; empty where there is none."""
        if folder in self._made:
            return {}
        if folder not in self._listed:
            rows = self._ask("ls -p %s" % quoted(folder)).decode(errors="surrogateescape")
            cells = [row.split("/") for row in rows.splitlines() if row.count("/") >= 6]
            self._listed[folder] = {c[5]: _entry(c) for c in cells if c[5] not in (".", "..", "")}
        return self._listed[folder]

    def kind(self, path):
        """"file", "folder", "link", or None where it is not there."""
        entry = self.listed(os.path.dirname(path)).get(os.path.basename(path))
        return entry and entry.kind

    def read(self, path):
        """The bytes of a file, None where it is not there."""
        return self._ask("cat " + quoted(path)) if self.kind(path) == "file" else None

    def target(self, path):
        """Where a symbolic link points to, None where it is none."""
        if self.kind(path) != "link":
            return None
        text = self._ask("stat " + quoted(path)).decode(errors="surrogateescape")
        fast = re.search(r'Fast link dest: "(.*)"', text)
        return fast.group(1) if fast else self._ask("cat " + quoted(path)).decode()

    def resolved(self, path):
        """The path at the end of symbolic links, as far as the last name of each goes."""
        for _ in range(10):
            to = self.target(path)
            if to is None:
                break
            path = os.path.normpath(os.path.join(os.path.dirname(path), to))
        return path

    def folder(self, path):
        """Make a folder, and those above it, where it is not there."""
        if path == "/" or path in self._made or self.kind(path) in ("folder", "link"):
            return
        self.folder(os.path.dirname(path))
        self._order(path, "mkdir {}")
        self._made.add(path)

    def put(self, local, path):
        """Write a file of this computer at `path`, with its mode, owned by root."""
        self._clear(path)
        self._order(path, "write %s {}" % quoted(local))

    def write(self, path, text):
        """Write a text, with the mode and owner of the file that stands there."""
        folder, name = os.path.split(path)
        entry = self.listed(folder).get(name, Entry("file", 0o644, (0, 0)))
        local = os.path.join(self._texts.name, str(len(os.listdir(self._texts.name))))
        with open(local, "w", encoding="utf-8", errors="surrogateescape") as f:
            f.write(text)
        self.put(local, path)
        self._own(path, 0o100000 | entry.mode, entry.owner)

    def link(self, to, path):
        """Make a symbolic link."""
        self._clear(path)
        self._order(path, "symlink {} %s" % quoted(to))

    def remove(self, path):
        """Take away a file or link, where it is there."""
        if self.kind(path):
            self._order(path, "rm {}")
            self.listed(os.path.dirname(path)).pop(os.path.basename(path))

    def _clear(self, path):
        self.folder(os.path.dirname(path))
        self.remove(path)

    def _own(self, path, mode, owner):
        for field, value in (("mode", "0%o" % mode), ("uid", owner[0]), ("gid", owner[1])):
            self._order(path, "set_inode_field {} %s %s" % (field, value))

    def _order(self, path, order):
        # debugfs writes a file and a link into the folder it stands in, whatever their path says.
        folder, name = os.path.split(path)
        self._orders += ["cd " + quoted(folder), order.format(quoted(name))]

    def commit(self):
        """Make the changes; DataError with what debugfs said, of which it says nothing else."""
        with tempfile.NamedTemporaryFile("w", errors="surrogateescape") as f:
            before = None
            for order in self._orders:
                if order != before:
                    f.write(order + "\n")
                before = order if order.startswith("cd ") else before
            f.flush()
            self._debugfs(["-w", "-f", f.name])
        self._orders, self._made, self._listed = [], set(), {}
        run(["e2fsck", "-fn", self._device])

    def _ask(self, order):
        return self._debugfs(["-R", order], quiet=True)

    def _debugfs(self, words, quiet=False):
        done = talk(["debugfs"] + words + [self._device])
        said = VERSION_LINE.sub(b"", done.stderr).decode(errors="replace").strip()
        if done.returncode or said and not quiet:
            raise DataError(self.name, "debugfs: " + said.splitlines()[0], "make it anew")
        return done.stdout


def _entry(cells):
    mode = int(cells[2], 8)
    return Entry(KINDS.get(mode >> 12, ""), mode & 0o7777, (int(cells[3]), int(cells[4])))


def quoted(word):
    """A word as debugfs reads it."""
    return '"%s"' % word.replace('"', '""')
