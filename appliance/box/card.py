"""The bytes of a kagami.txt come in, what its owner wants of the box goes out, with every mistake.

Whoever writes the file has any editor of any PC and no screen on the box: spelling is forgiven
where the meaning is clear, a mistake costs its own line alone, and no value is repeated in words
before it is known not to be a secret.
"""
import codecs
import re
from collections import OrderedDict, namedtuple

from appliance.box import wants
from appliance.config import Line
from appliance.errors import nearest
from appliance.options import SCHEMA

FILE, ANSWER = "kagami.txt", "kagami-says.txt"
LARGEST = 1 << 16       # bytes of it that are read

Card = namedtuple("Card", "name wifi address keys read_only lines said mistakes")
Card.__doc__ = """What a kagami.txt says.

name: the host's, or "". wifi: wants.Wifi or None. address: wants.Address or None. keys: [line of
authorized_keys]. read_only: True, False, or None where nothing is said of it. lines: [config.Line]
of what goes to kagami.conf. said, mistakes: [(number of the line, words)].
"""
# What a line may begin with, as _bare leaves it; the first is how it is spelt in words.
KEYS = OrderedDict([
    ("name", ("hostname", "host")), ("wifi-name", ("wifi", "wifissid", "ssid", "wlan")),
    ("wifi-password", ("wifikey", "password", "psk")), ("wifi-country", ("country",)),
    ("address", ("ip", "ipaddress", "staticaddress")), ("mask", ("netmask", "subnetmask")),
    ("gateway", ("router",)), ("dns", ("dnsserver", "nameserver")),
    ("ssh-key", ("sshkeys", "publickey")), ("target", ("targets", "to")), ("camera", ("source",)),
    ("read-only", ())])
AGAIN = "ssh-key", "target", "dns"                  # what may stand there more than once
WHOLE = "wifi-name", "wifi-password"                # in which a # is a letter like others
_QUOTES = {'"': '"', "'": "'", "\u201c": "\u201d", "\u201e": "\u201c", "\u2018": "\u2019",
           "\u201a": "\u2018", "\u201d": "\u201d", "\u00ab": "\u00bb"}
_BLANK = " \t\u00a0\u200b\u200e\ufeff\x00"
_PEM = re.compile("-{4,5} ?BEGIN (.*)")
_OF_A_KEY = re.compile("|".join(("[A-Za-z0-9+/]*={0,2}", "Comment:.*", "-{4,5} ?END .*")))


def read(data):
    """The Card of these bytes; values for kagami.conf are not looked at yet (see configuring)."""
    reading, section, skipping = _Reading(), "", False
    text = _text(data[:LARGEST])
    if len(data) > LARGEST:
        reading.mistake(0, "too large: only the first %d bytes are read" % LARGEST)
    for number, row in enumerate(text.splitlines(), 1):
        row = row.strip(_BLANK)
        begins = _PEM.match(row)
        skipping = bool(begins or skipping and _OF_A_KEY.fullmatch(row))
        if begins:
            reading.pasted(number, begins.group(1))
        elif skipping:
            continue
        elif row[:1] == "[" and row[-1:] == "]":
            section = " ".join(row[1:-1].split())
        elif row and row[0] not in "#;":
            reading.row(number, row, section)
    return reading.card()


def _text(data):
    """Text of what editors write: UTF-8 with a mark or not, UTF-16, else Windows' own letters."""
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _bare(key):
    return re.sub("[^a-z0-9]", "", key.lower())


def _unquoted(text):
    """A value without the pair of quotes that somebody put around it, straight or curly."""
    if len(text) > 1 and _QUOTES.get(text[0]) == text[-1]:
        return text[1:-1]
    return text


_SPELT = {_bare(spelling): key for key, others in KEYS.items() for spelling in (key,) + others}


class _Reading:
    """What has been read so far."""

    def __init__(self):
        self._first, self._given, self._lines = {}, OrderedDict(), []
        self._said, self._mistakes = [], []

    def mistake(self, number, words):
        """Tell of a line that does not apply."""
        self._mistakes.append((number, words))

    def pasted(self, number, kind):
        """A key in several lines, of which none is repeated."""
        if "PRIVATE" in kind:
            self.mistake(number, "a private key: keep it to yourself, take it out of this file; "
                         "give the one line of the file that ends in .pub")
        else:
            self.mistake(number, "a key in several lines; give it in one, as it stands in a file "
                         "that ends in .pub")

    def row(self, number, row, section):
        """One line KEY = VALUE or KEY: VALUE."""
        key, sign, value = re.match("([^=:]*)([=:]?)(.*)", row, re.S).groups()
        value = value.strip(_BLANK)
        if not sign or not key.strip(_BLANK):
            self.mistake(number, "neither KEY = VALUE nor [section]; put a # before it if it is "
                         "only words")
        elif section and self._is_option(section, key):
            self._option(number, section, key.strip(_BLANK).lower(), value)
        else:
            self._wish(number, key, value)

    @staticmethod
    def _is_option(section, key):
        """Whether it is for kagami.conf to understand; what belongs above every section is
        forgiven where it stands below one."""
        kind = section.split(" ")[0].lower()
        return key.strip(_BLANK).lower() in SCHEMA.get(kind, ()) or _bare(key) not in _SPELT

    def _option(self, number, section, key, value):
        words = section.split(" ")
        section = " ".join([words[0].lower()] + words[1:])
        self._keep(number, (section, key), lambda: self._lines.append(
            Line(section, key, _unquoted((" " + value).split(" #")[0].strip(_BLANK)),
                 "line %d" % number)))

    def _wish(self, number, key, value):
        name = _SPELT.get(_bare(key))
        if name is None:
            near = nearest(_bare(key), _SPELT)
            self.mistake(number, "no such key: %s; %s" % (
                ascii(key.strip(_BLANK))[1:-1][:40], "did you mean %s?" % _SPELT[near] if near else
                "the keys are " + ", ".join(KEYS)))
            return
        if name not in WHOLE:
            value = (" " + value).split(" #")[0].strip(_BLANK)
        value = _unquoted(value)
        if not value:
            self.mistake(number, "%s has no value; give one, or put a # before the line" % name)
            return
        what = name if name not in AGAIN else (name, value)
        self._keep(number, what, lambda: self._given.setdefault(name, []).append((number, value)))

    def _keep(self, number, what, keep):
        """Keep what was not given before."""
        first = self._first.setdefault(what, number)
        if first != number:
            self.mistake(number, "given already in line %d; keep one of the two" % first)
        else:
            keep()

    def card(self):
        """All of it as a Card."""
        wishes = wants.Wants(self._given, self._said, self.mistake)
        targets = [Line("target card-%d" % n, "to", value, "line %d" % number)
                   for n, (number, value) in enumerate(self._given.get("target", ()), 1)]
        camera = [Line("camera", "source", value, "line %d" % number)
                  for number, value in self._given.get("camera", ())]
        return Card(wishes.name(), wishes.wifi(), wishes.address(), wishes.keys(),
                    wishes.read_only(), camera + targets + self._lines, self._said, self._mistakes)
