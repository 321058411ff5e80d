"""A moment becomes the avatar parameters of VRChat with the names of VRCFaceTracking v2, and
VRChat's own eye tracking for avatars without them.

VRChat keeps every parameter until it is told another value and shows nothing that it does not
know. So only changes are sent, all of it once a second, and the neutral face at the end.
"""
import copy
import re
from typing import NamedTuple, Union

import numpy as np

from appliance.outputs.changes import Changes
from appliance.outputs.dialects.dialect import Dialect
from appliance.outputs.dialects.taught import Values
from appliance.outputs.dialects.unified import SIGNED, SUMS, USUAL, matrix, openness, sources
from appliance.outputs.moment import NEUTRAL
from appliance.outputs.osc import LIMIT, Bool, Float, Layout
from appliance.outputs.parts import PARTS, part_of

PORT = 9000
FLAGS = ("EyeTrackingActive", "ExpressionTrackingActive", "LipTrackingActive")
PARAMETERS = "/avatar/parameters/"
GAZE, LIDS = "/tracking/eye/LeftRightPitchYaw", "/tracking/eye/EyesClosedAmount"
_PARAMETER = re.compile(PARAMETERS + r"(?:.+/)?(?:(?P<flag>%s)|v2/(?P<name>[A-Za-z]+?)"
                        r"(?P<part>[0-9]{1,3}|Negative)?)" % "|".join(FLAGS))


class Vrchat(Dialect):
    """VRChat's avatar parameters and native eyes.

    parameter_prefix: what stands before v2/ in the avatar's names. parameters: "float", "binary"
    (bools that are the bits of a value), "both" or "none". bits: of a binary parameter. native:
    VRChat's own eye tracking, "yes", "no", or "auto": where the avatar is known to have no eye
    parameters, or none are sent. vergence: native gaze of each eye instead of the mean for both.
    changed_only: leave out what has not moved by 1/255; all is sent every second. parts:
    parameters of the others are left out, with the flag that says that they are tracked.
    """

    options = ("limit", "bundle", "prefix", "parts", "parameter_prefix", "parameters", "bits",
               "native", "vergence", "changed_only")
    usual_port, parts = PORT, PARTS[1:]
    top_rate = 60.0
    lost = (1.0, float("inf"))

    def __init__(self, limit=LIMIT, bundle=True, prefix="", parts=PARTS, parameter_prefix="FT/",
                 parameters="float", bits=4, native="auto", vergence=False, changed_only=True):
        self._parts = parts
        self._limit, self._bundle, self._prefix = limit, bundle, prefix
        self._kind, self._native, self._vergence = parameters, native, vergence
        self._changed_only = changed_only
        self._usual = usual(parameter_prefix, parameters, bits)
        self.declare(None)

    def declare(self, parameters):
        """Send from now on what an avatar has: {address: type tag}, as OSCQuery tells them; None
        while no avatar is known. All of it is sent anew. `understood`: how many of them.
        """
        known = parameters is not None
        self._taught = Values(self._prefix + PARAMETERS + "%s", self._limit, self._bundle,
                              declared={self._prefix + address: tag for address, tag
                                        in parameters.items()} if known else None)
        rows = _understood(parameters if known and self._kind != "none" else self._usual)
        rows = [row for row in rows if part_of(row.name or row.address.rsplit("/", 1)[1])
                in self._parts]
        self._values, self.understood = _Values(rows), len(rows)
        messages = [(row.address, ((Float if row.part is None else Bool)(i),))
                    for i, row in enumerate(rows)]
        self._eyes = len(rows)
        messages += [(address, tuple(Float(self._eyes + i) for i in places)) for address, places
                     in ((GAZE, range(4)), (LIDS, (4,))) if self._wants(address, parameters)]
        self._layout = Layout([(self._prefix + address, rest) for address, rest in messages],
                              self._limit, bundle=False) if messages else None
        self._changes = Changes()

    def declared(self, parameters):
        """Another one with the same options that knows these parameters, see declare()."""
        other = copy.copy(self)
        other.declare(parameters)
        return other

    def __call__(self, moment):
        """The datagrams of this moment, valid until the next call."""
        return self._parameters(moment) + list(self._taught(moment))

    def _parameters(self, moment):
        if self._layout is None:
            return []
        face, shown = moment.face or NEUTRAL, moment.face is not None
        numbers = self._values(face, shown)
        everything = not (shown and self._changed_only)
        chosen = list(self._changes(numbers, moment.time, everything))
        floats, bools = self._layout.floats, self._layout.bools
        floats[:self._eyes] = numbers[:len(floats)]
        bools[:] = numbers[:len(bools)]         # 0 or 1 where a bool is told
        if shown and self._eyes < len(self._layout.datagrams):
            # not while lost: then VRChat goes back to its own looks and blinks
            floats[self._eyes:] = self._native_eyes(face)[:max(0, len(floats) - self._eyes)]
            chosen += range(self._eyes, len(self._layout.datagrams))
        written = self._layout.write()
        return self._layout.bundled(chosen) if self._bundle else [written[i] for i in chosen]

    def _wants(self, address, parameters):
        """Whether VRChat's own eye tracking is to have gaze or lids; by VRCFaceTracking's rule
        where the avatar is known."""
        if "eyes" not in self._parts:
            return False
        if self._native != "auto":
            return self._native == "yes"
        if parameters is None:
            return self._kind == "none"
        words = ("X", "Y") if address == GAZE else ("Open", "Lid")
        names = [a.rsplit("/", 1)[1] for a in parameters]
        return not any("Eye" in name and word in name for name in names for word in words)

    def _native_eyes(self, face):
        """Pitch (down) and yaw (right) of both eyes in degrees, and how far they are shut."""
        left, right = face.left.gaze, face.right.gaze
        if not self._vergence:
            left = right = 0.5 * (left + right)
        return -left[1], -left[0], -right[1], -right[0], 1.0 - 0.5 * sum(openness(face))


def usual(prefix, kind, bits):
    """{address: type tag} of what is sent while no avatar is known; see Vrchat."""
    if kind == "none":
        return {}
    out = {PARAMETERS + flag: "T" for flag in FLAGS}
    for name in USUAL:
        address = PARAMETERS + prefix + "v2/" + name
        if kind != "binary":
            out[address] = "f"
        if kind != "float":
            out.update((address + str(1 << bit), "T") for bit in range(bits))
            out.update([(address + "Negative", "T")] if name in SIGNED else [])
    return out


class _Row(NamedTuple):
    """One parameter: its address, the same without its part, the name whose value it carries, and
    which part of that: None for a float, a bit's number, "Negative" or "flag".
    """

    address: str
    stem: str
    name: str
    part: Union[None, int, str]


def _understood(parameters):
    """[_Row] of those that mean something here and have the type that their name asks for."""
    found = [(address, _PARAMETER.fullmatch(address), tag in ("T", "F", "TF"))
             for address, tag in parameters.items() if tag in ("f", "T", "F", "TF")]
    rows = [_row(address, shape, truth) for address, shape, truth in found if shape]
    return [row for row in rows if row]


def _row(address, shape, truth):
    name, part = shape.group("name"), shape.group("part")
    if shape.group("flag"):
        return _Row(address, address, "", "flag") if truth else None
    if name not in SUMS or truth != (part is not None):
        return None
    if part in (None, "Negative"):
        return _Row(address, address[:len(address) - len(part or "")], name, part)
    bit = int(part).bit_length() - 1
    return _Row(address, address[:-len(part)], name, bit) if 1 << bit == int(part) else None


class _Values:
    """Face -> the number of each row, bools as 0 and 1."""

    def __init__(self, rows):
        self._matrix = matrix([row.name for row in rows])
        parts = [row.part for row in rows]
        self._flags = np.array([i for i, part in enumerate(parts) if part == "flag"], int)
        self._negative = [i for i, part in enumerate(parts) if part == "Negative"]
        self._bits = [i for i, part in enumerate(parts) if isinstance(part, int)]
        mine = [rows[i] for i in self._bits]
        self._shift = np.array([row.part for row in mine], int)
        self._steps = 2 ** np.array([sum(r.stem == row.stem for r in mine) for row in mine], int)
        signed = {rows[i].stem for i in self._negative}
        self._lowest = np.array([-1.0 if row.stem in signed else 0.0 for row in mine])

    def __call__(self, face, active):
        """(rows,) float64; a value with n bits is cut to whole steps of 1 / 2**n, 1 to the last;
        one below 0 is 0 where nothing tells its sign.
        """
        out = self._matrix.dot(sources(face))
        out[self._flags] = active
        if self._bits or self._negative:
            size = np.abs(np.maximum(out[self._bits], self._lowest))
            steps = np.minimum(size * self._steps, self._steps - 1).astype(int)
            out[self._negative] = out[self._negative] < 0
            out[self._bits] = steps >> self._shift & 1
        return out
