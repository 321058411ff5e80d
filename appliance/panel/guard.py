"""Who may ask the page's server for what: networks, names, origins, rates, sizes, a password.

A browser asks for whatever page it shows, also for one that wishes us ill. So the name under which
it knows us has to be ours, and what changes anything has to come from our own page.
"""
import asyncio
import ipaddress
import re
import socket

from aiohttp import web

from appliance.errors import KagamiError, NotPermitted
from appliance.network import addresses
from appliance.network.access import Access

ALL, EACH = 256, 64             # connections at once, and of one address
SOON, STEADY = 100, 20          # new ones of one address at once, and a second for longer
FIRST, SERVED = 10.0, 120.0     # seconds until the first question is whole, and for an answer
ASKED, CHANGED, TRIED = 120, 10, 1      # questions, changes, passwords a second of one address
ADDRESSES = 256                 # counted at once
COOKIE = "kagami"
_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9.-]{0,253}[a-z0-9])?)\.?"
                   r"(?::[0-9]{1,5})?")
POLICY = ("default-src 'self'; img-src 'self' blob: data:; connect-src 'self' ws://%s blob: data:;"
          " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
HEADERS = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
           "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
           "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()"}
_STATUS = {2: 400, 65: 400, 66: 404, 69: 503, 73: 507, 77: 403, 78: 400}


class Guard:
    """config: of [panel] and [control] allow. password: password.Password. Call it as aiohttp's
    middleware."""

    def __init__(self, config, password):
        self._access, self._password = Access(config.control.allow), password
        self.names = own_names() + tuple(config.panel.names.lower().replace(",", " ").split())
        self._origins = config.panel.origins.lower().replace(",", " ").split()
        self._counts, self._second = {}, 0

    def lets_in(self, address):
        """Whether this address is on a network that may ask."""
        return self._access.allows(address, asyncio.get_event_loop().time())

    def is_ours(self, host):
        """Whether a Host header names us: one of our names, or an address, which no stranger's
        name server can give away."""
        found = _HOST.fullmatch(host.lower())
        return bool(found) and (found.group(1) in self.names or _is_address(found.group(1)))

    @web.middleware
    async def __call__(self, request, handler):
        try:
            self._check(request)
            return await handler(request)
        except KagamiError as e:
            answer = refused(_STATUS.get(e.status, 409), e.what, e.why, e.do)
            if e.status == NotPermitted.status:
                answer.force_close()
            return answer
        except web.HTTPException as e:
            if e.status < 400:
                raise
            answer = refused(e.status, request.path[:60], e.reason, "ask for / in a browser")
            answer.force_close()        # the next one has to come through the doorway again
            return answer

    def _check(self, request):
        """NotPermitted or HTTPException where it is not to be answered."""
        self.count(request, "asked", ASKED)
        if not self.is_ours(request.headers.get("Host", "")):
            raise NotPermitted("Host", "not a name of this machine", "open the page by its address"
                               ", or add the name to [panel] names")
        if request.method not in ("GET", "HEAD", "POST"):
            raise web.HTTPMethodNotAllowed(request.method, ("GET", "HEAD", "POST"))
        if request.method == "POST":
            self.own(request)
            self.count(request, "changed", CHANGED)

    def own(self, request, others=False):
        """NotPermitted unless it comes from our own page; others: or from a page of [panel]
        origins, or from a program that is no browser."""
        origin = request.headers.get("Origin")
        if origin is not None and origin.lower() == "http://" + request.headers["Host"].lower():
            return
        if others and (origin is None or origin.lower() in self._origins):
            return
        raise NotPermitted("Origin", "not our own page", "open the page by its address, or see "
                           "[panel] origins")

    def count(self, request, what, most):
        """HTTPTooManyRequests where this address has asked too often in this second."""
        second = int(asyncio.get_event_loop().time())
        if second != self._second:
            self._second = second
            self._counts.clear()
        key = request.remote, what
        if key not in self._counts and len(self._counts) >= ADDRESSES:
            raise web.HTTPTooManyRequests()
        self._counts[key] = self._counts.get(key, 0) + 1
        if self._counts[key] > most:
            raise web.HTTPTooManyRequests()

    def auth(self, request):
        """none: there is no password; ok: it was given; else needed."""
        if not self._password.needed:
            return "none"
        return "ok" if self._password.knows(request.cookies.get(COOKIE, "")) else "needed"

    async def dress(self, request, response):
        """The headers of every answer; aiohttp's on_response_prepare."""
        host = request.headers.get("Host", "")
        response.headers["Content-Security-Policy"] = POLICY % (
            host if self.is_ours(host) else "localhost")
        response.headers.update(HEADERS)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.pop("Server", None)


def refused(status, what, why, do):
    """An answer that says what is wrong."""
    return web.json_response({"error": {"what": what, "why": why, "do": do}}, status=status)


def own_names():
    """What this machine is called without anybody's doing: by itself, and by multicast DNS."""
    host = socket.gethostname().lower().split(".")[0]
    serial = addresses.serial([name for name, _ in addresses.adapters()])
    return ("localhost", "kagami.local", "kagami", host, host + ".local",
            "kagami-%s.local" % serial)


def _is_address(text):
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


class Doorway:
    """Connections: which may open, how many, how long they may say nothing.

    guard: a Guard. inside: () -> the protocol of an accepted one. Call it as a server's protocol
    factory.
    """

    def __init__(self, guard, inside):
        self.guard, self.inside, self._timers, self._rooms = guard, inside, {}, {}

    def __call__(self):
        return _Knock(self)

    def opens(self, transport):
        """Whether this connection may stay; it has some seconds for its first question."""
        address = _address(transport)
        if not self.guard.lets_in(address) or not self._room(address):
            return False
        for gone in [t for t in self._timers if t.is_closing()]:
            self._timers.pop(gone).cancel()
        mine = sum(_address(other) == address for other in self._timers)
        if len(self._timers) >= ALL or mine >= EACH:
            return False
        self._arm(transport, FIRST)
        return True

    def _room(self, address):
        """Whether one more of this address may knock: SOON at once, then STEADY a second."""
        now = asyncio.get_event_loop().time()
        if address not in self._rooms and len(self._rooms) >= ADDRESSES:
            self._rooms = {a: kept for a, kept in self._rooms.items()
                           if (now - kept[1]) * STEADY < SOON - kept[0]}
            if len(self._rooms) >= ADDRESSES:
                return False
        room, then = self._rooms.get(address, (SOON, now))
        room = min(SOON, room + (now - then) * STEADY)
        self._rooms[address] = max(0.0, room - 1.0), now
        return room >= 1.0

    def asked(self, transport, lasting=False):
        """A question is whole: its answer has some time, a lasting one all that it wants."""
        if transport in self._timers:
            self._timers[transport].cancel()
            if not lasting:
                self._arm(transport, SERVED)

    def _arm(self, transport, seconds):
        later = asyncio.get_event_loop().call_later
        self._timers[transport] = later(seconds, transport.abort)


class _Knock(asyncio.Protocol):
    """A connection, until it is known whether it may stay."""

    def __init__(self, doorway):
        self._doorway = doorway

    def connection_made(self, transport):
        """Hand it over to HTTP, or close it without a word."""
        if not self._doorway.opens(transport):
            transport.abort()
            return
        inside = self._doorway.inside()
        transport.set_protocol(inside)
        inside.connection_made(transport)


def _address(transport):
    return (transport.get_extra_info("peername") or ("",))[0]
