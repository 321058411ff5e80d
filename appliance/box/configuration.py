"""The lines of a kagami.txt that are for kagami.conf become /etc/kagami.conf, unless somebody has
written that file with his own hand.
"""
import hashlib
import os
import re

from appliance import config, files, settings
from appliance.errors import KagamiError

HEADER = """\
# Written from kagami.txt on the card's KAGAMI partition (sum %s): change it there.
# What is changed in this file by hand is kept; then kagami.txt no longer changes it.
"""
_OURS = re.compile("# Written from kagami.txt .*[(]sum ([0-9a-f]{16})[)].*\n.*\n")
MOST = 200          # options: each is held against all before it
BESIDE = ".from-kagami.txt"
# What a box has otherwise than a PC: its page is for whoever is near, at the usual place.
BOX = [config.Line("panel", "address", "0.0.0.0", ""), config.Line("panel", "port", "80", "")]


def fit(card):
    """The Card with those lines alone that mean something, and why the others do not."""
    good, wrong = config.fitting(card.lines[:MOST], settings.check)
    said = [(_number(line), _words(line)) for line in good]
    mistakes = [(_number(line), _why(line, mistake)) for line, mistake in wrong]
    mistakes += [(_number(line), "more options than %d" % MOST) for line in card.lines[MOST:]]
    return card._replace(lines=good, said=card.said + said, mistakes=card.mistakes + mistakes)


def write(lines, path="/etc/kagami.conf"):
    """Have these lines in force, and BOX where they say nothing; words where they could not be put
    there, else ""."""
    given = [line[:2] for line in lines]
    body = _body([line for line in BOX if line[:2] not in given] + lines)
    there = _text(path)
    if there is not None and not is_ours(there):
        if not lines:
            return ""
        _put(path + BESIDE, body)
        return ("%s was changed by hand and stays; what kagami.txt wants lies beside it in %s"
                % (path, os.path.basename(path) + BESIDE))
    _put(path, body)
    return ""


def overruled(lines, path="/var/lib/kagami/settings.conf"):
    """[words] of those lines that what was changed on the page or by command has the better of."""
    try:
        changed = {line[:2]: line.text for line in config.load(path, kept=[]).lines
                   if line.origin != "default"}
    except KagamiError:                 # there is none, or one that does not count
        return []
    return ["%s: %s; but %s was set on the page or by command, and is in force: take it back there"
            % (line.origin, _words(line), changed[line[:2]])
            for line in lines if changed.get(line[:2], line.text) != line.text]


def is_ours(text):
    """Whether it stands as write() left it."""
    head = _OURS.match(text)
    return bool(head) and head.group(1) == _sum(text[head.end():])


def _put(path, body):
    files.write(path, HEADER % _sum(body) + body)


def _body(lines):
    rows, sections = [], []
    for line in lines:
        sections += [line.section] if line.section not in sections else []
    for section in sections:
        rows += ["", "[%s]" % section]
        rows += ["%s = %s" % line[1:3] for line in lines if line.section == section]
    return "\n".join(rows) + "\n"


def _sum(body):
    return hashlib.sha256(body.encode("utf-8")).hexdigest()[:16]


def _text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except FileNotFoundError:
        return None


def _number(line):
    return int(line.origin.split(" ")[1])


def _words(line):
    if line.section.startswith("target card-"):
        return "sends to " + line.text
    value = "..." if line.key == "token" else line.text
    return "%s.%s = %s" % (line.section, line.key, value)


def _why(line, mistake):
    """A mistake as one line that does not name its own line once more."""
    words = str(mistake).splitlines()[0]
    words = words[len(line.origin) + 2:] if words.startswith(line.origin + ": ") else words
    return words.replace(line.text, "...") if line.key == "token" else words
