"""A UDP port of this machine becomes datagrams with who sent them, taken without waiting."""
import logging
import socket
import time

LOG = logging.getLogger("kagami.outputs")
LONGEST = 1024          # bytes of a datagram that is looked at
TURN = 16               # datagrams that are looked at before a frame; the kernel drops the rest
RETRY = 5.0             # seconds until a port that is taken is tried again
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}


class Port:
    """`receive()` and `send(datagram, peer)` on a port of every address of this machine.

    to: what it is called in the log. version: 4 or 6, of IP. A port that is taken is weather: it
    is told once and tried again. `trouble` is "" or why nothing can be heard.
    """

    longest = LONGEST

    def __init__(self, to, number, version=4, clock=time.monotonic):
        self.to, self.number, self.trouble = to, number, ""
        self._version, self._clock = version, clock
        self._socket, self._again = None, 0.0
        self._room = memoryview(bytearray(self.longest + 1))
        self._listen()

    def receive(self):
        """(datagram, peer), None where none has come; one of more than `longest` bytes is b""."""
        if self._socket is None and not self._listen():
            return None
        try:
            size, peer = self._socket.recvfrom_into(self._room)
        except OSError:             # none is there
            return None
        return (bytes(self._room[:size]) if size <= self.longest else b""), peer

    def send(self, datagram, peer):
        """Hand one datagram to the kernel; it is dropped where that is not possible now."""
        if self._socket is not None:
            try:
                self._socket.sendto(datagram, peer)
            except OSError:         # weather: whoever asked asks again
                pass

    def close(self):
        """Stop listening, for good."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._again = None, float("inf")

    def _listen(self):
        """Open the socket where it is time to; whether it is open."""
        now = self._clock()
        if now < self._again:
            return False
        self._again = now + RETRY
        try:
            self._socket = self._opened()
        except OSError as e:
            if not self.trouble:
                LOG.warning("%s: nobody can ask at %s (%s); trying again", self.to, self._place(),
                            e.strerror)
            self.trouble = e.strerror or str(e)
            return False
        self.trouble = ""
        return True

    def _place(self):
        return "port %d" % self.number

    def _opened(self):
        """The socket; OSError where it cannot be had."""
        fresh = socket.socket(FAMILIES[self._version], socket.SOCK_DGRAM)
        try:
            if self._version == 6:
                fresh.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            fresh.setblocking(False)
            fresh.bind(("", self.number))
        except OSError:
            fresh.close()
            raise
        return fresh
