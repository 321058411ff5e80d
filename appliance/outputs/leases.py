"""Questions from the network become leases: who is sent to, and how long.

Nobody is answered but addresses of the one network that the target names, and never by more than
the frames themselves: a question makes no datagram of its own. Whoever gets frames is the source
of the question, at the ports that its wire says.
"""
import ipaddress
import logging
import socket
import time

from appliance.outputs.link import Link
from appliance.outputs.stream import Stream
from appliance.outputs.targets import numeric

LOG = logging.getLogger("kagami.outputs")
CLIENTS = 4             # hosts that are sent to at once
LONGEST = 1024          # bytes of a question that is looked at
TURN = 16               # questions that are looked at before a frame; the kernel drops the rest
GONE = 3.0              # seconds of trouble after which a client counts as gone
RETRY = 5.0             # seconds until a port that is taken is tried again
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}


class Leases:
    """The clients of one wire, in place of a Link: `send(datagram)` to all of them, `close()`.

    to: what the user wrote. network: text of the addresses that may ask, "192.168.1.0/24". port:
    where questions arrive. read: bytes -> Question or None. `ignored` counts what was no question,
    came from elsewhere or found all places taken; `trouble` is "" or why nobody can ask.
    """

    def __init__(self, to, network, port, read, clock=time.monotonic):
        self.to, self.ignored, self.trouble = to, 0, ""
        self._network, self._port, self._read = ipaddress.ip_network(network), port, read
        self._clock, self._clients, self._quiet = clock, {}, 0.0
        self._socket, self._again = None, 0.0
        self._listen(clock())

    @property
    def clients(self):
        """{address: [port, ...]} of those who are sent to."""
        return {address: sorted(client.links) for address, client in self._clients.items()}

    def send(self, datagram):
        """Look at the questions that have come, then send to whoever has a lease."""
        now = self._clock()
        self._listen(now)
        self._take(now)
        for address, client in list(self._clients.items()):
            if client.over(now):
                self._end(address, now)
            else:
                client.send(datagram)

    def close(self):
        """End every lease and stop listening."""
        for address in list(self._clients):
            self._end(address, self._clock())
        if self._socket is not None:
            self._socket.close()
        self._socket, self._again = None, float("inf")

    def _listen(self, now):
        """Open the socket where it is not; a port that is taken is weather and tried again."""
        if self._socket is not None or now < self._again:
            return
        self._again = now + RETRY
        fresh = None
        try:
            fresh = socket.socket(FAMILIES[self._network.version], socket.SOCK_DGRAM)
            if self._network.version == 6:
                fresh.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            fresh.setblocking(False)
            fresh.bind(("", self._port))
        except OSError as e:
            if fresh is not None:
                fresh.close()
            if not self.trouble:
                LOG.warning("%s: nobody can ask at port %d (%s); trying again", self.to,
                            self._port, e.strerror)
            self.trouble = e.strerror or str(e)
            return
        self._socket, self.trouble = fresh, ""

    def _take(self, now):
        for _ in range(TURN if self._socket is not None else 0):
            try:
                datagram, peer = self._socket.recvfrom(LONGEST + 1)
            except OSError:             # none is there
                return
            if not self._heard(datagram, peer[0], now):
                self.ignored += 1

    def _heard(self, datagram, address, now):
        """Whether it was a question that counts."""
        if len(datagram) > LONGEST or numeric(address) not in self._network:
            return False
        question = self._read(datagram)
        if question is None:
            return False
        if question.seconds <= 0:
            self._end(address, now)
        elif address in self._clients or len(self._clients) < CLIENTS:
            if address not in self._clients:
                self._say(now, "%s: %s asked and is sent to", address)
                self._clients[address] = _Client(self.to, address)
            self._clients[address].renew(question, now)
        else:
            return False
        return True

    def _end(self, address, now):
        client = self._clients.pop(address, None)
        if client is not None:
            client.close()
            self._say(now, "%s: %s is sent to no longer", address)

    def _say(self, now, words, address):
        """At most one line a second, however many questions come."""
        if now >= self._quiet:
            self._quiet = now + 1.0
            LOG.info(words, self.to, address)


class _Client:
    """One host with a lease: a link to each of its ports."""

    def __init__(self, to, address):
        self._to, self._address = to, address
        self.links, self._until, self._well = {}, 0.0, 0.0

    def renew(self, question, now):
        """The newest question counts alone."""
        if not self.links:
            self._well = now
        self._until = now + question.seconds
        for port in set(self.links) - set(question.ports):
            self.links.pop(port).close()
        for port in question.ports:
            if port not in self.links:
                self.links[port] = self._linked(port, question.mark)

    def send(self, datagram):
        """To every port."""
        for link in self.links.values():
            link.send(datagram)

    def _linked(self, port, mark):
        if mark:
            return Stream(self._address, port, mark)
        return Link(self._to, self._address, port)

    def over(self, now):
        """Whether the time is up, or no port has been reached for GONE seconds."""
        if not all(link.trouble for link in self.links.values()):
            self._well = now
        return now >= self._until or now - self._well >= GONE

    def close(self):
        """Close the links."""
        for link in self.links.values():
            link.close()
