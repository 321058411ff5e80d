"""What runs Kagami on a box, systemd, is asked and told here; and the tracker, how it does."""
import json
import os
import subprocess
from typing import NamedTuple

from appliance.errors import KagamiError, PartMissing
from appliance.network.local import program

TRACKER, PANEL, TRIAL = "kagami.service", "kagami-panel.service", "kagami-trial.service"
ENGINES, POWER = "kagami-engines.service", "kagami-power.service"
SECONDS = 60        # that systemctl may take to answer


class Look(NamedTuple):
    """How the tracker does. state: a key of status.CODES, "" where it does not answer. version:
    that of the program which answers. pid: of its process, 0 without. restarts: by systemd."""

    active: str
    pid: int
    restarts: int
    state: str
    version: str


class Services:
    """systemctl, as far as versions need it; PartMissing where it is not there."""

    def look(self):
        """A Look at the tracker."""
        rows = self.shown(TRACKER, "ActiveState", "MainPID", "NRestarts")
        state, version = answered()
        return Look(rows.get("ActiveState", ""), _number(rows.get("MainPID")),
                    _number(rows.get("NRestarts")), state, version)

    def restart(self):
        """Start what is current; returns at once, because a version may never be ready."""
        self._do("restart", "--no-block", TRACKER)
        _asked("try-restart", "--no-block", PANEL, POWER)       # not every box has them

    def build_engines(self):
        """Begin with what this version wants of a GPU, where there is one."""
        _asked("start", "--no-block", ENGINES)

    def install_units(self, tree):
        """Put the units of a version in place."""
        done = subprocess.run(["sh", os.path.join(tree, "deploy/units.sh"), "install"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            said = done.stdout.decode("utf-8", "replace").strip().splitlines() or ["nothing"]
            raise KagamiError("deploy/units.sh install", "it ended with %d and said: %s" % (
                done.returncode, said[-1][:160]), "see `journalctl -u %s`" % TRIAL)
        os.sync()

    def check(self):
        """PartMissing where nothing would judge a version."""
        if self.shown(TRIAL, "LoadState").get("LoadState") != "loaded":
            raise PartMissing(TRIAL, "not installed", "install with deploy/install.sh")

    def judge(self):
        """Have the trial's version judged, and wait for it."""
        self._do("start", TRIAL, patience=None)

    def shown(self, unit, *names):
        """{name: text} of what systemd knows of a unit."""
        words = [word for name in names for word in ("-p", name)]
        return dict(line.split("=", 1) for line in self._do("show", unit, *words).splitlines()
                    if "=" in line)

    @staticmethod
    def _do(*words, patience=SECONDS):
        done = _asked(*words, patience=patience)
        if done.returncode:
            said = done.stdout.strip().splitlines() or ["it ended with %d" % done.returncode]
            raise PartMissing("systemctl " + words[0], said[0], "see `journalctl -b`")
        return done.stdout


def _asked(*words, patience=SECONDS):
    """What became of a systemctl of these words; PartMissing where there is none."""
    try:
        return subprocess.run(("systemctl",) + words, stdout=subprocess.PIPE, timeout=patience,
                              stderr=subprocess.STDOUT, universal_newlines=True)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise PartMissing("systemctl", str(e), "versions need a running systemd") from e


def answered():
    """(state, version) that the running program tells, empty where it does not answer."""
    try:
        running = program()
        if running is None:
            return "", ""
        with running:
            about = json.loads(running.text("/kagami/about"))
        return str(about["state"]), str(about["version"])
    except (KagamiError, ValueError, KeyError, TypeError):
        return "", ""


def _number(text):
    return int(text) if (text or "").isdigit() else 0
