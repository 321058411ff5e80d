"""A moment becomes the datagrams of Kagami's own OSC namespace: everything that is known of a
face, in our units.

Compact form: one bundle of eleven messages, 1472 bytes. Human form: one address for each of the 52
blendshapes, for programs that map one address to one knob. Each bundle begins with /kagami/frame.
"""
from functools import lru_cache
from math import sqrt

import numpy as np

from appliance import __version__, geometry
from appliance.face import ARKIT_NAMES
from appliance.outputs.dialects.dialect import Dialect
from appliance.outputs.dialects.taught import Values
from appliance.outputs.dialects.vmc import vowels
from appliance.outputs.osc import LIMIT, Float, Int, Layout, message
from appliance.outputs.parts import PARTS, part_of

PORT, PROTOCOL, BUILD = 39600, 1, "source"
STATES = {"tracked": 1, "held": 2, "returning": 3}          # 0 is lost
CALIBRATING = 4         # in place of tracked
STATE, POSE, EYES, IRIS, ARKIT, POINTS, HUMAN, SLOW, SIGMA, SPOKEN = (1 << i for i in range(10))
# What stands under /kagami/face/<k>/, with the number of floats of each and its bit of a mask.
MESSAGES = (("box", 4, STATE), ("rot", 4, POSE), ("euler", 3, POSE), ("pos", 3, POSE),
            ("eye/left", 4, EYES), ("eye/right", 4, EYES), ("iris", 6, IRIS),
            ("arkit", 52, ARKIT), ("points", 136, POINTS), ("sigma", 4, SIGMA),
            ("vowels", 5, SPOKEN))
EVERY = (SPOKEN << 1) - 1       # of a mask
USUAL = STATE | POSE | EYES | ARKIT | SLOW      # of whoever subscribes and names none
# No sigma and vowels: with them a face would take two datagrams.
_FORMS = {"compact": EVERY - HUMAN - SIGMA - SPOKEN, "human": HUMAN | SLOW}
# Where each begins among the floats; score and age lie before them.
_STARTS = {name: 2 + sum(n for _, n, _ in MESSAGES[:i])
           for i, (name, _, _) in enumerate(MESSAGES)}
_FLOATS = 2 + sum(n for _, n, _ in MESSAGES)
_FRAME = tuple(Int(i) for i in range(5))
_STATE = (Int(5), Int(6), Float(0), Float(1))
_WRAP = 1 << 31


class Kagami(Dialect):
    """The /kagami namespace, a slot for each face.

    form: "compact" or "human". mask: bits of what is sent, in place of a form; 0 is the form's.
    parts: without the head no pose, without the eyes no eyes, without any of the three no irises
    and points; weights of the others are 0, or have no address.
    """

    options = ("limit", "bundle", "prefix", "parts", "form", "mask")
    usual_port = PORT
    top_rate = float("inf")
    lost = (0.0, float("inf"))      # the lost state is told with every frame

    def __init__(self, limit=LIMIT, bundle=True, prefix="", parts=PARTS, form="compact", mask=0):
        mask = mask or _FORMS[form]
        self._prefix, self._slow, self._frames = prefix, mask & SLOW, mask & ~SLOW & _mask(parts)
        self._human = [(i, name) for i, name in enumerate(ARKIT_NAMES) if part_of(name) in parts]
        self._teaches = mask & (ARKIT | HUMAN)
        self._wire, self._slots = (limit, bundle), []
        self._lay()

    def _lay(self):
        """Datagrams of one more slot: shown, lost, and what was taught."""
        here = "%s/kagami/face/%d/" % (self._prefix, len(self._slots))
        state = [(here + "state", _STATE)]
        shown = state[:self._frames & STATE] + [
            (here + name, _floats(_STARTS[name], n)) for name, n, bit in MESSAGES
            if self._frames & bit]
        shown += [(here + "arkit/" + name, _floats(_STARTS["arkit"] + i, 1))
                  for i, name in self._human if self._frames & HUMAN]
        head = (self._prefix + "/kagami/frame", _FRAME)
        self._slots.append((Layout(shown, *self._wire, head=head, room=_FLOATS),
                            Layout(state, *self._wire, head=head),
                            Values(here + "taught/%s", *self._wire, head=head)))

    def __call__(self, moment):
        """The datagrams of this moment, valid until the next call."""
        if not self._frames:
            return ()
        slots, out, human = moment.slots or (moment,), (), self._frames == HUMAN
        frame = _frame(moment, sum(slot.face is not None for slot in slots))
        while len(self._slots) < len(slots):
            self._lay()
        for slot, (shown, lost, taught) in zip(slots, self._slots):
            if slot.face is not None or human and slot.fresh:       # when lost: zeros, once
                measured = moment.calibrating and slot.id == moment.id
                out += self._written(shown, frame, slot, moment.size, measured)
                if self._teaches:
                    out += taught(slot, frame)
            elif not human:
                out += self._written(lost, frame, slot, moment.size)
        return out

    @staticmethod
    def carries(target):
        """The human form has no pose."""
        return PARTS[1:] if getattr(target, "form", "") == "human" else PARTS

    def farewell(self, moment, reason):
        """/kagami/bye with its reason: 0 normal, 1 restart, 2 error."""
        return (message(self._prefix + "/kagami/bye", reason),)

    def announce(self, status, everything):
        """The slow messages of a status record, each its own datagram; version, names and camera
        if `everything`.

        status: an object with code, text, fps, dropped, temperature, uptime, ms {row:
        milliseconds}, size and fov.
        """
        out = []
        if not self._slow:
            return out
        if everything:
            out += [self._message("version", "Kagami", __version__, BUILD, PROTOCOL),
                    self._message("arkit/names", *ARKIT_NAMES)]
            if status.size:
                out.append(self._message("camera", *camera(status.size, status.fov)))
        out.append(self._message("status", int(status.code), str(status.text), float(status.fps),
                                 int(status.dropped), float(status.temperature),
                                 int(status.uptime)))
        out.append(self._message("timing", *timing(status.ms)))
        return out

    def _written(self, layout, frame, slot, size, measured=False):
        layout.ints[:5] = frame
        state = STATES[slot.face.state] if slot.face else 0
        layout.ints[5:] = (slot.id % _WRAP, CALIBRATING if measured and state == 1 else state)[
            :len(layout.ints) - 5]
        if slot.face is None:
            layout.floats.fill(0.0)
            layout.floats[1] = slot.age
        else:
            _face(slot.face, slot.age, size, layout.floats)
        return layout.write()

    def _message(self, name, *arguments):
        return message(self._prefix + "/kagami/" + name, *arguments)


def _mask(parts):
    """The bits of what is told of these parts of a face."""
    of = {"head": POSE | SIGMA, "eyes": EYES | ARKIT | HUMAN, "mouth": ARKIT | HUMAN | SPOKEN}
    told = STATE | (IRIS | POINTS if parts == PARTS else 0)
    for part in parts:
        told |= of[part]
    return told


def camera(size, fov):
    """width, height, fx, fy, cx, cy in pixels of a picture `size` with a horizontal field of view
    in degrees.
    """
    width, height = size
    focal = float(geometry.focal_length(width, fov))
    return int(width), int(height), focal, focal, width / 2.0, height / 2.0


def timing(ms):
    """capture, detect, landmarks, pose and iris, expression, send, total, brows in ms from {row:
    ms}."""
    groups = (("capture",), ("detector",), ("landmarks",), ("pose", "iris"), ("expression",),
              ("publish",), ("total",), ("brows",))
    return tuple(float(sum(ms.get(row, 0.0) for row in rows)) for rows in groups)


def _floats(start, count):
    return tuple(Float(start + i) for i in range(count))


def _frame(moment, faces):
    """The arguments of /kagami/frame."""
    second = int(moment.unix)
    nanosecond = min(999999999, int(round((moment.unix - second) * 1e9)))
    flags = moment.synchronised + 2 * moment.mirrored + 4 * moment.running
    return moment.number % _WRAP, second % _WRAP, nanosecond, faces, flags


def _face(face, age, size, out):
    """Everything of a face, at the places of _STARTS."""
    width, height = size
    x0, y0, x1, y1 = face.box.tolist()
    out[:30] = (
        face.score, age, x0 / width, y0 / height, (x1 - x0) / width, (y1 - y0) / height,
        *geometry.unit(face.rotation), *face.angles, *face.translation.tolist(),
        *_eye(face.left), *_eye(face.right),
        *_iris(face.left.iris, width, height), *_iris(face.right.iris, width, height))
    out[30:82] = face.weights
    np.divide(face.landmarks, _sides(size), out=out[82:218].reshape(68, 2))
    out[218:] = (face.rotation_sigma, *face.translation_sigma.tolist(), *vowels(face))


@lru_cache(maxsize=2)
def _sides(size):
    """Width and height for each point: numpy is slow where it has to repeat two numbers."""
    return np.tile(np.array(size, float), (68, 1))


def _eye(eye):
    yaw, pitch = eye.gaze.tolist()
    return yaw, pitch, min(1.0, max(0.0, eye.openness)), eye.score


def _iris(iris, width, height):
    """Centre and radius as fractions; the radius from the points towards nose and ear, which no
    lid hides.
    """
    (x, y), (a, b), _, (c, d), _ = iris.tolist()
    return x / width, y / height, 0.5 * sqrt((a - c) ** 2 + (b - d) ** 2) / width
