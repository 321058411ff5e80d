"""A receiver on a real socket of this machine, read by python-osc."""
import socket
import time

from tests.golden import decoded


class Receiver:
    """Listens on a free port of 127.0.0.1 (or `host`); `port` is its number."""

    def __init__(self, host="127.0.0.1", port=0):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind((host, port))
        self.port = self.socket.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def datagrams(self):
        """All datagrams that lie there; over loopback they are there once send has returned."""
        out = []
        self.socket.setblocking(False)
        while True:
            try:
                out.append(self.socket.recv(65536))
            except BlockingIOError:
                return out

    def messages(self):
        """[(address, tags, arguments)] of all datagrams that lie there."""
        return [m for d in self.datagrams() for m in decoded(d)]

    def values(self, end):
        """The arguments of every message whose address ends so."""
        return [args for address, _, args in self.messages() if address.endswith(end)]


def free_port():
    """A UDP port of 127.0.0.1 on which nobody listens."""
    with Receiver() as receiver:
        return receiver.port


def free_tcp_port():
    """A TCP port of 127.0.0.1 that nobody has."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def listens(port):
    """Whether somebody of this machine listens on a UDP port."""
    with open("/proc/net/udp") as f:
        return (":%04X " % port) in f.read()


def eventually(condition, seconds=5.0):
    """Whether condition() becomes true; for what another thread or program does."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()
