"""A version that is on trial goes in, what stays is in force afterwards: it, or the one before.

systemd runs this (kagami-trial.service), with the code of the version before: once when an update
or a rollback asks for it, and at every start at which a trial is still open, whatever ended it.
Each step may be cut off by a power cut; the next run does them again, to the same end.
"""
import glob
import logging
import sys
import time

from appliance import terminal
from appliance.box.services import Services
from appliance.box.versions import CURRENT, PREVIOUS, Versions
from appliance.errors import KagamiError

LOG = logging.getLogger("kagami.trial")
WITHIN = 60.0       # seconds within which pictures have to come
STEADY = 15.0       # seconds that they have to come, from one process
WAITED = 240.0      # seconds for the service to be started at all: a boot may be slow
ENDED = 3           # times that a version may end before it is given up early
EVERY = 1.0
CAMERAS = "/dev/video*"


class Judge:
    """Watches the tracker: watch() says why a version is not to stay, "" where it is.

    services: what has look(). version: what the one on trial calls itself. seeing: whether
    pictures came from the version before, so that they have to come now, unless the camera is
    gone.
    """

    def __init__(self, services, version, seeing, clock=time.monotonic, sleep=time.sleep):
        self._services, self._version, self._seeing = services, version, seeing
        self._clock, self._sleep = clock, sleep

    def watch(self):
        """Look until it is clear."""
        first = look = self._started()
        begun, good, pid, why = self._clock(), None, 0, ""
        while True:
            now, bad = self._clock(), self._complaint(look)
            if bad:
                good, why = None, bad
            elif good is None or look.pid != pid:
                good, pid = now, look.pid
            if good is not None and now - good >= STEADY:
                return ""
            if look.restarts - first.restarts >= ENDED:
                return "it ended %d times" % ENDED
            if (good or now) - begun >= WITHIN:
                return "after %d s it %s" % (WITHIN, why or "was not steady")
            self._sleep(EVERY)
            look = self._services.look()

    def _started(self):
        """The first look after the service was started, or when it should have been."""
        until = self._clock() + WAITED
        look = self._services.look()
        while look.active in ("", "inactive") and self._clock() < until:
            self._sleep(EVERY)
            look = self._services.look()
        return look

    def _complaint(self, look):
        """What is wrong at this moment, "" for nothing."""
        if look.active != "active":
            return "is not ready" if look.active == "activating" else "is " + (
                look.active or "not there")
        if look.version != self._version:
            return "answers as version %s" % look.version if look.version else "does not answer"
        if look.state == "no camera" and self._seeing and glob.glob(CAMERAS):
            return "finds no camera, which the version before did"
        known = look.state in ("tracking", "no face", "no camera")
        return "" if known else "says: %s" % look.state


class Trial:
    """What is done about the trial that is open in `versions`."""

    def __init__(self, versions, services, watch=None):
        self._versions, self._services, self._open = versions, services, versions.trial
        self._watch = watch or (lambda to, seeing: Judge(services, to, seeing).watch())

    def run(self):
        """Switch where that was not done yet, watch, and keep the version or go back."""
        if self._open is None:
            self._versions.end_trial()
            return
        old, new = self._open["from"], self._open["to"]
        refused = self._versions.refused
        if refused and refused["version"] == new:       # the power went while it went back
            self._go_back(old)
        else:
            why = self._tried(old, new)
            if why:
                self._versions.refuse(new, why)
                self._go_back(old)
                LOG.error("version %s is not kept: %s; %s runs again", new, why, old)
            else:
                self._services.build_engines()
                LOG.info("version %s is kept, %s lies beside it", new, old)
        self._versions.sweep()
        self._versions.end_trial()

    def _tried(self, old, new):
        """Why the new version is not to stay, "" where it is."""
        try:
            if self._versions.current != new:
                LOG.info("version %s is on trial in place of %s", new, old)
                self._services.install_units(self._versions.folder(new))
                self._versions.point(PREVIOUS, old)
                self._versions.point(CURRENT, new)
                self._services.restart()
            elif self._services.look().version == self._versions.told(old):
                self._services.restart()        # it was cut off right here
            return self._watch(self._versions.told(new), bool(self._open.get("seeing")))
        except (KagamiError, OSError) as e:
            return str(e)

    def _go_back(self, old):
        before = self._open.get("before")
        self._versions.point(CURRENT, old)
        self._versions.point(PREVIOUS, before if before in self._versions.all() else None)
        try:
            self._services.install_units(self._versions.folder(old))
        except KagamiError as e:        # those of the new version will have to do
            LOG.error("%s", e)
        self._services.restart()


def main():
    """The program of kagami-trial.service; the exit status."""
    terminal.log()
    try:
        Trial(Versions(), Services()).run()
    except (KagamiError, OSError) as e:     # the trial stays open: the next boot goes on
        LOG.error("%s", e)
        return getattr(e, "status", 1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
