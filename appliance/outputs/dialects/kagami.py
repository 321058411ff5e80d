"""A moment becomes the datagrams of Kagami's own OSC namespace: everything that is known of a
face, in our units.

Compact form: one bundle of eleven messages, 1472 bytes. Human form: one address for each of the 52
blendshapes, for programs that map one address to one knob. Each bundle begins with /kagami/frame.
"""
import numpy as np

from appliance import __version__, geometry
from appliance.face import ARKIT_NAMES
from appliance.outputs.dialects.dialect import Dialect
from appliance.outputs.dialects.taught import Values
from appliance.outputs.osc import LIMIT, Float, Int, Layout, message

PORT, PROTOCOL, BUILD = 39600, 1, "source"
STATES = {"tracked": 1, "held": 2, "returning": 3}          # 0 is lost
# What stands under /kagami/face/<k>/ in the compact form, with the number of floats of each.
PARTS = (("box", 4), ("rot", 4), ("euler", 3), ("pos", 3), ("eye/left", 4), ("eye/right", 4),
         ("iris", 6), ("arkit", 52), ("points", 136))
# Where each begins among the floats; score and age lie before them.
_STARTS = {name: 2 + sum(n for _, n in PARTS[:i]) for i, (name, _) in enumerate(PARTS)}
_FRAME = tuple(Int(i) for i in range(5))
_STATE = (Int(5), Int(6), Float(0), Float(1))
_WRAP = 1 << 31


class Kagami(Dialect):
    """The /kagami namespace for one face, slot 0. form: "compact" or "human"."""

    options = ("limit", "bundle", "prefix", "form")
    usual_port = PORT
    top_rate = float("inf")
    lost = (0.0, float("inf"))      # the lost state is told with every frame

    def __init__(self, limit=LIMIT, bundle=True, prefix="", form="compact"):
        self._prefix, self._human = prefix, form == "human"
        here = prefix + "/kagami/face/0/"
        state = [(here + "state", _STATE)]
        whole = state + [(here + name, _floats(_STARTS[name], n)) for name, n in PARTS]
        human = [(here + "arkit/" + name, _floats(_STARTS["arkit"] + i, 1))
                 for i, name in enumerate(ARKIT_NAMES)]
        head = (prefix + "/kagami/frame", _FRAME)
        self._shown = Layout(human if self._human else whole, limit, bundle, head)
        self._lost = Layout(state, limit, bundle, head)
        self._taught = Values(here + "taught/%s", limit, bundle, head,
                              lambda moment, layout: _frame(moment, layout.ints))

    def __call__(self, moment):
        """The datagrams of this moment, valid until the next call."""
        if moment.face is not None or (self._human and moment.fresh):   # when lost: zeros, once
            return _written(self._shown, moment) + self._taught(moment)
        return () if self._human else _written(self._lost, moment)

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

    def _message(self, name, *arguments):
        return message(self._prefix + "/kagami/" + name, *arguments)


def camera(size, fov):
    """width, height, fx, fy, cx, cy in pixels of a picture `size` with a horizontal field of view
    in degrees.
    """
    width, height = size
    focal = float(geometry.focal_length(width, fov))
    return int(width), int(height), focal, focal, width / 2.0, height / 2.0


def timing(ms):
    """capture, detect, landmarks, pose and iris, expression, send, total in ms from {row: ms}."""
    groups = (("capture",), ("detector",), ("landmarks",), ("pose", "iris"), ("expression",),
              ("publish",), ("total",))
    return tuple(float(sum(ms.get(row, 0.0) for row in rows)) for rows in groups)


def _floats(start, count):
    return tuple(Float(start + i) for i in range(count))


def _written(layout, moment):
    _frame(moment, layout.ints)
    floats = layout.floats
    face = moment.face
    if face is None:
        floats[:] = 0.0
        floats[1:2] = moment.age
    else:
        _face(face, moment, floats)
    return layout.write()


def _frame(moment, ints):
    second = int(moment.unix)
    nanosecond = min(999999999, int(round((moment.unix - second) * 1e9)))
    flags = moment.synchronised + 2 * moment.mirrored + 4 * moment.running
    ints[:5] = moment.number % _WRAP, second % _WRAP, nanosecond, moment.face is not None, flags
    ints[5:] = (moment.id % _WRAP, STATES[moment.face.state] if moment.face else 0)[:len(ints) - 5]


def _face(face, moment, out):
    """Everything of a face, at the places of _STARTS; a human form has only the beginning up to
    the weights.
    """
    width, height = moment.size
    out[:2] = face.score, moment.age
    x0, y0, x1, y1 = face.box
    rotation = np.asarray(face.rotation, float)
    rotation = rotation / np.sqrt(rotation.dot(rotation))
    out[2:6] = x0 / width, y0 / height, (x1 - x0) / width, (y1 - y0) / height
    out[6:10] = rotation if rotation[0] >= 0 else -rotation
    out[10:13] = face.angles
    out[13:16] = face.translation
    for at, eye in ((16, face.left), (20, face.right)):
        out[at:at + 2] = eye.gaze
        out[at + 2:at + 4] = min(1.0, max(0.0, eye.openness)), eye.score
    for at, eye in ((24, face.left), (27, face.right)):
        out[at:at + 3] = _iris(eye.iris, width, height)
    np.clip(face.blendshapes, 0.0, 1.0, out=out[30:82])
    if len(out) > 82:
        out[82:].reshape(68, 2)[...] = face.landmarks / (width, height)


def _iris(iris, width, height):
    """Centre and radius as fractions; the radius from the points towards nose and ear, which no
    lid hides.
    """
    across = iris[1] - iris[3]
    return iris[0, 0] / width, iris[0, 1] / height, 0.5 * np.sqrt(across.dot(across)) / width
