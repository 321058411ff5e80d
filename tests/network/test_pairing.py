"""A port is open for a while, and whoever asks there first is named."""
import socket

import pytest

from appliance import config
from appliance.errors import PartMissing, UsageError
from appliance.network.pairing import Window
from appliance.options import Networks
from appliance.outputs.dialects.ifacialmocap import START, STOP, STREAM
from tests.fakes.box import Box, Neighbour
from tests.fakes.receiver import Receiver, free_port

ASKED = b'{"messageType":"iOSTrackingDataRequest","time":5,"ports":[%d]}'


@pytest.fixture
def window():
    """A function that opens one on a free port, for two addresses; they are closed at the end."""
    opened = []

    def make(name, **target):
        base = config.defaults()
        control = base.control._replace(allow=Networks().parse("127.0.0.2 127.0.0.3"))
        base = base._replace(control=control, target=base.target._replace(**target))
        opened.append(Window(base, "%s:%d" % (name, free_port())))
        return opened[-1]
    yield make
    for each in opened:
        each.close()


def asked(window, text, host="127.0.0.2"):
    """The target of whoever says `text` there, or None."""
    with Receiver(host) as pc:
        pc.socket.sendto(text, ("127.0.0.1", window.number))
        found = window.heard(100.0)
        assert pc.datagrams() == []         # it never answers
    return found and found.to


def test_who_asks_is_the_target(window):
    one, two = window("ifacialmocap"), window("vts")
    assert asked(one, START) == "ifacialmocap@127.0.0.2/32:%d" % one.number
    assert asked(one, STREAM) == "ifacialmocap@127.0.0.2/32:%d" % one.number
    assert asked(two, ASKED % 5000) == "vts@127.0.0.2:%d" % two.number


def test_a_program_of_this_machine_may_ask_too(window):
    assert asked(window("vts"), ASKED % 5000, "127.0.0.1").startswith("vts@127.0.0.1:")


@pytest.mark.parametrize("name, text", [
    ("ifacialmocap", STOP), ("ifacialmocap", b""),
    ("ifacialmocap", START + b"|sendDataVersion=v2"), ("vts", START), ("vts", b"{}"),
    ("vts", ASKED % 80), ("vts", b"x" * 2000)])
def test_what_is_no_question_names_nobody(window, name, text):
    assert asked(window(name), text) is None


def test_a_stranger_names_nobody(window):
    assert asked(window("vts"), ASKED % 5000, "127.0.0.9") is None


def test_the_second_form_is_heard_where_it_is_chosen(window):
    there = window("ifacialmocap", ifm_version=2)
    assert asked(there, START + b"|sendDataVersion=v2")


def test_without_a_port_its_usual_one_is_meant():
    base = config.defaults()
    try:
        one = Window(base, "vts")
    except PartMissing:
        pytest.skip("this machine uses port 21412")
    with Receiver("127.0.0.1") as pc:
        pc.socket.sendto(ASKED % 5000, ("127.0.0.1", 21412))
        assert one.heard(100.0).to == "vts@127.0.0.1"
    one.close()


def test_a_port_that_somebody_has_is_told():
    with Receiver("0.0.0.0") as other:
        with pytest.raises(PartMissing, match="port %d: address already in use" % other.port):
            Window(config.defaults(), "vts:%d" % other.port)


@pytest.mark.parametrize("form", ["vmc", "vts:8001", "opentrack:4242"])
def test_a_dialect_that_is_not_asked_is_refused(form):
    with pytest.raises(UsageError, match="does not wait to be asked"):
        Window(config.defaults(), form)


@pytest.fixture
def box():
    with Box(again=lambda kept: None) as made:
        yield made


@pytest.fixture
def panel(box):
    with Neighbour(box) as one:
        yield one


def is_free(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.bind(("", port))
        except OSError:
            return False
    return True


def test_the_port_is_closed_before_the_window_and_after_it(box, panel):
    port = free_port()
    assert panel.say("/kagami/listen", 60, "vts:%d" % port) == []
    assert not is_free(port)
    box.clock.now += 61.0
    box.control.turn()
    (address, told), = panel.heard()
    assert address == "/kagami/error" and "nobody has asked at port %d" % port in told[2]
    assert is_free(port)


def test_the_first_question_closes_it(box, panel):
    port = free_port()
    panel.say("/kagami/listen", 60, "vts:%d" % port)
    with Receiver() as app:
        app.socket.sendto(ASKED % app.port, ("127.0.0.1", port))
        box.control.turn()
    assert panel.heard()[0] == ("/kagami/said", ["vts@127.0.0.1:%d" % port])
    assert is_free(port)


def test_another_window_takes_the_place_of_the_first(box, panel):
    one, two = free_port(), free_port()
    panel.say("/kagami/listen", 60, "vts:%d" % one)
    (address, _), = panel.say("/kagami/listen", 60, "vts:%d" % two)
    assert address == "/kagami/error" and is_free(one) and not is_free(two)


@pytest.mark.parametrize("seconds, form, told", [
    (61, "vts", "give 1 to 60 s"), (0, "vts", "give 1 to 60 s"),
    (5, "vmc", "not wait to be asked"), (5, "vst", "did you mean vts")])
def test_what_is_out_of_bounds_opens_nothing(panel, seconds, form, told):
    (address, (_, _, words)), = panel.say("/kagami/listen", seconds, form)
    assert address == "/kagami/error" and told in words


def test_a_window_opens_whether_or_not_commands_are_heard():
    with Box(again=lambda kept: None, enabled=False) as box, Neighbour(box) as panel:
        assert panel.say("/kagami/listen", 5, "vts:%d" % free_port()) == []


def test_the_end_of_the_program_closes_it():
    port = free_port()
    with Box(again=lambda kept: None) as box, Neighbour(box) as panel:
        panel.say("/kagami/listen", 60, "vts:%d" % port)
    assert is_free(port)
