"""Who asks, who is sent to and how long: real sockets of this machine, a clock set by hand."""
import logging
import socket

import pytest

from appliance.outputs.leases import CLIENTS, GONE, Leases
from appliance.outputs.port import LONGEST, RETRY, TURN
from appliance.outputs.question import Question
from tests.fakes.box import Hours
from tests.fakes.receiver import Receiver, eventually, free_port


class Asker(Receiver):
    """A program on `host` that asks the port `at` of this machine."""

    def __init__(self, at, host="127.0.0.1"):
        super().__init__(host)
        self.host, self._at = host, at

    def ask(self, text=None):
        """Send a question as read() below understands it: its own port, 5 seconds."""
        text = b"%d 5" % self.port if text is None else text
        self.socket.sendto(text, (self.host, self._at))


def read(datagram):
    """ "PORT SECONDS" -> Question."""
    words = datagram.split()
    if len(words) != 2:
        return None
    return Question((int(words[0]),), float(words[1]))


@pytest.fixture
def clock():
    return Hours()


@pytest.fixture
def made(clock):
    """A function that opens Leases on a free port; they are closed at the end."""
    opened = []

    def make(network="127.0.0.0/8", port=None, reader=read):
        opened.append(Leases("wire@" + network, network, port or free_port(), reader, clock))
        return opened[-1]
    yield make
    for each in opened:
        each.close()


def asker(of, host="127.0.0.1"):
    return Asker(of._port.number, host)


def test_nobody_is_sent_to_before_somebody_asks(made):
    there = made()
    with asker(there) as pc:
        there.send(b"face")
        assert pc.datagrams() == [] and there.clients == {}


def test_who_asks_gets_every_frame_until_the_time_is_up(made, clock):
    there = made()
    with asker(there) as pc:
        pc.ask()
        for _ in range(10):
            there.send(b"face")
            clock.now += 1.0
        assert pc.datagrams() == [b"face"] * 5 and there.clients == {}


def test_who_is_sent_to_and_how_much_is_told(made):
    there = made()
    assert (there.address, there.sent) == ("", 0)
    with asker(there, "127.0.0.2") as one, asker(there, "127.0.0.1") as two:
        one.ask()
        two.ask()
        for _ in range(3):
            there.send(b"face")
        assert (there.address, there.sent) == ("127.0.0.1 127.0.0.2", 6)


def test_asking_again_renews(made, clock):
    there = made()
    with asker(there) as pc:
        for _ in range(4):
            pc.ask()
            there.send(b"face")
            clock.now += 4.0
        assert len(pc.datagrams()) == 4 and there.clients == {pc.host: [pc.port]}


def test_the_newest_question_counts_alone(made):
    there = made()
    with asker(there) as one, asker(there) as two:
        one.ask()
        there.send(b"1")
        two.ask()
        there.send(b"2")
        assert (one.datagrams(), two.datagrams()) == ([b"1"], [b"2"])


def test_a_question_for_no_time_ends_it(made):
    there = made()
    with asker(there) as pc:
        pc.ask()
        there.send(b"1")
        pc.ask(b"%d 0" % pc.port)
        there.send(b"2")
        assert pc.datagrams() == [b"1"] and there.clients == {}


def test_addresses_outside_the_network_are_not_answered(made):
    there = made("127.0.0.1/32")
    with asker(there, "127.0.0.2") as stranger:
        stranger.ask()
        there.send(b"face")
        assert stranger.datagrams() == [] and (there.ignored, there.clients) == (1, {})


def test_a_few_hosts_are_served_and_the_next_one_is_not(made):
    there = made()
    askers = [asker(there, "127.0.0.%d" % (i + 1)) for i in range(CLIENTS + 1)]
    for pc in askers:
        pc.ask()
    there.send(b"face")
    assert [pc.datagrams() for pc in askers] == [[b"face"]] * CLIENTS + [[]]
    assert there.ignored == 1
    askers[0].ask(b"1 0")
    askers[-1].ask()
    there.send(b"face")
    assert askers[-1].datagrams() == [b"face"]
    for pc in askers:
        pc.socket.close()


def test_a_question_makes_no_datagram_of_its_own(made):
    there = made()
    with asker(there) as pc:
        for _ in range(TURN):
            pc.ask()
        there.send(b"face")
        assert pc.datagrams() == [b"face"]


def test_a_flood_is_looked_at_in_small_parts(made):
    seen = []
    there = made(reader=lambda datagram: seen.append(datagram))
    with asker(there) as pc:
        for _ in range(3 * TURN):
            pc.ask(b"?")
        there.send(b"face")
        assert len(seen) == there.ignored == TURN


@pytest.mark.parametrize("size", [LONGEST + 1, 60000])
def test_long_questions_are_not_even_read(made, size):
    there = made(reader=lambda datagram: pytest.fail("was read"))
    with asker(there) as pc:
        pc.ask(b"x" * size)
        there.send(b"face")
        assert there.ignored == 1


def test_a_host_that_listens_no_more_is_left_alone(made, clock):
    there = made()
    with asker(there) as pc:
        pc.ask(b"%d 1000" % pc.port)
        there.send(b"face")
    for _ in range(40):
        clock.now += 0.1
        there.send(b"face")
    assert there.clients == {} and clock.now - 100.0 >= GONE


def test_a_port_that_is_taken_is_told_once_and_tried_again(made, clock, caplog):
    caplog.set_level(logging.INFO, "kagami.outputs")
    with Receiver("0.0.0.0") as other:
        there = made(port=other.port)
        for _ in range(20):
            there.send(b"face")
            clock.now += 1.0
    assert len(caplog.messages) == 1 and "nobody can ask at port" in caplog.messages[0]
    clock.now += RETRY
    with asker(there) as pc:
        there.send(b"face")
        pc.ask()
        there.send(b"face")
        assert there.trouble == "" and pc.datagrams() == [b"face"]


def test_coming_and_going_is_logged_but_not_by_the_thousand(made, caplog):
    caplog.set_level(logging.INFO, "kagami.outputs")
    there = made()
    with asker(there) as pc:
        for _ in range(100):
            pc.ask()
            pc.ask(b"1 0")
            there.send(b"face")
    assert caplog.messages == ["wire@127.0.0.0/8: 127.0.0.1 asked and is sent to"]


def test_frames_over_tcp_reach_who_asks_for_them(made):
    there = made(reader=lambda datagram: Question((int(datagram),), 5.0, b"|"))
    with socket.socket() as server, asker(there) as pc:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        server.settimeout(5)
        pc.ask(b"%d" % server.getsockname()[1])
        assert eventually(lambda: there.send(b"face") or _moves(there))
        with server.accept()[0] as heard:
            heard.settimeout(5)
            assert heard.recv(5) == b"face|" and pc.datagrams() == []


def _moves(there):
    return not any(link.trouble for client in there._clients.values()
                   for link in client.links.values())


def test_ipv6_asks_too(made):
    try:
        Receiver("::1").socket.close()
    except OSError:
        pytest.skip("no IPv6 on this machine")
    there = made("::1/128")
    with asker(there, "::1") as pc:
        pc.ask()
        there.send(b"face")
        assert pc.datagrams() == [b"face"]


def test_after_closing_nobody_is_sent_to_and_the_port_is_free(made):
    there = made()
    with asker(there) as pc:
        pc.ask()
        there.send(b"1")
        there.close()
        there.send(b"2")
        assert pc.datagrams() == [b"1"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("", there._port.number))
