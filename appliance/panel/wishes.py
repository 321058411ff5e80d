"""What a browser sends becomes a question to the running program, where it has the right shape.

Shape and size alone are looked at: what a value may be is the program's own business, which asks
its configuration and its commands.
"""
import json
import re
from collections import OrderedDict
from typing import NamedTuple, Tuple

from appliance.errors import UsageError

PATIENT = 15.0          # seconds: a face is waited for, then looked at
LESSON = 60.0           # of a lesson, from one word to the next
TEXT = 1000             # characters of a text
_KEY = re.compile("[A-Za-z_]{1,40}(/[A-Za-z_]{1,40})?")
_SPELT = {"text": (str,), "number": (int, float), "count": (int,), "object": (dict,),
          "value": (str, int, float, bool)}


class Wish(NamedTuple):
    """address: of the question. fields: (name, kind) of what comes with it. token: whether a
    writer's word stands first, which a program of this machine may leave empty."""

    address: str
    fields: Tuple[Tuple[str, str], ...] = ()
    token: bool = True
    wait: float = PATIENT


WISHES = OrderedDict([
    ("recenter", Wish("/kagami/calibrate/recenter")),
    ("neutral", Wish("/kagami/calibrate/neutral", (("seconds", "number"),))),
    ("eyes", Wish("/kagami/calibrate/eyes", (("which", "text"),))),
    ("gaze", Wish("/kagami/calibrate/gaze", (("yaw", "number"), ("pitch", "number")))),
    ("clear", Wish("/kagami/calibrate/clear", (("what", "text"),))),
    ("teach", Wish("/kagami/teach", (("name", "text"), ("times", "count")), False, LESSON)),
    ("forget", Wish("/kagami/forget", (("name", "text"),), False)),
    ("wave", Wish("/kagami/wave", (("to", "text"),), False)),
    ("restart", Wish("/kagami/restart", (), False)),
    ("import", Wish("/kagami/import", (("document", "object"),), False)),
    ("set", Wish("/kagami/set/", (("key", "text"), ("value", "value"))))])
CHANGE = Wish("/kagami/change", (), False)


def document(data):
    """The JSON object in some bytes; UsageError where there is none."""
    try:
        read = json.loads(data.decode("utf-8"), parse_constant=_refused)
    except (ValueError, RecursionError) as e:
        raise UsageError("the body", "not JSON", "send an object") from e
    if not isinstance(read, dict):
        raise UsageError("the body", "not an object", "send one")
    return read


def question(name, body):
    """(address, arguments, seconds to wait) of what a page wishes; UsageError for another shape.

    name: "change", or one of WISHES. body: what document() gave.
    """
    if name == "change":
        return CHANGE.address, (json.dumps(body),), CHANGE.wait
    wish = WISHES[name]
    surplus = sorted(set(body) - {field for field, _ in wish.fields})
    if surplus:
        raise UsageError(surplus[0][:40], "not known to %s" % name, "leave it out")
    given = [_argument(field, kind, body) for field, kind in wish.fields]
    if name == "set":
        return _set(wish, *given)
    return wish.address, ("",) * wish.token + tuple(given), wish.wait


def _set(wish, key, value):
    if not _KEY.fullmatch(key):
        raise UsageError("key", "not known", "see docs/osc.md")
    return wish.address + key, ("", int(value) if isinstance(value, bool) else value), wish.wait


def _argument(field, kind, body):
    value = body.get(field)
    if type(value) not in _SPELT[kind] or isinstance(value, str) and len(value) > TEXT:
        raise UsageError(field, "missing, or no %s" % kind, "send one")
    if kind == "object":
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))    # as it came
    return float(value) if kind == "number" else value


def _refused(word):
    raise ValueError("%s is no number" % word)
