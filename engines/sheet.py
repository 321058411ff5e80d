"""How far a build of engines is becomes a file, engines.json in the service's runtime folder,
which the tracker shows to whoever asks it.

    {"state": "building", "text": "iris (1 of 4): building FP16, 0:31 of about 0:50", "built": 0,
     "at": 1234.5, "engines": [{"name": "iris", "state": "building", "progress": 0.62}, ...]}

state: building, ready or failed; of an engine also waiting. built: how many were made anew. at:
monotonic seconds, which all programs of a machine share.
"""
import os
from collections import OrderedDict
from time import monotonic

from appliance import keeping
from appliance.errors import KagamiError

NAME = "engines.json"
STALE = 60.0            # seconds after which a build that tells nothing more was cut off
EVERY = 1.0             # seconds between two writes about the same step
NEARLY = 0.99           # what is not done is never told as done


class Sheet:
    """names: of what is built, in order. Nothing is written where systemd gave no folder."""

    def __init__(self, names):
        self._path, self._written = place(), 0.0
        self._rows = OrderedDict((name, ("waiting", 0.0)) for name in names)
        self._state, self._text, self.built = "building", "", 0

    def mark(self, name, state, text, progress=0.0):
        """One of them is building, ready or failed; progress: 0 to 1."""
        before, self._text = self._rows[name][0], text
        self._rows[name] = state, 1.0 if state == "ready" else round(min(progress, NEARLY), 2)
        if before != state or monotonic() - self._written > EVERY:
            self._write()

    def end(self, why=""):
        """All is over; why: what went wrong, if anything did."""
        self._state, self._text = "failed" if why else "ready", why
        self._write()

    def _write(self):
        self._written = monotonic()
        if not self._path:
            return
        rows = [OrderedDict([("name", name), ("state", state), ("progress", progress)])
                for name, (state, progress) in self._rows.items()]
        try:
            keeping.write(self._path, {"state": self._state, "text": self._text, "engines": rows,
                                       "built": self.built, "at": self._written})
        except KagamiError:         # whoever builds is told on the terminal too
            pass


def place():
    """Where the sheet lies, "" where systemd gave no folder for it."""
    folder = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    return folder and os.path.join(folder, NAME)


class Reader:
    """Call it now and then for what the sheet says, {} where nothing is built. path: another
    program's, in place of our own."""

    def __init__(self, path=None):
        self._path, self._seen, self._said = place() if path is None else path, None, {}

    def __call__(self):
        """{"state", "text", "built", "engines"}."""
        try:
            found = os.stat(self._path)
            seen = found.st_ino, found.st_mtime
            if seen != self._seen:
                self._seen, self._said = seen, keeping.read(self._path, _understood)
        except (OSError, KagamiError):
            self._said = {}
        if self._said.get("state") == "building" and monotonic() - self._said["at"] > STALE:
            self._said = dict(self._said, state="failed", text="cut off")
        return self._said


def short(said):
    """What a sheet says in a few letters, "1/4" while the second of four is built; else ""."""
    if said.get("state") != "building":
        return ""
    ready = sum(row["state"] == "ready" for row in said["engines"])
    return "%d/%d" % (ready, len(said["engines"]))


def _understood(document):
    rows = [{"name": str(row["name"])[:60], "state": str(row["state"])[:20],
             "progress": float(row["progress"])} for row in document["engines"][:32]]
    return {"state": str(document["state"])[:20], "text": str(document["text"])[:160],
            "built": int(document["built"]), "at": float(document["at"]), "engines": rows}
