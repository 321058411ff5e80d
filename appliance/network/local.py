"""The socket file at which programs of this machine ask the one that runs: both its ends.

Whoever may open the file may ask. A person's command, and whatever shows a page, asks here; the
UDP port is for the network.
"""
import errno
import fcntl
import os
import socket
import stat
import termios
import time
from array import array
from contextlib import contextmanager

from appliance.errors import KagamiError, NotPermitted, PartMissing
from appliance.network.packets import messages
from appliance.network.place import places
from appliance.outputs.osc import message
from appliance.outputs.port import Port

LONGEST = (3 << 17) + 64        # bytes of a question: a document that is imported, its address
ANSWER, ROWS = 1 << 18, 256     # bytes and messages of an answer
ROOM = 1 << 20                  # bytes asked of the kernel for what is not read yet
PATH_MOST = 107                 # bytes, the kernel's limit
PATIENCE = 3.0                  # seconds for an answer to begin with; a turn may take a while


class Local(Port):
    """The end of the program that runs: `receive()` and `send(datagram, peer)` as of a Port.

    A file that a dead program left is replaced, that of a living one stays and is told in one line
    of the log. In systemd's runtime folder its group may ask too, elsewhere its user alone.
    """

    longest = LONGEST

    @property
    def crowded(self):
        """Whether a good part of the room is taken by what nobody has read yet."""
        if self._socket is None:
            return False
        unread = array("i", [0])
        fcntl.ioctl(self._socket, termios.TIOCOUTQ, unread)
        return unread[0] > self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) // 4

    def send(self, datagram, peer):
        """As of a Port; datagram: bytes, or a list of their parts."""
        if self._socket is None:
            return
        try:
            parts = datagram if isinstance(datagram, list) else [datagram]
            self._socket.sendmsg(parts, (), 0, peer)
        except BlockingIOError:
            if self.crowded:
                self.renew()
        except OSError:             # whoever asked has gone
            pass

    def renew(self):
        """Begin anew: what somebody does not read takes the room of everybody's answers. Whoever
        asks notices, and asks again."""
        self._release()
        self._listen()

    def __init__(self, setting="", clock=time.monotonic):
        self.path, self._mine = places(setting)[0], None
        self._mode = 0o660 if os.environ.get("RUNTIME_DIRECTORY") else 0o600
        super().__init__("control", 0, clock=clock)

    def close(self):
        """Stop listening, for good, and take the file away."""
        self._release()
        super().close()

    def _release(self):
        if self._socket is not None:
            self._socket.close()
            self._socket, self._again = None, 0.0
        try:
            if self._mine is not None and os.stat(self.path).st_ino == self._mine:
                os.unlink(self.path)
        except OSError:             # somebody was quicker
            pass

    def _place(self):
        return self.path

    def _opened(self):
        if _long(self.path):
            raise OSError(errno.ENAMETOOLONG, _long(self.path))
        folder = os.path.dirname(self.path)
        os.makedirs(folder, 0o700, exist_ok=True)
        fresh = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            fresh.setblocking(False)
            fresh.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)
            with _alone_in(folder):
                _make_room(self.path)
                os.fchmod(fresh.fileno(), self._mode)   # never open wider, not for a moment
                fresh.bind(self.path)
                os.chmod(self.path, self._mode)         # what the umask took
            self._mine = os.stat(self.path).st_ino
        except OSError:
            fresh.close()
            raise
        return fresh


@contextmanager
def _alone_in(folder):
    """Two that start at once must not both find the same dead file."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _make_room(path):
    """Take a dead program's file away; OSError where a living one's is there, or another thing."""
    try:
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise OSError(errno.EEXIST, "something else has that name")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
            probe.connect(path)
    except FileNotFoundError:
        return
    except ConnectionRefusedError:
        os.unlink(path)
        return
    raise OSError(errno.EADDRINUSE, "another kagami has it")


def _long(path):
    """Why a path cannot be that of a socket, or ""."""
    size = len(os.fsencode(path))
    return "" if size <= PATH_MOST else (
        "its path has %d bytes, %d at most; set calibration.folder" % (size, PATH_MOST))


class Complaint(KagamiError):
    """What the running program complains of: its words, its status."""

    def __init__(self, text, status):
        Exception.__init__(self, text)
        self.status = status


class Program:
    """The running program, asked at the path of its socket; OSError where none is there."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._socket.connect(path)      # from now on nobody else can answer
            self._socket.bind("")           # a name of the kernel's choice, to be answered at
        except OSError:
            self._socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def ask(self, address, *arguments, wait=None, say=None):
        """[Message] that answer, without the last, which says that it is done.

        wait: seconds of silence at most (PATIENCE). say: called with each text at once. Complaint:
        what the program does not do, PartMissing where it says nothing.
        """
        self._socket.settimeout(wait or PATIENCE)
        out = []
        try:
            self._socket.send(message(address, *arguments))
            while not out or out[-1].address != "/kagami/ok":
                new = messages(self._socket.recv(ANSWER), ROWS)
                self._heed(new, say)
                out += new
        except OSError as e:                # it hangs, or has just ended
            raise PartMissing("the running program", "no answer to %s" % address,
                              "see its log, or start it anew") from e
        return out[:-1]

    def text(self, address, *arguments, **more):
        """The last text among the answers, or ""."""
        told = [m.arguments[0] for m in self.ask(address, *arguments, **more)
                if m.address == "/kagami/said"]
        return told[-1] if told else ""

    @staticmethod
    def _heed(new, say):
        for one in new:
            if one.address == "/kagami/error":
                raise Complaint(one.arguments[2], one.arguments[1])
            if one.address == "/kagami/said" and say:
                say(one.arguments[0])


def program(setting=""):
    """The Program that runs, or None; NotPermitted where it is not ours to ask, PartMissing where
    none can be asked."""
    for path in places(setting):
        if _long(path):
            raise PartMissing(path, *_long(path).split("; "))
        try:
            return Program(path)
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            continue
        except OSError as e:
            raise NotPermitted(path, e.strerror, "ask as root or as its user") from e
    return None
