"""Two boxes that are called alike do not stay so: real multicast between two machines."""
import sys

import pytest

from tests.fakes import lan
from tests.foreign.tools import needs
from tests.network.test_discovery import Log

ASKS = """
from appliance.box.namesake import another
from appliance.network import addresses
print(repr(another([one for one in addresses.adapters() if not one[1].ip.is_loopback])))
"""


@pytest.fixture
def two():
    pytest.importorskip("zeroconf")
    if lan.missing():
        pytest.skip(lan.missing())
    needs("avahi-daemon", "avahi-resolve", "dbus-daemon", "unshare")
    with lan.Lan() as made:
        yield made


def called(two, machine, name):
    """Have a machine's avahi call it so."""
    there = Log(two.avahi(machine, "until avahi-resolve -n %s.local; do sleep 0.2; done" % name,
                          called=name))
    assert there.says(name + ".local\t"), there.lines


def test_where_another_machine_is_called_so_there_is_another_name(two):
    called(two, "b", "kagami")
    serial = two.at("a", "cat", "/sys/class/net/eth0/address").replace(":", "").strip()[-4:]
    assert two.at("a", sys.executable, "-c", ASKS) == "'kagami-%s'\n" % serial


def test_a_machine_that_is_called_otherwise_does_not_matter(two):
    called(two, "b", "kagami-0b1c")
    assert two.at("a", sys.executable, "-c", ASKS) == "''\n"


def test_our_own_answer_does_not_matter(two):
    called(two, "a", "kagami")
    assert two.at("a", sys.executable, "-c", ASKS) == "''\n"
