"""A VTube Studio on a free port of this machine that refuses what the real one refuses.

    python -m tests.fakes.vtube_studio      says every two seconds that it is there, until killed
"""
import asyncio
import json
import re
import socket
import threading
import time

from aiohttp import WSMsgType, web

INPUTS = ("FacePositionX FacePositionY FacePositionZ FaceAngleX FaceAngleY FaceAngleZ MouthSmile "
          "MouthOpen MouthX Brows BrowLeftY BrowRightY EyeOpenLeft EyeOpenRight EyeLeftX EyeLeftY "
          "EyeRightX EyeRightY TongueOut CheekPuff FaceAngry").split()
MOST = 100              # inputs of one plugin


class Error(Exception):
    """One of VTube Studio's error numbers."""


class VTubeStudio:
    """`port`; `frames`: the data of every injection taken; `questions`: how often its user was
    asked; `errors`: the numbers of what was refused. allow: what the user clicks. owned: inputs of
    another plugin. While entered it listens, at `host`.
    """

    def __init__(self, allow=True, inputs=INPUTS, owned=(), port=0, host="127.0.0.1"):
        self.allow, self.inputs, self.owned, self.port = allow, list(inputs), set(owned), port
        self._host = host
        self.frames, self.questions, self.errors, self.tokens = [], 0, [], {}
        self.created, self.silent, self.connections = {}, False, 0
        self._loop = asyncio.new_event_loop()

    def __enter__(self):
        ready = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(ready,), daemon=True)
        self._thread.start()
        ready.wait()
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _work(self, ready):
        asyncio.set_event_loop(self._loop)
        app = web.Application()
        app.router.add_get("/", self._connection)
        runner = web.AppRunner(app)
        self._loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, self._host, self.port)
        self._loop.run_until_complete(site.start())
        self.port = site._server.sockets[0].getsockname()[1]
        self._loop.call_soon(ready.set)
        self._loop.run_forever()
        for ws in list(self._open):
            self._loop.run_until_complete(ws.close())
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    _open = frozenset()

    async def _connection(self, request):
        ws, session = web.WebSocketResponse(), {"authenticated": False}
        await ws.prepare(request)
        self.connections += 1
        self._open = self._open | {ws}
        async for message in ws:
            if message.type == WSMsgType.TEXT and not self.silent:
                await ws.send_str(json.dumps(self._answer(json.loads(message.data), session)))
        self._open = self._open - {ws}
        return ws

    def _answer(self, asked, session):
        kind, name = asked.get("messageType"), asked.get("requestID")
        answer = {"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0", "timestamp": 1,
                  "requestID": name}
        try:
            _must(asked.get("apiName") == answer["apiName"] and asked["apiVersion"] == "1.0", 3)
            _must(isinstance(name, str) and re.fullmatch("[!-~]{1,64}", name), 4)
            method = getattr(self, "_" + str(kind), None)
            _must(method is not None, 6)
            free = kind in ("AuthenticationTokenRequest", "AuthenticationRequest",
                            "APIStateRequest")
            _must(free or session["authenticated"], 8)
            data = method(asked.get("data") or {}, session)
            return dict(answer, messageType=kind.replace("Request", "Response"), data=data)
        except Error as e:
            self.errors.append(e.args[0])
            return dict(answer, messageType="APIError",
                        data={"errorID": e.args[0], "message": "no"})

    def _APIStateRequest(self, data, session):
        return {"active": True, "currentSessionAuthenticated": session["authenticated"]}

    def _AuthenticationTokenRequest(self, data, session):
        _must(all(3 <= len(data[key]) <= 32 for key in ("pluginName", "pluginDeveloper")), 52)
        self.questions += 1
        _must(self.allow, 50)
        token = "%064d" % self.questions
        self.tokens[token] = data["pluginName"], data["pluginDeveloper"]
        return {"authenticationToken": token}

    def _AuthenticationRequest(self, data, session):
        known = self.tokens.get(data.get("authenticationToken"))
        session["authenticated"] = known == (data["pluginName"], data["pluginDeveloper"])
        return {"authenticated": session["authenticated"], "reason": ""}

    def _InputParameterListRequest(self, data, session):
        rows = [{"name": name, "addedBy": "?"} for name in list(self.created) + sorted(self.owned)]
        return {"modelLoaded": False, "customParameters": rows,
                "defaultParameters": [{"name": name} for name in self.inputs]}

    def _ParameterCreationRequest(self, data, session):
        name = data["parameterName"]
        _must(re.fullmatch("[A-Za-z0-9]{4,32}", name), 350)
        _must(len(data["explanation"]) < 256, 351)
        _must(name not in self.owned, 352)
        _must(name not in self.inputs, 354)
        _must(all(abs(data[key]) <= 1e6 for key in ("min", "max", "defaultValue")), 355)
        _must(len(self.created) < MOST, 356)
        self.created[name] = data
        return {"parameterName": name}

    def _InjectParameterDataRequest(self, data, session):
        values = data["parameterValues"]
        _must(values, 450)
        _must(data.get("mode", "set") in ("set", "add"), 455)
        _must(all(type(v["value"]) in (int, float) for v in values), 451)
        _must(all(abs(v["value"]) <= 1e6 for v in values), 451)
        _must(all(0 <= v.get("weight", 1) <= 1 for v in values), 452)
        known = set(self.inputs) | set(self.created) | self.owned
        _must({v["id"] for v in values} <= known, 453)
        self.frames.append(data)
        return {}


def _must(condition, number):
    if not condition:
        raise Error(number)


def _broadcast(port=8001, to=("255.255.255.255", 47779)):
    """What the real one says to its network while its plugins are allowed."""
    said = {"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0", "requestID": "x",
            "messageType": "VTubeStudioAPIStateBroadcast", "timestamp": 1,
            "data": {"active": True, "port": port, "instanceID": "0" * 32,
                     "windowTitle": "VTube Studio Window 1"}}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
        mouth.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        while True:
            try:
                mouth.sendto(json.dumps(said).encode(), to)
            except OSError:         # between two addresses
                pass
            time.sleep(2.0)


if __name__ == "__main__":
    _broadcast()
