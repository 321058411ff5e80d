"""The newest frame of a mailbox goes to VTube Studio's plugin API, which answers each; what it
wants first (a token, inputs that carry our names) is done on the way.

The token is a password: it is kept in a folder that nobody else may read, and never logged.
"""
import asyncio
import errno
import json
import logging
import os

from appliance.network.hosts import plain
from appliance.network.query import library
from appliance.outputs.dialects.vts_plugin import CREATED, OWN, REQUEST

LOG = logging.getLogger("kagami.network")
PLUGIN = {"pluginName": "Kagami", "pluginDeveloper": "Kagami contributors"}
API = {"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0"}
ANSWER_WITHIN = 5.0         # seconds
SOONEST, LATEST = 1.0, 30.0         # seconds until the next try
LARGEST = 1 << 20           # bytes of an answer
TOKEN_LONGEST = 64
QUESTIONS = 3               # to the user, before frames have gone out
STILL_THERE = 10.0          # seconds of silence after which it is asked whether it is there
API_OFF, NOT_AUTHENTICATED, DENIED, ASKED_ALREADY, SOMEBODY_ELSES = 1, 8, 50, 51, 454
_WHY = {API_OFF: "its plugin API is switched off (settings, Start API)",
        NOT_AUTHENTICATED: "it has forgotten that Kagami may",
        ASKED_ALREADY: "it is asking its user already: click Allow there",
        DENIED: "its user said no",
        SOMEBODY_ELSES: "another plugin moves the same inputs: switch that off"}


class Refused(Exception):
    """VTube Studio's answer is an error; `number` as in its own list."""

    def __init__(self, number, message=""):
        super().__init__(_WHY.get(number) or "it refuses (%s, error %s)" % (plain(message, 80),
                                                                            number))
        self.number = number


class VtsApi:
    """Call it for the coroutine that serves a Mailbox until that is closed.

    kept: what has read(understand) and write(document), see keeping.Kept: tokens by "host:port".
    """

    def __init__(self, mailbox, kept):
        self._box, self._kept, self._place = mailbox, kept, "%s:%d" % (mailbox.host, mailbox.port)
        self._without, self._wait, self._number, self._asked = set(), SOONEST, 0, 0

    async def __call__(self):
        aiohttp = library()
        weather = (aiohttp.ClientError, OSError, asyncio.TimeoutError, ValueError, RecursionError)
        self._awake, loop = asyncio.Event(), asyncio.get_event_loop()
        self._box.wake = lambda: _call(loop, self._awake.set)
        try:
            async with aiohttp.ClientSession(trust_env=False) as session:
                while not self._box.closed:
                    try:
                        await self._connected(session)
                    except Refused as e:
                        await self._refused(e)
                    except weather as e:
                        self._trouble(_reason(e))
                    await self._pause(self._wait)
                    self._wait = min(LATEST, 2 * self._wait)
        finally:
            self._box.wake = None

    async def _connected(self, session):
        host = "[%s]" % self._box.host if ":" in self._box.host else self._box.host
        url = "http://%s:%d/" % (host, self._box.port)
        opening = session.ws_connect(url, max_msg_size=LARGEST, autoping=True)
        self._ws = await asyncio.wait_for(opening, ANSWER_WITHIN)
        try:
            await self._introduce()
            await self._inputs()
            await self._frames()
        finally:
            await self._ws.close()

    async def _introduce(self):
        """Authenticate with the kept token, or ask the user for a new one."""
        token = self._token()
        if not token:
            self._trouble("waiting for its user to click Allow")
            answer = await self._question()
            token = answer.get("authenticationToken")
            if not isinstance(token, str) or not 0 < len(token) <= TOKEN_LONGEST:
                raise ValueError("it gave no token")
            self._keep(token)
        answer = await self._ask("AuthenticationRequest", dict(PLUGIN, authenticationToken=token))
        if answer.get("authenticated") is not True:
            raise Refused(NOT_AUTHENTICATED)

    async def _question(self):
        """Ask the user for a token; who never lets frames through is not asked for ever."""
        if self._asked >= QUESTIONS:
            raise Refused(DENIED)
        self._asked += 1
        try:
            return await self._ask("AuthenticationTokenRequest", PLUGIN, patient=True)
        except Refused as e:
            self._asked -= e.number == ASKED_ALREADY        # that opened none
            raise

    async def _inputs(self):
        """Make the inputs that are not there yet."""
        answer = await self._ask("InputParameterListRequest", {})
        rows = [row for key in ("defaultParameters", "customParameters")
                for row in answer.get(key) or () if isinstance(row, dict)]
        known = {row.get("name") for row in rows}
        for name in CREATED:
            if name not in known and await self._create(name):
                known.add(name)
        self._without = set(OWN + CREATED) - known

    async def _create(self, name):
        """Whether there is an input of ours now; where there is no room, frames go without it."""
        try:
            await self._ask("ParameterCreationRequest", {
                "parameterName": name, "explanation": "ARKit weight, from Kagami",
                "min": 0, "max": 1, "defaultValue": 0})
        except Refused as e:
            if e.number == NOT_AUTHENTICATED:
                raise
            return False
        return True

    async def _frames(self):
        """Send the newest frame whenever the last one is answered."""
        self._box.address = (self._ws.get_extra_info("peername") or ("",))[0]
        while True:
            frame = self._box.take()
            if frame is None:
                if self._box.closed:
                    return
                await self._silence()
                continue
            text = self._fitting(frame.decode("ascii"))
            await self._ws.send_str(text)
            await asyncio.wait_for(self._answer(REQUEST), ANSWER_WITHIN)
            self._fine()

    async def _silence(self):
        """Wait for a frame, and make sure now and then that VTube Studio is there."""
        try:
            await asyncio.wait_for(self._awake.wait(), STILL_THERE)
            self._awake.clear()
        except asyncio.TimeoutError:
            await self._ask("APIStateRequest", {})

    def _fitting(self, text):
        if not self._without:
            return text
        request = json.loads(text)
        data = request["data"]
        data["parameterValues"] = [value for value in data["parameterValues"]
                                   if value["id"] not in self._without]
        return json.dumps(request)

    async def _ask(self, kind, data, patient=False):
        self._number += 1
        name = "%s%d" % (kind[:20], self._number)
        await self._ws.send_json(dict(API, requestID=name, messageType=kind, data=data))
        return await asyncio.wait_for(self._answer(name), None if patient else ANSWER_WITHIN)

    async def _answer(self, name):
        """The data of the answer to request `name`; Refused where it is an error. Whatever else
        comes meanwhile is passed over."""
        while True:
            message = await self._ws.receive()
            if not isinstance(message.data, str):
                raise ConnectionError()
            said = json.loads(message.data)
            if isinstance(said, dict) and said.get("requestID") == name:
                break
        data = said.get("data")
        data = data if isinstance(data, dict) else {}
        if said.get("messageType") == "APIError":
            raise Refused(data.get("errorID"), data.get("message", ""))
        return data

    async def _refused(self, e):
        self._trouble(str(e))
        if e.number == NOT_AUTHENTICATED:
            self._keep(None)
        elif e.number == DENIED:            # asking again would open the question again and again
            LOG.warning("%s: its user clicked Deny; start Kagami again to be asked again",
                        self._box.to)
            self._box.trouble = "its user clicked Deny"
            while not self._box.closed:
                await self._pause(LATEST)
                self._box.take()

    async def _pause(self, seconds):
        """Wait, but no longer than until the mailbox is closed."""
        end = asyncio.get_event_loop().time() + seconds
        while not self._box.closed and asyncio.get_event_loop().time() < end:
            await asyncio.sleep(0.2)

    def _fine(self):
        if self._box.trouble:
            LOG.info("%s: connected", self._box.to)
        self._box.trouble, self._wait, self._asked = "", SOONEST, 0

    def _trouble(self, reason):
        if reason != self._box.trouble:
            LOG.warning("%s: VTube Studio: %s", self._box.to, reason)
        self._box.trouble = reason

    def _token(self):
        return self._tokens().get(self._place)

    def _tokens(self):
        return self._kept.read(_understood) or {}

    def _keep(self, token):
        tokens = dict(self._tokens(), **{self._place: token})
        self._kept.write({place: t for place, t in tokens.items() if t})
        self._kept.flush()


def _understood(document):
    """A document of tokens; ValueError where it is none."""
    if not all(isinstance(t, str) and len(t) <= TOKEN_LONGEST for t in document.values()):
        raise ValueError("no tokens")
    return document


def _reason(e):
    if isinstance(e, asyncio.TimeoutError):
        return "it does not answer"
    if isinstance(e, (ValueError, RecursionError)):
        return "its answer is not understood"
    number = getattr(e, "errno", None)
    if number == errno.ECONNREFUSED:
        return "nobody listens there"
    return os.strerror(number) if number and number > 0 else "the connection broke"


def _call(loop, function):
    try:
        loop.call_soon_threadsafe(function)
    except RuntimeError:            # the loop has ended before the frames did
        pass
