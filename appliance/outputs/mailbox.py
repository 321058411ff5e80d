"""Datagrams of one target come in, another thread takes the newest: for wires that answer, where
sending would wait.
"""
from collections import deque


class Mailbox:
    """In place of a Link: `send(datagram)` costs the loop nothing, whatever becomes of it.

    `host`, `port`: where to. `wake`: what to call, from the sending thread, when the box is no
    longer empty, or None. `sent` counts datagrams that were taken, `failed` those that a newer one
    took the place of; `trouble` is "" or why none leave, `address` where they go, "" while that is
    not known.
    """

    refused = ignored = 0       # nothing here is told of one, nobody asks here

    def __init__(self, to, host, port):
        self.to, self.host, self.port = to, host, port
        self.failed, self.trouble, self.wake = 0, "not connected yet", None
        self.sent, self.address, self.closed = 0, "", False
        self._newest = deque(maxlen=1)

    @property
    def answer(self):
        """What is known of the receiver, in words."""
        return self.trouble or "connected"

    def send(self, datagram):
        """Keep this one in place of an older one that was not taken."""
        waiting = len(self._newest)
        self._newest.append(bytes(datagram))
        self.failed += waiting
        if not waiting and self.wake is not None:
            self.wake()

    def take(self):
        """The newest datagram that was not taken yet, or None."""
        try:
            newest = self._newest.popleft()
        except IndexError:
            return None
        self.sent += 1
        return newest

    def close(self):
        """No more comes."""
        self.closed = True
        if self.wake is not None:
            self.wake()
