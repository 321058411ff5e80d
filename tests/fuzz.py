"""Random and mutated packets go into every port that listens; nothing may break, grow or answer
with more than was asked for.

`python3 -m tests.fuzz --packets 1000000` is the long run, tests/test_fuzz.py the short one.
"""
import argparse
import gc
import logging
import os
import random
import sys
import threading
import time

from appliance.outputs.leases import CLIENTS, TURN
from tests.fakes.receiver import Receiver
from tests.listeners import LISTENERS, Wire

HOSTS = ["127.77.0.%d" % i for i in range(1, 13)]       # twice as many as may have a lease
QUIET = "127.77.1.1"        # sends only what is no question; nothing may come back
ANSWER = 3                  # bytes that may answer one byte without a lease
ODD = (b"\0", b"\xff" * 4, b"[" * 50, b"{\"a\":" * 9, b"1e999", b"-1", b"9" * 30, b'"', b"}",
       b"#bundle\0", b",ifs")


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


class Strangers:
    """A socket for each address, what each has sent and got."""

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
        there.take(packet, one.socket)
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
    there, hosts, chance, begun = make(), Strangers(), random.Random(seed), None
    try:
        for sent in range(0, packets, TURN):
            if begun is None and sent >= packets // 10:
                there.rest()
                begun = size()
            for _ in range(TURN):
                hosts.send(mutated(there.seeds, chance), there, chance.choice(HOSTS + [QUIET]))
            there.turn()
            hosts.listen()
        hosts.check()
        there.rest()
        blocks, kib, opened, threads = [b - a for a, b in zip(begun, size())]
        assert blocks <= there.blocks and kib <= there.kib, (there.name, blocks, kib)
        assert opened <= 4 * CLIENTS and threads <= 0, (there.name, opened, threads)
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
