"""Questions from the network become leases: who is sent to, and how long.

Nobody is answered but addresses of the one network that the target names, and never by more than
the frames themselves: a question makes no datagram of its own. Whoever gets frames is the source
of the question, at the ports that its wire says.
"""
import ipaddress
import logging
import time

from appliance.outputs.link import Link
from appliance.outputs.port import TURN, Port
from appliance.outputs.stream import Stream
from appliance.outputs.targets import numeric

LOG = logging.getLogger("kagami.outputs")
CLIENTS = 4             # hosts that are sent to at once
GONE = 3.0              # seconds of trouble after which a client counts as gone


class Leases:
    """The clients of one wire, in place of a Link: `send(datagram)` to all of them, `close()`.

    to: what the user wrote. network: text of the addresses that may ask, "192.168.1.0/24". port:
    where questions arrive. read: bytes -> Question or None. `ignored` counts what was no question,
    came from elsewhere or found all places taken.
    """

    def __init__(self, to, network, port, read, clock=time.monotonic):
        self.to, self.ignored = to, 0
        self._network, self._read = ipaddress.ip_network(network), read
        self._clock, self._clients, self._quiet = clock, {}, 0.0
        self._port = Port(to, port, self._network.version, clock)

    @property
    def trouble(self):
        """Why nobody can ask, or ""."""
        return self._port.trouble

    @property
    def clients(self):
        """{address: [port, ...]} of those who are sent to."""
        return {address: sorted(client.links) for address, client in self._clients.items()}

    @property
    def answer(self):
        """Who has asked, in words."""
        return self.trouble or self.address or "nobody has asked"

    @property
    def address(self):
        """Those who are sent to, in words, "" where there are none."""
        return " ".join(sorted(self._clients))

    @property
    def sent(self):
        """Frames that went out, of those who are sent to now."""
        return sum(client.sent for client in self._clients.values())

    @property
    def refused(self):
        """Frames that came back as unreachable, of those who are sent to now."""
        return sum(client.refused for client in self._clients.values())

    @property
    def failed(self):
        """Frames that did not leave, of those who are sent to now."""
        return sum(client.failed for client in self._clients.values())

    def send(self, datagram):
        """Look at the questions that have come, then send to whoever has a lease."""
        now = self._clock()
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
        self._port.close()

    def _take(self, now):
        for _ in range(TURN):
            heard = self._port.receive()
            if heard is None:
                return
            datagram, peer = heard
            if not self._heard(datagram, peer[0], now):
                self.ignored += 1

    def grant(self, address, question):
        """Take a question as if it had been asked here now."""
        self._taken(address, question, self._clock())

    def _heard(self, datagram, address, now):
        """Whether it was a question that counts."""
        if not datagram or numeric(address) not in self._network:
            return False
        question = self._read(datagram)
        return question is not None and self._taken(address, question, now)

    def _taken(self, address, question, now):
        """Whether there was a place for it."""
        if question.seconds <= 0:
            self._end(address, now)
        elif address in self._clients or len(self._clients) < CLIENTS:
            if address not in self._clients:
                self._say(now, "%s: %s asked and is sent to", address)
                self._clients[address] = Client(self.to, address)
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


class Client:
    """One host with a lease, at `address`: a link to each of its ports, in place of a Link.

    link: (to, address, port) -> what frames go through as datagrams.
    """

    ignored = 0         # whoever hears the questions counts

    def __init__(self, to, address, link=Link):
        self._to, self.address, self._link = to, address, link
        self.links, self._until, self._well, self._now = {}, 0.0, 0.0, 0.0

    @property
    def answer(self):
        """How long the lease lasts, or what is wrong, in words."""
        troubles = [link.trouble for link in self.links.values() if link.trouble]
        return troubles[0] if troubles else "asked, %d s left" % max(0, self._until - self._now)

    @property
    def sent(self):
        """Frames that went out."""
        return sum(link.sent for link in self.links.values())

    @property
    def refused(self):
        """Frames that came back as unreachable."""
        return sum(link.refused for link in self.links.values())

    @property
    def failed(self):
        """Frames that did not leave."""
        return sum(link.failed for link in self.links.values())

    def renew(self, question, now):
        """The newest question counts alone."""
        if not self.links:
            self._well = now
        self._now, self._until = now, now + question.seconds
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
            return Stream(self.address, port, mark)
        return self._link(self._to, self.address, port)

    def over(self, now):
        """Whether the time is up, or no port has been reached for GONE seconds."""
        self._now = now
        for link in self.links.values():
            if not link.trouble:
                self._well = now
        return now >= self._until or now - self._well >= GONE

    def close(self):
        """Close the links."""
        for link in self.links.values():
            link.close()
