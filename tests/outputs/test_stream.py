"""Frames over TCP to receivers that are there, slow or away."""
import socket

import pytest

from appliance.outputs.stream import AGAIN, Stream
from tests.fakes.box import Hours
from tests.fakes.receiver import eventually

MARK = b"___"


@pytest.fixture
def listening():
    """A socket that listens on a free port."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(4)
        server.settimeout(5)
        yield server


@pytest.fixture
def clock():
    return Hours()


@pytest.fixture
def stream(listening, clock):
    made = Stream("127.0.0.1", listening.getsockname()[1], MARK, clock)
    yield made
    made.close()


def moving(stream, datagram=b"face"):
    """Whether something has gone through, trying on."""
    def tried():
        stream.send(datagram)
        return not stream.trouble
    return eventually(tried)


def test_what_is_left_out_is_counted(listening, stream):
    assert moving(stream)
    before = stream.failed
    while not stream._rest:             # the kernel takes no more
        stream.send(b"x" * 100000)
    stream.send(b"left out")
    assert stream.failed == before + 1


def test_what_has_gone_is_counted_by_whole_pieces(listening, stream):
    assert moving(stream)
    before = stream.sent
    for _ in range(3):
        stream.send(b"face")
    assert stream.sent == before + 3
    while not stream._rest:
        before = stream.sent
        stream.send(b"x" * 100000)
    assert stream.sent == before


def test_each_frame_is_a_piece_with_its_mark(listening, stream):
    assert moving(stream)
    stream.send(b"two")
    there = listening.accept()[0]
    with there:
        there.settimeout(5)
        assert there.recv(100).startswith(b"face___") and stream.trouble == ""


def test_a_slow_receiver_gets_whole_pieces_and_misses_some(listening, stream, clock):
    assert moving(stream, b"0" * 2000)
    there = listening.accept()[0]
    for i in range(3000):
        stream.send(b"%d" % (i % 10) * 2000)

    def stuck():        # the kernel may still be moving what lies on its way
        clock.now += 2 * AGAIN
        stream.send(b"x")
        return stream.trouble == "it takes nothing"
    assert eventually(stuck)
    data = b""
    with there:
        there.setblocking(False)
        while not data or not stream.trouble == "":
            data = _read(there, data)
            stream.send(b"last")
        data = _read(there, data)
    pieces = data.split(MARK)[:-1]
    assert 0 < len(pieces) < 3000
    assert all(len(set(p)) == 1 and len(p) == 2000 for p in pieces if p != b"last")


def _read(there, data):
    try:
        return data + there.recv(1 << 20)
    except BlockingIOError:
        return data


def test_a_receiver_that_is_away_is_tried_now_and_then(clock):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        stream = Stream("127.0.0.1", port, MARK, clock)
        for _ in range(5):
            stream.send(b"face")
            clock.now += 2 * AGAIN
        assert stream.trouble
        taken.listen(1)
        assert eventually(lambda: _later(stream, clock))
        stream.close()


def _later(stream, clock):
    clock.now += 2 * AGAIN
    stream.send(b"face")
    return not stream.trouble


def test_a_receiver_that_hangs_up_is_connected_to_again(listening, stream, clock):
    assert moving(stream)
    listening.accept()[0].close()
    assert eventually(lambda: stream.send(b"face") or stream.trouble)
    clock.now += 2 * AGAIN
    assert moving(stream)
    listening.accept()[0].close()


def test_a_closed_stream_sends_nothing(listening, stream, clock):
    assert moving(stream)
    stream.close()
    clock.now += 2 * AGAIN
    stream.send(b"never")
    with listening.accept()[0] as there:
        there.settimeout(5)
        data = b""
        while True:
            more = there.recv(1000)
            if not more:
                break
            data += more
    assert b"never" not in data
