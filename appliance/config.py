"""Texts become one typed configuration: default.conf, then kagami.conf, then options, all mistakes
at once.

Each value remembers where it came from (`origins`), so that `kagami config` can say it. Nothing is
read on import.
"""
import os
from collections import OrderedDict, namedtuple

from appliance.errors import ConfigError, InputMissing, nearest

DEFAULTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "default.conf")
SYSTEM = "/etc/kagami.conf"
VARIABLE = "KAGAMI_CONFIG"
TARGETS_MAX = 8


class Number:
    """A number from `low` to `high`, whole or not, in `unit`."""

    def __init__(self, kind, low, high, unit=""):
        self.kind, self.low, self.high, self.unit = kind, low, high, unit
        self.bounds = ("%s to %s %s" % (low, high, unit)).strip()

    def parse(self, text):
        """The value; ValueError with the reason where `text` is none."""
        try:
            value = self.kind(text)
        except ValueError:
            raise ValueError("not a whole number" if self.kind is int else "not a number") from None
        if not self.low <= value <= self.high:
            raise ValueError("out of bounds")
        return value


class Word:
    """One of a few words; whole numbers among them become int."""

    def __init__(self, *words):
        self.words = words
        self.bounds = "%s or %s" % (", ".join(words[:-1]), words[-1])

    def parse(self, text):
        """The word as it is spelt here; ValueError where it is none of them."""
        lower = text.lower()
        if lower not in self.words:
            near = nearest(text, self.words)
            raise ValueError("not known" + (" (did you mean %s?)" % near if near else ""))
        return int(lower) if all(w.isdigit() for w in self.words) else lower


class Flag(Word):
    """yes or no, also spelt on/off, true/false, 1/0."""

    spelt = {"yes": True, "on": True, "true": True, "1": True, "no": False, "off": False, "false": False, "0": False}

    def __init__(self):
        super().__init__("yes", "no")

    def parse(self, text):
        """bool."""
        if text.lower() not in self.spelt:
            raise ValueError("neither yes nor no")
        return self.spelt[text.lower()]


class Text:
    """Words that somebody else understands (`bounds` says which)."""

    def __init__(self, bounds="any text"):
        self.bounds = bounds

    def parse(self, text):
        """The text as it is."""
        return text


class AutoOr:
    """The word auto, or what `other` takes."""

    def __init__(self, other):
        self.other, self.bounds = other, "auto, or " + other.bounds

    def parse(self, text):
        """"auto" or the other's value."""
        return "auto" if text.lower() == "auto" else self.other.parse(text)


def _smoothing():
    return [(group + end, kind) for group in ("head", "points", "eyes", "expression")
            for end, kind in (("_cutoff", Number(float, 0, 100, "Hz")), ("_beta", Number(float, 0, 100)))]


_PIXELS = Number(int, 16, 8192, "px")
_TIME = Number(int, 0, 10000, "ms")
SCHEMA = OrderedDict([
    ("camera", OrderedDict([
        ("source", Text()), ("width", _PIXELS), ("height", _PIXELS), ("rate", Number(float, 1, 240, "Hz")),
        ("flip", Word("none", "horizontal", "vertical", "both")), ("rotation", Word("0", "90", "180", "270")),
        ("fov", Number(float, 10, 170, "degrees")), ("exposure", AutoOr(Number(int, 1, 1000000, "us"))),
        ("power_line", Word("auto", "50", "60", "off"))])),
    ("tracker", OrderedDict([
        ("detector_every", Number(int, 1, 1000, "frames")), ("score", Number(float, 0, 1)),
        ("lost_after", Number(int, 1, 100, "frames")), ("eye_distance", Number(float, 40, 80, "mm"))])),
    ("smoothing", OrderedDict(_smoothing())),
    ("loss", OrderedDict([
        ("hold_ms", _TIME), ("return_ms", _TIME), ("blend_ms", _TIME),
        ("lost_keepalive_hz", Number(float, 0, 60, "Hz"))])),
    ("output", OrderedDict([("neck_share", Number(float, 0, 1)), ("limit", Number(int, 512, 1472, "bytes"))])),
    ("target", OrderedDict([
        ("to", Text("DIALECT@HOST:PORT")), ("enabled", Flag()), ("rate", Number(float, 0, 240, "Hz")),
        ("mirror", Flag()), ("bundle", Flag()), ("prefix", Text()), ("case", Word("pascal", "camel", "both"))])),
    ("backend", OrderedDict([("name", Word("auto", "onnxruntime"))])),
])

Config = namedtuple("Config", list(SCHEMA) + ["targets", "origins"])
Line = namedtuple("Line", "section key text origin")
_SECTIONS = {name: namedtuple(name.capitalize(), list(keys)) for name, keys in SCHEMA.items()}
_Named = namedtuple("NamedTarget", ("name",) + _SECTIONS["target"]._fields)


def defaults():
    """The Config of default.conf alone, whatever this machine has in /etc."""
    return _build(_read(DEFAULTS, "default"))


def load(path=None, overrides=()):
    """The Config in force: default.conf, then `path` (else $KAGAMI_CONFIG, else /etc/kagami.conf),
    then overrides.

    overrides: texts "section.key=value". Raises ConfigError with every mistake found, InputMissing
    for a file that was named and is not there. `config.camera.width` and so on hold typed values;
    `config.targets` one record for each target that is enabled; `config.origins` {(section, key):
    where the value came from}.
    """
    lines = _read(DEFAULTS, "default")
    path = path or os.environ.get(VARIABLE)
    if path or os.path.exists(SYSTEM):
        lines += _read(path or SYSTEM)
    return _build(lines + [_override(text) for text in overrides])


def _override(text):
    name, equals, value = text.partition("=")
    section, dot, key = name.strip().rpartition(".")
    if not equals or not dot:
        raise ConfigError("--set %s" % text, "not SECTION.KEY=VALUE", "write for instance --set camera.rate=60")
    return Line(section, key, value.strip(), "--set")


def _read(path, origin=None):
    """[Line] of an INI file; `origin` names all of them where the line number would not help."""
    try:
        with open(path, encoding="utf-8-sig") as f:
            rows = f.read().splitlines()
    except FileNotFoundError:
        raise InputMissing(path, "there is no such file", "name an existing configuration") from None
    except (OSError, ValueError) as e:
        raise ConfigError(path, getattr(e, "strerror", None) or "not UTF-8 text", "mend the file") from e
    lines, section, mistakes = [], None, []
    for number, row in enumerate(rows, 1):
        row = row.strip()
        place = origin or "%s:%d" % (path, number)
        if not row or row[0] in "#;":
            continue
        if row[0] == "[" and row[-1] == "]":
            section = " ".join(row[1:-1].split())
        elif "=" in row and section:
            key, _, value = row.partition("=")
            lines.append(Line(section, key.strip(), value.split(" #")[0].strip(), place))
        else:
            why = "neither [section] nor key = value" if section else "a line before the first [section]"
            mistakes.append(ConfigError("%s: %s" % (place, row), why, "see default.conf"))
    _raise(mistakes)
    return lines


def _build(lines):
    values, origins, mistakes = OrderedDict(), {}, []
    for line in lines:
        kind = line.section.split(" ")[0]
        try:
            value = _value(line, kind)
        except ConfigError as e:
            mistakes.append(e)
            continue
        values.setdefault(line.section, OrderedDict())[line.key] = value
        origins[line.section, line.key] = line.origin
    _raise(mistakes)
    made = {name: _SECTIONS[name](**values[name]) for name in SCHEMA}
    return Config(targets=_targets(values, made["target"]), origins=origins, **made)


def _value(line, kind):
    """The typed value of a line; ConfigError with the nearest right name where it has none."""
    what = "%s: %s.%s = %s" % (line.origin, line.section, line.key, line.text)
    if kind not in SCHEMA or " " in line.section and kind != "target":
        near = nearest(kind, SCHEMA)
        raise ConfigError(what, "no section %s" % line.section, _meant(near and "[%s]" % near))
    if line.key not in SCHEMA[kind]:
        raise ConfigError(what, "no option %s in [%s]" % (line.key, kind), _meant(nearest(line.key, SCHEMA[kind])
                                                                                 or _elsewhere(line.key)))
    try:
        return SCHEMA[kind][line.key].parse(line.text)
    except ValueError as e:
        raise ConfigError(what, str(e), "give %s" % SCHEMA[kind][line.key].bounds) from None


def _meant(name):
    return "did you mean %s?" % name if name else "`kagami config` lists every option"


def _elsewhere(key):
    return next(("%s in [%s]" % (key, section) for section, keys in SCHEMA.items() if key in keys), None)


def _targets(values, common):
    named = [s for s in values if s.startswith("target ")]
    made = [_Named(s[7:], *common._replace(**values[s])) for s in named] or [_Named("target", *common)]
    if len(made) > TARGETS_MAX:
        raise ConfigError("%d targets" % len(made), "at most %d are sent to" % TARGETS_MAX, "remove some")
    return [t for t in made if t.enabled]


def _raise(mistakes):
    if mistakes:
        mistakes[0].also = tuple(mistakes[1:])
        raise mistakes[0]


def aim(config, texts):
    """`config` with the targets "DIALECT@HOST:PORT" in `texts` in place of the configured ones
    (none: unchanged)."""
    if not texts:
        return config
    if len(texts) > TARGETS_MAX:
        raise ConfigError("--to", "given %d times" % len(texts), "at most %d targets are sent to" % TARGETS_MAX)
    return config._replace(targets=[_Named("--to", *config.target._replace(to=text)) for text in texts])


def listing(config):
    """`config` as a file that would give it again, each option with where it came from."""
    out = []
    for section in SCHEMA:
        out.append("[%s]" % section)
        for key in SCHEMA[section]:
            value = _spelt(getattr(getattr(config, section), key))
            out.append(("%s = %s" % (key, value)).rstrip().ljust(36) + "  # " + config.origins[section, key])
        out.append("")
    for target in config.targets:
        out += ["# sends to %s (%s)" % (target.to, target.name)]
    return "\n".join(out)


def _spelt(value):
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else "%g" % value if isinstance(
        value, float) else str(value)


def reference():
    """docs/config.md: default.conf as a page, a table for each section."""
    out, words = ["# Configuration", ""], []
    for row in (line.strip() for line in open(DEFAULTS, encoding="utf-8")):
        if row.startswith("#"):
            words.append(row[1:].strip())
            continue
        if row.startswith("["):
            out += ["## " + row, ""] + ([" ".join(words), ""] if words else [])
            out += ["| option | default | what it does, and its bounds |", "|---|---|---|"]
        elif row:
            key, _, value = (part.strip() for part in row.partition("="))
            out.append("| `%s` | %s | %s |" % (key, value and "`%s`" % value, " ".join(words)))
        else:
            out.append(" ".join(words + [""]).strip() + ("\n" if words else ""))
        words = []
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    print(reference(), end="")
