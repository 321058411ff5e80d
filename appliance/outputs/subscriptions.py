"""Wishes of programs on the network become channels beside the targets, each for a while.

Who subscribes is sent to only after a number that went to its address has come back from there, so
that nobody can have frames sent to somebody else.
"""
import logging
from functools import partial
from random import SystemRandom
from typing import NamedTuple

from appliance.errors import UsageError
from appliance.outputs.channel import Channel, dialect
from appliance.outputs.dialects.kagami import EVERY, USUAL
from appliance.outputs.leases import Client
from appliance.outputs.link import Link
from appliance.outputs.question import Question
from appliance.outputs.targets import checked

LOG = logging.getLogger("kagami.outputs")
MOST, EACH = 16, 4              # leases in all, and of one address
SHORTEST, LONGEST = 5, 60       # seconds of a lease
CONFIRM = 3.0                   # seconds within which a number has to come back
SPARSEST = 1000                 # largest divider
HERE = "@127.0.0.1:"


class Wish(NamedTuple):
    """Every so-maniest frame in a dialect to a port, for seconds; mask: see dialects.kagami."""

    dialect: str
    port: int
    seconds: int
    every: int
    mask: int


class Subscriptions:
    """The leases of those who subscribe; `turn(now)` is to be called about once a frame.

    outputs: outputs.Outputs. send: (datagram, (address, port)) through the port at which they ask,
    so that a firewall lets frames in where it let the question out.
    """

    def __init__(self, outputs, config, send):
        self._outputs, self._config, self._send = outputs, config, send
        self._leases, self._pending = {}, {}
        self._random, self._quiet = SystemRandom(), 0.0

    def __contains__(self, address):
        return any(key[0] == address for key in self._leases)

    def ask(self, peer, wish, now):
        """A number that has to come back from the address, or None where a lease went on.

        peer: (address, port) of the question. wish: as it was asked; times and shares out of
        bounds are brought into them, port 0 is the question's own. UsageError: refused.
        """
        address, wish = peer[0], _bounded(wish, peer[1])
        lease = self._leases.get((address, wish.dialect, wish.port))
        if lease is not None:
            lease.client.renew(Question((wish.port,), wish.seconds), now)
            if wish[3:] != lease.wish[3:]:
                self._speak(lease, address, wish)
            return None
        self._target(address, wish)
        self._pending = {n: p for n, p in self._pending.items() if p[2] > now}
        self._room(address, [p[0][0] for p in self._pending.values()])
        number = self._random.getrandbits(31)
        self._pending[number] = peer, wish, now + CONFIRM
        return number

    def confirm(self, address, number, now):
        """Begin the lease of a number that came back; UsageError where there is none."""
        peer, wish, until = self._pending.get(number, (("", 0), None, 0.0))
        if peer[0] != address or until <= now:
            raise UsageError("number %d" % number, "not yours, or too late", "subscribe again")
        del self._pending[number]
        self._room(address, [])
        target = self._target(address, wish)
        link = partial(_Back, self._send) if wish.port == peer[1] else Link
        client = Client(target.to, address, link)
        client.renew(Question((wish.port,), wish.seconds), now)
        channel = Channel(target, self._speaker(target, wish), "subscribed", client, wish.every)
        self._leases[address, wish.dialect, wish.port] = _Lease(channel, client, wish)
        self._outputs.add(channel)
        self._say(now, "%s subscribed", target.to)

    def end(self, address, name=""):
        """End an address's leases, or those of one dialect."""
        for key in list(self._leases):
            if key[0] == address and name in ("", key[1]):
                self._drop(key)

    def turn(self, now):
        """End what is over."""
        for key, lease in list(self._leases.items()) if self._leases else ():
            if lease.client.over(now):
                self._drop(key)
                self._say(now, "%s is sent to no longer", lease.channel.target.to)

    def change(self, config):
        """Other options of [target], [loss] and [output] from now on; a lease that they do not
        fit ends."""
        before, self._config = self._config, config
        if _common(before) == _common(config):
            return
        for key, lease in list(self._leases.items()):
            try:
                self._speak(lease, key[0], lease.wish)
            except UsageError:
                self._drop(key)

    def _speak(self, lease, address, wish):
        target = self._target(address, wish)
        lease.channel.change(target, self._speaker(target, wish), wish.every)
        self._leases[address, wish.dialect, wish.port] = lease._replace(wish=wish)

    def _speaker(self, target, wish):
        return dialect(target, self._config.loss, self._config.output, wish.mask)

    def _target(self, address, wish):
        """The Target of a wish: as [target] says, but for the place."""
        to = "%s@%s:%d" % (wish.dialect, address, wish.port)
        return checked(self._config.target._replace(to=to, enabled=True, rate=0.0))

    def _room(self, address, waiting):
        """UsageError where there are too many already, those `waiting` to confirm among them."""
        taken = [key[0] for key in self._leases] + waiting
        if len(taken) >= MOST or taken.count(address) >= EACH:
            raise UsageError("subscription", "all places are taken", "end another, or wait")

    def _drop(self, key):
        self._outputs.drop(self._leases.pop(key).channel)

    def _say(self, now, words, to):
        """At most one line a second, however many come and go; none of this machine, where each
        opening of the page is one."""
        if now >= self._quiet and HERE not in to:
            self._quiet = now + 1.0
            LOG.info(words, to)


class _Lease(NamedTuple):
    channel: Channel
    client: Client
    wish: Wish


class _Back:
    """In place of a Link: back to where the question came from, through the port that heard it."""

    trouble, refused, failed = "", 0, 0

    def __init__(self, send, _, address, port):
        self._send, self._peer, self.sent = send, (address, port), 0

    def send(self, datagram):
        """One datagram."""
        self._send(datagram, self._peer)
        self.sent += 1

    def close(self):
        """The port is somebody else's."""


def _common(config):
    return config.target, config.loss.lost_keepalive_hz, config.output


def _bounded(wish, source):
    port = wish.port or source
    if not 1024 <= port <= 65535:
        raise UsageError("port %d" % port, "no receiver of faces", "give 0, or 1024 to 65535")
    return wish._replace(port=port, seconds=min(LONGEST, max(SHORTEST, wish.seconds)),
                         every=min(SPARSEST, max(1, wish.every)), mask=wish.mask & EVERY or USUAL)
