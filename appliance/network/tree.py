"""The /kagami namespace with its last values, and the commands that are heard, become the nodes
that an OSCQuery page shows.
"""
from appliance.face import ARKIT_NAMES
from appliance.keys import KEYS
from appliance.monitor import read
from appliance.network.orders import COMMANDS, LOCAL, SET, WRITER
from appliance.outputs.dialects.kagami import EVERY, HUMAN, Kagami
from appliance.outputs.moment import NEUTRAL, Moment

READ, WRITE = 1, 2
_UNIT, _DEGREE, _FRACTION, _ANY = (0.0, 1.0), (-180.0, 180.0), (0.0, 1.0), None
_EYE = ("yaw and pitch of the gaze relative to the head, openness, confidence", "degrees",
        ((-90.0, 90.0), (-90.0, 90.0), _UNIT, _UNIT))
# Last parts of an address: description, unit, range of each argument (the last stands for more).
_WORDS = {
    "frame": ("begins each bundle: number, Unix seconds, nanoseconds, faces, flags", "", (_ANY,)),
    "state": ("id, state (0 lost, 1 tracked, 2 held, 3 returning, 4 calibrating), score, age in "
              "seconds", "", (_ANY, (0, 4), _UNIT, _ANY)),
    "box": ("left, top, width, height", "fraction of the picture", (_FRACTION,)),
    "rot": ("camera from head, w x y z", "unit quaternion", (_UNIT,) + 3 * ((-1.0, 1.0),)),
    "euler": ("yaw, pitch, roll: to the own left, up, to the own left shoulder", "degrees",
              (_DEGREE, (-90.0, 90.0), _DEGREE)),
    "pos": ("between the eyes: x right in the picture, y down, z away", "mm", (_ANY,)),
    "eye/left": _EYE, "eye/right": _EYE,
    "iris": ("left x, y, radius, right x, y, radius", "fraction of the picture", (_FRACTION,)),
    "arkit": ("the 52 weights in the order of /kagami/arkit/names", "", (_UNIT,)),
    "sigma": ("one standard deviation of the pose: about any axis in degrees, of x, y, z in mm",
              "", (_ANY,)),
    "vowels": ("A, I, U, E, O, together 1 at most", "", (_UNIT,)),
    "points": ("x, y of 68 points, iBUG order", "fraction of the picture", (_ANY,)),
    "version": ("product, version, build, protocol", "", (_ANY,)),
    "names": ("the names of the 52 weights", "", (_ANY,)),
    "camera": ("width, height, fx, fy, cx, cy", "pixels", (_ANY,)),
    "status": ("code, text, frames a second, frames dropped, degrees Celsius, seconds up", "",
               ((0, 6), _ANY)),
    "timing": ("capture, detector, landmarks, pose and iris, expression, sending, total, brows",
               "ms", (_ANY,))}
_TAGS = {float: "f", int: "i", str: "s"}


class Namespace:
    """`tree()` is the root node, with the values of the newest face."""

    def __init__(self):
        self._commands = list(commands())
        self._wires = Kagami(bundle=False, mask=EVERY - HUMAN), Kagami(bundle=False, form="human")
        self._values, self._number = {}, None
        self._take(Moment(0, 0.0, 0.0, (1, 1), NEUTRAL._replace(state="tracked"), 0, 0.0, True))

    def tree(self, moment, status, hears=True):
        """moment: outputs.moment.Moment or None. status: status.Status or None. hears: whether
        commands are heard."""
        if moment is not None and moment.number != self._number:
            self._number = moment.number
            self._take(moment)
        if status is not None:
            self._keep(self._wires[0].announce(status, True))
        root = node("", "the face that Kagami follows")
        for address, values in self._values.items():
            _put(root, leaf(address, values))
        for made in self._commands if hears else ():
            _put(root, made)
        return root

    def _take(self, moment):
        for wire in self._wires:
            self._keep(wire(moment))

    def _keep(self, datagrams):
        for datagram in datagrams:
            for message in read(bytes(datagram)):
                self._values[message.address] = list(message.arguments)


def node(path, description=""):
    """A container without contents."""
    made = {"FULL_PATH": path or "/", "ACCESS": 0, "CONTENTS": {}}
    if description:
        made["DESCRIPTION"] = description
    return made


def leaf(address, values):
    """The node of one address: type tags, values, and what _WORDS say of it."""
    made = {"FULL_PATH": address, "ACCESS": READ,
            "TYPE": "".join(_TAGS[type(v)] for v in values),
            "VALUE": [round(v, 6) if isinstance(v, float) else v for v in values]}
    description, unit, ranges = _words(address)
    ranges = (ranges + (ranges[-1],) * len(values))[:len(values)]
    if any(ranges):
        made["RANGE"] = [dict(zip(("MIN", "MAX"), r)) if r else {} for r in ranges]
    words = ("DESCRIPTION", description), ("UNIT", unit)
    made.update((key, text) for key, text in words if text)
    return made


def commands():
    """The nodes of what may be said at the UDP port."""
    for address, one in COMMANDS.items():
        if one.who != LOCAL and address != SET:
            yield _command(address, one.who, one.kinds[0], one.words, one.ranges)
    for name, key in KEYS.items():
        yield _command(SET + name, WRITER, "s" + key.tag, key.words, (None, key.bounds))


def _command(address, who, tags, words, ranges):
    made = {"FULL_PATH": address, "ACCESS": WRITE, "TYPE": tags,
            "DESCRIPTION": ("token first; " if who == WRITER else "") + words}
    if ranges:
        made["RANGE"] = [_range(r) for r in ranges]
    return made


def _range(limits):
    if limits is None:
        return {}
    words = isinstance(limits[0], str)
    return {"VALS": list(limits)} if words else {"MIN": limits[0], "MAX": limits[1]}


def _words(address):
    parts = address.split("/")
    if parts[-1] in ARKIT_NAMES:
        return "", "", (_UNIT,)         # there are up to 208, and the name says it
    if parts[-2:-1] == ["taught"]:
        return "how much of what was taught under this name is shown", "", (_UNIT,)
    return _WORDS.get(parts[-1]) or _WORDS.get("/".join(parts[-2:])) or ("", "", (_ANY,))


def _put(root, made):
    """Hang a leaf where its address says; a node may have both a value and contents."""
    parts = made["FULL_PATH"].split("/")[1:]
    at, path = root, ""
    for part in parts[:-1]:
        path += "/" + part
        at = at.setdefault("CONTENTS", {}).setdefault(part, node(path))
    before = at.setdefault("CONTENTS", {}).get(parts[-1], {})
    at["CONTENTS"][parts[-1]] = dict(before, **made)


def found(root, path):
    """The node at `path`, or None."""
    at = root
    for part in [p for p in path.split("/") if p]:
        at = at.get("CONTENTS", {}).get(part)
        if at is None:
            return None
    return at
