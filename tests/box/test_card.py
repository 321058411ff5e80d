"""A kagami.txt is read as its owner meant it, and every mistake is told with its line."""
import os
import subprocess
import sys

import pytest

from appliance.box import card, configuration
from appliance.outputs.targets import MOST
from tests.box.cards import KEY, WHOLE

TEMPLATE = os.path.join(os.path.dirname(__file__), "../../deploy/kagami.txt")
PEM = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\nAAAA==\n" \
    "-----END OPENSSH PRIVATE KEY-----\n"


def read(text):
    """The Card of a text, with those lines alone that mean something."""
    return configuration.fit(card.read(text if isinstance(text, bytes) else text.encode()))


def wrong(text):
    """{line: why} of a text's mistakes."""
    return dict(read(text).mistakes)


def test_everything_is_understood():
    found = read(WHOLE)
    assert found.mistakes == []
    assert [number for number, _ in found.said] == [1, 2, 5, 8, 11, 9, 10, 13]
    assert (found.name, found.wifi.name, found.wifi.country) == ("desk", b"My network", "DE")
    assert str(found.address.interface) == "192.168.1.50/24"
    assert str(found.address.gateway) == "192.168.1.1"
    assert [str(server) for server in found.address.dns] == ["192.168.1.1", "9.9.9.9"]
    assert found.keys == [KEY]
    assert [line[:3] for line in found.lines] == [
        ("camera", "source", "test"), ("target card-1", "to", "vmc@192.168.1.20"),
        ("target card-2", "to", "vrchat@my-pc.local"), ("tracker", "max_faces", "2")]


def test_the_template_wants_nothing():
    with open(TEMPLATE, "rb") as f:
        found = card.read(f.read())
    assert found == card.Card("", None, None, [], None, [], [], [])


def test_every_example_of_the_template_is_understood_when_its_mark_is_taken_away():
    with open(TEMPLATE, encoding="utf-8") as f:
        rows = [row[2:] for row in f if row.startswith("# ") and (" = " in row or "[" in row)]
    text = "".join(rows).replace("ssh-ed25519 AAAA... me@my-pc", KEY)
    found = read(text)
    assert found.mistakes == [] and len(found.said) == 9 and found.lines


@pytest.mark.parametrize("data", [
    "name = desk\r\n".encode("utf-8-sig"), "name = desk\r\n".encode("utf-16"),
    b"name = desk\r", b"\tname\t=\tdesk \t \r\n", "name\u00a0=\u00a0desk\n".encode(),
    b"Name: desk", b"HOST NAME = desk.local", b"name = \"desk\"",
    "name = \u201cdesk\u201d".encode(),
    "name = \u201edesk\u201c".encode(), b"name = desk # mine", b"[tracker]\nname = desk"])
def test_the_spelling_of_editors_and_people_is_forgiven(data):
    found = read(data)
    assert (found.name, found.mistakes) == ("desk", [])


def test_letters_of_an_old_windows_are_read():
    assert read("wifi = Café".encode("cp1252")).wifi.name == "Café".encode("utf-8")


@pytest.mark.parametrize("text, name", [
    ("wifi-name = Ben\u2019s iPhone", "Ben\u2019s iPhone"),
    ("wifi-name = #1 net # x", "#1 net # x"),
    ("wifi-name = \" blank \"", " blank "), ("WIFI SSID = a=b:c", "a=b:c")])
def test_the_name_of_a_network_is_taken_as_it_is(text, name):
    assert read(text).wifi.name == name.encode("utf-8")


def test_the_key_of_a_network_is_what_wpa_supplicant_makes_of_it():
    # From the example of IEEE 802.11i, annex H.4.
    found = read("wifi-name = IEEE\nwifi-password = password")
    assert found.wifi.psk == "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"


def test_a_network_without_a_password_is_told_to_be_open():
    found = read("wifi-name = Cafe")
    assert found.wifi.psk == "" and "open to everybody" in found.said[0][1]


@pytest.mark.parametrize("text, wanted", [
    ("read-only = yes", True), ("Read Only: ON", True), ("readonly = no", False), ("", None)])
def test_a_system_may_be_wanted_read_only(text, wanted):
    assert read(text).read_only is wanted


@pytest.mark.parametrize("text, line, words", [
    ("hello there", 1, "neither KEY = VALUE"), ("= 5", 1, "neither KEY = VALUE"),
    ("\n\ntargt = vmc@1.2.3.4", 3, "did you mean target?"), ("zzz = 5", 1, "the keys are name,"),
    ("name =", 1, "no value"), ("name = -desk", 1, "a to z"),
    ("name = a\nhost = b", 2, "given already in line 1"),
    ("wifi-name = x\nwifi-password = short", 2, "5 characters, and one has 8 to 63"),
    ("wifi-password = long enough", 1, "without wifi-name"),
    ("wifi-name = " + "x" * 33, 1, "more than 32"),
    ("wifi-name = x\ncountry = Germany", 2, "two letters"),
    ("address = 192.168.1", 1, "no IPv4 address"),
    ("address = 192.168.1.0/24", 1, "no address for"),
    ("address = 127.0.0.1", 1, "no address for"), ("address = 0.0.0.0", 1, "no address for"),
    ("address = 192.168.1.5\nmask = 255.255.0.1", 1, "no IPv4 address with its mask"),
    ("address = 192.168.1.5/24\nmask = 255.255.0.0", 2, "keep one of the two"),
    ("address = 192.168.55.7/24", 1, "kept for the USB cable"),
    ("address = 192.168.1.5\ngateway = 192.168.2.1", 2, "not in 192.168.1.0/24"),
    ("gateway = 192.168.1.1", 1, "without address"), ("dns = 192.168.1.1", 1, "without address"),
    ("address = 192.168.1.5\ndns = router", 2, "no IPv4 address"),
    ("ssh-key = AAAA", 1, "no public key"), ("ssh-key = ssh-rsa AAAA", 1, "no public key"),
    ("ssh-key = command=\"x\" " + KEY, 1, "no public key"), (PEM, 1, "a private key"),
    ("---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"me\"\nAAAA", 1, "in several lines"),
    ("read-only = perhaps", 1, "neither yes nor no"),
    ("target = vmk@1.2.3.4", 1, "did you mean vmc?"), ("camera = film", 1, "film"),
    ("[tracker]\nmax_faces = 9", 2, "out of bounds"), ("[traker]\nmax_faces = 2", 2, "[tracker]"),
    ("[tracker]\nmax_face = 2", 2, "did you mean max_faces?"),
    ("[tracker]\nmax_faces = 2\nmax_faces = 3", 3, "given already in line 2")])
def test_a_mistake_is_told_in_one_line(text, line, words):
    found = wrong(text)
    assert list(found) == [line]
    assert words in found[line] and "\n" not in found[line]


def test_a_mistake_costs_its_own_line_alone():
    found = read(WHOLE.replace("gateway = 192.168.1.1", "gateway = nonsense")
                 .replace("max_faces = 2", "max_faces = many"))
    assert [number for number, _ in found.mistakes] == [6, 13]
    assert found.name and found.wifi and found.address and found.keys and len(found.lines) == 3


def test_a_private_key_ends_where_other_words_begin():
    assert read(PEM + "name = desk").name == "desk"
    assert read(PEM.splitlines()[0] + "\nname = desk").name == "desk"


@pytest.mark.parametrize("text", [
    "wifi-name = x\nwifi-password = sesame", "wifi-name = x\nwifi-pasword = open sesame",
    "sesame", "open : sesame", PEM.replace("b3Bl", "sesame"), "ssh-key = sesame",
    "wifi-password = open sesame", "wifi-name = x\nwifi-password = open sesame",
    "[control]\ntoken = open sesame", "[control]\ntoken = sesame\nwrite = sesame",
    "[network]\nwifi-password = open sesame"])
def test_no_word_tells_a_secret(text):
    found = read(text)
    words = [words for _, words in found.said + found.mistakes if "write = " not in words]
    assert words and "sesame" not in " ".join(words)


def test_whatever_bytes_there_are_give_a_card():
    for data in (b"", b"\0" * 99, os.urandom(4096), b"=" * 9000, b"[" * 99, b"\xff\xfe",
                 b"\xfe\xff0", b"[target]\nto = [\n", b"name = a\n" * 9000):
        read(data)


def test_more_options_than_anybody_writes_are_told():
    rows = ["[target t%d]\nto = vmc@127.0.0.1:%d" % (n, 5000 + n) for n in range(300)]
    found = read("\n".join(rows))
    assert len(found.lines) == MOST and len(found.mistakes) == 300 - MOST
    assert found.mistakes[-1] == (600, "more options than 200")


def test_too_large_a_file_is_told():
    assert "too large" in dict(card.read(b"#" * (card.LARGEST + 1)).mistakes)[0]


def test_a_card_is_read_without_what_tracks():
    # At a start it must be quick, and must not need what may be broken.
    words = "import sys, appliance.box.first_boot; print('numpy' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", words]) == b"False\n"
