"""A channel becomes what is known of its way: where it leads, how much went there, whether anybody
answers, which program was seen there, and what to do next.
"""
from typing import NamedTuple

from appliance.network import addresses
from appliance.network.access import HERE
from appliance.network.hosts import plain
from appliance.outputs.mailbox import Mailbox

_MOST = (1 << 31) - 1       # of a count on the wire
# What is in an answer of a link, and what then helps; the first that fits.
_HELP = (
    ("name not known", "write its address in place of the name; `kagami discover` lists who is "
     "there"),
    ("nobody listens", "start the application there, let it receive, and compare its port with "
     "{port}"),
    ("no network", "plug in the cable or join the Wi-Fi: no network leads to {address}"),
    ("network is down", "plug in the cable or join the Wi-Fi"),
    ("address has changed", "nothing: it goes on from the new address"),
    ("takes no more", "set rate = 30 for this target, or send to fewer"),
    ("broadcast", "name the one computer to send to"),
    ("firewall", "let UDP {port} out of this machine"),
    ("does not answer", "see whether that computer is on, and still at {address}"),
    ("in use", "another program of this machine has port {port}: end it"),
    ("nobody has asked", "in the application, write {here} for the phone's address; where that is "
     "done, let UDP {port} in here"))
_STUDIO = (
    ("nobody listens", "start VTube Studio, and switch on Start API in its settings, port {port}"),
    ("not connected", "start VTube Studio, and switch on Start API in its settings, port {port}"),
    ("click Allow", "click Allow in VTube Studio"),
    ("Deny", "start Kagami anew, and click Allow in VTube Studio"),
    ("another plugin", "switch the other one off, or leave out what it moves: parts"))
_NO_FRAME = "no picture has come yet: `kagami cameras` lists which are there"
_PAUSE = "nothing goes out now: `kagami run --show` shows whether a face is seen"
_NEAR = "somebody hears it; if nothing moves, docs/connect tells what to set there"
_FAR = "if nothing moves, let UDP {port} in through the firewall of {address}"
_UNSEEN = "if nothing moves, switch on OSC in VRChat's menu, and let UDP {port} in there"
_CLOSED = "its avatar is not shown to us, so all is sent; OSC Debug in its menu tells what arrives"
_STRANGE = "wear an avatar with face tracking, or set parameters = none for the eyes alone"


class Way(NamedTuple):
    """A row of /kagami/targets.

    rate: frames of the last second. refused, failed, sent: datagrams, as of a Link. ignored:
    questions, as of Leases. address: where
    they go, "" while that is not known. seen: the program that says it hears there, or "". has:
    parameters of the avatar there, ours: those of them that we send; -1 where none is known.
    advice: what to do next, or "".
    """

    to: str
    why: str
    rate: float
    refused: int
    answer: str
    failed: int
    sent: int
    ignored: int
    address: str
    seen: str
    has: int
    ours: int
    advice: str


class Ways:
    """Call it with a channel for its Way. hosts: hosts.Hosts. own: addresses.Own or its like."""

    def __init__(self, hosts, own=None):
        self._hosts, self._own = hosts, own or addresses.Own()

    def __call__(self, channel):
        """A Way."""
        link, (has, ours) = channel.link, channel.avatar or (-1, -1)
        way = Way(channel.target.to, channel.why, channel.rate, _counted(link.refused),
                  link.answer, _counted(link.failed), _counted(link.sent), _counted(link.ignored),
                  link.address, self._seen(link.address, channel.target.port), has, ours, "")
        host, port = channel.target.host, channel.target.port
        here = HERE if near(host) else " or ".join(str(at.ip) for _, at in self._own())
        words = _advice(channel, way).format(port=port, here=here, address=way.address or host)
        return way._replace(advice=words)

    def _seen(self, address, port):
        """What the programs that say they hear there call themselves."""
        if address in [str(at.ip) for _, at in self._own()]:
            address = HERE
        names = [plain(host.name) for host in self._hosts
                 if host.address == address and host.serves(port)]
        return min(names, default="")


def near(address):
    """Whether an address is this machine's loopback."""
    return address.startswith("127.") or address == "::1"


def _counted(number):
    return min(number, _MOST)


def _advice(channel, way):
    """The first of what would help, with places for a port and addresses, or ""."""
    studio = isinstance(channel.link, Mailbox)
    for fragment, words in _STUDIO if studio else _HELP:
        if fragment in way.answer:
            return words
    if studio or way.answer != "not refused":
        return _NO_FRAME if way.answer == "nothing sent yet" else ""
    if way.rate == 0.0:
        return _PAUSE
    if channel.target.dialect == "vrchat":
        return _of_vrchat(way)
    return _NEAR if near(way.address) else _FAR


def _of_vrchat(way):
    if way.ours == 0:
        return _STRANGE
    if way.ours > 0:
        return ""
    return _CLOSED if way.seen else _UNSEEN
