"""Coroutines run in one thread of their own, so that the loop waits for none of them."""
import asyncio
import logging
import threading

from appliance.errors import KagamiError

LOG = logging.getLogger("kagami.network")
GRACE = 3.0         # seconds in which a part may say goodbye


class Background:
    """`parts`: functions without arguments that give a coroutine; each runs until it is cancelled.

    One that ends with a KagamiError is told in one line, any other fault with its trace; the
    others go on either way. `told`: what was told.
    """

    def __init__(self, parts):
        self._parts, self._loop, self._stop = parts, asyncio.new_event_loop(), None
        self.told = []
        self._thread = threading.Thread(target=self._work, name="network", daemon=True)

    def start(self):
        """Begin with every part; returns itself."""
        self._thread.start()
        return self

    def close(self):
        """End every part; returns when they are through, or after GRACE seconds."""
        try:
            self._loop.call_soon_threadsafe(self._end)
        except RuntimeError:            # it has ended by itself
            pass
        self._thread.join(GRACE + 1.0)
        if self._thread.is_alive():
            LOG.warning("network: does not end; left behind")

    def _end(self):
        if self._stop is not None and not self._stop.done():
            self._stop.set_result(None)

    def _work(self):
        asyncio.set_event_loop(self._loop)
        self._stop = self._loop.create_future()
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _serve(self):
        tasks = [self._loop.create_task(self.guarded(part)) for part in self._parts]
        await self._stop
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=GRACE)

    async def guarded(self, part):
        """Run one part; whatever ends it is told here."""
        try:
            await part()
        except asyncio.CancelledError:
            pass
        except KagamiError as e:
            if str(e) not in self.told:         # several parts may lack the same library
                LOG.warning("network: %s", e)
            self.told.append(str(e))
        except Exception:                       # a fault of ours: the frames have to go on
            LOG.exception("network: one part has ended; everything else goes on")
