"""Questions over HTTP are answered with what our OSC namespace holds, as OSCQuery has it.

Only machines of the attached networks are answered, a few times a second, from a few connections
at once; nothing is taken in.
"""
import asyncio
import json
import logging

from appliance.network import quiet
from appliance.network.query import library
from appliance.network.tree import Namespace, found

LOG = logging.getLogger("kagami.network")
LINGER = 0.5            # seconds in which the rest of a question may come after its answer
PORT = 39601
EACH = 20               # answers a second to one address
ADDRESSES = 64          # remembered at once
CONNECTIONS = 32        # open at once
FRESH = 0.05            # seconds for which the tree is shown as it is
RETRY = 10.0            # seconds until a port that is taken is tried again
ATTRIBUTES = ("FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "UNIT",
              "TAGS", "CLIPMODE", "EXTENDED_TYPE", "OVERLOADS", "CRITICAL")
_HAS = "TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "UNIT"


class OscQuery:
    """Call it for the coroutine that answers until it is cancelled.

    state: () -> (Moment or None, Status or None). near: whether an address may ask. name: () ->
    what we are called. hears: () -> the UDP port of our commands, 0 for none. PartMissing where
    aiohttp is.
    """

    def __init__(self, state, near, name, hears=lambda: 0, port=PORT):
        self._state, self._near, self._name, self._port = state, near, name, port
        self._about = {"OSC_TRANSPORT": "UDP", "EXTENSIONS": {
            key: key in _HAS for key in ATTRIBUTES + ("LISTEN", "PATH_CHANGED")
            if key not in ("FULL_PATH", "CONTENTS")}}
        self._names, self._hears = Namespace(), hears
        self._heard, self._second = {}, 0
        self._tree, self._until = None, 0.0

    async def __call__(self):
        library()
        from aiohttp import web
        self._web = web
        server = web.Server(self._answer, access_log=None, keepalive_timeout=10.0,
                            lingering_time=LINGER, logger=quiet.log())
        listening = await self._listen(lambda: _Full() if len(server.connections) >= CONNECTIONS
                                       else server())
        try:
            await asyncio.get_event_loop().create_future()
        finally:
            listening.close()
            await listening.wait_closed()
            await server.shutdown(0.5)

    async def _listen(self, protocol):
        """Open the port; one that is taken is weather."""
        told = False
        while True:
            try:
                return await asyncio.get_event_loop().create_server(protocol, "0.0.0.0",
                                                                    self._port)
            except OSError as e:
                if not told:
                    LOG.warning("oscquery: port %d cannot be had (%s); trying again", self._port,
                                e.strerror)
                told = True
                await asyncio.sleep(RETRY)

    async def _answer(self, request):
        status, page = self._page(request)
        text = "" if page is None else json.dumps(page, allow_nan=False, separators=(",", ":"))
        headers = {"Cache-Control": "no-cache", "Pragma": "no-cache"}
        return self._web.Response(status=status, text=text, headers=headers,
                                  content_type="application/json")

    def _page(self, request):
        """(status, what to show or None)."""
        if not self._near(request.remote or ""):
            return 403, None
        if not self._counts(request.remote):
            return 429, None
        if request.method != "GET":
            return 405, None
        wanted = request.rel_url.query_string.split("&")[0].split("=")[0]
        if wanted == "HOST_INFO":
            where = {"OSC_PORT": self._hears()} if self._hears() else {}
            return 200, dict(self._about, NAME=self._name(), **where)
        if wanted and wanted not in ATTRIBUTES:
            return 400, None
        node = found(self._root(), request.path)
        if node is None or not wanted:
            return (404 if node is None else 200), node
        return (200, {wanted: node[wanted]}) if wanted in node else (204, None)

    def _root(self):
        now = asyncio.get_event_loop().time()
        if now >= self._until:
            self._tree = self._names.tree(*self._state(), hears=bool(self._hears()))
            self._until = now + FRESH
        return self._tree

    def _counts(self, address):
        second = int(asyncio.get_event_loop().time())
        if second != self._second:
            self._second = second
            self._heard.clear()
        if address not in self._heard and len(self._heard) >= ADDRESSES:
            return False
        self._heard[address] = self._heard.get(address, 0) + 1
        return self._heard[address] <= EACH


class _Full(asyncio.Protocol):
    """One connection too many."""

    def connection_made(self, transport):
        """Close it."""
        transport.abort()
