"""What has to outlast a restart: documents come in and lie as JSON files in one folder, from which
they come back after the next start.

A file that cannot be understood is told in one line and set aside under another name; nothing is
ever written over what could not be read.
"""
import json
import logging
import os
import threading

from appliance import files
from appliance.errors import DataError, KagamiError

LOG = logging.getLogger("kagami.keeping")
SERVICE = "/var/lib/kagami"
LARGEST = 1 << 24       # bytes of a file that is read
ASIDE = ".broken-%d"
# What somebody may have edited stumbles over where it is understood; a number of 400 digits too.
BROKEN = ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError


def folder(setting=""):
    """Where things are kept: `setting`, else what systemd names, else /var/lib/kagami for root and
    whoever may write there, else Kagami's folder for the user's state (XDG)."""
    named = setting or os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    if named:
        return os.path.abspath(os.path.expanduser(named))
    if os.geteuid() == 0 or os.access(SERVICE, os.W_OK):
        return SERVICE
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return os.path.join(state, "kagami")


def read(path, understand):
    """understand(document) of a JSON file; DataError where it is none, or where `understand` says
    so with one of BROKEN. OSError as it comes."""
    with open(path, encoding="utf-8") as f:
        text = f.read(LARGEST + 1)
    try:
        if len(text) > LARGEST:
            raise ValueError("too large")
        return understand(json.loads(text, parse_constant=_refused))
    except BROKEN as e:
        why = "not understood (%s)" % (str(e).split("\n")[0][:80] or type(e).__name__)
        raise DataError(path, why, "name a file that Kagami wrote") from e


def write(path, document):
    """The document as a JSON file that appears whole; OutputError where that fails."""
    files.write(path, json.dumps(document, sort_keys=True, allow_nan=False) + "\n")


def _refused(word):
    raise ValueError("%s is no number" % word)


class Kept:
    """One document in its file; written in the background, because a card may take a second."""

    def __init__(self, path):
        self.path = path
        self._next, self._thread, self._lock = None, None, threading.Lock()
        self._frozen = self._told = False

    def read(self, understand):
        """understand(document) of the file; None where there is none or it had to be set aside,
        which is logged."""
        try:
            return read(self.path, understand)
        except FileNotFoundError:
            return None
        except DataError as e:
            self._set_aside(e.why)
        except UnicodeDecodeError:
            self._set_aside("not text")
        except OSError as e:
            self._frozen = True
            LOG.warning("%s: %s; what changes now is lost at the end", self.path, e.strerror)
        return None

    def write(self, document):
        """Keep this from now on; returns at once."""
        if self._frozen:
            return
        with self._lock:
            self._next = document
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()

    def flush(self):
        """Wait until all is written."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _work(self):
        while True:
            with self._lock:
                document, self._next = self._next, None
                if document is None:
                    self._thread = None
                    return
            self._put(document)

    def _put(self, document):
        try:
            os.makedirs(os.path.dirname(self.path), 0o700, exist_ok=True)
            write(self.path, document)
            self._told = False
        except (KagamiError, OSError) as e:
            if not self._told:
                LOG.warning("%s: cannot be kept (%s)", self.path, getattr(e, "why", e))
            self._told = True

    def _set_aside(self, why):
        number = 1
        while os.path.lexists(self.path + ASIDE % number):
            number += 1
        try:
            os.rename(self.path, self.path + ASIDE % number)
            LOG.warning("%s: %s; set aside as %s, starting anew", self.path, why,
                        os.path.basename(self.path) + ASIDE % number)
        except OSError as e:
            self._frozen = True
            LOG.warning("%s: %s and cannot be set aside (%s); left as it is", self.path, why,
                        e.strerror)
