"""Datagrams of Kagami's own OSC wire become the newest frame and state, and these become JSON.

Numbers alone are unpacked, by shapes that are remembered: a frame costs a fraction of a
millisecond. Units and signs are those of the wire; docs/stream.md has the table.
"""
import json
import struct
from math import isfinite

STATES = {1: "tracked", 2: "held", 3: "returning", 4: "calibrating"}    # 0 is lost: not told
STAGES = ("capture", "detector", "landmarks", "pose_iris", "expression", "publish", "total",
          "brows")
_LENGTHS = {"state": 4, "box": 4, "rot": 4, "euler": 3, "pos": 3, "eye/left": 4, "eye/right": 4,
            "iris": 6, "arkit": 52, "points": 136, "sigma": 4,
            "vowels": 5}
SHAPES = 256                # layouts of messages that are remembered
_BUNDLE, _HEAD, _FRAME, _FACE = b"#bundle\0", 16, "/kagami/frame", "/kagami/face/"


class Snapshot:
    """`number`: that of the newest frame, -1 before one. `slow`: {type: JSON text} of what comes
    seldom."""

    def __init__(self):
        self.number, self.slow = -1, {}
        self._slots, self._frame, self._shapes = {}, (0, 0, 0, 0, 0), {}

    def read(self, datagram):
        """[(address, numbers, bytes behind the tags)] of a datagram; [] where any of it is not
        understood."""
        try:
            return [self._read(part) for part in _parts(datagram)]
        except (ValueError, IndexError, struct.error):
            return []

    def begins(self, messages):
        """Whether these belong to another frame than the newest."""
        return bool(messages) and messages[0][0] == _FRAME and messages[0][1][0] != self.number

    def take(self, messages):
        """What read() gave; [type] of what is new in `slow`."""
        try:
            return [kind for message in messages for kind in self._take(*message)]
        except (ValueError, IndexError, struct.error):      # other arguments than ours
            return []

    def frame(self, points, iris):
        """The newest frame as JSON, with what is wished of it."""
        _, second, nanosecond, _, flags = self._frame
        faces = [_face(slot, parts, points, iris) for slot, parts in sorted(self._slots.items())
                 if parts.get("state", (0, 0))[1] in STATES]
        return _text(dict(
            type="frame", number=self.number, time=round(second + nanosecond * 1e-9, 6),
            faces=faces, camera_running=bool(flags & 4), mirrored=bool(flags & 2)))

    def _take(self, address, numbers, rest):
        if address == _FRAME:
            self._frame = _whole(numbers, 5)
            self.number = numbers[0]
        elif address.startswith(_FACE):
            slot, _, name = address[len(_FACE):].partition("/")
            if len(slot) == 1:
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
            parts["taught"][name[7:]] = round(_whole(numbers, 1)[0], 3)
        elif name in _LENGTHS:
            numbers = _whole(numbers, _LENGTHS[name])
            if name == "state" and numbers[1] == 0:     # whoever comes next begins anew
                parts.clear()
                parts["taught"] = {}
            parts[name] = numbers

    def _read(self, part):
        """(address, numbers, bytes behind the tags); no numbers where there are texts."""
        end = (part.index(b"\0", part.index(b",")) // 4 + 1) * 4
        head = part[:end]
        if head not in self._shapes:
            if len(self._shapes) >= SHAPES:
                self._shapes.clear()
            address, tags = (text.rstrip(b"\0").decode() for text in head.split(b",", 1))
            plain = set(tags) <= {"i", "f"}
            address = address[max(0, address.find("/kagami/")):]    # a prefix may stand before it
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


def _whole(numbers, count):
    """So many numbers, those that were appended later left out; ValueError where there are fewer,
    or one is none."""
    if len(numbers) < count or not isfinite(sum(numbers)):
        raise ValueError("not as we write it")
    return numbers[:count]


def _slow(address, numbers, rest):
    """What a message tells that comes seldom, or None."""
    if address == "/kagami/status":
        code, text, (fps, dropped, degrees, uptime) = _status(rest)
        return dict(type="status", code=code, text=text, fps=round(fps, 1), dropped=dropped,
                    temperature=round(degrees, 1), uptime=uptime)
    if address == "/kagami/timing":
        numbers = _whole(numbers, len(STAGES))
        return dict(type="timing", ms=dict(zip(STAGES, _rounded(numbers, 3))))
    if address == "/kagami/camera":
        numbers = _whole(numbers, 6)
        size, focal, centre = (_rounded(numbers[i:i + 2], 2) for i in (0, 2, 4))
        return dict(type="camera", size=size, focal=focal, centre=centre)
    if address == "/kagami/arkit/names":
        return dict(type="names", blendshapes=[n.decode() for n in rest.split(b"\0") if n])
    return None


def _status(rest):
    """(code, text, numbers) of what stands behind /kagami/status ,isfifi."""
    code, = struct.unpack_from(">i", rest)
    numbers = _whole(struct.unpack(">fifi", rest[-16:]), 4)
    return code, rest[4:-16].rstrip(b"\0").decode("utf-8"), numbers


def _face(slot, parts, points, iris):
    out = {"slot": slot, "taught": parts["taught"]}
    if "state" in parts:
        number, state, score, age = parts["state"]
        out.update(id=number, state=STATES[state], score=round(score, 3), age=round(age, 2))
    for name, key, digits in (("box", "box", 5), ("rot", "rotation", 5), ("euler", "angles", 2),
                              ("pos", "position", 1), ("arkit", "blendshapes", 3),
                              ("vowels", "vowels", 3)):
        if name in parts:
            out[key] = _rounded(parts[name], digits)
    if "sigma" in parts:
        turn, *way = parts["sigma"]
        out.update(rotation_sigma=round(turn, 2), position_sigma=_rounded(way, 1))
    for side in ("left", "right"):
        if "eye/" + side in parts:
            yaw, pitch, openness, score = parts["eye/" + side]
            out[side] = {"gaze": _rounded((yaw, pitch), 2), "openness": round(openness, 3),
                         "score": round(score, 3)}
    for name, wished in (("iris", iris), ("points", points)):
        if wished and name in parts:
            out[name] = _rounded(parts[name], 5)
    return out


def _rounded(values, digits):
    return [round(value, digits) for value in values]


def _text(fields):
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
