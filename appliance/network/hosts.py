"""What is heard of programs on the network becomes a list of hosts, each with the target to write
for it.
"""
import logging
from collections import OrderedDict
from typing import NamedTuple

from appliance.outputs.dialects.vts_plugin import PORTS

LOG = logging.getLogger("kagami.network")
MOST = 64               # hosts at once: a stranger's packets must not fill the memory
VRCHAT, VTUBE_STUDIO = "VRChat", "VTube Studio"
KAGAMI, OSCQUERY, OSC = "Kagami", "OSCQuery", "OSC"
_CLIENTS = ("VRChat-Client", "ChilloutVR-GameClient")


class Host(NamedTuple):
    """One program: what it is, its name, its address, the port where it answers, and the one where
    it hears what we send (0: not known)."""

    kind: str
    name: str
    address: str
    port: int
    hears: int = 0

    @property
    def target(self):
        """What to write after --to, or "" where nothing leads there."""
        if self.kind == VRCHAT:
            return "vrchat@%s:%d" % (self.address, self.hears or 9000)
        if self.kind == VTUBE_STUDIO and self.port in PORTS:
            return "vts@%s:%d" % (self.address, self.port)
        if self.kind in (OSCQUERY, OSC) and self.hears:
            return "kagami@%s:%d" % (self.address, self.hears)
        return ""

    def serves(self, port):
        """Whether frames to a port of its address are for it, as far as it says where it hears."""
        if self.kind == VRCHAT:
            return self.hears in (0, port)
        return port == (self.port if self.kind == VTUBE_STUDIO else self.hears)


def kind_of(service, name):
    """What a program is that calls itself `name` and offers `service`, for instance
    "_oscjson._tcp"."""
    if service.startswith("_kagami.") or name.startswith("Kagami-"):
        return KAGAMI
    if service.startswith("_osc."):
        return OSC
    return VRCHAT if name.startswith(_CLIENTS) else OSCQUERY


def plain(text, most=60):
    """Somebody else's words for a terminal: printable, and short."""
    return "".join(c if c.isprintable() else "?" for c in str(text)[:most])


class Hosts:
    """The hosts that are there now; each change is logged once."""

    def __init__(self):
        self._hosts = OrderedDict()

    def __iter__(self):
        return iter(list(self._hosts.values()))

    def put(self, key, host):
        """This is there, and as it says. Whether it counts: beyond MOST none is added."""
        before = self._hosts.get(key)
        if before is None and len(self._hosts) >= MOST:
            return False
        known = any(h[:3] == host[:3] for h in self)      # by another of its services
        self._hosts[key] = host
        if before is None and not known:
            LOG.info("found %s", _told(host))
        elif before is not None and before.address != host.address and not known:
            LOG.info("%s is now at %s", _told(before), host.address)
        return True

    def drop(self, key):
        """This is there no longer."""
        host = self._hosts.pop(key, None)
        if host is not None and not any(h[:3] == host[:3] for h in self):
            LOG.info("%s has gone", _told(host))

    def clear(self, keys):
        """None of these is there any longer."""
        for key in list(keys):
            self.drop(key)


def _told(host):
    words = "%s at %s" % (plain(host.name), host.address)
    words = words if host.name.startswith(host.kind) else "%s, %s" % (host.kind, words)
    return words + (" (--to %s)" % host.target if host.target else "")
