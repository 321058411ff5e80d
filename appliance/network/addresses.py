"""What this machine's adapters are becomes the addresses that it is known by, and which of others'
addresses are to be believed.
"""
import fcntl
import ipaddress
import os
import socket
import struct
import time

# Bridges and tunnels that programs make for themselves: nobody looks for a camera there.
_VIRTUAL = ("docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "tun", "tap", "wg", "zt",
            "tailscale", "cni", "flannel", "cali", "lo")
_FLAGS, _ADDRESS, _MASK, _RUNNING = 0x8913, 0x8915, 0x891b, 0x40       # of <linux/sockios.h>
_NO_MAC = "00:00:00:00:00:00"
FRESH = 5.0         # seconds for which the adapters are believed to be what they were


def adapters():
    """[(name, IPv4Interface)] of the wired, wireless and USB networks that this machine is
    attached to; the loopback alone where there is none."""
    found = [(name, interface(name)) for _, name in socket.if_nameindex()]
    found = [(name, at) for name, at in found if at is not None]
    real = [(name, at) for name, at in found if not name.startswith(_VIRTUAL)]
    return sorted(real) or [(name, at) for name, at in found if at.ip.is_loopback][:1]


def interface(name):
    """The first IPv4Interface of an adapter that runs (a cable is in, and somebody at its other
    end), or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        def ask(what, start, end):
            request = struct.pack("256s", name.encode()[:15])
            return fcntl.ioctl(any_socket, what, request)[start:end]
        try:
            flags, = struct.unpack("=H", ask(_FLAGS, 16, 18))
            if flags & _RUNNING:
                return ipaddress.ip_interface("%s/%s" % (
                    socket.inet_ntoa(ask(_ADDRESS, 20, 24)), socket.inet_ntoa(ask(_MASK, 20, 24))))
        except OSError:             # it has no IPv4 address
            pass
    return None


class Own:
    """Call it for adapters(), looked at anew every few seconds."""

    def __init__(self):
        self._until, self._found = 0.0, []

    def __call__(self):
        """[(name, IPv4Interface)]."""
        if time.monotonic() >= self._until:
            self._found, self._until = adapters(), time.monotonic() + FRESH
        return self._found


def trusted(advertised, source, own):
    """The address to use of a host that calls itself `advertised` ([text]) in packets from
    `source` (text, "" where that is not known), or "".

    own: [IPv4Interface] of this machine. What comes from this machine is at 127.0.0.1; a loopback
    address that comes from elsewhere means the sender's own, and is never taken. Nor is one
    outside the attached networks: a packet can name any victim on the Internet.
    """
    mine = {str(at.ip) for at in own} | {"127.0.0.1"}
    if source in mine:
        return "127.0.0.1"
    near = [text for text in advertised if _is_near(text, own)]
    if source in near or not near:
        return source if _is_near(source, own) else ""
    return "127.0.0.1" if near[0] in mine else near[0]


def _is_near(text, own):
    """Whether it is the address of one host of an attached network."""
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return False
    if address.is_loopback or address.is_multicast or address.is_unspecified:
        return False
    return any(address in at.network and (at.network.prefixlen > 30 or address not in (
        at.network.network_address, at.network.broadcast_address)) for at in own)


def serial(names):
    """Six hex digits that tell this machine from others: the end of an adapter's MAC address."""
    for name in names:
        try:
            with open(os.path.join("/sys/class/net", name, "address")) as f:
                mac = f.read().strip()
        except OSError:
            continue
        if mac and mac != _NO_MAC:
            return mac.replace(":", "")[-6:].lower()
    return "000000"
