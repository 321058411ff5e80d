"""What a kagami.txt wants of the network lies in the files of whatever runs it, secrets for root
alone."""
import configparser
import shutil
import subprocess

import pytest

from appliance.box import card, connections
from tests.box.cards import Commands, below, got, put, system

MANAGER, SUPPLICANT = "usr/sbin/NetworkManager", "sbin/wpa_supplicant"
WIFI = "wifi-name = Ben\u2019s; net\nwifi-password = open sesame\nwifi-country = de\n"
FIXED = "address = 192.168.1.50/24\ngateway = 192.168.1.1\ndns = 192.168.1.1\n"
CONNECTION = connections.KEYFILES + "/kagami-%s.nmconnection"


def connect(root, text, run=None):
    """Have a text's wishes in a root folder; what cannot be done."""
    return connections.connect(card.read(text.encode("utf-8")), root, run or Commands())


def keyfile(root, name):
    """A connection of NetworkManager as a dict of dicts."""
    read = configparser.ConfigParser(interpolation=None, strict=True)
    read.read_string(got(root, CONNECTION % name))
    return {section: dict(read[section]) for section in read.sections()}


@pytest.fixture
def managed(tmp_path):
    """A root with NetworkManager, as the Jetson's."""
    return system(tmp_path, MANAGER)


@pytest.fixture
def plain(tmp_path):
    """A root with systemd-networkd and wpa_supplicant."""
    return system(tmp_path, SUPPLICANT)


def test_wifi_of_a_manager(managed):
    assert connect(managed, WIFI) == []
    found = keyfile(managed, "wifi")
    name = bytes(int(number) for number in found["wifi"]["ssid"].split(";")[:-1])
    assert name.decode("utf-8") == "Ben\u2019s; net"
    assert len(found["wifi-security"]["psk"]) == 64
    assert found["ipv4"] == {"method": "auto"}
    assert below(managed)[CONNECTION % "wifi"][1] == 0o600


def test_an_open_network_has_no_security(managed):
    connect(managed, "wifi-name = Cafe")
    assert "wifi-security" not in keyfile(managed, "wifi")


def test_a_fixed_address_is_for_the_wifi_where_there_is_one(managed):
    connect(managed, WIFI + FIXED)
    assert keyfile(managed, "wifi")["ipv4"] == {
        "method": "manual", "address1": "192.168.1.50/24,192.168.1.1", "dns": "192.168.1.1;"}
    assert got(managed, CONNECTION % "cable") is None


def test_else_for_the_cable(managed):
    connect(managed, FIXED)
    found = keyfile(managed, "cable")
    assert found["connection"]["interface-name"] == "eth0"
    assert found["ipv4"]["address1"] == "192.168.1.50/24,192.168.1.1"


def test_wifi_never_sleeps(managed, tmp_path_factory):
    connect(managed, "")
    assert "wifi.powersave = 2" in got(managed, "etc/NetworkManager/conf.d/kagami-awake.conf")
    other = system(tmp_path_factory.mktemp("plain"), SUPPLICANT)
    connect(other, "")
    assert "set power_save off" in got(other, "etc/udev/rules.d/80-kagami-awake.rules")


def test_what_is_wanted_no_longer_goes_and_what_others_made_stays(managed):
    connect(managed, WIFI + FIXED)
    put(managed, connections.KEYFILES + "/home.nmconnection", "[connection]\nid=home\n")
    put(managed, connections.KEYFILES + "/kagami-mine.nmconnection", "[connection]\nid=mine\n")
    connect(managed, "")
    left = [name for name in below(managed) if name.startswith(connections.KEYFILES)]
    assert sorted(name.split("/")[-1] for name in left) == [
        "home.nmconnection", "kagami-mine.nmconnection"]
    assert got(managed, "etc/modprobe.d/kagami-wifi.conf") is None


def test_the_country_is_told_to_the_kernel(managed):
    connect(managed, WIFI)
    assert "ieee80211_regdom=DE" in got(managed, "etc/modprobe.d/kagami-wifi.conf")


def test_the_password_itself_lies_nowhere(managed, tmp_path_factory):
    other = system(tmp_path_factory.mktemp("plain"), SUPPLICANT)
    for root in (managed, other):
        connect(root, WIFI)
        assert [name for name, (text, _) in below(root).items() if "sesame" in text] == []


def test_networkd_asks_the_router_at_every_cable(plain):
    connect(plain, "")
    found = got(plain, "etc/systemd/network/50-kagami-cable.network")
    assert "Name=en* eth*\n" in found and "DHCP=yes\n" in found
    # It is no longer root when it reads this.
    assert below(plain)["etc/systemd/network/50-kagami-cable.network"][1] == 0o644


def test_networkd_has_the_fixed_address(plain):
    connect(plain, FIXED)
    found = got(plain, "etc/systemd/network/50-kagami-cable.network")
    for row in ("Address=192.168.1.50/24", "Gateway=192.168.1.1", "DNS=192.168.1.1"):
        assert row + "\n" in found
    assert "DHCP" not in found


def test_wifi_of_networkd_is_wpa_supplicants(plain):
    run = Commands()
    assert connect(plain, WIFI + FIXED, run) == []
    path = "etc/wpa_supplicant/wpa_supplicant-wlan0.conf"
    text, mode = below(plain)[path]
    assert "ssid=" + "Ben\u2019s; net".encode("utf-8").hex() in text and mode == 0o600
    assert "country=DE" in text
    assert "systemctl enable wpa_supplicant@wlan0.service" in run.run
    assert "Address=192.168.1.50/24" in got(plain, "etc/systemd/network/50-kagami-wifi.network")
    assert "DHCP=yes" in got(plain, "etc/systemd/network/50-kagami-cable.network")


def test_wifi_without_a_program_for_it_is_told(tmp_path):
    assert "wpa_supplicant is not on this card" in connect(system(tmp_path), WIFI)[0]


def test_the_real_wpa_supplicant_takes_the_file(plain):
    if not shutil.which("wpa_supplicant"):
        pytest.skip("no wpa_supplicant")
    connect(plain, WIFI)
    path = plain + "/etc/wpa_supplicant/wpa_supplicant-wlan0.conf"
    told = subprocess.run(["wpa_supplicant", "-i", "none0", "-D", "wired", "-c", path, "-dd"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          universal_newlines=True, timeout=20).stdout
    assert "id=0 ssid='Ben" in told and "PSK - hexdump(len=32)" in told, told
