"""The running program's own stream, asked for at its UDP port while somebody watches, becomes JSON
for every watcher.

No more is asked for than somebody watches, and a frame's JSON is made once for all who wish the
same of it. A program that is away is asked again every second; those who watch are told.
"""
import asyncio
import json
import socket
from collections import deque
from functools import reduce
from math import gcd
from typing import NamedTuple

from appliance.network.packets import messages, written
from appliance.panel.snapshot import Snapshot
from appliance.panel.watchers import Watcher

HERE, WIRE = "127.0.0.1", "kagami"
EVERY, LEASE = 1.0, 5           # seconds: the program may have been started anew in between
FACES, IRIS, POINTS, SLOW = 1 + 2 + 4 + 16 + 256 + 512, 8, 32, 128    # of a subscription's mask
LINGERS = 2.0           # seconds for which the next who watches is waited for
PORTS = 8               # of ours that are remembered: an old lease lasts a while
SILENT = 2.5                    # seconds without a word; its state comes every second
FRAMES = 3                      # that wait for a watcher: a tenth of a second
TURN = 64                       # datagrams that are taken at once
NOBODY = "nothing listens at UDP port %d of this machine: start kagami run, with [control] enabled"


class Wish(NamedTuple):
    """Every so-maniest frame, 0 for none, with or without points and irises."""

    points: bool = False
    iris: bool = False
    divider: int = 1


class Stream:
    """port: [control] port of the running program. `reachable`: None before it is known, and
    `why` not."""

    def __init__(self, port):
        self._port, self._watchers = port, []
        self._socket = self._asking = self._later = None
        self._ports = deque(maxlen=PORTS)
        self._forget()

    def join(self, wish):
        """A Watcher who is told from now on, at first what is known."""
        watcher, before = Watcher(wish), self._wished()
        self._watchers.append(watcher)
        self._stay()
        for kind, text in self._known().items():
            watcher.put(kind, text)
        if self._asking is None:
            self._asking = asyncio.ensure_future(self._keep())
        elif self._wished() != before:
            self._ask()
        return watcher

    def leave(self, watcher):
        """This one watches no longer; soon after the last the stream is let run out."""
        self._watchers.remove(watcher)
        self._stay()
        if not self._watchers:
            self._later = asyncio.get_event_loop().call_later(LINGERS, self.close)

    def _stay(self):
        if self._later is not None:
            self._later.cancel()
        self._later = None

    def owns(self, to):
        """Whether a target, DIALECT@HOST:PORT, is this stream, now or a moment ago."""
        return to in ["%s@%s:%d" % (WIRE, HERE, port) for port in self._ports]

    def close(self):
        """Ask no longer."""
        self._stay()
        if self._asking is not None:
            self._asking.cancel()
        self._asking = None
        self._hang_up()
        self._forget()

    def _forget(self):
        self._snapshot, self._told, self._heard = Snapshot(), -1, 0.0
        self.reachable, self.why = None, ""

    def _known(self):
        known = dict(self._snapshot.slow)
        if self.reachable is not None:
            known["tracker"] = json.dumps(
                {"type": "tracker", "reachable": self.reachable, "why": self.why})
        return known

    async def _keep(self):
        """Ask, and ask again before the lease is over."""
        loop = asyncio.get_event_loop()
        self._heard = loop.time()
        while True:
            self._ask()
            await asyncio.sleep(EVERY)
            if loop.time() - self._heard > SILENT:
                self._find(False, "kagami run does not answer")
                self._hang_up()         # a fresh port: the old one may be barred

    def _ask(self):
        self._say("/kagami/subscribe", WIRE, 0, LEASE, *self._wished())

    def _wished(self):
        """(divider, mask) of what serves everybody."""
        wishes = [watcher.wish for watcher in self._watchers if watcher.wish.divider]
        mask = SLOW + FACES * bool(wishes) + POINTS * any(wish.points for wish in wishes) \
            + IRIS * any(wish.iris for wish in wishes)
        return reduce(gcd, [wish.divider for wish in wishes], 0) or 1, mask

    def _say(self, *words):
        loop = asyncio.get_event_loop()
        try:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                self._socket.setblocking(False)
                self._socket.connect((HERE, self._port))
                self._ports.append(self._socket.getsockname()[1])
                loop.add_reader(self._socket.fileno(), self._hear)
            self._socket.send(written(*words))
        except OSError:
            self._away()

    def _hang_up(self):
        if self._socket is not None:
            asyncio.get_event_loop().remove_reader(self._socket.fileno())
            self._socket.close()
        self._socket = None

    def _hear(self):
        """Take what has come, tell the newest of it."""
        for _ in range(TURN):
            try:
                datagram = self._socket.recv(65536)
            except BlockingIOError:
                break
            except OSError:             # nobody is there
                self._away()
                break
            self._heard = asyncio.get_event_loop().time()
            self._take(datagram)
            if self._socket is None:
                break
        self._tell()

    def _take(self, datagram):
        if b"/kagami/bye" in datagram:
            self._away("kagami run has ended")
            return
        read = self._snapshot.read(datagram)
        if self._snapshot.begins(read):         # then the one before is whole
            self._tell()
        for kind in self._snapshot.take(read):
            self._spread(kind, self._snapshot.slow[kind])
        if datagram.startswith(b"/kagami/"):
            for message in messages(datagram):
                self._answer(message)

    def _answer(self, message):
        """What our question came to."""
        if message.address == "/kagami/challenge":
            self._say("/kagami/subscribe/confirm", message.arguments[0])
        elif message.address == "/kagami/error":
            self._find(False, message.arguments[2])
        elif message.address == "/kagami/ok":
            self._find(True)

    def _tell(self):
        """The frame that is new, to everybody who wishes it."""
        if self._snapshot.number == self._told:
            return
        self._told, made = self._snapshot.number, {}
        for watcher in self._watchers:
            points, iris, divider = watcher.wish
            if not divider or self._told % divider:
                continue
            if (points, iris) not in made:
                made[points, iris] = self._snapshot.frame(points, iris)
            watcher.put("frame", made[points, iris], FRAMES)

    def _away(self, why=""):
        self._find(False, why or NOBODY % self._port)

    def _find(self, reachable, why=""):
        if (reachable, why) == (self.reachable, self.why):
            return
        self.reachable, self.why = reachable, why
        if not reachable:
            self._snapshot, self._told = Snapshot(), -1
        self._spread("tracker", self._known()["tracker"])

    def _spread(self, kind, message):
        for watcher in self._watchers:
            watcher.put(kind, message)
