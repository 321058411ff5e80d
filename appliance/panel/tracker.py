"""Questions go to the program that runs, at its socket file, and its answers come back as text.

Each question has a socket of its own, so that a lesson of a minute holds up nobody else.
"""
import asyncio
import os
import socket

from appliance.errors import KagamiError, PartMissing
from appliance.network.packets import messages, written
from appliance.network.place import places

ANSWER, ROWS = 1 << 19, 256     # bytes and messages of an answer
ROOM = 1 << 19                  # bytes asked of the kernel, for a document as large as may come
MOST = 8                        # questions at once
PATIENCE = 3.0                  # seconds of silence; a turn may take a while
_AWAY = "kagami run", "it does not run here", "start it; this page goes on by itself"


class Refusal(KagamiError):
    """What the running program complains of, `status` as in errors.py."""

    def __init__(self, text, status):
        head, _, do = text.rpartition("; ")
        what, _, why = head.partition(": ")
        super().__init__(what or "kagami", why or text, do)
        self.status = status


class Tracker:
    """The running program; setting: calibration.folder of the configuration."""

    def __init__(self, setting=""):
        self._setting, self._free = setting, None

    async def ask(self, address, *arguments, wait=PATIENCE):
        """The last text among the answers, or "".

        wait: seconds of silence at most. Refusal: what the program does not do. PartMissing: none
        runs, or it says nothing. ValueError: an argument that has no place in a message.
        """
        datagram = written(address, *arguments)
        if self._free is None:
            self._free = asyncio.Semaphore(MOST)
        async with self._free:
            with opened(self._setting) as asking:
                return await self._answer(asking, datagram, address, wait)

    @staticmethod
    async def _answer(asking, datagram, address, wait):
        said, loop = "", asyncio.get_event_loop()
        try:
            asking.send(datagram)
            while True:
                heard = await asyncio.wait_for(_received(loop, asking), wait)
                for one in messages(heard, ROWS):
                    if one.address == "/kagami/error":
                        raise Refusal(one.arguments[2], one.arguments[1])
                    if one.address == "/kagami/ok":
                        return said
                    said = one.arguments[0] if one.address == "/kagami/said" else said
        except (OSError, asyncio.TimeoutError) as e:        # it hangs, is full, or has just ended
            raise PartMissing("kagami run", "no answer to %s" % address,
                              "see its log, or start it anew") from e


def opened(setting=""):
    """A socket that does not wait and leads to the program that runs; PartMissing without one."""
    barred = None
    for path in places(setting):
        asking = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            asking.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)
            asking.setblocking(False)
            asking.connect(os.path.abspath(path))
            asking.bind("")             # a name of the kernel's choice, to be answered at
            return asking
        except OSError as e:
            asking.close()
            barred = path if isinstance(e, PermissionError) else barred
    if barred:
        raise PartMissing(barred, "not ours to ask", "run kagami panel as the user of kagami run")
    raise PartMissing(*_AWAY)


async def _received(loop, asking):
    """One datagram; the selector's own way, for loop.sock_recv wants a stream on Python 3.6."""
    waiting = loop.create_future()

    def ready():
        if not waiting.done():
            waiting.set_result(None)
    loop.add_reader(asking.fileno(), ready)
    try:
        await waiting
        return asking.recv(ANSWER)
    finally:
        loop.remove_reader(asking.fileno())
