"""This machine's networks and the targets become findings: where we are, and who can be reached.

Nothing is sent: whether somebody answers is known to the program that sends.
"""
import os
import socket
from threading import Thread

from appliance.box.finding import BAD, OK, WARN, Finding
from appliance.errors import KagamiError
from appliance.network import addresses
from appliance.network.ways import Way
from appliance.outputs.targets import checked

PATIENCE = 3.0          # seconds for a name to be looked up
AVAHI = "/run/avahi-daemon/socket"
_PLUG = "plug in the network cable, or join the Wi-Fi: sudo nmcli device wifi connect NAME " \
        "password WORD"
_SET = "no target is set yet: do it on the page, Connect, or with `kagami targets add`"
_WELL = "not refused", "nothing sent yet", "connected", ""


def network(own=None, avahi=AVAHI):
    """A Finding of addresses and name. own: as of addresses.adapters()."""
    at = [(name, found.ip) for name, found in (own if own is not None else addresses.adapters())]
    real = [(name, ip) for name, ip in at if not ip.is_loopback]
    words = ", ".join("%s at %s" % one for one in real)
    host = socket.gethostname()
    if not real:
        return Finding("network", BAD, "none: no cable, no Wi-Fi", _PLUG)
    if all(ip.is_link_local for _, ip in real):
        return Finding("network", WARN, words + ": no router gave an address", "look at the "
                       "cable's other end; a PC at that cable is reached all the same")
    if not os.path.exists(avahi):
        return Finding("network", WARN, "%s, but %s.local is not found" % (words, host),
                       "sudo apt-get install avahi-daemon, or use the address")
    return Finding("network", OK, "%s, as %s.local" % (words, host))


def targets(config, program=None):
    """[Finding], one for each target. program: the local.Program that runs, or None."""
    if program is not None:
        given = any(line.key == "to" and line.origin != "default" for line in config.lines)
        return [_sent(Way(*message.arguments), given)
                for message in program.ask("/kagami/targets")]
    found = [_aimed(target) for target in config.targets]
    return found or [Finding("target", WARN, "nobody is sent to", "set `to` in [target]; "
                             "`kagami discover` tells what to write")]


def _sent(way, given):
    words = "%s: %s, %.0f frames a second" % (way.to, way.answer, way.rate)
    if way.answer in _WELL and not way.failed:
        return Finding("target", OK, words)
    return Finding("target", WARN, words, way.advice if given else _SET)


def _aimed(target):
    """Whether the name is known and a network leads there."""
    try:
        found = checked(target)
    except KagamiError as e:
        return Finding("target", BAD, "%s: %s" % (e.what, e.why), e.do)
    if "/" in found.host:
        return Finding("target", OK, "%s waits to be asked" % found.to)
    peers = looked_up(found.host, found.port)
    if not peers:
        return Finding("target", WARN, "%s: %s is not known" % (found.to, found.host),
                       "switch that computer on, or write its address; `kagami discover` lists "
                       "who is there")
    why = _no_way(peers[0])
    if why:
        return Finding("target", WARN, "%s: %s" % (found.to, why), _PLUG)
    return Finding("target", OK, "%s, at %s; whether anybody listens shows `kagami targets` while "
                   "it runs" % (found.to, peers[0][4][0]))


def looked_up(host, port):
    """What the resolver says of a name, [] where it is not known or takes too long."""
    answers = []

    def ask():
        try:
            answers.extend(socket.getaddrinfo(host, port, 0, socket.SOCK_DGRAM))
        except (OSError, UnicodeError):
            pass
    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return list(answers)


def _no_way(peer):
    """Why no network leads to a peer of getaddrinfo, or "". Connecting UDP sends nothing."""
    try:
        with socket.socket(peer[0], socket.SOCK_DGRAM) as probe:
            probe.connect(peer[4])
    except OSError as e:
        return e.strerror or str(e)
    return ""
