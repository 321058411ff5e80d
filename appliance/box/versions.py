"""The versions of Kagami on this machine: folders side by side, and two links that say which one
runs and which one ran before.

Nothing here changes what is there in two steps: a link is renamed over the old one, a folder
counts from the moment its `.complete` is written, which is after all of it has reached the disk.
"""
import fcntl
import os
import re
import shutil
from contextlib import contextmanager

from appliance import files, keeping
from appliance.box.bundle import is_version
from appliance.errors import DataError, OutputError, PartMissing

ROOT = "/opt/kagami"
CURRENT, PREVIOUS = "current", "previous"
COMPLETE = ".complete"


class Versions:
    """What lies below `root`; versions are named as their folders are. OSError as it comes."""

    def __init__(self, root=ROOT):
        self.root, self._folders = root, os.path.join(root, "versions")
        self.key = os.path.join(root, "release.pub")
        self._trial, self._refused = (os.path.join(root, name) for name in ("trial",
                                                                            "refused.json"))

    @property
    def current(self):
        """The version that runs, or None."""
        return self._linked(CURRENT)

    @property
    def previous(self):
        """The version that ran before, or None."""
        return self._linked(PREVIOUS)

    def folder(self, version):
        """Where a version lies, or would."""
        return os.path.join(self._folders, version)

    def told(self, version):
        """What a version calls itself, which may be less than the name of its folder: a tree that
        was changed without a new version has something behind it. "" where nobody knows."""
        try:
            with open(os.path.join(self.folder(version), "appliance/__init__.py")) as f:
                found = re.search('^__version__ = "(.*)"', f.read(), re.M)
        except OSError:
            return ""
        return found.group(1) if found else ""

    def all(self):
        """The complete versions, in no order."""
        names = os.listdir(self._folders) if os.path.isdir(self._folders) else []
        return [name for name in names if self.is_complete(name)]

    def is_complete(self, version):
        """Whether all of a version is there."""
        return is_version(version) and os.path.exists(
            os.path.join(self.folder(version), COMPLETE))

    def complete(self, version):
        """Say that all of a version is there, once it is on the disk."""
        os.sync()
        with files.whole(os.path.join(self.folder(version), COMPLETE)):
            pass
        files.settle_folder(self._folders)

    def point(self, link, version):
        """Let current or previous be another complete version; previous may be None."""
        path, new = os.path.join(self.root, link), os.path.join(self.root, ".new-" + link)
        if version is None:
            if os.path.lexists(path):
                os.unlink(path)
        else:
            if not self.is_complete(version):
                raise DataError(self.folder(version), "not complete", "install it again")
            if os.path.lexists(new):
                os.unlink(new)
            os.symlink(os.path.join("versions", version), new)
            os.rename(new, path)
        files.settle_folder(self.root)

    def remove(self, version):
        """Delete a version, or what there is of it; it stops being complete first."""
        folder = self.folder(version)
        if os.path.exists(os.path.join(folder, COMPLETE)):
            os.unlink(os.path.join(folder, COMPLETE))
            files.settle_folder(folder)
        if os.path.isdir(folder) and not os.path.islink(folder):
            shutil.rmtree(folder)
        else:
            os.unlink(folder)

    def sweep(self):
        """Delete all but the version that runs and the one before."""
        kept = {self.current, self.previous}
        for name in sorted(set(os.listdir(self._folders)) - kept):
            self.remove(name)

    @property
    def trial(self):
        """{"from", "to", "before", "seeing"} while a version is on trial, or None: which versions
        run before and after, which one was the previous, whether pictures came before."""
        return self._read(self._trial, lambda d: d if all(
            is_version(d[key]) for key in ("from", "to")) else None)

    def begin_trial(self, **document):
        """From now on a version is on trial, whatever happens."""
        keeping.write(self._trial, document)

    def end_trial(self):
        """The trial is over."""
        if os.path.lexists(self._trial):
            os.unlink(self._trial)
            files.settle_folder(self.root)

    @property
    def refused(self):
        """{"version", "reason"} of the last version that did not stay, or None."""
        return self._read(self._refused, lambda d: dict(version=str(d["version"]),
                                                        reason=str(d["reason"])))

    def refuse(self, version, reason):
        """A version does not stay; version None takes back what was said."""
        if version is not None:
            keeping.write(self._refused, {"version": version, "reason": reason})
        elif os.path.exists(self._refused):
            os.unlink(self._refused)

    @contextmanager
    def alone(self):
        """Nobody else changes versions meanwhile; PartMissing where somebody does, or where it is
        not ours to do. A child that gets the handle keeps others out for as long as it lives."""
        if not os.path.isdir(self._folders):
            raise PartMissing(self._folders, "no such folder", "install with deploy/install.sh; "
                              "what runs from a folder of its own is updated there")
        if not os.access(self._folders, os.W_OK):
            raise PartMissing(self.root, "no permission to change it", "do it as root, with sudo")
        handle = os.open(self._folders, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _lock(handle, self.root)
            yield handle
        except OSError as e:
            raise OutputError(e.filename or self.root, e.strerror, "mend that") from e
        finally:
            os.close(handle)

    def room_for(self, size):
        """OutputError where so many bytes do not fit."""
        free = shutil.disk_usage(self._folders).free
        if free < size:
            raise OutputError(self._folders, "%d MB are free, %d are needed" % (
                free >> 20, size >> 20), "make room and try again")

    def _linked(self, link):
        try:
            version = os.path.basename(os.readlink(os.path.join(self.root, link)))
        except OSError:
            return None
        return version if self.is_complete(version) else None

    @staticmethod
    def _read(path, understand):
        try:
            return keeping.read(path, understand)
        except (OSError, DataError, UnicodeDecodeError):
            return None


def _lock(handle, what):
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise PartMissing(what, "another update is under way", "wait for it") from None
