"""default.conf, then kagami.conf, then what was changed while running, then options become one
typed configuration.

What was changed for good by command or on the page lies in settings.conf (amendments.py), in the
folder where a person's calibration is kept. All mistakes are told at once. Each value remembers
the line it came from, so that `kagami config` can say it. Nothing is read on import.
"""
import logging
import os
from collections import OrderedDict, namedtuple

from appliance import keeping
from appliance.errors import ConfigError, InputMissing, KagamiError, nearest
from appliance.options import SCHEMA

LOG = logging.getLogger("kagami.config")
DEFAULTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "default.conf")
SYSTEM = "/etc/kagami.conf"
VARIABLE = "KAGAMI_CONFIG"
KEPT = "settings.conf"

Config = namedtuple("Config", list(SCHEMA) + ["targets", "lines", "gains", "kept", "trouble"])
Line = namedtuple("Line", "section key text origin")
_SECTIONS = {name: namedtuple(name.capitalize(), list(keys)) for name, keys in SCHEMA.items()}
_Named = namedtuple("NamedTarget", ("name",) + _SECTIONS["target"]._fields)


def defaults():
    """The Config of default.conf alone, whatever this machine has in /etc."""
    return _build(_read(DEFAULTS, [], "default"), [])


def load(path=None, overrides=(), kept=None, check=None):
    """The Config in force: default.conf, then `path` (else $KAGAMI_CONFIG, else /etc/kagami.conf),
    then settings.conf, then overrides.

    overrides: texts "section.key=value". kept: [Line] in place of those in settings.conf. check:
    what is called with a Config and raises a KagamiError where it does not fit together. Raises
    ConfigError with every mistake found, InputMissing for a file that was named and is not there;
    a mistake in settings.conf is told in the log, and its section left out. `config.camera.width`
    and so on hold typed values, `config.targets` a record for each target that is enabled,
    `config.lines` the Lines in force, `config.kept` those of settings.conf, `config.gains` {name
    of a weight: factor} what is set by command alone, `config.trouble` why `path` is not in force
    where fallback.py put another in its place.
    """
    mistakes = []
    lines = _read(DEFAULTS, mistakes, "default")
    path = place(path)
    if path is not None:
        lines += _read(path, mistakes)
    over = [line for text in overrides for line in _override(text, mistakes)]
    if kept is None:
        kept = [] if mistakes else _fitting(lines, over, check)
    return _build(lines + kept + over, mistakes)._replace(kept=tuple(kept))


def place(path=None):
    """The file that is read: `path`, else $KAGAMI_CONFIG, else /etc/kagami.conf; None where there
    is none of these."""
    path = path or os.environ.get(VARIABLE)
    return path or (SYSTEM if os.path.exists(SYSTEM) else None)


def kept_path(folder):
    """Where what was changed for good lies; folder: calibration.folder of the configuration."""
    return os.path.join(keeping.folder(folder), KEPT)


def _fitting(lines, over, check):
    """[Line] of settings.conf; a section that does not fit (any more: another version may have
    written it) is told and left out, for a box has nobody to mend a file."""
    named = [line.text for line in lines + over
             if (line.section, line.key) == ("calibration", "folder")]
    path, mistakes, out = kept_path(named[-1]), [], []
    if not os.path.exists(path) or not _fits(lines + over, check, []):
        return out
    try:
        kept = _read(path, mistakes)
    except KagamiError as e:
        kept, mistakes = [], [e]
    for section in OrderedDict.fromkeys(line.section for line in kept):
        more = [line for line in kept if line.section == section]
        out += more if _fits(lines + out + more + over, check, mistakes) else []
    for mistake in mistakes:
        LOG.warning("%s (left out)", str(mistake).splitlines()[0])
    return out


def fitting(lines, check=None):
    """([Line], [(Line, KagamiError)]): those that make a configuration with default.conf, each for
    itself, and those that do not."""
    good, wrong = _read(DEFAULTS, [], "default"), []
    given = len(good)
    for line in lines:
        mistakes = []
        good += [line] if _fits(good + [line], check, mistakes) else []
        wrong += [(line, mistake) for mistake in mistakes]
    return good[given:], wrong


def _fits(lines, check, mistakes):
    """Whether lines make a configuration; why not goes to `mistakes`."""
    try:
        config = _build(lines, [])
        if check is not None:
            check(config)
    except KagamiError as e:
        mistakes.append(e)
        return False
    return True


def _override(text, mistakes):
    name, equals, value = text.partition("=")
    section, dot, key = name.strip().rpartition(".")
    if equals and dot:
        return [Line(section, key, value.strip(), "--set")]
    mistakes.append(ConfigError("--set %s" % text, "not SECTION.KEY=VALUE",
                                "write for instance --set camera.rate=60"))
    return []


def _read(path, mistakes, origin=None):
    """[Line] of an INI file; `origin` names all of them where the line number would not help."""
    lines, section, first = [], None, {}
    for number, row in enumerate(_text(path).splitlines(), 1):
        row, place = row.strip(), origin or "%s:%d" % (path, number)
        if not row or row[0] in "#;":
            continue
        if row[0] == "[" and row[-1] == "]":
            section = " ".join(row[1:-1].split())
            _once(first, (section, None), place, row, mistakes)
        elif "=" in row and section:
            key, _, value = row.partition("=")
            _once(first, (section, key.strip()), place, row, mistakes)
            lines.append(Line(section, key.strip(), value.split(" #")[0].strip(), place))
        else:
            why = "neither [section] nor key = value" if section else "before the first [section]"
            mistakes.append(ConfigError("%s: %s" % (place, row), why, "see default.conf"))
    return lines


def _once(first, what, place, row, mistakes):
    """A mistake where a section or option stands in a file already, as `first` remembers."""
    if first.setdefault(what, place) != place:
        mistakes.append(ConfigError("%s: %s" % (place, row), "given already in %s" % first[what],
                                    "keep one of the two"))


def _text(path):
    try:
        with open(path, encoding="utf-8-sig") as f:
            return f.read()
    except FileNotFoundError:
        raise InputMissing(path, "no such file", "name a configuration that is there") from None
    except (OSError, ValueError) as e:
        why = getattr(e, "strerror", None) or "not UTF-8 text"
        raise ConfigError(path, why, "mend the file") from e


def _build(lines, mistakes):
    values, force = OrderedDict(), {}
    for line in lines:
        try:
            value = _value(line, line.section.split(" ")[0])
        except ConfigError as e:
            mistakes.append(e)
            continue
        values.setdefault(line.section, OrderedDict())[line.key] = value
        force[line.section, line.key] = line
    if mistakes:
        mistakes[0].also = tuple(mistakes[1:])
        raise mistakes[0]
    made = {name: _SECTIONS[name](**values[name]) for name in SCHEMA}
    in_force = tuple(sorted(force.values(), key=_order))
    return Config(targets=_targets(values, made["target"]), lines=in_force, gains={}, kept=(),
                  trouble="", **made)


def _value(line, kind):
    """The typed value of a line; ConfigError with the nearest right name where it has none."""
    what = named(line)
    if kind not in SCHEMA or " " in line.section and kind != "target":
        near = nearest(kind, SCHEMA)
        raise ConfigError(what, "no section %s" % line.section, _meant(near and "[%s]" % near))
    if line.key not in SCHEMA[kind]:
        near = _elsewhere(line.key) or nearest(line.key, SCHEMA[kind])
        raise ConfigError(what, "no option %s in [%s]" % (line.key, kind), _meant(near))
    try:
        return SCHEMA[kind][line.key].parse(line.text)
    except ValueError as e:
        raise ConfigError(what, str(e), "give %s" % SCHEMA[kind][line.key].bounds) from None


def named(line):
    """A Line in words: where it stands, if it stands anywhere yet, and what it says."""
    words = "%s.%s = %s" % (line.section, line.key, line.text)
    return "%s: %s" % (line.origin, words) if line.origin else words


def _meant(name):
    return "did you mean %s?" % name if name else "`kagami config` lists every option"


def _elsewhere(key):
    return next(("%s in [%s]" % (key, name) for name, keys in SCHEMA.items() if key in keys), None)


def _targets(values, common):
    """The records that are enabled, each with the name of its section."""
    named = [section for section in values if section.startswith("target ")]
    made = [_Named(section[7:], *common._replace(**values[section])) for section in named]
    return [target for target in made or [_Named("", *common)] if target.enabled]


def aim(config, texts, source=None):
    """`config` with the targets "DIALECT@HOST:PORT" in `texts` in place of the configured ones
    (none: unchanged), and another source of pictures (None: the configured one)."""
    common = config.target
    made = [_Named("--to", *common._replace(to=text, enabled=True)) for text in texts]
    if source is not None:
        given = Line("camera", "source", source, "--source")
        lines = tuple(given if line[:2] == given[:2] else line for line in config.lines)
        config = config._replace(camera=config.camera._replace(source=source), lines=lines)
    return config._replace(targets=made) if made else config


def listing(config):
    """`config` as a file that would give it again, each option with where it came from."""
    rows, section = [], None
    for line in config.lines:
        if line.section != section:
            rows += ["", "[%s]" % line.section]
            section = line.section
        rows.append("%-40s # %s" % ("%s = %s" % (line.key, line.text), line.origin))
    return "\n".join(rows[1:])


def _order(line):
    kind = line.section.split(" ")[0]
    return list(SCHEMA).index(kind), line.section, list(SCHEMA[kind]).index(line.key)


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
