"""Addresses become a yes or no: may this one be heard now?

Everybody who is not named is refused; who is heard may ask so often and no oftener.
"""
import ipaddress
import socket
import struct

ROUTES = "/proc/net/route"
HERE = "127.0.0.1"              # programs of this machine
SYSTEM_PORTS = 1024             # below lie services that a forged question would be answered to
EACH, ANSWERED = 8, 1           # commands and errors a second of one address
ADDRESSES = 64                  # remembered at once: a flood of forged ones fills no memory
FRESH = 10.0                    # seconds until the networks are looked at anew


class Access:
    """`allow`: networks, and "lan" for those private ones that this machine is attached to."""

    def __init__(self, allow, routes=ROUTES):
        self._allow, self._routes = allow, routes
        self._known, self._known_until = {HERE: True}, 0.0
        self._heard, self._complained, self._second = {}, {}, 0

    def hears(self, peer, now):
        """Whether a question of (address, port) at `now` seconds counts."""
        address, port = peer
        if port < SYSTEM_PORTS or not self.allows(address, now):
            return False
        self._begin(now)
        return _counted(self._heard, address, EACH)

    def complains(self, address, now):
        """Whether an address may be told of a mistake at `now` seconds."""
        self._begin(now)
        return _counted(self._complained, address, ANSWERED)

    def _begin(self, now):
        if int(now) != self._second:
            self._second = int(now)
            self._heard.clear()
            self._complained.clear()

    def allows(self, address, now):
        """Whether an address is on one of the networks, at `now` seconds."""
        if now >= self._known_until or len(self._known) > ADDRESSES:
            self._known, self._known_until = {HERE: True}, now + FRESH
            self._networks = self._looked_up()
        if address not in self._known:
            self._known[address] = self._is_inside(ipaddress.ip_address(address))
        return self._known[address]

    def _looked_up(self):
        named = [network for network in self._allow if network != "lan"]
        return named + (attached(self._routes) if "lan" in self._allow else [])

    def _is_inside(self, address):
        """Whether it is one of a network's, and not the name of all of them."""
        return any(address in network and (network.prefixlen > 30 or address not in (
            network.network_address, network.broadcast_address)) for network in self._networks)


def attached(path=ROUTES):
    """[ip_network] of this machine's own private IPv4 networks, without a router between.

    path: a table as the kernel writes it to /proc/net/route; none is no network.
    """
    try:
        with open(path) as f:
            rows = [line.split() for line in f.readlines()[1:]]
    except OSError:
        return []
    pairs = [(_dotted(row[1]), _dotted(row[7])) for row in rows if int(row[2], 16) == 0]
    networks = [ipaddress.ip_network("%s/%s" % pair) for pair in pairs]
    return [n for n in networks if n.prefixlen >= 8 and (n.is_private or n.is_link_local)]


def _dotted(number):
    """The kernel writes addresses as numbers in the machine's own order."""
    return socket.inet_ntoa(struct.pack("=I", int(number, 16)))


def _counted(counts, address, most):
    if address not in counts and len(counts) >= ADDRESSES:
        return False
    counts[address] = counts.get(address, 0) + 1
    return counts[address] <= most
