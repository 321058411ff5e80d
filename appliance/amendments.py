"""What is changed for good while Kagami runs: sections and options as JSON come in, the lines of
settings.conf go out.

The file is one of kagami.conf's kind, and read after it. Whoever may ask the running program may
change it; where none runs, `kagami targets` writes it itself.
"""
import json
import os
import re
from collections import OrderedDict

from appliance import files
from appliance.config import Line
from appliance.errors import OutputError, UsageError, nearest

ORIGIN = ""                 # of a line that is not written yet
LONGEST, MOST = 500, 400    # characters of a value; lines in all
_SECTION = re.compile(r"[a-z]{1,40}|target \S+( \S+)*")
_KEY = re.compile(r"[a-z_0-9]{1,40}")


def document(text):
    """{section: {option: value}} of a JSON text; UsageError where it is none."""
    try:
        # Numbers stay as they are written: what reads options bounds them.
        read = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as e:
        raise UsageError("the change", "not JSON", 'send {"camera": {"flip": "none"}}') from e
    if not isinstance(read, dict):
        raise UsageError("the change", "not an object", 'send {"camera": {"flip": "none"}}')
    return read


def merged(config, document):
    """[Line] of config.kept with a document's changes; UsageError for what cannot be an option.

    None as a value takes back what was changed before; as a section all of it, so that a target
    that was added is gone. What stands in the user's own files stays. Whether values mean anything
    is the configuration's to say.
    """
    sections = OrderedDict()
    for line in config.kept:
        sections.setdefault(line.section, OrderedDict())[line.key] = line
    for section, options in _beside(config, document):
        _named(section)
        if options is None:
            _drop(config, sections, section)
            continue
        if not isinstance(options, dict):
            raise UsageError("[%s]" % section, "not an object", "send options and values")
        mine = sections.setdefault(section, OrderedDict())
        for key, value in options.items():
            mine.pop(_option(section, key, value), None)
            if value is not None:
                mine[key] = Line(section, key, _text(section, key, value), ORIGIN)
    lines = [line for options in sections.values() for line in options.values()]
    if len(lines) > MOST:
        raise UsageError("the change", "%d options, %d at most" % (len(lines), MOST),
                         "take some back")
    return lines


def write(path, lines):
    """Keep these lines; OutputError where that fails."""
    try:
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
    except OSError as e:
        raise OutputError(path, e.strerror, "set calibration.folder") from e
    with files.whole(path) as temporary, open(temporary, "w", encoding="utf-8") as f:
        f.write("# What was changed while Kagami ran; `kagami config` shows what is in force.\n")
        section = None
        for line in lines:
            if line.section != section:
                section = line.section
                f.write("\n[%s]\n" % section)
            f.write("%s = %s\n" % (line.key, line.text))


def _beside(config, document):
    """[(section, options)]: a first named target would take the place of the unnamed one, and one
    that the user wrote has to stay."""
    changes = list(document.items())
    written = any(line[:2] == ("target", "to") and line.origin != "default"
                  for line in config.lines)
    unnamed = [target.to for target in config.targets if not target.name and written]
    if any(str(section).startswith("target ") and options for section, options in changes):
        changes = [("target " + to, {"to": to}) for to in unnamed] + changes
    return changes


def _named(section):
    if len(section) > 260 or not section.isprintable() or not _SECTION.fullmatch(section):
        raise UsageError("[%s]" % ascii(section)[1:41], "no section's name",
                         "send one of `kagami config`, or target NAME")


def _option(section, key, value):
    if (section, key) == ("calibration", "folder"):
        raise UsageError("calibration.folder", "what is changed is kept there",
                         "set it in kagami.conf")
    if (section, key) == ("camera", "source") and str(value).strip().startswith("pipeline:"):
        raise UsageError("camera.source = pipeline:...", "a launch line reaches every file",
                         "set it in kagami.conf")
    if not _KEY.fullmatch(key):
        raise UsageError("%s.%s" % (section[:60], ascii(key)[1:41]), "no option's name",
                         "`kagami config` lists every option")
    return key


def _drop(config, sections, section):
    if sections.pop(section, None) is not None or not section.startswith("target "):
        return
    written = [line.origin for line in config.lines if line.section == section]
    if written:
        raise UsageError("[%s]" % section, "stands in %s" % written[0],
                         "change it there, or set enabled to no")
    near = nearest(section[7:], [s[7:] for s in sections if s.startswith("target ")])
    raise UsageError(section[7:], "was not added", "did you mean %s?" % near if near
                     else "`kagami targets` lists who is sent to")


def _text(section, key, value):
    """A value as it stands in a file; UsageError where it would be read as something else."""
    what = "%s.%s" % (section, key)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str):
        raise UsageError(what, "neither text nor number", "send one value")
    text = value.strip()
    if len(text) > LONGEST:
        raise UsageError(what, "%d characters, %d at most" % (len(text), LONGEST), "send fewer")
    if not text.isprintable() or (" " + text).split(" #")[0] != " " + text:
        raise UsageError("%s = %s" % (what, ascii(text)[1:41]), "not one line without a #",
                         "send other text")
    return text
