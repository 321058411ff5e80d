"""The running program as the page's server knows it: its stream, and its socket file."""
import asyncio
import json
import os
import socket
import time

import numpy as np

from appliance import config
from appliance.network.packets import messages
from appliance.network.pictures import encoded
from appliance.outputs import Outputs
from appliance.outputs.dialects.kagami import Kagami
from appliance.outputs.osc import message
from appliance.outputs.port import Port
from appliance.outputs.subscriptions import Subscriptions, Wish
from appliance.status import Status
from tests.fakes.people import frame, person

ABOUT = {"version": "1", "config": {"camera": {"source": "test"}, "control": {"token": "secret"}},
         "log": ["one", "two"]}


class Running:
    """Entered within a loop it sends `rate` frames a second of `faces` to who subscribes at
    `port`, and answers at `folder`/control.

    `heard`: (address, arguments) of everything asked at the socket file. `refuses`: {address:
    (status, text)}. `silent`: addresses that get no answer. `pictures`: how many it has sent.
    """

    def __init__(self, folder, port, rate=60.0):
        self.path, self.port, self.rate = os.path.join(folder, "control"), port, rate
        self.faces, self.heard, self.refuses, self.silent = [person(jawOpen=0.5)], [], {}, set()
        self.answers = {"/kagami/about": json.dumps(ABOUT), "/kagami/found": "[]",
                        "/kagami/cameras": "[]", "/kagami/export": '{"kagami":1}'}
        self.number, self.pictures, self._looker = 0, 0, (None, 0.0)

    async def __aenter__(self):
        defaults = config.defaults()
        self._udp = Port("control", self.port)
        assert not self._udp.trouble
        self._local = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._local.setblocking(False)
        self._local.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        if os.path.exists(self.path):
            os.unlink(self.path)
        self._local.bind(self.path)
        self._status = Status()
        self._outputs = Outputs((), defaults.loss, defaults.output)
        self._subscriptions = Subscriptions(self._outputs, defaults, self._udp.send)
        self._task = asyncio.ensure_future(self._run())
        return self

    async def __aexit__(self, *_):
        self._task.cancel()
        await asyncio.wait([self._task])
        self._outputs.close()
        self._udp.close()
        self._local.close()

    async def _run(self):
        reported = due = 0.0
        while True:
            now = time.monotonic()
            self._hear(now)
            self._asked()
            if now >= due:
                due = max(now, due + 1 / self.rate)
                self._turn(now)
            if now - reported >= 0.2:
                reported = now
                self._outputs.report(self._status)
            await asyncio.sleep(0.002)

    def _turn(self, now):
        self.number += 1
        self._outputs.send(self.faces, frame(now, self.number))
        if now < self._looker[1]:
            self._show(self._looker[0])

    def _hear(self, now):
        self._subscriptions.turn(now)
        heard = self._udp.receive()
        for read in messages(heard[0]) if heard else ():
            if read.address == "/kagami/subscribe":
                number = self._subscriptions.ask(heard[1], Wish(*read.arguments), now)
                self._udp.send(message("/kagami/ok", read.address, 0) if number is None
                               else message("/kagami/challenge", number), heard[1])
            elif read.address == "/kagami/subscribe/confirm":
                self._subscriptions.confirm(heard[1][0], read.arguments[0], now)
                self._udp.send(message("/kagami/ok", read.address, 0), heard[1])

    def _asked(self):
        try:
            datagram, peer = self._local.recvfrom(1 << 19)
        except BlockingIOError:
            return
        for read in messages(datagram):
            self.heard.append(tuple(read))
            if read.address == "/kagami/preview":
                self._looker = peer, time.monotonic() + read.arguments[0]
            elif read.address not in self.silent:
                self._answer(read.address, peer)

    def _answer(self, address, peer):
        if address in self.refuses:
            self._local.sendto(message("/kagami/error", address, *self.refuses[address]), peer)
            return
        said = self.answers.get(address, "done")
        for out in (message("/kagami/said", said), message("/kagami/ok", address, 0)):
            self._local.sendto(out, peer)

    def _show(self, peer):
        luma = np.full((36, 48), self.number % 256, np.uint8)
        moment = self._outputs.moment
        try:
            self._local.sendmsg(encoded(moment.number, luma, Kagami()(moment)), (), 0, peer)
            self.pictures += 1
        except OSError:                 # nobody looks any more, or not so fast
            pass
