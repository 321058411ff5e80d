"""Other programs' OSCQuery pages are read: where they hear OSC, which parameters an avatar has.

What they say is a stranger's: short, in time, and of the expected shape, or it counts as nothing.
"""
import asyncio
import json

from appliance.errors import PartMissing

WITHIN = 1.0                # seconds for an answer; VRChat may not answer other machines at all
LARGEST = 1 << 20           # bytes of a page
MOST = 4096                 # parameters of an avatar
PARAMETERS = "/avatar/parameters/"
_TAGS = ("i", "f", "T", "F", "s")


def library():
    """The aiohttp module; PartMissing without it."""
    try:
        import aiohttp
    except ImportError:
        raise PartMissing("aiohttp", "not installed, so there is no OSCQuery and no plugin of "
                          "VTube Studio", "pip install aiohttp") from None
    return aiohttp


async def hears(host):
    """The port where a hosts.Host hears OSC; 0 where it does not say so, or aiohttp is missing."""
    try:
        pages = Pages()
    except PartMissing:
        return 0
    try:
        return await pages.hears(host)
    finally:
        await pages.close()


class Pages:
    """The pages of other hosts; `close()` is a coroutine."""

    def __init__(self):
        aiohttp = library()
        limit = aiohttp.ClientTimeout(total=WITHIN)
        self._session = aiohttp.ClientSession(timeout=limit, trust_env=False)
        self._weather = (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError,
                         RecursionError)

    async def close(self):
        """Nothing is read any more."""
        await self._session.close()

    async def read(self, host, path):
        """The JSON object at `path` of a hosts.Host; None where there is none to be had."""
        url = "http://%s:%d%s" % (host.address, host.port, path)
        try:
            async with self._session.get(url, allow_redirects=False) as answer:
                text = await answer.content.read(LARGEST + 1)
                while len(text) <= LARGEST and not answer.content.at_eof():
                    text += await answer.content.read(LARGEST + 1 - len(text))
                page = json.loads(text.decode("utf-8")) if answer.status == 200 else None
        except self._weather:
            return None
        return page if isinstance(page, dict) and len(text) <= LARGEST else None

    async def hears(self, host):
        """The port where a host hears OSC, 0 where it does not say so."""
        page = await self.read(host, "/?HOST_INFO") or {}
        port = page.get("OSC_PORT")
        return port if type(port) is int and 0 < port <= 65535 else 0

    async def avatar(self, host):
        """What tells one avatar from another, or None."""
        page = await self.read(host, "/avatar/change") or {}
        values = page.get("VALUE")
        return str(values[0]) if isinstance(values, list) and values else None

    async def parameters(self, host):
        """{address: type tag} of the avatar's parameters; None where they are not to be had."""
        page = await self.read(host, PARAMETERS[:-1])
        return None if page is None else parameters(page)


def parameters(page):
    """{address: type tag} of the leaves under /avatar/parameters in an OSCQuery page, 4096 at
    most."""
    found, waiting = {}, [page]
    while waiting and len(found) < MOST:
        node = waiting.pop()
        address, tag = node.get("FULL_PATH"), node.get("TYPE")
        if tag in _TAGS and _is_parameter(address):
            found[address] = tag
        inner = node.get("CONTENTS")
        inner = list(inner.values()) if isinstance(inner, dict) else []
        waiting += [n for n in reversed(inner) if isinstance(n, dict)]
    return found


def _is_parameter(address):
    return (isinstance(address, str) and address.startswith(PARAMETERS) and len(address) <= 256
            and address.isprintable())
