"""Random and mutated packets go into every port that listens; nothing may break, grow or answer
with more than was asked for.

`python3 -m tests.fuzz --packets 1000000` is the long run, tests/test_fuzz.py the short one. A part
that listens gets a class like those below and a place in LISTENERS.
"""
import argparse
import gc
import json
import logging
import os
import random
import socket
import sys
import threading
import time
from types import SimpleNamespace

from appliance import monitor
from appliance.outputs import Outputs
from appliance.outputs.dialects import ifacialmocap
from appliance.outputs.leases import CLIENTS, TURN
from appliance.outputs.osc import message
from tests.fakes.box import Box, Sitter
from tests.fakes.people import frame, person
from tests.fakes.receiver import Receiver, free_port

HOSTS = ["127.77.0.%d" % i for i in range(1, 13)]       # twice as many as may have a lease
QUIET = "127.77.1.1"        # sends only what is no question; nothing may come back
ANSWER = 3                  # bytes that may answer one byte without a lease
BLOCKS, KIB = 400, 4096     # memory that may grow after the first tenth of the packets
LOSS = SimpleNamespace(hold_ms=250, return_ms=500, blend_ms=150, lost_keepalive_hz=5.0)
OUTPUT = SimpleNamespace(neck_share=0.4, limit=1472)


class Wire:
    """A dialect that answers whoever asks. seeds: packets that it understands, PORT in them is
    the asker's.
    """

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
        """Whether a packet asks for something: then answers may be longer."""
        return self._outputs.channels[0]._dialect.question(packet) is not None

    def close(self):
        """Stop listening."""
        self._outputs.close()


class Monitor:
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

    def asks(self, packet):
        """It never answers."""
        return False

    def close(self):
        """Stop listening."""
        self._socket.close()


class Commands(Box):
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

    def asks(self, packet):
        """A lease takes a number that nobody can guess."""
        return False


def vts_seed(**changes):
    """A request of VTube Studio's clients."""
    return json.dumps(dict({"messageType": "iOSTrackingDataRequest", "time": 1.5, "sentBy": "x",
                            "ports": ["PORT"]}, **changes)).replace('"PORT"', "PORT").encode()


ODD = (b"\0", b"\xff" * 4, b"[" * 50, b"{\"a\":" * 9, b"1e999", b"-1", b"9" * 30, b'"', b"}",
       b"#bundle\0", b",ifs")
LISTENERS = {
    "ifacialmocap": lambda: Wire("ifacialmocap", [ifacialmocap.START, ifacialmocap.STOP]),
    "ifacialmocap v2": lambda: Wire("ifacialmocap", [ifacialmocap.START + ifacialmocap.SECOND],
                                    ifm_version=2),
    "ifacialmocap tcp": lambda: Wire("ifacialmocap", [ifacialmocap.STREAM]),
    "vts": lambda: Wire("vts", [vts_seed(), vts_seed(ports=["PORT", 1, 70000]), vts_seed(time=1e9),
                                vts_seed(time=-1), vts_seed(ports=["PORT"] * 50)]),
    "monitor": Monitor, "control": Commands}


def mutated(seeds, chance):
    """Bytes: one of the seeds as it is, changed in places, or nothing but noise."""
    if chance.random() < 0.1:
        return noise(chance, chance.choice((0, 3, 40, 200, 1400)))
    data = chance.choice(seeds)
    for _ in range(chance.choice((0, 0, 1, 1, 2, 5, 30))):
        at = chance.randrange(len(data) + 1)
        piece = chance.choice((b"", noise(chance, 4), data[at:at + 60], chance.choice(ODD)))
        taken = chance.choice((0, len(piece), chance.randrange(20), len(data)))
        data = (data[:at] + piece + data[at + taken:])[:2000]
    return data


def noise(chance, most):
    """Random bytes."""
    return bytes(chance.getrandbits(8) for _ in range(chance.randrange(most + 1)))


class Hosts:
    """The strangers: a socket for each address, what each has sent and got."""

    def __init__(self):
        self._sockets = {host: Receiver(host) for host in HOSTS + [QUIET]}
        self.sent, self.got = dict.fromkeys(self._sockets, 0), dict.fromkeys(self._sockets, 0)
        self.asked = set()

    def send(self, packet, there, host):
        """One packet from a host; a question is not sent from the quiet one."""
        one = self._sockets[host]
        packet = packet.replace(b"PORT", b"%d" % one.port)
        if there.asks(packet):
            if host == QUIET:
                return
            self.asked.add(host)
        one.socket.sendto(packet, ("127.0.0.1", there.port))
        self.sent[host] += len(packet)

    def listen(self):
        """Count what has come."""
        for host, one in self._sockets.items():
            self.got[host] += sum(map(len, one.datagrams()))

    def check(self):
        """Whoever asked for nothing got no more than a few bytes for each of its own."""
        for host in set(self._sockets) - self.asked:
            assert self.got[host] <= ANSWER * self.sent[host], host

    def close(self):
        """Close the sockets."""
        for one in self._sockets.values():
            one.socket.close()


def size():
    """(Python's memory blocks, KiB of the process, open files, threads)."""
    gc.collect()
    with open("/proc/self/statm") as f:
        resident = int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
    return (sys.getallocatedblocks(), resident, len(os.listdir("/proc/self/fd")),
            threading.active_count())


def fuzz(make, packets, seed=0):
    """Send `packets` into what `make()` opens; AssertionError where something grows or answers.

    Returns {"packets", "answered" (bytes), "blocks", "kib"} for a look.
    """
    there, hosts, chance, begun = make(), Hosts(), random.Random(seed), None
    try:
        for sent in range(0, packets, TURN):
            if begun is None and sent >= packets // 10:
                begun = size()
            for _ in range(TURN):
                hosts.send(mutated(there.seeds, chance), there, chance.choice(HOSTS + [QUIET]))
            there.turn()
            hosts.listen()
        hosts.check()
        blocks, kib, opened, threads = [b - a for a, b in zip(begun, size())]
        assert blocks <= BLOCKS and kib <= KIB and opened <= 4 * CLIENTS and threads <= 0, (
            there.name, blocks, kib, opened, threads)
        assert hosts.got[QUIET] == 0 or not isinstance(there, Wire)
    finally:
        there.close()
        hosts.close()
    return {"packets": packets, "answered": sum(hosts.got.values()), "blocks": blocks, "kib": kib}


def main():
    """The command."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.fuzz", description=__doc__)
    parser.add_argument("--packets", type=int, default=100000, help="into each port")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=sorted(LISTENERS), default=sorted(LISTENERS))
    args = parser.parse_args()
    logging.disable(logging.WARNING)
    for name in args.only:
        start = time.monotonic()
        print("%s: %s in %.0f s" % (name, fuzz(LISTENERS[name], args.packets, args.seed),
                                    time.monotonic() - start), flush=True)


if __name__ == "__main__":
    main()
