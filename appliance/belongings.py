"""What was changed while running and what is known of a person become one document, and come back
from one; a user's file of it is written and taken over here, with and without a running program.

What stands in the user's own configuration is a file already, and not in it.
"""
import json
import os
from collections import OrderedDict

from appliance import amendments, config, files, keeping
from appliance.errors import InputMissing, UsageError
from appliance.examples import examples
from appliance.known import understood
from appliance.network.local import program

FORM = 1
SECRET = "control", "token"             # what no page is told
CALIBRATION, EXPRESSIONS = "calibration", "expressions"
_PERSON = ((CALIBRATION, understood), (EXPRESSIONS, examples))
_LARGEST = 3 << 17                      # bytes of a document that a running program takes
_WRITTEN = 10.0                         # seconds that a slow card may take
_DO = "give what export gave"


def sections(lines):
    """{section: {option: text}} of [config.Line], but for what is secret."""
    out = OrderedDict()
    for line in lines:
        if (line.section, line.key) != SECRET:
            out.setdefault(line.section, OrderedDict())[line.key] = line.text
    return out


def document(kept, known):
    """All of it as a dict for JSON. kept: [config.Line] of settings.conf. known: {CALIBRATION:
    ..., EXPRESSIONS: ...}, as person.Person.document() gives it."""
    return OrderedDict([("kagami", FORM), ("settings", sections(kept))], **known)


def parted(text):
    """(settings, known) of a document's JSON text, each part as document() had it; what of the
    person is missing is missing in `known`. UsageError where any of it is none."""
    given = amendments.document(text)
    if given.get("kagami") != str(FORM):
        raise UsageError("import", "nothing that was exported", _DO)
    changed = given.get("settings") or {}
    if not isinstance(changed, dict):
        raise UsageError("import", "its settings are no object", _DO)
    whole = json.loads(text)
    known = {name: whole[name] for name, _ in _PERSON if whole.get(name) is not None}
    try:
        for name, understand in _PERSON:
            understand(known.get(name, {}))
    except keeping.BROKEN as e:
        raise UsageError("import", "what is known of the person is not understood (%s)"
                         % str(e)[:80], _DO) from e
    return changed, known


def in_place(kept, changed):
    """The document of changes after which only the settings `changed` are kept."""
    out = {line.section: None for line in kept}
    for section, options in changed.items():
        out[section] = options
        if isinstance(options, dict):
            gone = {line.key: None for line in kept if line.section == section}
            out[section] = dict(gone, **options)
    return out


def export(read, path):
    """Write all of it to a file; words of where it is. read: gives the Config in force."""
    found = read()
    running = program(found.calibration.folder)
    if running is None:
        folder = keeping.folder(found.calibration.folder)
        whole = document(found.kept, {name: _kept(folder, name, understand)
                                      for name, understand in _PERSON})
    else:
        with running:
            whole = json.loads(running.text("/kagami/export"))
    files.write(path, json.dumps(whole, indent=1) + "\n")
    return "written to " + path


def take(read, path):
    """Take a file over in place of what is, all of it or nothing; words of what came of it. read:
    as of export, and takes [config.Line] in place of those that are kept."""
    text = _text(path)
    changed, known = parted(text)
    found = read()
    running = program(found.calibration.folder)
    if running is not None:
        with running:
            return running.text("/kagami/import", json.dumps(json.loads(text)), wait=_WRITTEN)
    lines = amendments.merged(found, in_place(found.kept, changed))
    read(lines)                         # it raises where they do not fit together
    folder = keeping.folder(found.calibration.folder)
    amendments.write(config.kept_path(found.calibration.folder), lines)
    for name, value in known.items():
        keeping.write(_path(folder, name), value)
    return "taken over; it counts from the next start"


def _path(folder, name):
    return os.path.join(folder, name + ".json")


def _kept(folder, name, understand):
    try:
        return keeping.read(_path(folder, name), lambda kept: understand(kept) and kept)
    except FileNotFoundError:
        return {}
    except OSError as e:
        raise InputMissing(_path(folder, name), e.strerror, "ask as the user whose it is") from e


def _text(path):
    try:
        with open(path, encoding="utf-8-sig") as f:
            text = f.read(_LARGEST + 1)
    except FileNotFoundError:
        raise InputMissing(path, "no such file", "name one that export wrote") from None
    except (OSError, ValueError) as e:
        why = getattr(e, "strerror", None) or "not text"
        raise InputMissing(path, why, "name one that export wrote") from e
    if len(text) > _LARGEST:
        raise UsageError(path, "too large for what was exported", _DO)
    return text
