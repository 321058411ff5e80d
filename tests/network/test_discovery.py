"""Who is on the network is found, followed and forgotten: real multicast between two machines."""
import contextlib
import ipaddress
import signal
import sys
import threading

import pytest

from appliance.network import addresses, discovery
from appliance.network.addresses import trusted
from appliance.network.discovery import services
from appliance.network.hosts import Host, Hosts, MOST
from tests.fakes import lan
from tests.fakes.receiver import eventually
from tests.foreign.tools import needs

# Asks, from an address, for a service: its port, and two words of its TXT.
ASKS = """
import sys, zeroconf
there = zeroconf.Zeroconf([sys.argv[1]])
info = there.get_service_info(sys.argv[2].split(".", 1)[1], sys.argv[2], 3000)
print(info and (info.port, info.properties[b"faces"], info.properties[b"auth"]))
"""
OWN = [ipaddress.ip_interface("192.168.1.5/24"), ipaddress.ip_interface("10.0.0.5/8")]


@pytest.mark.parametrize("advertised, source, used", [
    (["192.168.1.20"], "192.168.1.20", "192.168.1.20"),
    (["127.0.0.1"], "192.168.1.20", "192.168.1.20"),        # as VRChat does
    (["127.0.0.1"], "", ""),
    (["127.0.0.1"], "192.168.1.5", "127.0.0.1"),            # it is on this machine
    (["192.168.1.5"], "", "127.0.0.1"),
    (["8.8.8.8"], "192.168.1.20", "192.168.1.20"),          # somebody names a victim
    (["8.8.8.8"], "", ""), ([], "8.8.8.8", ""), ([], "", ""),
    (["192.168.1.255"], "", ""), (["224.0.0.1"], "", ""), (["0.0.0.0"], "", ""),
    (["fe80::1"], "192.168.1.20", "192.168.1.20"), (["nonsense"], "", ""),
    (["10.1.2.3", "192.168.1.20"], "192.168.1.20", "192.168.1.20"),
    (["10.1.2.3"], "192.168.1.20", "10.1.2.3")])
def test_only_addresses_of_attached_networks_are_believed(advertised, source, used):
    assert trusted(advertised, source, OWN) == used


def test_this_machine_has_an_adapter_and_a_serial():
    found = addresses.adapters()
    assert found and len(addresses.serial([name for name, _ in found])) == 6


@pytest.mark.parametrize("host, target", [
    (Host("VRChat", "VRChat-Client-A", "192.168.1.20", 50000), "vrchat@192.168.1.20:9000"),
    (Host("VRChat", "VRChat-Client-A", "192.168.1.20", 50000, 9100), "vrchat@192.168.1.20:9100"),
    (Host("VTube Studio", "VTube Studio", "127.0.0.1", 8001), "vts@127.0.0.1:8001"),
    (Host("OSC", "Knobs", "192.168.1.21", 8000, 8000), "kagami@192.168.1.21:8000"),
    (Host("OSCQuery", "Score", "192.168.1.21", 80), ""),
    (Host("VTube Studio", "off", "127.0.0.1", 0), ""),
    (Host("Kagami", "Kagami-0a1b2c", "192.168.1.9", 39601), "")])
def test_each_host_has_a_target_to_write(host, target):
    assert host.target == target


def test_a_flood_of_hosts_is_bounded():
    hosts = Hosts()
    for i in range(2 * MOST):
        hosts.put(i, Host("OSC", "n%d" % i, "192.168.1.2", 9000))
    assert len(list(hosts)) == MOST


def test_records_are_short_and_tell_no_secret():
    made = services("0a1b2c", {"control": 39600, "oscquery": 39601}, ["vmc"] * 99, token=True,
                    name="x" * 999)
    assert [kind for kind, _, _, _ in made] == [
        "_kagami._udp.local.", "_osc._udp.local.", "_oscjson._tcp.local."]
    for _, name, _, text in made:
        assert name.startswith("Kagami-0a1b2c.") and list(text)[0] == "txtvers"
        assert max(len(k) + len(v) + 1 for k, v in text.items()) < 200
        assert sum(len(k) + len(v) + 2 for k, v in text.items()) < 400
    assert made[0][3]["auth"] == "token"


def test_who_looks_for_us_sees_how_far_engines_are():
    made = services("0a1b2c", {"control": 39600}, engines="1/4")
    assert [text.get("engines") for _, _, _, text in made] == ["1/4", None]


def test_what_nobody_listens_to_is_not_announced():
    assert services("0a1b2c", {"oscquery": 39601})[0][0] == "_oscjson._tcp.local."
    assert services("0a1b2c", {"control": 0}) == []


def test_a_broken_packet_is_neither_printed_nor_kept(capsys):
    zeroconf = pytest.importorskip("zeroconf")
    discovery._library()
    broken = zeroconf.DNSIncoming(b"\0\0\x84\0\0\0\0\1\0\0\0\0" + b"\xaf" * 40)
    assert not broken.valid and capsys.readouterr() == ("", "")
    assert not getattr(zeroconf.QuietLogger, "_seen_logs", None)


class Log:
    """The lines of a program, as they come."""

    def __init__(self, program):
        self.lines = []
        threading.Thread(target=self._read, args=(program.stdout,), daemon=True).start()

    def _read(self, stream):
        with contextlib.suppress(ValueError):   # whoever started the program has closed it
            for line in stream:
                self.lines.append(line.strip())

    def says(self, words, seconds=20.0):
        """Whether a line with these words comes."""
        return eventually(lambda: any(words in line for line in self.lines), seconds)


@pytest.fixture
def two():
    pytest.importorskip("zeroconf")
    pytest.importorskip("aiohttp")
    if lan.missing():
        pytest.skip(lan.missing())
    with lan.Lan() as made:
        yield made


def vrchat(two, avatar="avtr_one", ttl=120):
    program = two.start("b", "tests.fakes.vrchat", "VRChat-Client-ABC123", "50123", avatar,
                        str(ttl))
    assert program.stdout.readline() == "announced\n"
    return program


def test_a_vrchat_appears_changes_its_address_and_vanishes(two):
    log = Log(two.start("a", "tests.fakes.sender", "vrchat@%s" % lan.THERE))
    there = vrchat(two)
    assert log.says("found VRChat-Client-ABC123 at 10.77.0.2 (--to vrchat@10.77.0.2:9000)")
    assert log.says("the avatar has 3 parameters")
    there.kill()                                # no goodbye
    assert log.says("the avatar is not known, so all is sent")
    two.move("b", "10.77.0.3")
    there = vrchat(two)
    assert log.says("VRChat-Client-ABC123 at 10.77.0.2 (--to vrchat@10.77.0.2:9000) is now at "
                    "10.77.0.3"), log.lines
    there.terminate()
    assert log.says("has gone")
    assert not [line for line in log.lines if "127.0.0.1" in line or "Traceback" in line]


def test_what_is_found_is_listed_with_what_to_write(two):
    vrchat(two)
    listed = two.at("a", sys.executable, "-m", "appliance", "discover", "--seconds", "6")
    assert "--to vrchat@10.77.0.2:9000" in listed


def test_a_vtube_studio_appears_changes_its_address_and_vanishes(two):
    log = Log(two.start("a", "tests.fakes.sender", "vmc@" + lan.THERE))
    there = two.start("b", "tests.fakes.vtube_studio")
    assert log.says("found VTube Studio Window 1 at 10.77.0.2 (--to vts@10.77.0.2:8001)")
    two.move("b", "10.77.0.3")
    assert log.says("found VTube Studio Window 1 at 10.77.0.3 (--to vts@10.77.0.3:8001)")
    assert log.says("VTube Studio Window 1 at 10.77.0.2 (--to vts@10.77.0.2:8001) has gone")
    there.kill()
    assert log.says("VTube Studio Window 1 at 10.77.0.3 (--to vts@10.77.0.3:8001) has gone")


def test_who_vanishes_without_a_word_is_forgotten_and_found_again(two):
    log = Log(two.start("a", "tests.fakes.sender", "vrchat@%s" % lan.THERE))
    there = vrchat(two, ttl=10)
    assert log.says("found VRChat-Client-ABC123")
    there.kill()
    assert log.says("has gone", 60.0), log.lines        # the next look, once it is out of date
    vrchat(two)
    assert eventually(lambda: sum("found VRChat" in line for line in log.lines) == 2, 20.0)


def test_another_kagami_appears_changes_its_address_and_vanishes(two, state):
    pytest.importorskip("gi", reason="no GStreamer bindings for this Python")
    log = Log(two.start("a", "tests.fakes.sender", "vmc@" + lan.THERE))
    there = two.start("b", "appliance", "run", "--source", "test", "--to", "vmc@" + lan.HERE)
    assert log.says("found Kagami-") and log.says(" at 10.77.0.2")
    two.move("b", "10.77.0.3")
    assert log.says(" at 10.77.0.3", 40.0), log.lines
    there.terminate()                           # it says goodbye
    assert log.says(" at 10.77.0.3 has gone"), log.lines


def test_what_is_read_again_is_announced_anew(two, state, tmp_path):
    pytest.importorskip("gi", reason="no GStreamer bindings for this Python")
    options = tmp_path / "kagami.conf"
    options.write_text("")
    us = two.start("a", "appliance", "run", "--source", "test", "--config", str(options))
    serial = two.at("a", "cat", "/sys/class/net/eth0/address").replace(":", "").strip()[-6:]

    def announced():
        return two.at("b", sys.executable, "-c", ASKS, lan.THERE,
                      "Kagami-%s._kagami._udp.local." % serial).strip()
    assert eventually(lambda: announced() == "(39600, b'1', b'none')", 30.0)
    options.write_text("[control]\nport = 39700\ntoken = word\n[tracker]\nmax_faces = 2\n")
    us.send_signal(signal.SIGHUP)
    assert eventually(lambda: announced() == "(39700, b'2', b'token')", 30.0), announced()


@pytest.fixture
def knobs(two):
    """A program that hears OSC, announced by avahi."""
    needs("avahi-daemon", "avahi-publish", "dbus-daemon", "unshare")
    return two.avahi("b", "avahi-publish -s Knobs _osc._udp 8000")


def test_what_avahi_announces_appears_changes_its_address_and_vanishes(two, knobs):
    log = Log(two.start("a", "tests.fakes.sender", "vmc@" + lan.THERE))
    assert log.says("found OSC, Knobs at 10.77.0.2 (--to kagami@10.77.0.2:8000)")
    two.move("b", "10.77.0.3")
    assert log.says("Knobs at 10.77.0.2 (--to kagami@10.77.0.2:8000) is now at 10.77.0.3", 40.0), (
        log.lines)
    knobs.stdin.close()                         # a goodbye
    assert log.says("Knobs at 10.77.0.3 (--to kagami@10.77.0.3:8000) has gone"), log.lines


def resolved(log):
    """[(name, address, port)] that avahi-browse resolved when it last looked."""
    ends = [i for i, line in enumerate(log.lines) if line == "--"][-2:]
    rows = [line.split(";") for line in log.lines[ends[0]:ends[1]]] if len(ends) == 2 else []
    return [(row[3], row[7], row[8]) for row in rows if row[0] == "="]


def test_avahi_sees_us_appear_change_our_address_and_vanish(two, state):
    needs("avahi-daemon", "avahi-browse", "dbus-daemon", "unshare")
    pytest.importorskip("gi", reason="no GStreamer bindings for this Python")
    look = Log(two.avahi("b", "while echo --; do avahi-browse -ptr _oscjson._tcp; sleep 1; done"))
    us = two.start("a", "appliance", "run", "--source", "test", "--to", "vmc@" + lan.THERE)
    log = Log(us)

    def seen(address):
        found = resolved(look)
        return [row[1:] for row in found] == [(address, "39601")] and found[0][0][:7] == "Kagami-"
    assert eventually(lambda: seen(lan.HERE), 30.0), (look.lines, log.lines)
    two.move("a", "10.77.0.9")
    assert eventually(lambda: seen("10.77.0.9"), 30.0), (look.lines, log.lines)
    us.terminate()
    assert eventually(lambda: not resolved(look), 20.0), look.lines
