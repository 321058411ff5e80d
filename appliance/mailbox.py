"""What a command asks of the program that runs already goes through a folder, one request at a
time, and its answer comes back the same way: no port, no process number, no rights but the
folder's.
"""
import os
import time

from appliance import keeping
from appliance.errors import DataError, KagamiError

POLL = 0.05         # seconds
TAKEN = 4.0         # seconds within which a running program takes a request
STALE = 60.0        # seconds after which a request is no longer meant


class Mailbox:
    """One end of it; both ends name the same folder."""

    def __init__(self, folder):
        self._request = os.path.join(folder, "request.json")
        self._answer = os.path.join(folder, "answer.json")

    def take(self):
        """The request that lies there, a dict with `do`, else None; each is taken once."""
        try:
            if time.time() - os.stat(self._request).st_mtime > STALE:
                os.unlink(self._request)
                return None
            request = keeping.read(self._request, _checked)
            os.unlink(self._request)
            return request
        except DataError:
            os.unlink(self._request)
        except OSError:             # none is there, or it is not for us
            pass
        return None

    def answer(self, text):
        """Tell the asker what came of it, if it can be told."""
        try:
            keeping.write(self._answer, {"text": text})
        except KagamiError:
            pass

    def ask(self, request, wait=TAKEN):
        """Whether a running program took the request within `wait` seconds."""
        self._gone(self._answer)
        keeping.write(self._request, request)
        return self._until(lambda: not os.path.exists(self._request), wait) or not self._gone(
            self._request)

    def answered(self, wait):
        """The answer, or "" where none came within `wait` seconds."""
        if not self._until(lambda: os.path.exists(self._answer), wait):
            return ""
        text = keeping.read(self._answer, lambda document: str(document["text"]))
        self._gone(self._answer)
        return text

    def _until(self, condition, seconds):
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            time.sleep(POLL)
        return condition()

    def _gone(self, path):
        """Remove a file; whether it was there."""
        try:
            os.unlink(path)
            return True
        except FileNotFoundError:
            return False


def _checked(document):
    if not isinstance(document["do"], str):
        raise ValueError("no request")
    return document
