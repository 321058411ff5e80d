"""VTube Studio's word over a real socket."""
import ipaddress
import json
import socket

import pytest

from appliance.network import broadcast
from appliance.network.background import Background
from appliance.network.broadcast import Broadcast, read
from appliance.network.hosts import Hosts
from tests.fakes.receiver import eventually, free_port

OWN = [("lo", ipaddress.ip_interface("127.0.0.1/8"))]


def word(**data):
    known = dict({"active": True, "port": 8001, "instanceID": "a", "windowTitle": "VTube Studio"},
                 **data)
    return json.dumps({"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0", "data": known,
                       "messageType": "VTubeStudioAPIStateBroadcast"}).encode()


def test_it_says_its_port_and_whether_plugins_are_on():
    assert read(word()) == (8001, "VTube Studio")
    assert read(word(active=False)) == (0, "VTube Studio")


@pytest.mark.parametrize("datagram", [
    b"", b"\xff", b"[]", b"3", b"{}", b"[" * 2000, word(port="8001"), word(port=True),
    word(port=70000), word(windowTitle="x" * 4000), json.dumps({"data": {"port": 1}}).encode()])
def test_anything_else_is_passed_over(datagram):
    assert read(datagram) is None


def test_a_title_cannot_write_on_a_terminal():
    assert read(word(windowTitle="a\x1b[2J\n")) == (8001, "a?[2J?")


def test_it_is_there_while_it_says_so(monkeypatch):
    monkeypatch.setattr(broadcast, "GONE", 1.5)
    hosts, port = Hosts(), free_port()
    background = Background([Broadcast(hosts, lambda: OWN, port)]).start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as studio:
        def heard():
            studio.sendto(word(), ("127.0.0.1", port))
            return list(hosts)
        assert eventually(heard)
        assert [h.target for h in hosts] == ["vts@127.0.0.1:8001"]
    assert eventually(lambda: not list(hosts), 10.0)
    background.close()
