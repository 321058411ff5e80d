"""A PC at the USB cable is sent to while the cable is in, where nobody is set as a target."""
import ipaddress
import sys

import pytest

from appliance import config
from appliance.network.cable import Cable
from appliance.outputs import Outputs
from tests.fakes import lan
from tests.fakes.box import Hours
from tests.fakes.receiver import eventually
from tests.network.test_discovery import Log

BOARD, PC = "192.168.55.1", "192.168.55.100"
FETCHES = """
import urllib.request
print(urllib.request.urlopen("http://192.168.55.1/", timeout=5).status)
"""
HEARS = """
import socket
ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ear.bind(("", 39539))
print("hears")
while True:
    print(ear.recv(2000)[:8])
"""


class Desk:
    """A Cable whose adapters are set by hand: {name: address}."""

    def __init__(self, *overrides, **adapters):
        self.adapters, self._clock = adapters, Hours()
        self.config = config.load(None, overrides)
        self._outputs = Outputs(self.config.targets, self.config.loss, self.config.output)
        self.cable = Cable(self.config, self._outputs, self._clock, self._at)

    def _at(self, name):
        at = self.adapters.get(name)
        return at and ipaddress.ip_interface(at)

    def change(self, *overrides):
        """Read another configuration, as the program does."""
        new = config.load(None, overrides)
        self._outputs.change(new.targets, new.loss, new.output)
        self.cable.change(new)

    def to(self):
        """Who is sent to beside the targets, a second later."""
        self._clock.now += 1.0
        self.cable.turn()
        return [channel.target.to for channel in self._outputs.channels
                if "USB" in channel.why]


@pytest.mark.parametrize("name", ["l4tbr0", "usb0", "rndis0"])
def test_the_pc_at_the_cable_is_sent_to(name):
    assert Desk(**{name: BOARD + "/24"}).to() == ["vmc@192.168.55.100:39539"]


def test_the_cable_of_a_second_board_has_another_network():
    assert Desk(l4tbr0="192.168.56.1/24").to() == ["vmc@192.168.56.100:39539"]


@pytest.mark.parametrize("adapters", [
    {}, {"eth0": BOARD + "/24"},
    {"usb0": "192.168.42.129/24"},              # a telephone gives this machine its network
    {"usb0": "10.0.0.1/30"}])                   # too small for a hundredth
def test_another_adapter_leads_to_no_pc(adapters):
    assert Desk(**adapters).to() == []


def test_the_pc_is_left_when_the_cable_goes_and_found_when_it_comes():
    desk = Desk(l4tbr0=BOARD + "/24")
    assert desk.to()
    desk.adapters.clear()
    assert not desk.to()
    desk.adapters["l4tbr0"] = BOARD + "/24"
    assert desk.to()


@pytest.mark.parametrize("overrides", [
    ["target.to=vmc@192.168.1.20"], ["target desk.to=vmc@192.168.1.20"], ["target.enabled=no"]])
def test_who_is_set_as_a_target_takes_its_place(overrides):
    assert Desk(*overrides, l4tbr0=BOARD + "/24").to() == []


def test_other_options_of_targets_count_for_the_pc_too():
    desk = Desk("target.mirror=yes", l4tbr0=BOARD + "/24")
    assert desk.to()
    assert desk.cable._channel.target.mirror
    desk.change("target.mirror=no")
    assert desk.to() and not desk.cable._channel.target.mirror


def test_a_target_that_is_set_while_running_takes_its_place():
    desk = Desk(l4tbr0=BOARD + "/24")
    assert desk.to()
    desk.change("target.to=vmc@192.168.1.20")
    assert desk.to() == []
    desk.change()
    assert desk.to()


@pytest.fixture
def desk():
    """A board "a" and a PC "b" at two ends of a cable."""
    if lan.missing():
        pytest.skip(lan.missing())
    pytest.importorskip("gi", reason="no GStreamer bindings for this Python")
    with lan.Lan() as made:
        for words in ("link set eth0 down", "link set eth0 name l4tbr0", "addr flush dev l4tbr0",
                      "addr add %s/24 dev l4tbr0" % BOARD, "link set l4tbr0 up"):
            made.at("a", "ip", *words.split())
        made.move("b", PC)
        yield made


def test_frames_arrive_while_a_real_cable_is_in(desk, state):
    pc = Log(desk.launch("b", sys.executable, "-u", "-c", HEARS))
    board = Log(desk.start("a", "appliance", "run", "--source", "test"))
    assert pc.says("#bundle"), board.lines

    def told():
        return desk.at("a", sys.executable, "-m", "appliance", "targets")
    assert "the PC at the USB cable, for no target is set" in told()
    desk.at("b", "ip", "link", "set", "eth0", "down")
    assert board.says("vmc@192.168.55.100:39539 is sent to no longer")
    assert "192.168.55.100" not in told()
    heard = len(pc.lines)
    desk.at("b", "ip", "link", "set", "eth0", "up")
    assert eventually(lambda: len(pc.lines) > heard + 5, 20.0), board.lines


def test_no_frame_goes_to_a_real_cable_where_another_target_is_set(desk, state):
    pc = Log(desk.launch("b", sys.executable, "-u", "-c", HEARS))
    assert pc.says("hears")
    board = Log(desk.start("a", "appliance", "run", "--source", "test", "--to",
                           "vmc@192.168.55.7:39539"))
    assert board.says("fps", 30.0), board.lines
    assert pc.lines == ["hears"]


def test_the_page_answers_at_the_cable(desk, state):
    pytest.importorskip("aiohttp")
    page = Log(desk.start("a", "appliance", "panel", "--set", "panel.address=0.0.0.0", "--set",
                          "panel.port=80"))
    assert page.says("the page is at"), page.lines
    assert desk.at("b", sys.executable, "-c", FETCHES) == "200\n"
