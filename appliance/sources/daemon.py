"""What befalls a CSI camera comes in; when it is tried again goes out, and a word to root where
its daemon has to be started anew.

NVIDIA's camera daemon now and then delivers nothing any more, or cannot open a sensor that a dead
client held, until it is restarted. Kagami may not do that: it leaves a file, which the unit
kagami-camera.path waits for.
"""
import logging
import os
from time import monotonic

from appliance import files
from appliance.errors import OutputError

log = logging.getLogger("kagami.source")
NAME = "camera-wedged"
SOCKET = "/tmp/argus_socket"
PAUSES = (1.0, 2.0, 4.0, 8.0)       # seconds before each further try
GAP, LONGEST = 30.0, 600.0          # seconds between two words to root: twice as many each time
STEADY = 60.0                       # seconds of pictures after which all that is forgotten


class Daemon:
    """One camera's dealings with the daemon."""

    def __init__(self):
        self._tries, self._gap, self._next, self._told = 0, GAP, 0.0, False
        self._since, self._socket = None, _made(SOCKET)

    def lost(self, reason, ran):
        """Seconds until the next try; the daemon is to be restarted, unless that was a moment
        ago. ran: whether pictures had come."""
        if ran:
            self._tries = 0
            if monotonic() - (self._since or 0.0) > STEADY:
                self._gap, self._next = GAP, 0.0
        pause = PAUSES[min(self._tries, len(PAUSES) - 1)]
        self._tries, self._socket = self._tries + 1, _made(SOCKET)
        if monotonic() >= self._next:
            self._next, self._gap = monotonic() + self._gap, min(2 * self._gap, LONGEST)
            self._ask(reason)
        return pause

    def here(self):
        """The first picture has come."""
        self._since = monotonic()

    def fresh(self):
        """Whether the daemon has been started since the camera was lost: no need to wait."""
        made = _made(SOCKET)
        return made is not None and made != self._socket

    def _ask(self, reason):
        folder = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
        try:
            if folder:
                files.write(os.path.join(folder, NAME), "%s\n" % reason)
                log.warning("the camera daemon is to be restarted: %s", reason)
        except OutputError as e:
            folder = ""
            log.warning("%s: %s", e.what, e.why)
        if not folder and not self._told:
            self._told = True
            log.warning("where it stays so: sudo systemctl restart nvargus-daemon")


def _made(path):
    """What changes when a socket is made anew; None where there is none."""
    try:
        status = os.stat(path)
        return status.st_ino, status.st_ctime_ns
    except OSError:
        return None
