"""A page's server on a real port, with a program beside it that plays the one that runs."""
import asyncio

import pytest

pytest.importorskip("aiohttp")
import aiohttp  # noqa: E402

from appliance import config  # noqa: E402
from appliance.panel.server import Panel  # noqa: E402
from tests.fakes.receiver import free_port  # noqa: E402
from tests.fakes.running import Running  # noqa: E402


class House:
    """Call it with a coroutine function of one argument, itself; `panel` serves at `url` while it
    runs, and `client` is a browser without a page.
    """

    def __init__(self, folder, pages):
        self.folder, self.pages, self.udp = folder, pages, free_port()
        self.options, self.panel = {}, None

    def __call__(self, visit, *arguments):
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            return loop.run_until_complete(asyncio.wait_for(self._open(visit, arguments), 60.0))
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    async def _open(self, visit, arguments):
        given = ["panel.port=1", "control.port=%d" % self.udp]
        given += ["%s=%s" % pair for pair in self.options.items()]
        made = config.load(None, given)
        made = made._replace(panel=made.panel._replace(port=0))
        self.panel = Panel(made, self.pages)
        await self.panel.open()
        self.url = "http://127.0.0.1:%d" % self.panel.port
        async with self.browser() as self.client:
            try:
                return await visit(self, *arguments)
            finally:
                await self.panel.close()

    def browser(self):
        """Another client, that keeps its own cookies."""
        return aiohttp.ClientSession(headers={"Origin": self.url},
                                     cookie_jar=aiohttp.CookieJar(unsafe=True))

    def running(self, **more):
        """The program beside it, to be entered."""
        return Running(self.folder, self.udp, **more)

    async def get(self, path, **headers):
        """(status, headers, text)."""
        async with self.client.get(self.url + path, headers=headers) as answer:
            return answer.status, answer.headers, await answer.text()

    async def post(self, path, body, **more):
        """(status, document)."""
        async with self.client.post(self.url + path, json=body, **more) as answer:
            return answer.status, await answer.json()

    def stream(self, query="", **more):
        """The WebSocket of the stream, to be entered."""
        return self.client.ws_connect(self.url + "/stream" + query, **more)

    def look(self, **more):
        """The WebSocket of the picture, to be entered."""
        return self.client.ws_connect(self.url + "/look", **more)


async def told(socket, kind, seconds=10.0, **fields):
    """The next message of a type on a stream, with these fields."""
    while True:
        one = await asyncio.wait_for(socket.receive_json(), seconds)
        if one["type"] == kind and all(one[name] == fields[name] for name in fields):
            return one


@pytest.fixture
def house(state, tmp_path, monkeypatch):
    """The server with a small page."""
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    pages = tmp_path / "pages"
    (pages / "vendor").mkdir(parents=True)
    (pages / "index.html").write_text("<title>Kagami</title>")
    (pages / "look.js").write_text("let a")
    (pages / "vendor" / "three.js").write_text("let b")
    (pages / ".secret").write_text("no")
    (tmp_path / "beside.txt").write_text("no")
    return House(state, str(pages))
