"""Datagrams of Kagami's own OSC wire become the newest frame and state, and these become JSON.

Numbers alone are unpacked, by shapes that are remembered: a frame costs a fraction of a
millisecond. Units and signs are those of the wire; docs/stream.md has the table.
"""
import json
import struct

STATES = {1: "tracked", 2: "held", 3: "returning"}      # 0 is lost: not told
STAGES = "capture", "detector", "landmarks", "pose_iris", "expression", "publish", "total"
SHAPES = 256                # layouts of messages that are remembered
_BUNDLE, _HEAD, _FACE = b"#bundle\0", 16, "/kagami/face/"


class Snapshot:
    """`number`: that of the newest frame, -1 before one. `slow`: {type: JSON text} of what comes
    seldom."""

    def __init__(self):
        self.number, self.slow = -1, {}
        self._slots, self._frame, self._shapes = {}, (0, 0, 0, 0, 0), {}

    def take(self, datagram):
        """One datagram; [type] of what is new in `slow`. What is not understood is passed over."""
        new = []
        try:
            for part in _parts(datagram):
                new += self._take(part)
        except (ValueError, IndexError, KeyError, struct.error):
            pass
        return new

    def frame(self, points, iris):
        """The newest frame as JSON, with what is wished of it."""
        _, second, nanosecond, _, flags = self._frame
        faces = [_face(slot, parts, points, iris) for slot, parts in sorted(self._slots.items())
                 if parts.get("state", (0, 0))[1] in STATES]
        return _text(dict(
            type="frame", number=self.number, time=round(second + nanosecond * 1e-9, 6),
            faces=faces, camera_running=bool(flags & 4), mirrored=bool(flags & 2)))

    def _take(self, part):
        address, numbers, rest = self._read(part)
        where = address.find("/kagami/")            # a prefix may stand before it
        address = address[where:] if where > 0 else address
        if address == "/kagami/frame":
            self._frame, self.number = numbers, numbers[0]
        elif address.startswith(_FACE):
            slot, _, name = address[len(_FACE):].partition("/")
            self._show(self._slots.setdefault(int(slot), {"taught": {}}), name, numbers)
        else:
            told = _slow(address, numbers, rest)
            if told is not None:
                self.slow[told["type"]] = _text(told)
                return [told["type"]]
        return []

    @staticmethod
    def _show(parts, name, numbers):
        if name.startswith("taught/"):
            parts["taught"][name[7:]] = round(numbers[0], 3)
            return
        if name == "state" and numbers[1] == 0:     # whoever comes next begins anew
            parts.clear()
            parts["taught"] = {}
        parts[name] = numbers

    def _read(self, part):
        """(address, numbers, the bytes behind the tags) of a message; no numbers where there are
        texts among them."""
        end = (part.index(b"\0", part.index(b",")) // 4 + 1) * 4
        head = part[:end]
        if head not in self._shapes:
            if len(self._shapes) >= SHAPES:
                self._shapes.clear()
            address, tags = (text.rstrip(b"\0").decode() for text in head.split(b",", 1))
            plain = set(tags) <= {"i", "f"}
            self._shapes[head] = address, struct.Struct(">" + tags) if plain else None
        address, shape = self._shapes[head]
        return address, () if shape is None else shape.unpack_from(part, end), part[end:]


def _parts(datagram):
    """The messages of a bundle, or the one that it is."""
    if not datagram.startswith(_BUNDLE):
        yield datagram
        return
    at = _HEAD
    while at + 4 <= len(datagram):
        size = int.from_bytes(datagram[at:at + 4], "big")
        yield datagram[at + 4:at + 4 + size]
        at += 4 + size


def _slow(address, numbers, rest):
    """What a message tells that comes seldom, or None."""
    if address == "/kagami/status":
        code, text, (fps, dropped, degrees, uptime) = _status(rest)
        return dict(type="status", code=code, text=text, fps=round(fps, 1), dropped=dropped,
                    temperature=round(degrees, 1), uptime=uptime)
    if address == "/kagami/timing":
        return dict(type="timing", ms=dict(zip(STAGES, _rounded(numbers, 3))))
    if address == "/kagami/camera":
        size, focal, centre = (_rounded(numbers[i:i + 2], 2) for i in (0, 2, 4))
        return dict(type="camera", size=size, focal=focal, centre=centre)
    if address == "/kagami/arkit/names":
        return dict(type="names", blendshapes=[n.decode() for n in rest.split(b"\0") if n])
    return None


def _status(rest):
    """(code, text, numbers) of what stands behind /kagami/status ,isfifi."""
    code, = struct.unpack_from(">i", rest)
    return code, rest[4:-16].rstrip(b"\0").decode("utf-8"), struct.unpack(">fifi", rest[-16:])


def _face(slot, parts, points, iris):
    out = {"slot": slot}
    if "state" in parts:
        number, state, score, age = parts["state"]
        out.update(id=number, state=STATES[state], score=round(score, 3), age=round(age, 2))
    for name, key, digits in (("box", "box", 5), ("rot", "rotation", 5), ("euler", "angles", 2),
                              ("pos", "position", 1), ("arkit", "blendshapes", 3)):
        if name in parts:
            out[key] = _rounded(parts[name], digits)
    for side in ("left", "right"):
        if "eye/" + side in parts:
            yaw, pitch, openness, score = parts["eye/" + side]
            out[side] = {"gaze": _rounded((yaw, pitch), 2), "openness": round(openness, 3),
                         "score": round(score, 3)}
    for name, wished in (("iris", iris), ("points", points)):
        if wished and name in parts:
            out[name] = _rounded(parts[name], 5)
    if parts["taught"]:
        out["taught"] = parts["taught"]
    return out


def _rounded(values, digits):
    return [round(value, digits) for value in values]


def _text(fields):
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
