"""The computer with the applications that are not OSC: it listens where their receivers listen,
asks as they ask, and plays VTube Studio; what they heard is written down.

    python -m tests.foreign.applications HERE KAGAMI OUT     says "listening"; writes on SIGTERM

Nothing of the product is imported here, not in what reads the lines, `decoded()`, either: the
layouts are those of docs/apps.md, spelt anew.
"""
import json
import select
import signal
import socket
import struct
import sys
import time

WIRES = {"kagami": 39600, "openseeface": 11573, "opentrack": 4242, "livelink": 11111,
         "ifacialmocap": 49983, "vts": 11125}
PHONES = {"ifacialmocap": 49983, "vts": 21412}
PLUGIN = 8001
ASKED = {"ifacialmocap": b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719",
         "vts": b'{"messageType":"iOSTrackingDataRequest","time":10,"sentBy":"x","ports":[11125]}'}
_FIRST, _AGAIN = 0.02, 3.0      # seconds between questions until the first answer, and after it
_ROOM, _FORCED = 1 << 26, 33    # bytes; SO_RCVBUFFORCE, whatever the kernel's usual limit


class Desk:
    """`heard`: [(wire, bytes)] in the order in which they were read."""

    def __init__(self, here, kagami):
        self._ports, self._kagami, self.heard = {}, kagami, []
        for wire, number in WIRES.items():
            port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            port.setsockopt(socket.SOL_SOCKET, _FORCED, _ROOM)
            port.bind((here, number))
            self._ports[port] = wire
        self._due = dict.fromkeys(PHONES, 0.0)

    def turn(self, seconds):
        """Ask where it is time to, take what has come."""
        for wire, due in self._due.items():
            if time.monotonic() >= due:
                self._ask(wire)
        for port in select.select(list(self._ports), (), (), seconds)[0]:
            self.heard.append((self._ports[port], port.recv(65536)))

    def _ask(self, wire):
        answered = any(name == wire for name, _ in self.heard[-50:])
        self._due[wire] = time.monotonic() + (_AGAIN if answered else _FIRST)
        port = next(port for port, name in self._ports.items() if name == wire)
        try:
            port.sendto(ASKED[wire], (self._kagami, PHONES[wire]))
        except OSError:                 # nobody is there yet
            pass


def main(here, kagami, out):
    """The command."""
    from tests.fakes.vtube_studio import VTubeStudio
    over = []
    signal.signal(signal.SIGTERM, lambda *_: over.append(1))
    desk = Desk(here, kagami)
    with VTubeStudio(port=PLUGIN, host=here) as studio:
        print("listening", flush=True)
        while not over:
            desk.turn(0.01)
        lines = [[wire, data.hex()] for wire, data in desk.heard]
        lines += [["plugin", frame] for frame in list(studio.frames)]
    with open(out, "w") as f:
        f.write("".join(json.dumps(line) + "\n" for line in lines))


def decoded(lines):
    """{wire: [what a reader of it understands]} of the lines that main() wrote."""
    out = {wire: [] for wire in list(WIRES) + ["plugin"]}
    for wire, data in lines:
        out[wire].append(READERS[wire](data if wire == "plugin" else bytes.fromhex(data)))
    return out


def _openseeface(data):
    """Of one face; all by offset."""
    assert len(data) == 1785
    def floats(at, count):
        return struct.unpack_from("<%df" % count, data, at)
    return {"time": struct.unpack_from("<d", data)[0], "id": struct.unpack_from("<i", data, 8)[0],
            "size": floats(12, 2), "eyes": floats(20, 2), "success": data[28],
            "quaternion": floats(33, 4), "euler": floats(49, 3), "nose": floats(61, 3),
            "confidence": floats(73, 68), "points": floats(345, 136), "points3d": floats(889, 210),
            "features": floats(1729, 14)}


def _livelink(data):
    """Seconds of the day, and the 61 values or None."""
    at = 1
    for _ in range(2):
        at += 4 + struct.unpack_from(">i", data, at)[0]
    frame, part, rate, per = struct.unpack_from(">ifii", data, at)
    rest = data[at + 16:]
    assert data[0] == 6 and len(rest) in (0, 1 + 4 * 61)
    return {"time": (frame + part) * per / rate,
            "values": struct.unpack(">61f", rest[1:]) if rest else None}


def _ifacialmocap(data):
    """{name: percent} and {block: numbers}."""
    shapes, blocks = data.decode("ascii").split("|=")
    pairs = [pair.rpartition("-") for pair in shapes.split("|")]
    turns = [block.split("#") for block in blocks.rstrip("|").split("|")]
    return dict([(name, int(value)) for name, _, value in pairs]
                + [(name, [float(v) for v in told.split(",")]) for name, told in turns])


def _kagami(data):
    """The Unix time in /kagami/frame, or None of a datagram without it."""
    at = data.find(b"/kagami/frame\0")
    if at < 0 or not data.startswith(b"#bundle\0"):
        return None
    _, seconds, nanoseconds = struct.unpack_from(">iii", data, at + 16 + 8)
    return seconds + nanoseconds * 1e-9


def _vts(data):
    """Its JSON, with the shapes by name."""
    told = json.loads(data.decode("utf-8"))
    return dict(told, BlendShapes={one["k"]: one["v"] for one in told["BlendShapes"]})


def _plugin(data):
    """{input: value}, and whether a face was found."""
    return dict({one["id"]: one["value"] for one in data["parameterValues"]},
                found=data["faceFound"])


READERS = {"openseeface": _openseeface, "livelink": _livelink, "ifacialmocap": _ifacialmocap,
           "opentrack": lambda data: struct.unpack("<6d", data), "vts": _vts, "kagami": _kagami,
           "plugin": _plugin}

if __name__ == "__main__":
    main(*sys.argv[1:])
