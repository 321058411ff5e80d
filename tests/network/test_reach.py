"""Networks and targets in, who can be reached out; nothing is sent."""
import ipaddress

import pytest

from appliance import config
from appliance.box.finding import BAD, OK, WARN
from appliance.network import reach

LOOPBACK = [("lo", ipaddress.ip_interface("127.0.0.1/8"))]
HOME = [("eth0", ipaddress.ip_interface("192.168.1.7/24"))]
ALONE = [("eth0", ipaddress.ip_interface("169.254.3.4/16"))]


@pytest.fixture
def avahi(tmp_path):
    """Where a resolver of names seems to listen."""
    path = tmp_path / "socket"
    path.write_text("")
    return str(path)


def aimed(*to):
    """The findings for targets while nothing runs."""
    return reach.targets(config.aim(config.defaults(), to))


def test_an_address_and_a_name_are_well(avahi):
    finding = reach.network(HOME, avahi)
    assert finding.level == OK and "eth0 at 192.168.1.7" in finding.words


def test_no_network_is_bad(avahi):
    assert reach.network(LOOPBACK, avahi).level == BAD


def test_an_address_that_no_router_gave_is_told(avahi):
    finding = reach.network(ALONE, avahi)
    assert finding.level == WARN and "no router" in finding.words


def test_a_name_that_nobody_answers_for_is_told(tmp_path):
    finding = reach.network(HOME, str(tmp_path / "none"))
    assert finding.level == WARN and "avahi-daemon" in finding.do


def test_a_target_on_this_machine_can_be_reached():
    finding, = aimed("vmc@127.0.0.1:39539")
    assert finding.level == OK and "at 127.0.0.1" in finding.words


def test_every_target_has_a_line():
    assert len(aimed("vmc@127.0.0.1:1", "vmc@127.0.0.1:2")) == 2


def test_a_name_that_is_not_known_is_told():
    finding, = aimed("vmc@no-such-host.invalid:39539")
    assert finding.level == WARN and "no-such-host.invalid is not known" in finding.words


def test_a_target_that_waits_to_be_asked_needs_no_name():
    finding, = aimed("ifacialmocap@192.168.1.0/24")
    assert finding.level == OK


def test_a_target_that_means_nothing_is_bad_and_says_what_would_do():
    finding, = aimed("vcm@127.0.0.1:39539")
    assert finding.level == BAD and "did you mean vmc?" in finding.do
