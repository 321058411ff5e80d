"""What may be set by command, until the next start: a key and a value in, another configuration
out.
"""
from collections import OrderedDict
from typing import NamedTuple

from appliance.errors import UsageError, nearest
from appliance.face import ARKIT_NAMES
from appliance.options import SCHEMA, AutoOr, Flag, Number

GAIN = "gain/"


class Key(NamedTuple):
    """tag: the OSC type that a value usually has. place: (section, option) that it stands for, or
    None. kind: what reads the value. words: what it does."""

    tag: str
    place: tuple
    kind: object
    words: str

    @property
    def bounds(self):
        """(least, most) as numbers."""
        kind = self.kind.other if isinstance(self.kind, AutoOr) else self.kind
        return (0, 1) if isinstance(kind, Flag) else (kind.low, kind.high)


def _key(tag, section, option, words):
    return Key(tag, (section, option), SCHEMA[section][option], words)


KEYS = OrderedDict([
    ("mirror", _key("i", "target", "mirror", "what a mirror would show, to every target")),
    ("smooth", Key("f", None, Number(float, 0, 1), "0 takes no tremble out, 0.5 is as configured, "
                   "1 twice as steady and as slow")),
    ("faces", _key("i", "tracker", "max_faces", "faces followed at once")),
    ("exposure", _key("f", "camera", "exposure", "of the camera, microseconds; or the text auto")),
    ("hold_ms", _key("i", "loss", "hold_ms", "how long a lost face keeps its last values")),
    ("return_ms", _key("i", "loss", "return_ms", "how long it then takes to neutral")),
    ("neck_share", _key("f", "output", "neck_share", "the neck's share of the head's turn"))])
KEYS.update((GAIN + name, Key("f", None, Number(float, 0, 4), "times this weight, on every wire"))
            for name in ARKIT_NAMES)


def parsed(key, value):
    """The value of a key as the configuration has it; UsageError where it is none.

    value: int, float or text.
    """
    if key not in KEYS:
        near = nearest(key, KEYS)
        some = [name for name in KEYS if GAIN not in name] + [GAIN + "NAME"]
        raise UsageError(key[:40], "not to be set while running",
                         "did you mean %s?" % near if near else "set " + " or ".join(some))
    whole = isinstance(value, float) and value == int(value)
    try:
        return KEYS[key].kind.parse(str(int(value) if whole else value))
    except ValueError as e:
        raise UsageError("%s %s" % (key, str(value)[:40]), str(e),
                         "give " + KEYS[key].kind.bounds) from None


def changed(config, key, value):
    """`config` with a parsed value; what a target may set, for every target."""
    if key.startswith(GAIN):
        return config._replace(gains=dict(config.gains, **{key[len(GAIN):]: value}))
    if key == "smooth":
        return config._replace(smoothing=_steadied(config.smoothing, 2 * value))
    section, option = KEYS[key].place
    config = config._replace(**{section: getattr(config, section)._replace(**{option: value})})
    if section == "target":
        config = config._replace(targets=[t._replace(**{option: value}) for t in config.targets])
    return config


def _steadied(smoothing, factor):
    """Every cut-off and what it rises with divided by a factor; 0 is no filter at all."""
    return smoothing._make(value / factor if factor else 0.0 for value in smoothing)
