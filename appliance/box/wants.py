"""The values of a kagami.txt's own keys become what they mean, or one line that says why they mean
nothing.
"""
import base64
import binascii
import hashlib
import ipaddress
import re
from collections import namedtuple

from appliance.options import Flag

Wifi = namedtuple("Wifi", "name psk country")
Wifi.__doc__ = """A wireless network: name as bytes, psk as 64 hex digits or "" where it is open,
country as two letters or ""."""
Address = namedtuple("Address", "interface gateway dns")
Address.__doc__ = """ipaddress.IPv4Interface, IPv4Address or None, [IPv4Address]."""
KEY_KINDS = ("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
             "ecdsa-sha2-nistp521", "sk-ssh-ed25519@openssh.com",
             "sk-ecdsa-sha2-nistp256@openssh.com")
ONE_CABLE = ipaddress.IPv4Network("192.168.55.0/24")        # of the USB cable


class Wants:
    """given: {key: [(line, value)]}. said: list to which (line, words) of what was understood is
    added; mistake: called with (line, words) of what was not."""

    def __init__(self, given, said, mistake):
        self._given, self._said, self._mistake = given, said, mistake

    def _one(self, key):
        return self._given.get(key, [(0, "")])[0]

    def _say(self, number, words):
        self._said.append((number, words))

    def name(self):
        """The host's name, or ""."""
        number, text = self._one("name")
        name = re.sub("[ _]+", "-", text.lower())
        name = name[:-6] if name.endswith(".local") else name
        if not number:
            return ""
        if not re.fullmatch("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name):
            self._mistake(number, "name: not 1 to 63 letters a to z, digits and -; give one like "
                          "kagami-desk")
            return ""
        self._say(number, "the box is called %s: its page is http://%s.local/" % (name, name))
        return name

    def wifi(self):
        """Wifi, or None; without a name or with a wrong password there is none."""
        number, text = self._one("wifi-name")
        secret, password = self._one("wifi-password")
        country = self._country()
        if not number:
            if secret:
                self._mistake(secret, "wifi-password without wifi-name; give both")
            return None
        name = text.encode("utf-8")
        if len(name) > 32:
            self._mistake(number, "wifi-name: more than 32 bytes; no network is called so")
            return None
        psk = self._psk(name, secret, password)
        if psk is None:
            return None
        self._say(number, "Wi-Fi %s, %s%s" % (
            text, "with a password" if psk else "without a password: open to everybody",
            ", country " + country if country else ""))
        return Wifi(name, psk, country)

    def _psk(self, name, number, password):
        """What is proved to the network: the password itself is written nowhere else."""
        if not number:
            return ""
        if re.fullmatch("[0-9a-fA-F]{64}", password):
            return password.lower()
        secret = password.encode("utf-8")
        if not 8 <= len(secret) <= 63:
            self._mistake(number, "wifi-password: %d characters, and one has 8 to 63; the Wi-Fi "
                          "is left out" % len(secret))
            return None
        return binascii.hexlify(hashlib.pbkdf2_hmac("sha1", secret, name, 4096, 32)).decode()

    def _country(self):
        number, text = self._one("wifi-country")
        if number and not re.fullmatch("[A-Za-z]{2}", text):
            self._mistake(number, "wifi-country: not two letters; give one like DE, JP or US")
            return ""
        return text.upper()

    def address(self):
        """Address, or None where the router gives one."""
        number, text = self._one("address")
        if not number:
            for key in ("mask", "gateway"):
                if key in self._given:
                    self._mistake(self._one(key)[0], "%s without address; give both" % key)
        interface = self._interface(number, text) if number else None
        dns = self._dns() if interface or not number else []
        if interface is None:
            if dns:
                self._mistake(self._one("dns")[0], "dns without address; give both")
            return None
        gateway = self._gateway(interface)
        self._say(number, "fixed address %s%s%s" % (
            interface, ", gateway %s" % gateway if gateway else "",
            ", dns " + ", ".join(map(str, dns)) if dns else ""))
        return Address(interface, gateway, dns)

    def _interface(self, number, text):
        mask_number, mask = self._one("mask")
        if mask_number and "/" in text:
            self._mistake(mask_number, "mask: the address says /%s already; keep one of the two"
                          % text.partition("/")[2])
            mask = ""
        whole = text if "/" in text else "%s/%s" % (text, mask or "24")
        try:
            found = ipaddress.IPv4Interface(whole)
            of_a_host = found.network.prefixlen > 30 or found.ip not in (
                found.network.network_address, found.network.broadcast_address)
        except ValueError:
            self._mistake(number, "address: %s is no IPv4 address with its mask; give one like "
                          "192.168.1.50/24" % ascii(whole)[1:-1][:40])
            return None
        if found.ip.is_loopback or found.ip.is_multicast or not of_a_host or int(found.ip) == 0:
            self._mistake(number, "address: %s is no address for a machine; give one like "
                          "192.168.1.50/24" % found)
            return None
        if found.network.overlaps(ONE_CABLE):
            self._mistake(number, "address: %s is kept for the USB cable; give another network's"
                          % ONE_CABLE)
            return None
        return found

    def _gateway(self, interface):
        number, text = self._one("gateway")
        gateway = self._ip("gateway", number, text) if number else None
        if gateway is not None and gateway not in interface.network:
            self._mistake(number, "gateway: %s is not in %s; give the router's address there"
                          % (gateway, interface.network))
            return None
        return gateway

    def _dns(self):
        found = [self._ip("dns", number, word) for number, text in self._given.get("dns", ())
                 for word in text.replace(",", " ").split()]
        return [address for address in found if address is not None]

    def _ip(self, key, number, text):
        try:
            return ipaddress.IPv4Address(text)
        except ValueError:
            self._mistake(number, "%s: %s is no IPv4 address; give one like 192.168.1.1"
                          % (key, ascii(text)[1:-1][:40]))
            return None

    def keys(self):
        """[line of authorized_keys]; options in front of a key are not taken."""
        good = []
        for number, text in self._given.get("ssh-key", ()):
            words = text.split(None, 2)
            if len(words) > 1 and words[0] in KEY_KINDS and _holds(words[1], words[0]):
                good.append(text)
                self._say(number, "ssh for root with the %s key%s" % (
                    words[0], " of " + words[2] if words[2:] else ""))
            else:
                self._mistake(number, "ssh-key: no public key; give the one line of a file that "
                              "ends in .pub, for instance id_ed25519.pub")
        return good

    def read_only(self):
        """Whether the system is to be read-only, or None."""
        number, text = self._one("read-only")
        if not number:
            return None
        try:
            wanted = Flag().parse(text)
        except ValueError:
            self._mistake(number, "read-only: neither yes nor no")
            return None
        self._say(number, "the system is read-only from the next start on, once the card is used "
                  "whole" if wanted else "the system can be written to from the next start on")
        return wanted


def _holds(text, kind):
    """Whether base64 text is a key of this kind."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    name = kind.encode()
    return data.startswith(len(name).to_bytes(4, "big") + name) and len(data) > len(name) + 36
