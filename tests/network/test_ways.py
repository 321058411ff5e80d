"""What is known of each channel's way, and the one advice that goes with it."""
import ipaddress
import types

import pytest

from appliance.network.hosts import OSCQUERY, VRCHAT, VTUBE_STUDIO, Host, Hosts
from appliance.network.ways import Ways
from appliance.outputs import Outputs, link
from appliance.outputs.channel import Channel
from appliance.outputs.dialects.vts_plugin import VtsPlugin
from appliance.outputs.mailbox import Mailbox
from appliance.outputs.targets import checked
from tests.fakes.box import Box, Peer
from tests.fakes.people import frame, person
from tests.fakes.receiver import Receiver, free_port

LOSS = types.SimpleNamespace(hold_ms=250, return_ms=500, blend_ms=150, lost_keepalive_hz=5.0)
OUTPUT = types.SimpleNamespace(neck_share=0.4, limit=1472)
OWN = [("eth0", ipaddress.ip_interface("192.168.1.30/24"))]


@pytest.fixture
def way():
    """A function that opens a target, sends some frames, and gives its Way and its channel."""
    opened, hosts = [], Hosts()

    def make(to, host=None, frames=1, avatar=None):
        outputs = Outputs([types.SimpleNamespace(to=to)], LOSS, OUTPUT)
        opened.append(outputs)
        if host is not None:
            hosts.put("it", host)
        channel, = outputs.channels
        if avatar is not None:
            channel.declare({"/avatar/parameters/" + name: tag for name, tag in avatar.items()})
        for i in range(frames):
            outputs.send([person()], frame(i / 30.0))
        channel.rate = 30.0 * bool(frames)
        return Ways(hosts, lambda: OWN)(channel), channel
    yield make
    for outputs in opened:
        outputs.close()


@pytest.fixture
def there():
    with Receiver() as receiver:
        yield receiver


def test_a_way_tells_where_it_leads_and_how_much_went_there(way, there):
    told, _ = way("vmc@localhost:%d" % there.port, frames=0)
    assert told.address in ("", "127.0.0.1") and told.sent == 0
    told, _ = way("vmc@127.0.0.1:%d" % there.port, frames=4)
    assert (told.address, told.sent, told.answer) == ("127.0.0.1", len(there.datagrams()),
                                                      "not refused")


def test_before_the_first_picture_it_asks_for_the_camera(way, there):
    assert "kagami cameras" in way("vmc@127.0.0.1:%d" % there.port, frames=0)[0].advice


def test_who_refuses_is_to_be_started_and_its_port_compared(way):
    port = free_port()
    told, _ = way("vmc@127.0.0.1:%d" % port, frames=3)
    assert told.answer == "nobody listens there" and told.refused > 0
    assert told.advice.startswith("start the application") and str(port) in told.advice


@pytest.mark.parametrize("reason", sorted(set(link._REASONS.values())) + ["name not known"])
def test_every_trouble_has_its_advice(way, there, reason):
    _, channel = way("vmc@127.0.0.1:%d" % there.port)
    channel.link.trouble = reason
    assert Ways((), lambda: OWN)(channel).advice


def test_of_another_computer_the_firewall_is_named(way):
    _, channel = way("vmc@192.0.2.1:39539", frames=0)
    channel.link.sent, channel.link.trouble, channel.rate = 1, "", 30.0
    assert Ways((), lambda: OWN)(channel).advice == (
        "if nothing moves, let UDP 39539 in through the firewall of 192.0.2.1")


def test_what_has_stopped_is_told_apart(way, there):
    _, channel = way("opentrack@127.0.0.1:%d" % there.port)
    channel.rate = 0.0
    assert "nothing goes out now" in Ways((), lambda: OWN)(channel).advice


def test_who_waits_to_be_asked_says_what_to_write_there(way):
    port = free_port()
    told, _ = way("vts@192.168.1.20:%d" % port)
    assert told.address == "" and told.answer == "nobody has asked"
    assert "write 192.168.1.30" in told.advice and "let UDP %d in here" % port in told.advice


def test_on_the_same_machine_its_loopback_is_to_be_written(way):
    assert "write 127.0.0.1 " in way("vts@127.0.0.1:%d" % free_port())[0].advice


def test_who_has_asked_is_the_address_and_needs_no_advice(way, there):
    port = free_port()
    told, channel = way("vts@127.0.0.1:%d" % port, frames=0)
    there.socket.sendto(b'{"messageType":"iOSTrackingDataRequest","time":5,"ports":[%d]}'
                        % there.port, ("127.0.0.1", port))
    channel.link.send(b"a frame")
    told = Ways((), lambda: OWN)(channel)
    assert (told.address, told.sent, told.advice) == ("127.0.0.1", 1, "")


def test_a_program_that_was_found_there_is_seen(way, there):
    host = Host(OSCQUERY, "Sequencer", "127.0.0.1", 80, there.port)
    assert way("kagami@127.0.0.1:%d" % there.port, host)[0].seen == "Sequencer"


@pytest.mark.parametrize("host", [
    Host(OSCQUERY, "x", "127.0.0.1", 80, 1), Host(OSCQUERY, "x", "192.168.1.20", 80, 5000),
    Host(VTUBE_STUDIO, "x", "127.0.0.1", 8001), Host("Kagami", "x", "127.0.0.1", 39600)])
def test_what_hears_elsewhere_is_not_seen(way, there, host):
    assert way("kagami@127.0.0.1:%d" % there.port, host)[0].seen == ""


def test_our_own_address_is_this_machine(way):
    _, channel = way("kagami@192.168.1.30:5000", frames=0)
    hosts = Hosts()
    hosts.put("it", Host(OSCQUERY, "Sequencer", "127.0.0.1", 80, 5000))
    assert Ways(hosts, lambda: OWN)(channel).seen == "Sequencer"


def vrchat(port):
    return Host(VRCHAT, "VRChat-Client-A", "127.0.0.1", 80, port)


def test_of_an_avatar_the_parameters_are_counted_and_ours_among_them(way, there):
    told, _ = way("vrchat@127.0.0.1:%d" % there.port, vrchat(there.port), avatar={
        "FT/v2/JawOpen": "f", "v2/EyeLeftX": "f", "Hat": "T"})
    assert (told.seen, told.has, told.ours, told.advice) == ("VRChat-Client-A", 3, 2, "")


def test_an_avatar_with_nothing_of_ours_is_told(way, there):
    told, _ = way("vrchat@127.0.0.1:%d" % there.port, vrchat(there.port), avatar={"Hat": "T"})
    assert (told.has, told.ours) == (1, 0) and "face tracking" in told.advice


def test_a_vrchat_that_is_not_seen_and_one_that_hides_its_avatar_are_told_apart(way, there):
    to = "vrchat@127.0.0.1:%d" % there.port
    assert "switch on OSC" in way(to)[0].advice
    told, _ = way(to, vrchat(there.port))
    assert (told.has, told.ours) == (-1, -1) and "not shown to us" in told.advice


@pytest.mark.parametrize("trouble, fragment", [
    ("nobody listens there", "switch on Start API"), ("not connected yet", "port 8001"),
    ("waiting for its user to click Allow", "click Allow"), ("its user clicked Deny", "anew"),
    ("another plugin moves the same inputs: switch that off", "parts"), ("", "")])
def test_vtube_studio_has_advice_of_its_own(trouble, fragment):
    box = Mailbox("vts@pc:8001", "pc", 8001)
    box.trouble, box.address = trouble, "192.168.1.20"
    target = checked(types.SimpleNamespace(to="vts@pc:8001"))
    told = Ways((), lambda: OWN)(Channel(target, VtsPlugin(), link=box))
    assert fragment in told.advice and bool(told.advice) == bool(fragment)
    assert told.address == "192.168.1.20"


def test_a_subscriber_is_a_way_too():
    with Box() as box, Peer(box) as pc:
        pc.subscribe()
        box.turn(3)
        channel, = box.outputs.channels
        told = Ways((), lambda: OWN)(channel)
        assert (told.address, told.why, told.advice) == ("127.0.0.2", "subscribed", "")
        assert told.sent == len(pc.datagrams())


def test_what_does_not_fit_into_a_message_any_more_stands_still(way, there):
    _, channel = way("vmc@127.0.0.1:%d" % there.port)
    channel.link.sent = 1 << 33
    assert Ways((), lambda: OWN)(channel).sent == (1 << 31) - 1
