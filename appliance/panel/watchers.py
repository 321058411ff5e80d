"""What is new goes to everybody who watches, each as fast as they take it.

Of each kind a watcher is kept the newest alone, or the newest few: one that is slow loses what
lies between, and nobody else notices.
"""
import asyncio
from collections import deque
from socket import SO_SNDBUF, SOL_SOCKET

ROOM = 8192             # bytes that may lie unsent before a watcher
KERNEL = 1 << 16        # the same in the kernel, which would else keep seconds of it
DEAD = 15.0             # seconds in which one takes nothing at all
OVER, NOTHING_TAKEN = 1000, 1008        # codes of an end
LOOK = 0.02             # seconds until a watcher that is behind is looked at again


class Watcher:
    """One who watches: `put(kind, message)` at one end, `await next()` at the other."""

    def __init__(self, wish=None):
        self.wish, self._waiting, self._some = wish, deque(), asyncio.Event()

    def put(self, kind, message, most=1):
        """One more of its kind; of more than `most` that wait the oldest is lost."""
        same = [one for one in self._waiting if one[0] == kind]
        if len(same) >= most:
            self._waiting.remove(same[0])
        self._waiting.append((kind, message))
        self._some.set()

    async def next(self):
        """The message that has waited longest, when there is one."""
        await self._some.wait()
        _, message = self._waiting.popleft()
        if not self._waiting:
            self._some.clear()
        return message


async def serve(watcher, socket, transport):
    """Send what a Watcher is given through a WebSocket until either end has enough.

    Who sends us anything but the end of it is shown out: nothing is taken here. A whole number
    among the messages is the code with which we end it.
    """
    transport.set_write_buffer_limits(high=ROOM)
    transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_SNDBUF, KERNEL)
    both = [asyncio.ensure_future(job) for job in (
        _send(watcher, socket, transport), _hear(socket))]
    try:
        done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for job in both:
            job.cancel()
        await asyncio.wait(both)
    await socket.close(code=done.pop().result())


async def _hear(socket):
    async for _ in socket:
        return NOTHING_TAKEN
    return OVER


async def _send(watcher, socket, transport):
    later = asyncio.get_event_loop().call_later
    try:
        while True:
            message = await watcher.next()
            if isinstance(message, int):
                return message
            patience = later(DEAD, transport.abort)
            await _put(message, socket)
            while transport.get_write_buffer_size() > 0 and not transport.is_closing():
                await asyncio.sleep(LOOK)
            patience.cancel()
    except (ConnectionError, RuntimeError):     # it closed while we sent
        transport.abort()
        return OVER


async def _put(message, socket):
    if isinstance(message, bytes):
        await socket.send_bytes(message)
    else:
        await socket.send_str(message)
