"""What listens in Kagami, opened by itself for the packets of tests/fuzz.py.

A part that listens gets a class like those below and a place in LISTENERS.
"""
import asyncio
import ipaddress
import json
import socket
import time
from types import SimpleNamespace

from appliance import config, monitor
from appliance.network import broadcast, discovery, oscquery
from appliance.network.hosts import MOST, Hosts
from appliance.network.pairing import Window
from appliance.options import Networks
from appliance.outputs import Outputs
from appliance.outputs.dialects import ifacialmocap
from appliance.outputs.leases import CLIENTS, TURN
from appliance.outputs.osc import message
from tests.fakes.box import Box, Sitter
from tests.fakes.people import frame, person
from tests.fakes.receiver import free_port, free_tcp_port

LOSS = SimpleNamespace(hold_ms=250, return_ms=500, blend_ms=150, lost_keepalive_hz=5.0)
OUTPUT = SimpleNamespace(neck_share=0.4, limit=1472)


class Listener:
    """What listens at `port`. seeds: packets that it understands, PORT in them is the asker's.
    blocks, kib: memory that may grow after the first tenth of the packets."""

    blocks, kib = 400, 4096

    def take(self, packet, asker):
        """A packet on its way; asker: the sender's UDP socket."""
        asker.sendto(packet, ("127.0.0.1", self.port))

    def asks(self, packet):
        """Whether a packet asks for something: then answers may be longer."""
        return False

    def rest(self):
        """What belongs to nobody is let go: memory is looked at next."""


class Wire(Listener):
    """A dialect that answers whoever asks."""

    def __init__(self, dialect, seeds, **options):
        self.name, self.seeds, self.port = dialect, seeds, free_port()
        to = "%s@127.77.0.0/16:%d" % (dialect, self.port)
        self._outputs = Outputs([SimpleNamespace(to=to, **options)], LOSS, OUTPUT)
        self._leases = self._outputs.channels[0].link
        self._frame, self._face = frame(0.0), person()

    def turn(self):
        """A frame: questions are looked at, whoever has a lease is sent to."""
        self._outputs.send([self._face], self._frame._replace(time=time.monotonic()))
        clients = self._leases.clients
        assert len(clients) <= CLIENTS and all(len(ports) <= 4 for ports in clients.values())

    def asks(self, packet):
        """Whether a packet is a question."""
        return self._outputs.channels[0]._dialect.question(packet) is not None

    def close(self):
        """Stop listening."""
        self._outputs.close()


class Monitor(Listener):
    """`kagami monitor`, which only listens."""

    def __init__(self):
        self.name, self.port = "monitor", free_port()
        self.seeds = [message("/a", 1.5, 2, "three"),
                      message("/VMC/Ext/Blend/Val", "JawOpen", 0.5),
                      b"#bundle\0" + bytes(8) + b"\0\0\0\x14" + message("/kagami/x", 1.0, "y")]
        self._socket, self._board = monitor.listen(self.port), monitor.Board()
        self._socket.setblocking(False)

    def turn(self):
        """Read what is there, draw."""
        while True:
            try:
                datagram, peer = self._socket.recvfrom(65536)
            except BlockingIOError:
                break
            self._board.hear(datagram, peer[0], time.monotonic())
        assert len(self._board.lines(100, 40, time.monotonic())) <= 40

    def close(self):
        """Stop listening."""
        self._socket.close()


class Studios(Listener):
    """Where VTube Studio is listened for; it never answers."""

    name = "broadcast"
    seeds = [json.dumps({"messageType": "VTubeStudioAPIStateBroadcast", "data": {
        "active": True, "port": port, "windowTitle": "x"}}).encode() for port in (8001, 0, 8002)]

    def __init__(self):
        self.port, self._loop, self._hosts = free_port(), asyncio.new_event_loop(), Hosts()
        own = [("lo", ipaddress.ip_interface("127.0.0.1/8"))]
        self._serve(broadcast.Broadcast(self._hosts, lambda: own, self.port))

    def _serve(self, listening):
        self._task = self._loop.create_task(listening())
        self._loop.run_until_complete(asyncio.sleep(0.05))

    def turn(self):
        """Hear what is there."""
        for _ in range(3 * TURN):
            self._loop.run_until_complete(asyncio.sleep(0))
        assert not self._task.done() and len(list(self._hosts)) <= MOST

    def close(self):
        """Stop listening."""
        self._task.cancel()
        self._loop.run_until_complete(asyncio.gather(self._task, return_exceptions=True))
        self._loop.close()


class Names(Studios):
    """Where services are told by multicast DNS; it never answers, and a fault there is told by
    asyncio alone.
    """

    name = "names"
    blocks = 1500           # up to MOST names are remembered

    def __init__(self):
        self.port, self._loop, self._hosts = free_port(), asyncio.new_event_loop(), Hosts()
        self.seeds, self._faults = list(announcements()), []
        self._loop.set_exception_handler(lambda _, what: self._faults.append(what))
        self._ears = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ears.setblocking(False)
        self._ears.bind(("127.0.0.1", self.port))
        discovery._library()
        self._names = discovery.Discovery(self._hosts)
        self._loop.add_reader(self._ears, self._names._overhear, self._ears, None)
        self._serve(self._loop.create_future)

    def _serve(self, listening):
        self._task = listening()

    def turn(self):
        """Hear what is there."""
        super().turn()
        assert not self._faults and len(self._names._sources) <= discovery.MOST

    def close(self):
        """Stop listening."""
        self._loop.remove_reader(self._ears)
        self._ears.close()
        super().close()


def announcements():
    """What programs with services say, and what others ask."""
    from zeroconf import DNSOutgoing, DNSPointer, DNSQuestion, DNSService, DNSText
    for i, kind in enumerate(discovery.KINDS):
        name = "One %d.%s" % (i, kind)
        told, asked = DNSOutgoing(0x8400), DNSOutgoing(0)
        asked.add_question(DNSQuestion(kind, 12, 1))
        for record in (DNSPointer(kind, 12, 1, 120, name),
                       DNSService(name, 33, 1, 120, 0, 0, 9000, "one.local."),
                       DNSText(name, 16, 1, 120, b"\x09txtvers=1")):
            told.add_answer_at_time(record, 0)
        yield from told.packets() + asked.packets()


class Pages(Studios):
    """The OSCQuery pages, over TCP: each stranger has a connection and opens it anew when it is
    closed."""

    name = "oscquery"
    blocks, kib = 2000, 16384           # connections come and go
    seeds = [("%s %s HTTP/1.1\r\nHost: x\r\n%s\r\n" % row).encode() for row in (
        ("GET", "/", ""), ("GET", "/kagami/face/0/euler?VALUE", ""), ("GET", "/?HOST_INFO", ""),
        ("GET", "/" + "a/" * 200, ""), ("POST", "/kagami", "Content-Length: 4\r\n\r\nabcd"),
        ("GET", "/", "Transfer-Encoding: chunked\r\n"), ("GET", "/", "Upgrade: websocket\r\n"),
        ("GET", "/", "Content-Length: -1\r\n"), ("GET", "/%2e%2e/etc/passwd", ""))]

    def __init__(self):
        self.port, self._loop, self._open = free_tcp_port(), asyncio.new_event_loop(), {}
        self._serve(oscquery.OscQuery(lambda: (None, None), lambda _: True, lambda: "x",
                                      port=self.port))
        self._hosts = ()

    def take(self, packet, asker):
        """Over the asker's connection."""
        host = asker.getsockname()[0]
        try:
            if host not in self._open:
                self._open[host] = socket.create_connection(("127.0.0.1", self.port), 1.0,
                                                            (host, 0))
                self._open[host].setblocking(False)
            self._open[host].send(packet)
        except OSError:                 # its patience is over, or there are too many
            self._shut(host)

    def turn(self):
        """Answer what is there; whoever was hung up on knows it."""
        super().turn()
        for host, one in list(self._open.items()):
            try:
                if not one.recv(1 << 20):
                    self._shut(host)
            except BlockingIOError:
                pass
            except OSError:
                self._shut(host)

    def rest(self):
        """Hang up, and let it be noticed."""
        for host in list(self._open):
            self._shut(host)
        self._loop.run_until_complete(asyncio.sleep(1.0))

    def close(self):
        """Stop listening."""
        self.rest()
        super().close()

    def _shut(self, host):
        one = self._open.pop(host, None)
        if one is not None:
            one.close()


class Commands(Box, Listener):
    """Control input, with neighbours who may write but do not know the word."""

    name = "control"
    seeds = [message(address, *rest) for address, rest in (
        ("/kagami/ping", (7,)), ("/kagami/subscribe", ("kagami", 0, 30, 1, 0)),
        ("/kagami/subscribe/confirm", (12345,)), ("/kagami/unsubscribe", ("vmc",)),
        ("/kagami/get", ("/kagami/version",)), ("/kagami/calibrate/neutral", ("w", 1.0)),
        ("/kagami/set/loss/hold_ms", ("w", 5)), ("/kagami/targets", ()))]
    close = Box.__exit__

    def __init__(self):
        super().__init__(token="word", write="lan", person=Sitter(),
                         allow="127.77.0.0/16 127.77.1.1")


class Pairing(Listener):
    """The window in which a target is made of whoever asks; it never answers."""

    name = "pairing"

    def __init__(self):
        base, self.port = config.defaults(), free_port()
        control = base.control._replace(allow=Networks().parse("127.77.0.0/16"))
        self.seeds = [vts_seed(), vts_seed(ports=[1]), vts_seed(time=-1), b"{}"]
        self._window = Window(base._replace(control=control), "vts:%d" % self.port)

    def turn(self):
        """Look at what is there."""
        asked = self._window.heard(time.monotonic())
        assert asked is None or 0.5 <= asked.question.seconds <= 10.0

    def close(self):
        """Stop listening."""
        self._window.close()


def vts_seed(**changes):
    """A request of VTube Studio's clients."""
    return json.dumps(dict({"messageType": "iOSTrackingDataRequest", "time": 1.5, "sentBy": "x",
                            "ports": ["PORT"]}, **changes)).replace('"PORT"', "PORT").encode()


LISTENERS = {
    "ifacialmocap": lambda: Wire("ifacialmocap", [ifacialmocap.START, ifacialmocap.STOP]),
    "ifacialmocap v2": lambda: Wire("ifacialmocap", [ifacialmocap.START + ifacialmocap.SECOND],
                                    ifm_version=2),
    "ifacialmocap tcp": lambda: Wire("ifacialmocap", [ifacialmocap.STREAM]),
    "vts": lambda: Wire("vts", [vts_seed(), vts_seed(ports=["PORT", 1, 70000]), vts_seed(time=1e9),
                                vts_seed(time=-1), vts_seed(ports=["PORT"] * 50)]),
    "monitor": Monitor, "control": Commands, "broadcast": Studios, "oscquery": Pages,
    "names": Names, "pairing": Pairing}
