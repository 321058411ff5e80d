"""The Wi-Fi and the address that a kagami.txt wants become files of whatever runs this machine's
network: NetworkManager (Jetson, desktops), else systemd-networkd.

Nothing here waits for a network: it is done before those programs start.
"""
import binascii
import glob
import os
import uuid

from appliance import files

MANAGER = "usr/sbin/NetworkManager"
KEYFILES = "etc/NetworkManager/system-connections"
UNITS = "etc/systemd/network"
SUPPLICANT = "etc/wpa_supplicant"
WIFI, CABLE = "wlan0", "eth0"           # as the Jetson names them
# Wi-Fi that sleeps between frames delivers them 50 to 200 ms late.
AWAKE = "[connection]\nwifi.powersave = 2\n"
AWAKE_RULE = ('ACTION=="add", SUBSYSTEM=="net", ENV{DEVTYPE}=="wlan", '
              'RUN+="/sbin/iw dev %k set power_save off"\n')


def connect(card, root, run):
    """Write what a Card wants below the folder `root`, and take away what was wanted before; words
    of what cannot be done, [] where nothing.

    A fixed address is for the Wi-Fi where there is one, else for the cable; the other asks the
    router. run: as of growing.grow.
    """
    managed = os.path.exists(os.path.join(root, MANAGER))
    wanted = (_keyfiles if managed else _units)(card, root)
    wanted.update(_country(card))
    mine = [KEYFILES + "/kagami-*", UNITS + "/*-kagami-*", SUPPLICANT + "/*",
            "etc/modprobe.d/kagami-wifi.conf"]
    for path in [p for pattern in mine for p in glob.glob(os.path.join(root, pattern))]:
        if os.path.relpath(path, root) not in wanted and _is_ours(path):
            os.unlink(path)
    for name, text in wanted.items():
        _put(os.path.join(root, name), text)
    if managed or not card.wifi:
        return []
    return _supplicant(root, run)


def _put(path, text):
    """Root alone reads what opens somebody's network; networkd, which is not root, its own."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    mode = 0o600 if KEYFILES in path or SUPPLICANT in path else 0o644
    files.write(path, text, mode)


def _is_ours(path):
    with open(path, errors="replace") as f:
        return f.readline() == _HEADER


_HEADER = "# Written by Kagami from kagami.txt.\n"


def _sections(*sections):
    """An INI file of (name, [(key, value)]); keys may stand twice."""
    return _HEADER + "\n".join("[%s]\n%s" % (name, "".join("%s=%s\n" % row for row in rows))
                               for name, rows in sections)


def _keyfiles(card, root):
    """{path: text} for NetworkManager; without a wish it asks the router at every cable."""
    out = {"etc/NetworkManager/conf.d/kagami-awake.conf": AWAKE}
    if card.wifi:
        secret = [("wifi-security", [("key-mgmt", "wpa-psk"), ("psk", card.wifi.psk)])]
        out[KEYFILES + "/kagami-wifi.nmconnection"] = _sections(
            _connection("kagami-wifi", "wifi"),
            # As numbers of bytes: a name may hold what means something else in this file.
            ("wifi", [("mode", "infrastructure"), ("hidden", "true"),
                      ("ssid", "".join("%d;" % byte for byte in card.wifi.name))]),
            *(secret if card.wifi.psk else []), _ipv4(card.address))
    elif card.address:
        out[KEYFILES + "/kagami-cable.nmconnection"] = _sections(
            _connection("kagami-cable", "ethernet", [
                ("interface-name", _named(root, "e", CABLE))]), _ipv4(card.address))
    return out


def _connection(name, kind, more=()):
    own = uuid.uuid5(uuid.NAMESPACE_DNS, name + ".kagami.local")
    return "connection", [("id", name), ("uuid", own), ("type", kind),
                          ("autoconnect-priority", 10)] + list(more)


def _ipv4(address):
    if not address:
        return "ipv4", [("method", "auto")]
    gateway = ",%s" % address.gateway if address.gateway else ""
    rows = [("method", "manual"), ("address1", "%s%s" % (address.interface, gateway))]
    dns = "".join("%s;" % server for server in address.dns)
    return "ipv4", rows + ([("dns", dns)] if dns else [])


def _units(card, root):
    """{path: text} for systemd-networkd, which without any would leave every adapter alone."""
    cable = None if card.wifi else card.address
    out = {UNITS + "/50-kagami-cable.network": _unit("en* eth*", cable, 10),
           "etc/udev/rules.d/80-kagami-awake.rules": AWAKE_RULE}
    if card.wifi:
        out[UNITS + "/50-kagami-wifi.network"] = _unit("wl*", card.address, 20)
        out["%s/wpa_supplicant-%s.conf" % (SUPPLICANT, _named(root, "wl", WIFI))] = \
            _network(card.wifi)
    return out


def _unit(names, address, metric):
    if not address:
        return _sections(("Match", [("Name", names)]),
                         ("Network", [("DHCP", "yes"), ("LinkLocalAddressing", "yes")]),
                         ("DHCP", [("RouteMetric", metric)]))
    rows = [("Address", address.interface)]
    rows += [("Gateway", address.gateway)] if address.gateway else []
    return _sections(("Match", [("Name", names)]),
                     ("Network", rows + [("DNS", server) for server in address.dns]))


def _network(wifi):
    """wpa_supplicant's file; name and key as hex digits, which mean nothing else to it."""
    proof = "psk=" + wifi.psk if wifi.psk else "key_mgmt=NONE"
    return _HEADER + (
        "ctrl_interface=/run/wpa_supplicant\n%snetwork={\n\tssid=%s\n\tscan_ssid=1\n\t%s\n}\n"
        % ("country=%s\n" % wifi.country if wifi.country else "",
           binascii.hexlify(wifi.name).decode(), proof))


def _supplicant(root, run):
    unit = "wpa_supplicant@%s.service" % _named(root, "wl", WIFI)
    if not os.path.exists(os.path.join(root, "usr/sbin/wpa_supplicant")) and \
            not os.path.exists(os.path.join(root, "sbin/wpa_supplicant")):
        return ["Wi-Fi: wpa_supplicant is not on this card; install wpasupplicant, or use a cable"]
    run("systemctl", "enable", unit)
    run("systemctl", "start", "--no-block", unit)
    return []


def _country(card):
    """For the kernel's module; regulators and routers expect other channels elsewhere."""
    if not card.wifi or not card.wifi.country:
        return {}
    return {"etc/modprobe.d/kagami-wifi.conf":
            _HEADER + "options cfg80211 ieee80211_regdom=%s\n" % card.wifi.country}


def _named(root, begin, usual):
    """The first adapter whose name begins so."""
    names = glob.glob(os.path.join(root, "sys/class/net", begin + "*"))
    return min(map(os.path.basename, names)) if names else usual
