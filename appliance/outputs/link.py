"""Datagrams go out to one receiver: a non-blocking, connected UDP socket that takes every trouble
as weather.

A name is looked up by a thread of its own, so that no frame ever waits for a resolver; everything
else happens in the thread that sends. Each change of the weather is logged once.
"""
import errno
import logging
import os
import socket
import threading
import time

from appliance.outputs.targets import numeric

LOG = logging.getLogger("kagami.outputs")
RESOLVE_EVERY = 30.0        # seconds between look-ups of a name
CALM = 2.0                  # seconds without trouble after which it counts as over
_FULL, _NO_WAY = "the network takes no more", "no network leads there"
# What a socket answers for ever once the address that it was connected from is another's.
_MOVED = errno.EINVAL, errno.EADDRNOTAVAIL, errno.ENETUNREACH, errno.ENETDOWN
_REASONS = {errno.ECONNREFUSED: "nobody listens there", errno.EAGAIN: _FULL, errno.ENOBUFS: _FULL,
            errno.ENETUNREACH: _NO_WAY, errno.EADDRNOTAVAIL: _NO_WAY,
            errno.EINVAL: "our own address has changed",
            errno.EPERM: "a firewall of this machine forbids it",
            errno.EACCES: "a broadcast address is no single receiver, or a route forbids it",
            errno.EHOSTUNREACH: "the host does not answer", errno.ENETDOWN: "the network is down"}


class Link:
    """One receiver. `sent` counts datagrams, `failed` those that did not leave, `refused` those
    that came back as unreachable; `trouble` is the reason of the last failure or "".
    """

    ignored = 0         # nobody asks here

    def __init__(self, to, host, port, look_up=socket.getaddrinfo, first_wait=1.0,
                 clock=time.monotonic):
        self.to, self.sent, self.failed, self.refused, self.trouble = to, 0, 0, 0, ""
        self._host, self._port, self._look_up, self._first_wait = host, port, look_up, first_wait
        self._socket = self._peer = self._found = None
        self._clock, self._calm = clock, None
        self._closed, self._unknown = threading.Event(), False
        if numeric(host) is None or not self._resolved():
            threading.Thread(target=self._resolve, name="resolve " + host, daemon=True).start()

    @property
    def answer(self):
        """What is known of the receiver, in words: UDP tells only refusals."""
        if self._unknown and self._found is None:
            return "name not known"
        return self.trouble or ("not refused" if self.sent else "nothing sent yet")

    @property
    def address(self):
        """Where datagrams go, as a number, or "" while the name is not known."""
        return self._found[1][0] if self._found else ""

    def send(self, datagram):
        """Hand one datagram to the kernel; it is dropped where that is not possible now."""
        if self._found is not self._peer:
            self._connect(self._found)
        if self._socket is None:
            self.failed += 1
            return
        try:
            self._socket.send(datagram)
        except OSError as e:        # a refusal answers an earlier one and takes the place of this
            self.failed += e.errno != errno.ECONNREFUSED
            if e.errno in _MOVED:
                self._peer = None       # connected anew before the next one
            self._in_trouble(e.errno or errno.EIO)
            return
        self.sent += 1
        if self.trouble:
            self._in_calm(self._clock())

    def close(self):
        """Close the socket and end the look-ups."""
        self._closed.set()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connect(self, peer):
        """Open the socket anew for `peer`; what fails is tried again with the next datagram."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._peer = None, None
        fresh = None
        try:
            fresh = socket.socket(peer[0], socket.SOCK_DGRAM)
            fresh.setblocking(False)
            fresh.connect(peer[1])
        except OSError as e:
            if fresh is not None:
                fresh.close()
            self._in_trouble(e.errno or errno.EIO)
            return
        self._socket, self._peer = fresh, peer

    def _in_trouble(self, number):
        self.refused += number == errno.ECONNREFUSED
        reason = _REASONS.get(number) or os.strerror(number)
        if reason != self.trouble:
            LOG.warning("%s: %s; sending goes on", self.to, reason)
        self.trouble, self._calm = reason, None

    def _in_calm(self, now):
        """A datagram went out; a refusal would only come back with a later one."""
        self._calm = now if self._calm is None else self._calm
        if now - self._calm > CALM:
            LOG.info("%s: reached again", self.to)
            self.trouble = ""

    def _resolve(self):
        """Look the name up until closed: soon again while it is not known, else every
        RESOLVE_EVERY seconds.
        """
        wait = self._first_wait
        while not self._closed.is_set():
            if self._resolved():
                wait = self._first_wait
                self._closed.wait(RESOLVE_EVERY)
            else:
                self._closed.wait(wait)
                wait = min(2 * wait, RESOLVE_EVERY)

    def _resolved(self):
        """Look the name up once; True where it is known. IPv4 comes before IPv6, an address in use
        stays.
        """
        try:
            answers = self._look_up(self._host, self._port, 0, socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as e:
            if not self._unknown:
                why = getattr(e, "strerror", None) or e
                LOG.warning("%s: %s is not known (%s); asking again", self.to, self._host, why)
            self._unknown = True
            return False
        peers = sorted(((a[0], a[4]) for a in answers), key=lambda peer: peer[0] != socket.AF_INET)
        if self._found not in peers:
            if self._unknown or self._found is not None:
                LOG.info("%s: %s is %s", self.to, self._host, peers[0][1][0])
            self._found = peers[0]
        self._unknown = False
        return True
