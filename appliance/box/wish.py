"""The page's wish to go back to the version before becomes a file that systemd watches: root heeds
it (kagami-rollback.path), which the page itself may not do.
"""
import os

from appliance import files, keeping
from appliance.box.versions import Versions
from appliance.errors import UsageError

WANTED = "rollback-wanted"      # in the folder for the state, as kagami-rollback.path has it


def told(versions=None):
    """What a page shows: {"current", "previous", "trial", "refused"}, each a version or None, the
    last {"version", "reason"} or None; {} where none was ever installed."""
    versions = versions or Versions()
    if versions.current is None:
        return {}
    trial = versions.trial or {}
    return {"current": versions.current, "previous": _before(versions), "trial": trial.get("to"),
            "refused": versions.refused}


def go_back(versions=None):
    """Wish for it; the words for whoever did. UsageError where there is nothing to go back to."""
    versions = versions or Versions()
    before = _before(versions)
    if before is None:
        raise UsageError("rollback", "no version before this one is kept", "update with a bundle")
    if versions.trial:
        raise UsageError("rollback", "a version is on trial", "wait two minutes")
    with files.whole(os.path.join(keeping.folder(), WANTED)):
        pass
    return "version %s is started; it has a minute to track" % before


def _before(versions):
    return versions.previous if versions.previous != versions.current else None
