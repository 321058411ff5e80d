"""Programs that nobody here wrote read what a real run sends across a cable, and
agree about it.
"""
import pytest

from appliance.face import ARKIT
from tests.fakes import lan
from tests.foreign import hearing
from tests.outputs.test_docs import documented, general, listed


def messages(packets, dialect, read="messages"):
    """All that one dialect said, as python-osc or (`dissected`) tshark read it."""
    return [m for packet in packets if packet.dialect == dialect for m in getattr(packet, read)]


def test_tshark_understands_every_datagram(film):
    assert [packet for packet in film.packets if packet.trouble] == []
    assert {packet.dialect for packet in film.packets} == set(hearing.DIALECTS)


def test_every_datagram_is_one_packet_of_an_ethernet(film):
    assert max(packet.size for packet in film.packets) <= 1500


def test_addresses_and_types_on_the_cable_are_those_of_the_page(film):
    seen = {(general(address), tags.replace("F", "T")) for packet in film.packets
            for address, tags, _ in packet.dissected}
    assert seen <= documented()


@pytest.mark.parametrize("dialect, place, names", [
    ("vmc", "/VMC/Ext/Blend/Val", "names"), ("vrchat", "/avatar/parameters/FT/v2/", "vrchat"),
    ("babble", "/", "babble")])
def test_tshark_sees_each_name_of_the_page_and_no_others(film, dialect, place, names):
    told = messages(film.packets, dialect, "dissected")
    seen = {values[0] if address == place else address[len(place):] for address, _, values in told
            if address.startswith(place) and address.count("/") <= max(4, place.count("/"))}
    wanted = {name[0].upper() + name[1:] if dialect == "vmc" else name for name in listed(names)}
    assert seen == wanted


@pytest.mark.parametrize("dialect", hearing.DIALECTS)
def test_osc_of_npm_tshark_and_python_osc_read_the_same(film, dialect):
    port = hearing.PORTS[dialect]
    by_npm = [(address, "," + tags, values) for at, address, tags, values in film.osc_js
              if at == port]
    by_python = messages(film.packets, dialect)
    assert by_npm == by_python
    assert written(messages(film.packets, dialect, "dissected"), "%.6g") == (
        written(by_python, "%.6g"))


def written(told, digits):
    """Messages with as many digits of a number as somebody writes."""
    return [(address, tags, [digits % v if isinstance(v, float) else v for v in values])
            for address, tags, values in told]


def in_words(told):
    """The same of decoded messages."""
    words = {float: "%f", str: '"%s"', int: "%d", bool: "#%.1s"}
    return [(address, tags, [" ".join(words[type(v)] % v for v in values)] if values else [])
            for address, tags, values in told]


@pytest.mark.parametrize("dialect", hearing.DIALECTS)
def test_oscdump_writes_what_python_osc_reads(live, dialect):
    assert live.dumped[dialect] == in_words(messages(live.packets, dialect))


def test_oscquery_of_npm_finds_us_by_itself(live):
    tree = live.tree
    assert tree["name"].startswith("Kagami-") and tree["at"] == [lan.HERE, 39601]
    assert (tree["oscPort"], tree["oscTransport"].upper()) == (39600, "UDP")


def test_the_values_that_oscquery_of_npm_reads_are_those_of_one_frame(live):
    read = {path: [value for _, value, _ in arguments] for path, arguments in live.tree["nodes"]}
    parts = ["/kagami/face/0/" + name for name in ("rot", "euler", "pos", "eye/left", "arkit")]
    shown = [dict((address, values) for address, _, values in told)
             for frame in hearing.frames(live.packets) for dialect, told in frame
             if dialect == "kagami"]
    assert [frame for frame in shown
            if all(frame.get(part) == pytest.approx(read[part], abs=1e-4) for part in parts)]
    assert read["/kagami/face/0/arkit/jawOpen"][0] == read["/kagami/face/0/arkit"][
        ARKIT["jawOpen"]]


def test_oscquery_of_npm_reads_the_types_that_tshark_sees(live):
    read = {path: "," + "".join(kind for kind, _, _ in arguments)
            for path, arguments in live.tree["nodes"]}
    sent = {address: tags for address, tags, _ in messages(live.packets, "kagami", "dissected")}
    assert sent.pop("/kagami/bye") == ",i"           # a farewell has no value to be read
    assert {address: read.get(address) for address in sent} == sent
