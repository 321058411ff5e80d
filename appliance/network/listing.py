"""Some seconds of listening become the lines of `kagami discover`: who is there, and the target to
write for each.
"""
import time

from appliance.errors import PartMissing
from appliance.network.addresses import Own
from appliance.network.background import Background
from appliance.network.broadcast import Broadcast
from appliance.network.discovery import Discovery
from appliance.network.hosts import KAGAMI, VTUBE_STUDIO, Hosts


def lines(seconds):
    """Listen, say nothing about ourselves, and list; PartMissing where nothing could be heard."""
    hosts, own = Hosts(), Own()
    background = Background([Discovery(hosts, own=own), Broadcast(hosts, own)]).start()
    time.sleep(seconds)
    found = sorted({host[:3]: host for host in hosts}.values())
    background.close()
    if not found and background.told:
        raise PartMissing("discovery", *background.told[0].split(": ", 1)[1].split("; ", 1))
    return [_line(host) for host in found] or [_nobody(seconds)]


def _line(host):
    return "%-13s %-15s %s\n    %s" % (host.kind, host.address, host.name, _advice(host))


def _advice(host):
    if host.target:
        return "--to " + host.target
    if host.kind == VTUBE_STUDIO:
        return ("in its settings, switch on \"Start API\"" if not host.port else
                "in its settings, choose a port from 8000 to 8999")
    return "another one like this" if host.kind == KAGAMI else "does not say where it hears OSC"


def _nobody(seconds):
    return ("nobody in %g s: programs that only listen say nothing; write their address, "
            "as docs/connect tells" % seconds)
