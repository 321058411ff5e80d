"""The panel's page with a tracker that is played: the demo's clip as it was once measured.

    python -m tests.panel.stand_in --port 8911 --cache build/demo.jsonl

It serves static/ under the panel's content security policy and answers as the panel does. POST
/stand-in changes what it plays, with {"reachable": false}, {"preview": false}, {"hold": frame},
{"shapes": {name: value}}, {"text": words}, {"engines": rows}, {"versions": ...},
{"silent": true}.
"""
import argparse
import asyncio
import json
import os
import subprocess
import sys
import time

import cv2
from aiohttp import WSMsgType, web

from appliance.face import ARKIT, ARKIT_NAMES
from appliance.network import ways

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STATIC = os.path.join(ROOT, "appliance", "panel", "static")
CLIP = os.path.join(ROOT, "appliance", "demo.mp4")
WIDTH, HEIGHT, RATE = 640, 480, 30
POLICY = ("default-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
          "frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'self'")
FIXED = "target living-room"        # it stands in the user's file
FOUND = [
    {"kind": "VRChat", "name": "VRChat-Client-A1B2C3", "address": "192.168.1.34", "port": 41520,
     "to": "vrchat@192.168.1.34:9000"},
    {"kind": "VTube Studio", "name": "VTube Studio (DESKTOP-7)", "address": "192.168.1.35",
     "port": 8001, "to": "vts@192.168.1.35:8001"},
    {"kind": "Kagami", "name": "Kagami-9f3c", "address": "192.168.1.40", "port": 39600, "to": ""}]
LOG = ["12:00:01 camera usb: 640x480 at 30 Hz",
       "12:00:01 networks run on ONNX Runtime, one thread",
       "12:00:04 found VRChat at 192.168.1.34: VRChat-Client-A1B2C3",
       "12:01:22 vmc@192.168.1.20:39539: nobody listens there (ICMP)"]


def measured(cache):
    """The demo's clip as `kagami track` tells it, a dict a frame."""
    if not os.path.exists(cache):
        os.makedirs(os.path.dirname(cache) or ".", exist_ok=True)
        subprocess.check_call([sys.executable, "-m", "appliance", "track", CLIP, "--json", cache],
                              cwd=ROOT, stderr=subprocess.DEVNULL)
    with open(cache) as f:
        return [json.loads(line) for line in f]


def pictures(most=240):
    """JPEGs of the clip's luma at half its width, as the panel sends them."""
    clip, found = cv2.VideoCapture(CLIP), []
    for _ in range(most):
        whole, picture = clip.read()
        if not whole:
            break
        luma = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (480, 360))
        found.append(cv2.imencode(".jpg", luma, [cv2.IMWRITE_JPEG_QUALITY, 75])[1].tobytes())
    return found


def told(face, wants):
    """A face as /stream tells it."""
    def eye(side):
        return {"gaze": side["gaze"], "openness": side["openness"], "score": side["score"]}

    x0, y0, x1, y1 = face["box"]
    out = {"slot": 0, "state": face["state"], "id": face["id"], "score": face["score"], "age": 3.0,
           "box": [x0 / WIDTH, y0 / HEIGHT, (x1 - x0) / WIDTH, (y1 - y0) / HEIGHT],
           "rotation": face["rotation"], "angles": face["angles"],
           "position": face["translation"],
           "rotation_sigma": face["rotation_sigma"], "position_sigma": face["translation_sigma"],
           "left": eye(face["left"]), "right": eye(face["right"]),
           "blendshapes": face["blendshapes"], "taught": {"smirk": face["blendshapes"][43]}}
    if wants("iris"):
        out["iris"] = [value for side in ("left", "right") for value in iris(face[side]["iris"])]
    if wants("points"):
        out["points"] = [v for x, y in face["landmarks"] for v in (x / WIDTH, y / HEIGHT)]
    return out


def iris(points):
    """Centre and radius as fractions."""
    (x, y), rim = points[0], points[1:]
    radius = sum(((px - x) ** 2 + (py - y) ** 2) ** 0.5 for px, py in rim) / 4
    return x / WIDTH, y / HEIGHT, radius / WIDTH


class Played:
    """What the tracker would say: the clip goes round, unless told otherwise."""

    def __init__(self, frames, images, every=1):
        self.frames, self.images = frames[:len(images)], images
        self.every = every
        self.reachable, self.preview, self.hold, self.shapes = True, True, None, {}
        self.text, self.silent, self.changes, self.taught = "tracking", False, [], ["smirk"]
        self.began, self.notice = time.monotonic(), ("", 0.0)
        self.versions = {}
        self.engines = [{"name": name, "state": "ready", "progress": 1.0} for name in
                        ("detector", "landmarks", "iris", "expression")]
        self.config = {
            "camera": {"source": "usb", "width": "640", "height": "480", "rate": "30",
                       "flip": "none", "rotation": "0", "fov": "60"},
            "calibration": {"ranges": "yes", "link": "0"},
            "smoothing": {"head_cutoff": "0.7", "points_cutoff": "0.7", "eyes_cutoff": "1.5",
                          "expression_cutoff": "1"},
            "target": {"enabled": "yes", "rate": "0", "mirror": "no"},
            "target living-room": {"to": "vmc@192.168.1.20:39539"},
            "target stage": {"to": "vrchat@192.168.1.34:9000", "enabled": "yes", "rate": "60",
                             "mirror": "yes"},
            "target old": {"to": "vts@192.168.1.9:21412", "enabled": "no", "rate": "0",
                           "mirror": "no"}}

    @property
    def number(self):
        """The frame that is played now; it never runs backwards."""
        return int((time.monotonic() - self.began) * RATE)

    def frame(self, number, wants):
        """A frame of /stream."""
        at = number % len(self.frames) if self.hold is None else self.hold
        faces = [told(face, wants) for face in self.frames[at]["faces"]]
        for face in faces:
            face["blendshapes"] = list(face["blendshapes"])
            for name, value in self.shapes.items():
                face["blendshapes"][ARKIT[name]] = value
                if name.startswith("eyeBlink"):
                    face[name[8:].lower()]["openness"] = 1 - value
        return {"type": "frame", "number": number, "time": time.time(), "faces": faces,
                "camera_running": True}

    def image(self, number):
        """The JPEG of a frame."""
        return self.images[number % len(self.images) if self.hold is None else self.hold]

    def slow(self):
        """The messages that come once a second."""
        notice = self.notice[0] if time.monotonic() < self.notice[1] else ""
        text = self.text + (", " + notice if notice else "")
        yield {"type": "status", "code": 1, "text": text, "fps": 29.97, "dropped": 3,
               "temperature": 51.5, "uptime": time.monotonic() - self.began + 4000}
        wave = 0.4 * (time.monotonic() % 7)
        yield {"type": "timing", "ms": {"capture": 0.4, "detector": 0.0, "landmarks": 5.2 + wave,
                                        "pose_iris": 1.9, "expression": 3.1, "publish": 0.4,
                                        "total": 13.2 + wave, "brows": 2.0}}

    def targets(self):
        """The rows of who is sent what."""
        rows = []
        for section, options in self.config.items():
            if section.startswith("target ") and options.get("enabled", "yes") == "yes":
                refused = 12 if section == FIXED else 0
                advice = ways._HELP[1][1] if refused else ways._FAR
                rows.append({"to": options["to"], "name": section[7:], "why": "[%s]" % section,
                             "rate": 30.0, "failed": 0, "refused": refused,
                             "answer": "nobody listens there" if refused else "not refused",
                             "address": "192.168.1.20", "added": section != FIXED,
                             "advice": advice.format(port=39539, address="192.168.1.20")})
        return rows + [{"to": "kagami@127.0.0.1:50214", "name": "", "why": "subscribed",
                        "rate": 30.0, "failed": 0, "refused": 0, "answer": "asked, 27 s left",
                        "added": False}]

    def state(self, me):
        """/api/state."""
        about = {
            "version": "0.5.0", "source": "usb", "camera": dict(
                self.config["camera"], width=640, height=480, rate=30.0, rotation=0),
            "cameras": [{"source": "usb:/dev/video0", "name": "USB camera",
                         "modes": [[640, 480, 30], [1280, 720, 30]]}],
            "config": self.config,
            "changed": {section: options for section, options in self.config.items()
                        if section.startswith("target ") and section != FIXED},
            "driven": list(ARKIT_NAMES[:45]), "taught": self.taught,
            "calibration": {"rest": {"mouthSmileLeft": 0.08}, "lids": [[None, None]] * 2},
            "targets": self.targets(), "backend": "onnxruntime", "log": LOG, "temperature": 51.5,
            "uptime": 4000.0, "state": "tracking", "text": self.text}
        return dict(about if self.reachable else {}, found=FOUND if self.reachable else [],
                    tracker={"reachable": self.reachable,
                             "why": "" if self.reachable else "kagami run does not answer"},
                    panel={"version": "0.5.0", "me": me, "names": ["kagami.local"],
                           "preview": self.preview, "auth": "none"},
                    box={"memory_mb": [1180, 3956], "load": [0.8, 0.7, 0.6],
                         "clocks": {"cpu": 1479, "gpu": 921},
                         "engines": self.engines, "versions": self.versions})


class Mistake(Exception):
    """What, why, what to do."""


def change(played, body):
    """As the tracker takes /kagami/change."""
    for section, options in body.items():
        if options is None:
            played.config.pop(section, None)
            continue
        to = options.get("to", "vmc@127.0.0.1")
        if to.split("@")[0] not in ("vmc", "vrchat", "vts", "ifacialmocap", "openseeface",
                                    "opentrack", "livelink", "kagami", "babble", "etvr"):
            raise Mistake("%s.to = %s" % (section, to), "unknown dialect %r" % to.split("@")[0],
                          "did you mean vmc?")
        played.config.setdefault(section, {"enabled": "yes", "rate": "0", "mirror": "no"})
        played.config[section].update({key: str(value) for key, value in options.items()})
    return "kept, and in force"


async def command(played, name, body):
    """What was said, or Mistake."""
    played.changes.append([name, body])
    if not played.reachable:
        raise Mistake("kagami run", "it does not run here",
                      "start it; this page goes on by itself")
    if name == "change":
        return change(played, body)
    if name == "teach":
        for i in range(2 * body["times"]):
            words = "show %s" % body["name"] if i % 2 else "rest: speak, look around"
            played.notice = "%s (%d of %d)" % (words, i // 2 + 1, body["times"]), \
                time.monotonic() + 2
            await asyncio.sleep(0.8)
        played.taught = sorted(set(played.taught + [body["name"]]))
        return "%s: learned, 97 %% of it told rightly" % body["name"]
    if name == "forget":
        played.taught = [known for known in played.taught if known != body["name"]]
    if name == "neutral":
        await asyncio.sleep(body["seconds"])
    return "done"


class Routes:
    """The panel's addresses."""

    def __init__(self, played):
        self.played = played

    def app(self):
        """The application."""
        app = web.Application(middlewares=[_secured])
        app.router.add_get("/", self.page)
        app.router.add_get("/stream", self.stream)
        app.router.add_get("/look", self.look)
        app.router.add_get("/api/state", self.state)
        app.router.add_get("/api/export", self.export)
        app.router.add_post("/api/{name}", self.command)
        app.router.add_post("/stand-in", self.told)
        app.router.add_get("/stand-in", self.changes)
        app.router.add_static("/", STATIC)
        return app

    async def page(self, request):
        """index.html."""
        return web.FileResponse(os.path.join(STATIC, "index.html"))

    async def state(self, request):
        """All that is known."""
        return web.json_response(self.played.state(request.remote))

    async def export(self, request):
        """Settings and calibration."""
        return web.json_response({"form": 1, "settings": self.played.config})

    async def command(self, request):
        """A change."""
        try:
            said = await command(self.played, request.match_info["name"], await request.json())
        except Mistake as e:
            what, why, do = e.args
            return web.json_response({"error": {"what": what, "why": why, "do": do}}, status=400)
        return web.json_response({"ok": True, "said": said})

    async def told(self, request):
        """What is played from now on."""
        for key, value in (await request.json()).items():
            setattr(self.played, key, value)
        return web.json_response({"number": self.played.number})

    async def changes(self, request):
        """The commands that came, oldest first."""
        return web.json_response(self.played.changes)

    async def stream(self, request):
        """Frames, and the slow messages once a second."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        divider = max(self.played.every, int(request.query.get("divider", 1)))
        await socket.send_json({"type": "names", "blendshapes": ARKIT_NAMES})
        await socket.send_json({"type": "camera", "size": [WIDTH, HEIGHT], "focal": [554.3] * 2,
                                "centre": [319.5, 239.5]})
        reachable, second = None, -1
        while not socket.closed and not self.played.silent:
            played = self.played
            if played.reachable != reachable:
                reachable = played.reachable
                why = "" if reachable else "kagami run does not answer"
                await socket.send_json({"type": "tracker", "reachable": reachable, "why": why})
            if reachable:
                if "0" not in request.query.getall("divider", ()):
                    await socket.send_str(json.dumps(played.frame(
                        played.number // divider * divider,
                        lambda name: request.query.get(name) == "1")))
                if int(time.monotonic() * 2) != second:
                    second = int(time.monotonic() * 2)
                    for message in played.slow():
                        await socket.send_json(message)
            await _heard(socket, divider / RATE)
        await socket.close()
        return socket

    async def look(self, request):
        """Ten pictures a second."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        while not socket.closed and not self.played.silent:
            if not self.played.preview:
                await socket.close(code=4403)
                break
            if self.played.reachable:
                number = self.played.number // self.played.every * self.played.every
                await socket.send_str(json.dumps(self.played.frame(number, lambda name: True)))
                await socket.send_bytes(self.played.image(number))
            await _heard(socket, 0.1 * self.played.every)
        return socket


async def _heard(socket, seconds):
    """Wait, and notice when the other end goes."""
    try:
        message = await socket.receive(timeout=seconds)
    except asyncio.TimeoutError:
        return
    if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING):
        await socket.close()


@web.middleware
async def _secured(request, handler):
    response = await handler(request)
    if not response.prepared:
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Cache-Control"] = "no-cache"
    return response


def main():
    """Serve until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8911)
    parser.add_argument("--cache", default=os.path.join(ROOT, "build", "demo.jsonl"))
    parser.add_argument("--every", type=int, default=1, help="send one frame in so many")
    args = parser.parse_args()
    played = Played(measured(args.cache), pictures(), args.every)
    web.run_app(Routes(played).app(), host="127.0.0.1", port=args.port,
                print=lambda text: print("ready", flush=True))


if __name__ == "__main__":
    main()
