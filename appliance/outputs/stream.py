"""Frames go out to one receiver as marked pieces of a TCP stream that holds nothing up.

What the network does not take at once is left out, whole pieces only: one that has begun is
finished before the next.
"""
import errno
import os
import socket
import time

AGAIN = 1.0             # seconds between attempts to connect, and without progress until trouble
BUFFER = 16384          # bytes that may lie in the kernel: some frames, so that none gets old


class Stream:
    """In place of a Link: `send(datagram)`, `close()`; `trouble` is "" or why nothing arrives,
    `sent` counts pieces, `refused` refused connections, `failed` pieces left out.

    host: an address. mark: bytes that end each piece.
    """

    def __init__(self, host, port, mark, clock=time.monotonic):
        self.trouble, self.sent, self.refused, self.failed = "not connected yet", 0, 0, 0
        self._peer, self._mark, self._clock = (host, port), mark, clock
        self._socket, self._rest = None, b""
        self._moved = self._again = clock()

    def send(self, datagram):
        """Hand one piece to the kernel, or leave it out where the last is not through."""
        now = self._clock()
        if self._socket is None and now >= self._again:
            self._again = now + AGAIN
            self._connect()
        if self._socket is None or self._rest:
            self.failed += 1
        if self._socket is None:
            return
        self._rest = self._rest or bytes(datagram) + self._mark
        try:
            gone = self._socket.send(self._rest)
        except BlockingIOError:
            gone = 0
        except OSError as e:
            self._drop(e)
            return
        if gone:
            self._rest, self._moved, self.trouble = self._rest[gone:], now, ""
            self.sent += not self._rest
        elif now - self._moved > AGAIN:
            self.trouble = self.trouble or "it takes nothing"

    def close(self):
        """Close the connection; nothing is sent any more."""
        self._again = float("inf")
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connect(self):
        try:
            found = socket.getaddrinfo(*self._peer, type=socket.SOCK_STREAM,
                                       flags=socket.AI_NUMERICHOST)[0]
            self._socket = socket.socket(found[0], socket.SOCK_STREAM)
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.connect_ex(found[4])
        except OSError as e:
            self._drop(e)

    def _drop(self, error):
        if self._socket is not None:
            self._socket.close()
        self.failed += bool(self._rest)
        self._socket, self._rest = None, b""
        self.refused += error.errno == errno.ECONNREFUSED
        self.trouble = os.strerror(error.errno) if error.errno else str(error)
