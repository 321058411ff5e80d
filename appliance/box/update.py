"""A bundle becomes the version that runs, with the one before kept beside it; or the one before
becomes that again.

Until a version is complete nothing but its own folder is touched. What comes then is the trial's
(trial.py), which goes on when whoever asked for the update has gone.
"""
import os
import shutil
import subprocess
from contextlib import contextmanager

from appliance import terminal
from appliance.box.bundle import Bundle, order, tag
from appliance.box.services import Services
from appliance.box.signature import read_key
from appliance.box.versions import PREVIOUS, Versions
from appliance.errors import (DataError, InputMissing, KagamiError, OutputError, PartMissing,
                              UsageError)

ROOM = 5            # bytes of the disk for each of a bundle: its files, and its wheels unpacked
FULL = "No space left on device"
JOURNAL = "`journalctl -u kagami -u kagami-trial` tells more"


class Updates:
    """What may be done to the versions of this machine. say(text): what goes on, for a person."""

    def __init__(self, versions=None, services=None, say=terminal.write):
        self._versions, self._services = versions or Versions(), services or Services()
        self._say = say

    def listing(self):
        """Lines: which versions are there."""
        versions, refused = self._versions, self._versions.refused
        lines = ["runs now       %s" % (versions.current or "none that `kagami update` made")]
        if versions.previous:
            lines.append("ran before     %s, `kagami rollback` goes back there" %
                         versions.previous)
        if versions.trial:
            lines.append("on trial       %s" % versions.trial["to"])
        if refused:
            lines.append("did not stay   %(version)s: %(reason)s" % refused)
        return lines

    def update(self, path, older=False):
        """Put a bundle's version in force; a line that says so comes back.

        older: it may be older than what runs. The error names what is wrong, and then nothing was
        changed; a version that does not track is one too, after the one before runs again.
        """
        with self._versions.alone() as lock:
            current = self._ready()
            with opened(path, read_key(self._versions.key)) as (bundle, size):
                self._check(bundle, current, older, path)
                self._versions.sweep()
                self._versions.room_for(ROOM * size)
                self._make(bundle, size, lock)
            return self._try(current, bundle.version, self._versions.previous)

    def rollback(self):
        """Go back to the version before; a line that says so comes back."""
        with self._versions.alone():
            current, previous = self._ready(), self._versions.previous
            if previous in (None, current):
                raise UsageError("kagami rollback", "no version before this one is kept",
                                 "`kagami update BUNDLE --older` installs one")
            return self._try(current, previous, previous)

    def _ready(self):
        """The version that runs; a trial that was left open is brought to its end first."""
        self._services.check()
        if self._versions.trial:
            self._say("a version is still on trial: waiting for the end of that")
            self._services.judge()
        if self._versions.current is None:
            raise PartMissing(self._versions.root, "no complete version is current",
                              "install with deploy/install.sh")
        return self._versions.current

    def _check(self, bundle, current, older, path):
        if bundle.target != tag():
            raise DataError(path, "made for %s, this is %s" % (bundle.target, tag()),
                            "take the bundle for this machine")
        if bundle.version == current:
            raise UsageError(path, "version %s runs already" % current, "nothing is to be done")
        if bundle.version == self._versions.previous:
            raise UsageError(path, "version %s is kept here already" % bundle.version,
                             "`kagami rollback` goes there")
        if order(bundle.version) < order(current) and not older:
            raise UsageError(path, "version %s is older than %s, which runs" % (
                bundle.version, current), "add --older to have it")

    def _make(self, bundle, size, lock):
        """The version's folder, complete, or none."""
        folder, line = self._versions.folder(bundle.version), terminal.LiveLine()
        self._say("version %s is signed rightly: unpacking %d MB" % (bundle.version, size >> 20))
        try:
            bundle.extract(folder, lambda done: line.show(
                lambda: "unpacking: %d %%" % (100 * done // size)))
            line.clear()
            self._set_up(folder, lock)
            # Whoever runs it may not write there.
            subprocess.run([os.path.join(folder, ".venv/bin/python"), "-m", "compileall", "-q",
                            "appliance", "engines", "build_engines.py"], cwd=folder)
            self._versions.complete(bundle.version)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _set_up(self, folder, lock):
        """Its virtual environment, by its own deploy/setup.sh, from its own wheels."""
        self._say("making its environment: some minutes on a Nano")
        with subprocess.Popen(["sh", os.path.join(folder, "deploy/setup.sh")], cwd=folder,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, pass_fds=[lock]) as setup:
            said = []
            for line in setup.stdout:
                said.append(line.decode("utf-8", "replace").rstrip())
                self._say("  " + said[-1])
        if setup.returncode and any(FULL in line for line in said):
            raise OutputError(folder, FULL, "make room and try again")
        if setup.returncode or not os.path.exists(os.path.join(folder, ".venv/bin/kagami")):
            raise PartMissing("deploy/setup.sh of that version", "it ended with %d and no program"
                              % setup.returncode, "see above")

    def _try(self, current, new, before):
        self._versions.refuse(None, "")
        if self._versions.previous is None:     # the judge is always the previous version's
            self._versions.point(PREVIOUS, current)
        seeing = self._services.look().state in ("tracking", "no face")
        self._versions.begin_trial(**{"from": current, "to": new, "seeing": seeing,
                                      "before": None if before == current else before})
        self._say("version %s is on trial: it has a minute to track" % new)
        self._services.judge()
        refused = self._versions.refused
        if refused and refused["version"] == new:
            raise KagamiError("version " + new, refused["reason"],
                              "%s runs again; %s" % (self._versions.current, JOURNAL))
        if self._versions.current != new:
            raise KagamiError("version " + new, "the trial did not end", JOURNAL)
        return "version %s runs; %s is kept: `kagami rollback`" % (new, self._versions.previous)


@contextmanager
def opened(path, key):
    """(Bundle, its size in bytes) at a path; InputMissing where none can be read."""
    try:
        stream = open(path, "rb")
    except OSError as e:
        raise InputMissing(path, e.strerror, "name a bundle: kagami-*.tar") from e
    with stream:
        yield Bundle(stream, path, key), os.fstat(stream.fileno()).st_size
