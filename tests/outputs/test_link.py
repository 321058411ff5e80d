"""Datagrams to receivers that are there, away, unknown or unreachable."""
import errno
import logging
import socket
import sys
import threading

import pytest

from appliance.outputs.link import Link
from tests.fakes import lan
from tests.fakes.box import Hours
from tests.fakes.receiver import Receiver, eventually, free_port


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.INFO, "kagami.outputs")
    return lambda: caplog.messages


def linked(host, port, **more):
    return Link("vmc@%s:%d" % (host, port), host, port, **more)


def test_a_datagram_arrives():
    with Receiver() as there:
        link = linked("127.0.0.1", there.port)
        link.send(b"one")
        assert there.datagrams() == [b"one"] and (link.sent, link.failed) == (1, 0)


def test_ipv6_is_reached():
    try:
        there = Receiver("::1")
    except OSError:
        pytest.skip("no IPv6 on this machine")
    with there:
        linked("::1", there.port).send(b"six")
        assert there.datagrams() == [b"six"]


def test_a_receiver_that_is_away_is_told_once_and_sent_to_on_and_on(log):
    link = linked("127.0.0.1", free_port())
    for _ in range(200):
        link.send(b"x")
    assert log() == [link.to + ": nobody listens there; sending goes on"]
    assert link.trouble == "nobody listens there"


def test_a_receiver_that_refuses_costs_one_call_of_the_kernel_a_datagram(monkeypatch):
    class Counting(socket.socket):
        calls = 0

        def send(self, datagram):
            Counting.calls += 1
            return super().send(datagram)
    monkeypatch.setattr("appliance.outputs.link.socket.socket", Counting)
    link = linked("127.0.0.1", free_port())
    for _ in range(20):
        link.send(b"x")
    assert Counting.calls == 20 and link.refused == 10


def test_all_but_the_first_arrives_once_the_receiver_is_there(log):
    clock = Hours()
    link = linked("127.0.0.1", free_port(), clock=clock)
    link.send(b"x")
    with Receiver(port=link._port) as there:
        for i in range(5):
            link.send(b"%d" % i)
        assert there.datagrams() == [b"1", b"2", b"3", b"4"]
        assert (link.sent, link.refused, link.failed) == (5, 1, 0)
        clock.now += 2.5
        link.send(b"x")
    assert log()[1:] == [link.to + ": reached again"] and link.trouble == ""


def test_rare_datagrams_do_not_make_a_receiver_that_is_away_seem_back(log):
    clock = Hours()
    link = linked("127.0.0.1", free_port(), clock=clock)
    for _ in range(20):
        link.send(b"x")
        clock.now += 10.0
    assert len(log()) == 1


@pytest.mark.parametrize("number, says", [
    (errno.EAGAIN, "takes no more"), (errno.ENOBUFS, "takes no more"),
    (errno.ENETUNREACH, "no network"), (errno.EPERM, "firewall"),
    (errno.EHOSTUNREACH, "does not answer"), (errno.EIO, "error")])
def test_weather_is_counted_and_told_once_per_change(monkeypatch, log, number, says):
    class Stormy(socket.socket):
        def send(self, _):
            raise OSError(number, "weather")
    monkeypatch.setattr("appliance.outputs.link.socket.socket", Stormy)
    link = linked("127.0.0.1", 9)
    for _ in range(50):
        link.send(b"x")
    assert (link.sent, link.failed) == (0, 50)
    assert len(log()) == 1 and says in log()[0]


def test_a_whole_network_is_never_sent_to_and_told_as_one(log):
    link = linked("127.255.255.255", free_port())
    link.send(b"x")
    assert (link.sent, link.failed) == (0, 1) and "no single receiver" in log()[0]


def test_without_a_route_it_connects_when_there_is_one(monkeypatch, log):
    class Cut(socket.socket):
        cut = True

        def connect(self, address):
            if Cut.cut:
                raise OSError(errno.ENETUNREACH, "no route")
            super().connect(address)
    monkeypatch.setattr("appliance.outputs.link.socket.socket", Cut)
    with Receiver() as there:
        link = linked("127.0.0.1", there.port)
        link.send(b"x")
        link.send(b"x")
        Cut.cut = False
        link.send(b"y")
        assert there.datagrams() == [b"y"] and link.failed == 2
    assert log() == [link.to + ": no network leads there; sending goes on"]


SENDS = """
import time
from appliance.outputs.link import Link
link = Link("vmc", "%s", 9000)
for _ in range(500):
    link.send(b"x")
    time.sleep(0.02)
"""
HEARS = """
import socket
ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ear.bind(("", 9000))
ear.settimeout(5)
while True:
    print(ear.recvfrom(9)[1][0])
"""


def test_when_our_own_address_changes_it_goes_on():
    if lan.missing():
        pytest.skip(lan.missing())
    with lan.Lan() as two:
        hears = two.launch("b", sys.executable, "-u", "-c", HEARS)
        two.launch("a", sys.executable, "-c", SENDS % lan.THERE)
        assert hears.stdout.readline() == lan.HERE + "\n"
        two.move("a", "10.77.0.9")
        assert "10.77.0.9\n" in hears.stdout


class Resolver:
    """Knows nobody until `address` is set."""

    def __init__(self):
        self.address, self.asked = None, 0

    def __call__(self, host, port, family, kind):
        self.asked += 1
        assert threading.current_thread() is not threading.main_thread()
        if self.address is None:
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET6, kind, 17, "", ("::1", port, 0, 0)),
                (socket.AF_INET, kind, 17, "", (self.address, port))]


def test_a_name_that_is_not_known_is_asked_for_until_it_is(log):
    look_up = Resolver()
    with Receiver() as there:
        link = linked("pc.test", there.port, look_up=look_up, first_wait=0.01)
        assert eventually(lambda: look_up.asked >= 3)
        link.send(b"nowhere")
        look_up.address = "127.0.0.1"
        assert eventually(lambda: len(log()) == 2)
        link.send(b"there")
        assert there.datagrams() == [b"there"]
        link.close()
    unknown = ": pc.test is not known (Name or service not known); asking again"
    assert log() == [link.to + unknown, link.to + ": pc.test is 127.0.0.1"]


def test_a_name_of_another_address_is_followed(monkeypatch):
    monkeypatch.setattr("appliance.outputs.link.RESOLVE_EVERY", 0.01)
    look_up = Resolver()
    look_up.address = "127.0.0.2"
    with Receiver() as there:
        link = linked("pc.test", there.port, look_up=look_up)
        assert eventually(lambda: look_up.asked >= 2)
        link.send(b"to the old one")
        look_up.address, asked = "127.0.0.1", look_up.asked
        assert eventually(lambda: look_up.asked >= asked + 2)
        link.send(b"moved")
        assert there.datagrams() == [b"moved"]
        link.close()


def test_a_slow_resolver_holds_up_no_frame():
    answer = threading.Event()

    def look_up(*_):
        answer.wait(10)
        raise socket.gaierror(-3, "Temporary failure in name resolution")
    link = linked("pc.test", 9, look_up=look_up)
    link.send(b"x")
    link.close()
    answer.set()
    assert (link.sent, link.failed) == (0, 1)


def names():
    return {thread.name for thread in threading.enumerate()}


def test_looking_up_ends_with_close():
    look_up = Resolver()
    link = linked("closing.test", 9, look_up=look_up, first_wait=30.0)
    assert eventually(lambda: look_up.asked == 1)
    link.close()
    assert eventually(lambda: "resolve closing.test" not in names())


def test_a_closed_link_sends_nothing():
    with Receiver() as there:
        link = linked("127.0.0.1", there.port)
        link.send(b"1")
        link.close()
        link.send(b"2")
        assert there.datagrams() == [b"1"]
