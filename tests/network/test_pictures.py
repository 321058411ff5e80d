"""Pictures to whoever looks: a real socket file, real datagrams, a loop that must not wait."""
import time

import numpy as np
import pytest

from appliance.errors import NotPermitted, UsageError
from appliance.face import Frame
from appliance.network import pictures as module
from appliance.network.local import Local
from appliance.network.pictures import Pictures, encoded, small
from appliance.outputs.moment import Moment
from appliance.outputs.osc import message
from tests.fakes.box import Box, Neighbour
from tests.fakes.people import person
from tests.golden import decoded

LUMA = np.arange(480 * 640, dtype=np.uint32).reshape(480, 640).astype(np.uint8)


def read(datagram):
    """(number, (H, W) luma) of a bundle with a /kagami/picture."""
    address, tags, (number, width, height, luma) = decoded(datagram)[0]
    assert tags == ",iiib" and len(datagram) % 4 == 0
    assert address == "/kagami/picture" and len(luma) == width * height
    return number, np.frombuffer(luma, np.uint8).reshape(height, width)


class Looker(Neighbour):
    """A program that looks."""

    def seen(self):
        """[(number, luma)] of the pictures that lie there."""
        self._socket.settimeout(0)
        out = []
        while True:
            try:
                datagram = self._socket.recv(1 << 19)
            except BlockingIOError:
                return out
            if b"/kagami/picture" in datagram[:40]:
                self.datagram = datagram
                out.append(read(datagram))


def shown(box, seconds=0.0, luma=LUMA):
    """One frame after so many seconds; its number among those that are sent."""
    box.clock.now += seconds
    box._number += 1
    frame = Frame(box._number, box._number / 30.0, 0.0, luma)
    box.outputs.send([person()], frame)
    box.control.turn(frame)
    return box.outputs.moment.number


@pytest.fixture
def box():
    with Box() as made:
        yield made


def test_nothing_is_sent_to_who_has_not_asked(box):
    with Looker(box) as one:
        one.say("/kagami/about")
        shown(box)
        assert one.seen() == []


def test_who_asks_gets_the_newest_picture_with_its_frame_s_number(box):
    shown(box)
    with Looker(box) as one:
        assert one.say("/kagami/preview", 3) == [("/kagami/ok", ["/kagami/preview", 0])]
        number = shown(box, 0.1)
        (seen, luma), = one.seen()
    assert seen == number and luma.shape == (360, 480)


def test_with_the_picture_comes_what_is_measured_in_it(box):
    with Looker(box) as one:
        one.say("/kagami/preview", 3)
        number = shown(box, 0.1)
        one.seen()
    told = {address: values for address, _, values in decoded(one.datagram)}
    assert told["/kagami/frame"][0] == number
    x, y = person().landmarks[0]
    assert told["/kagami/face/0/points"][:2] == pytest.approx([x / 640, y / 480], abs=1e-5)
    assert "/kagami/face/0/iris" in told and "/kagami/face/0/arkit" not in told


def test_ten_a_second_while_the_lease_lasts(box):
    with Looker(box) as one:
        one.say("/kagami/preview", 2)
        count = 0
        for _ in range(120):
            shown(box, 1 / 30.0)
            count += len(one.seen())
    assert 19 <= count <= 21


def test_a_lease_goes_on_when_it_is_asked_for_again(box):
    with Looker(box) as one:
        for _ in range(3):
            one.say("/kagami/preview", 1)
            shown(box, 0.9)
            assert len(one.seen()) == 1
        shown(box, 1.1)
        assert one.seen() == []


@pytest.mark.parametrize("seconds", [0, 6, -1, 1 << 30])
def test_a_lease_has_bounds(box, seconds):
    with Looker(box) as one:
        (address, (_, code, words)), = one.say("/kagami/preview", seconds)
    assert (address, code) == ("/kagami/error", 2) and "give 1 to 5" in words


def test_one_too_many_is_told(box):
    lookers = [Looker(box) for _ in range(module.LOOKERS + 1)]
    told = [one.say("/kagami/preview", 5)[0][0] for one in lookers]
    assert told == ["/kagami/ok"] * module.LOOKERS + ["/kagami/error"]
    for one in lookers:
        one.__exit__()


def test_switched_off_it_is_refused_at_once(box):
    with Looker(box) as one:
        one.say("/kagami/preview", 5)
        config = box.settings.config
        box.control.change(config._replace(panel=config.panel._replace(preview=False)))
        shown(box, 0.1)
        assert one.seen() == []
        (address, (_, code, words)), = one.say("/kagami/preview", 5)
    assert (address, code) == ("/kagami/error", NotPermitted.status) and "panel.preview" in words


def test_who_never_reads_holds_others_up_for_a_moment_only(box):
    dead, one, seen = Looker(box), Looker(box), 0
    dead._socket.send(message("/kagami/preview", 5))
    for i in range(300):
        if i % 10 == 0:
            try:
                one._socket.send(message("/kagami/preview", 2))
            except OSError:         # how a program notices that it has to ask anew
                one.__exit__()
                one = Looker(box)
        shown(box, 0.1)
        seen += len(one.seen())
    assert seen > 200
    for each in (dead, one):
        each.__exit__()


def test_when_somebody_does_not_read_the_socket_begins_anew():
    local, now = Local(), 0.0
    pictures = Pictures(local)
    moment = Moment(1, 0.0, 0.0, (640, 480), person(), 1, 0.0)
    dead = Neighbour(type("Box", (), {"control": type("C", (), {"_local": local})}))
    dead._socket.send(b"me")
    peer = local.receive()[1]
    first = local._socket
    for _ in range(60):
        if peer not in pictures._until:
            pictures.lease(peer, 5, now)
        pictures(LUMA, moment, now)
        now += 0.1
        if local._socket is not first:
            break
    assert local._socket is not first and not local.crowded
    local.close()
    dead.__exit__()


def test_a_thousand_requests_cost_no_turn_much(box):
    lookers = [Looker(box) for _ in range(10)]
    begun = time.monotonic()
    for i in range(1000):
        try:
            lookers[i % 10]._socket.send(message("/kagami/preview", 1 + i % 9))
        except OSError:             # the queue is full, as the kernel says
            pass
        if i % 10 == 9:
            shown(box, 1 / 30.0)
    assert time.monotonic() - begun < 5
    for one in lookers:
        one.__exit__()
    with Looker(box) as one:
        shown(box, 6.0)
        assert one.say("/kagami/preview", 1)[0][0] == "/kagami/ok"


@pytest.mark.parametrize("shape, expected", [
    ((480, 640), (360, 480)), ((1080, 1920), (270, 480)), ((240, 320), (240, 320)),
    ((1920, 1080), (480, 270)), ((481, 3), (480, 3)), ((1, 5000), (1, 480))])
def test_a_picture_is_at_most_so_large(shape, expected):
    luma = np.random.RandomState(0).randint(0, 256, shape).astype(np.uint8)
    assert small(luma).shape == expected


def test_shrinking_takes_the_mean():
    luma = np.kron(np.arange(60, dtype=np.uint8).reshape(6, 10), np.ones((192, 192), np.uint8))
    assert abs(small(luma).astype(int)[20:40, 20:40].mean() - luma[:192, :192].mean()) < 1


@pytest.mark.parametrize("width", [5, 6, 7, 8])
def test_padded_rows_and_odd_sizes_go_whole(width):
    padded = np.arange(7 * 16, dtype=np.uint8).reshape(7, 16)[:, :width]
    number, luma = read(b"".join(encoded((1 << 31) + 5, small(padded))))
    assert number == 5 and np.array_equal(luma, padded)


def test_out_of_bounds_is_an_error_of_usage(box):
    with pytest.raises(UsageError):
        Pictures(box.control._local).lease("x", 9, 0.0)
