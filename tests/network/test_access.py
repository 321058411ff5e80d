"""Who may be heard, how often, and of what nobody is told."""
import ipaddress

import pytest

from appliance.network.access import ADDRESSES, EACH, FRESH, Access, attached
from appliance.options import Networks

# eth0 has 192.168.1.0/24, wlan0 10.1.0.0/16 and usb0 169.254.0.0/16; the world is behind a router,
# so is 172.16.0.0/12; ppp0 has the public 8.8.8.0/24.
ROUTES = """Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
wlan0\t0000010A\t00000000\t0001\t0\t0\t600\t0000FFFF\t0\t0\t0
usb0\t0000FEA9\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
eth0\t000010AC\t0101A8C0\t0003\t0\t0\t0\t0000F0FF\t0\t0\t0
ppp0\t00080808\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""


@pytest.fixture
def routes(tmp_path):
    """A table of routes as the kernel writes it."""
    path = tmp_path / "route"
    path.write_text(ROUTES)
    return path


def access(routes, allow="lan"):
    return Access(Networks().parse(allow), str(routes))


def test_private_networks_without_a_router_are_attached(routes):
    assert [str(n) for n in attached(str(routes))] == [
        "192.168.1.0/24", "10.1.0.0/16", "169.254.0.0/16"]


def test_this_machine_s_own_table_can_be_read():
    assert all(n.is_private for n in attached())


def test_without_a_table_nothing_is_attached():
    assert attached("/nowhere") == []


@pytest.mark.parametrize("address, heard", [
    ("127.0.0.1", True), ("192.168.1.20", True), ("10.1.200.3", True), ("169.254.7.7", True),
    ("192.168.2.20", False), ("8.8.8.8", False), ("172.16.0.9", False), ("127.0.0.2", False),
    ("192.168.1.255", False), ("192.168.1.0", False), ("10.1.255.255", False),
    ("224.0.0.251", False), ("255.255.255.255", False), ("0.0.0.0", False)])
def test_the_neighbours_are_heard_and_nobody_else(routes, address, heard):
    assert access(routes).hears((address, 5000), 1.0) == heard


@pytest.mark.parametrize("allow, address, heard", [
    ("", "192.168.1.20", False), ("", "127.0.0.1", True), ("192.168.1.20", "192.168.1.20", True),
    ("192.168.1.20", "192.168.1.21", False), ("100.64.0.0/10", "100.100.1.2", True),
    ("lan, 100.64.0.0/10", "192.168.1.20", True)])
def test_names_take_the_place_of_the_neighbours(routes, allow, address, heard):
    assert access(routes, allow).hears((address, 5000), 1.0) == heard


@pytest.mark.parametrize("port", [0, 53, 1023])
def test_services_of_a_system_are_not_heard(routes, port):
    assert not access(routes).hears(("192.168.1.20", port), 1.0)


def test_so_many_questions_of_one_address_count_in_a_second(routes):
    gate = access(routes)
    heard = [gate.hears(("192.168.1.20", 5000), 1.0 + i / 1000.0) for i in range(100)]
    assert sum(heard) == EACH and gate.hears(("192.168.1.21", 5000), 1.5)
    assert gate.hears(("192.168.1.20", 5000), 2.0)


def test_one_mistake_a_second_is_told(routes):
    gate = access(routes)
    assert [gate.complains("192.168.1.20", t) for t in (1.0, 1.5, 2.0)] == [True, False, True]


def test_a_flood_of_addresses_fills_no_memory(routes):
    gate = access(routes)
    heard = [gate.hears(("10.1.%d.%d" % divmod(i, 250), 5000), 1.0) for i in range(250, 5000)]
    assert sum(heard) == ADDRESSES
    assert max(len(gate._known), len(gate._heard)) <= ADDRESSES + 1


def test_a_network_that_comes_later_is_found(routes):
    gate = access(routes)
    routes.write_text(ROUTES.splitlines()[0] + "\n")
    assert gate.hears(("192.168.1.20", 5000), 1.0) is False
    routes.write_text(ROUTES)
    assert gate.hears(("192.168.1.20", 5000), 1.0 + FRESH)


@pytest.mark.parametrize("text, told", [
    ("lan, nobody", "nobody is no address"), ("0.0.0.0/0", "is everybody"),
    ("224.0.0.0/8", "is everybody"), ("192.168.1.300", "no address")])
def test_a_word_that_is_no_network_is_told(text, told):
    with pytest.raises(ValueError, match=told):
        Networks().parse(text)


def test_networks_may_be_written_with_the_address_of_one_host():
    assert Networks().parse("192.168.1.7/24") == (ipaddress.ip_network("192.168.1.0/24"),)
