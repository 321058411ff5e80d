"""A browser's request becomes a page, the stream, pictures, or a question to the running program.

Read top-down: a request passes the doorway and the guard, then its own method here.
"""
import asyncio
import json
import logging
import os
import signal

from aiohttp import web

from appliance import __version__, keeping
from appliance.box import wish
from appliance.box.board import machine
from appliance.errors import KagamiError, PartMissing, UsageError
from appliance.network import quiet
from appliance.panel import wishes
from appliance.panel.guard import COOKIE, TRIED, Doorway, Guard, refused
from appliance.panel.pages import FOLDER, Pages
from appliance.panel.password import LASTS, Password
from appliance.panel.picture import Pictures
from appliance.panel.stream import Stream, Wish
from appliance.panel.tracker import Tracker
from appliance.panel.watchers import Watcher, serve
from appliance.service import notifier

LOG = logging.getLogger("kagami.panel")
BODY, DOCUMENT = 1 << 16, 3 << 17       # bytes of a change, and of an import
SLOW = 10.0             # seconds for the whole of a body
SPARSEST = 1000         # largest divider
FRESH = 0.5             # seconds for which a state is shown as it is
LISTED = 10.0           # the same of the cameras
GRACE = 0.5             # seconds in which answers may end by themselves
NICE = 5
BEAT = 20.0             # seconds until a browser that watches is asked whether it is there
NEEDED, OFF = 4401, 4403        # how a look ends that may not be
SECRETS = ("control", "token"),


class Panel:
    """The page of `config`; pages: the folder of its files. `open()` and `close()` are
    coroutines."""

    def __init__(self, config, pages=FOLDER):
        self._config, folder = config, config.calibration.folder
        self._password = Password(keeping.folder(folder))
        self._guard = Guard(config, self._password)
        self._tracker, self._pictures = Tracker(folder), Pictures(folder)
        self._stream, self._pages = Stream(config.control.port), Pages(pages)
        self._look, self._until, self._cameras, self._listed = None, 0.0, [], 0.0
        self.port = config.panel.port

    async def open(self):
        """Listen from now on; PartMissing where that cannot be."""
        app = web.Application(middlewares=[self._arrival, self._guard.__call__],
                              client_max_size=DOCUMENT)
        app.on_response_prepare.append(self._guard.dress)
        app.router.add_get("/stream", self._watch)
        app.router.add_get("/look", self._picture)
        app.router.add_get("/api/state", self._state)
        app.router.add_get("/api/export", self._export)
        app.router.add_post("/api/login", self._login)
        app.router.add_post("/api/password", self._change_password)
        app.router.add_post("/api/rollback", self._roll_back)
        app.router.add_post("/api/{wish}", self._wish)
        app.router.add_get("/{path:.*}", self._pages.__call__)
        self._runner = web.AppRunner(app, access_log=None, keepalive_timeout=15.0,
                                     logger=quiet.log())
        await self._runner.setup()
        self._doorway = Doorway(self._guard, self._runner.server)
        address = str(self._config.panel.address)
        try:
            self._listening = await asyncio.get_event_loop().create_server(
                self._doorway, address, self.port, backlog=64)
        except OSError as e:
            raise PartMissing("%s port %d" % (address, self.port), e.strerror,
                              "see [panel] address and port") from e
        self.port = self._listening.sockets[0].getsockname()[1]

    @property
    def place(self):
        """The address to open in a browser."""
        address = str(self._config.panel.address)
        here = "127.0.0.1" if address == "0.0.0.0" else address
        return "http://%s:%d/" % (here, self.port)

    async def close(self):
        """Let everybody go."""
        self._listening.close()
        self._stream.close()
        await self._pictures.end()
        await self._runner.server.shutdown(GRACE)
        await self._runner.cleanup()

    @web.middleware
    async def _arrival(self, request, handler):
        if request.transport is not None:
            self._doorway.asked(request.transport)
        return await handler(request)

    async def _watch(self, request):
        """The stream, from the next frame on."""
        self._guard.own(request, others=True)
        watcher = self._stream.join(_wished(request.query))
        try:
            return await self._served(request, watcher)
        finally:
            self._stream.leave(watcher)

    async def _picture(self, request):
        """What the camera sees and what is measured in it, while it is looked at."""
        self._guard.own(request)
        if not self._config.panel.preview or not self._permitted(request):
            watcher = Watcher()
            watcher.put("end", NEEDED if self._config.panel.preview else OFF)
            return await self._served(request, watcher)
        watcher = self._pictures.join()
        try:
            return await self._served(request, watcher)
        finally:
            self._pictures.leave(watcher)

    async def _served(self, request, watcher):
        transport = request.transport
        socket = web.WebSocketResponse(timeout=GRACE, heartbeat=BEAT, max_msg_size=1024,
                                       compress=False)
        await socket.prepare(request)
        self._doorway.asked(transport, lasting=True)
        await serve(watcher, socket, transport)
        return socket

    async def _state(self, request):
        """Everything that a page shows besides the stream."""
        now = asyncio.get_event_loop().time()
        here = request.transport.get_extra_info("sockname")[0]      # who asks may soon be gone
        if now >= self._until:
            self._look, self._until = asyncio.ensure_future(self._looked()), now + FRESH
        state = dict(await asyncio.shield(self._look))
        state["panel"] = {"version": __version__, "me": request.remote, "address": here,
                          "names": self._guard.names, "preview": self._config.panel.preview,
                          "auth": self._guard.auth(request)}
        return web.json_response(state)

    async def _looked(self):
        try:
            state = json.loads(await self._tracker.ask("/kagami/about"))
            state["found"] = json.loads(await self._tracker.ask("/kagami/found"))
            state["cameras"] = await self._list()
            state["tracker"] = {"reachable": True, "why": ""}
        except KagamiError as e:
            state = {"tracker": {"reachable": False, "why": str(e)}}
        for section, key in SECRETS:
            state.get("config", {}).get(section, {}).pop(key, None)
        state["targets"] = [row for row in state.get("targets", ())
                            if not self._stream.owns(row["to"])]
        state["box"] = dict(machine(), engines=state.pop("engines", []), versions=wish.told())
        return state

    async def _list(self):
        now = asyncio.get_event_loop().time()
        if now >= self._listed:
            self._listed = now + LISTED
            self._cameras = json.loads(await self._tracker.ask("/kagami/cameras"))
        return self._cameras

    async def _export(self, request):
        """Settings and person as a document to keep."""
        if not self._permitted(request):
            return _login_first()
        text = await self._tracker.ask("/kagami/export")
        return web.Response(text=text, content_type="application/json", headers={
            "Content-Disposition": 'attachment; filename="kagami.json"'})

    async def _wish(self, request):
        """A change: what the running program says of it."""
        name = request.match_info["wish"]
        if name != "change" and name not in wishes.WISHES:
            raise web.HTTPNotFound()
        if not self._permitted(request):
            return _login_first()
        body = await _body(request, DOCUMENT if name == "import" else BODY)
        address, arguments, wait = wishes.question(name, body)
        try:
            said = await self._tracker.ask(address, *arguments, wait=wait)
        except ValueError as e:
            raise UsageError("a value", str(e), "send another") from e
        self._until = 0.0
        return web.json_response({"ok": True, "said": said})

    async def _roll_back(self, request):
        """The version before is to run again."""
        if not self._permitted(request):
            return _login_first()
        await _body(request, BODY)
        return web.json_response({"ok": True, "said": wish.go_back()})

    async def _login(self, request):
        """The password, and a session comes back."""
        if self._guard.auth(request) == "none":
            return web.json_response({"ok": True, "said": ""})
        self._guard.count(request, "tried", TRIED)
        if not await self._password.right(_password(await _body(request, BODY))):
            return refused(401, "password", "not this one", "try again")
        return self._begun()

    async def _change_password(self, request):
        """Another password from now on, "" for none."""
        if not self._permitted(request):
            return _login_first()
        self._guard.count(request, "set", TRIED)
        await self._password.change(_password(await _body(request, BODY)))
        return self._begun()

    def _begun(self):
        """Whoever asked is known from now on."""
        cookie = "%s=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict" % (
            COOKIE, self._password.begin(), LASTS)
        return web.json_response({"ok": True, "said": ""}, headers={"Set-Cookie": cookie})

    def _permitted(self, request):
        return self._guard.auth(request) != "needed"


def _login_first():
    return refused(401, "password", "not given yet", "log in first")


def _password(body):
    text = body.get("password")
    if not isinstance(text, str) or len(body) != 1:
        raise UsageError("password", "missing, or no text", "send one")
    return text


async def _body(request, most):
    """The JSON object of a request, in time and not too large."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType()
    if request.content_length is not None and request.content_length > most:
        raise web.HTTPRequestEntityTooLarge(most, request.content_length)
    try:
        data = await asyncio.wait_for(request.read(), SLOW)
    except asyncio.TimeoutError:
        raise web.HTTPRequestTimeout() from None
    if len(data) > most:
        raise web.HTTPRequestEntityTooLarge(most, len(data))
    return wishes.document(data)


def _wished(query):
    """The Wish of /stream?points=1&iris=1&divider=2."""
    try:
        points, iris, divider = (int(query.get(*pair)) for pair in (
            ("points", 0), ("iris", 0), ("divider", 1)))
    except ValueError:
        raise UsageError("points, iris, divider", "no whole number",
                         "see docs/stream.md") from None
    if not 0 <= divider <= SPARSEST:
        raise UsageError("divider", "out of bounds", "give 0 to %d" % SPARSEST)
    return Wish(bool(points), bool(iris), divider)


def run(config):
    """Serve the page until SIGINT or SIGTERM."""
    _yield()
    loop = asyncio.get_event_loop_policy().new_event_loop()
    asyncio.set_event_loop(loop)
    stopping = loop.create_future()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, lambda: stopping.done() or stopping.set_result(None))
    loop.run_until_complete(_serve(Panel(config), stopping))
    # aiohttp 3.8 leaves behind who was just hanging up.
    everything = getattr(asyncio, "all_tasks", None) or asyncio.Task.all_tasks
    left = [task for task in everything(loop) if not task.done()]
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.close()


def _yield():
    """Never take the core away from the tracker that has just sent us something: woken by each
    datagram we cost it 0.7 ms a picture. Whoever floods us shall cost it nothing either."""
    os.nice(NICE)
    try:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    except OSError:             # not everywhere may one give way
        pass


async def _serve(panel, stopping):
    await panel.open()
    LOG.info("the page is at %s", panel.place)
    notifier()("READY=1\nSTATUS=the page is at %s" % panel.place)
    try:
        await stopping
    finally:
        await panel.close()
