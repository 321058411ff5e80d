"""The commands that Kagami obeys, as data: address, who may, arguments, what they are for; and one
that was given, with the way back to whoever gave it.
"""
from typing import NamedTuple, Tuple

from appliance.errors import KagamiError, UsageError
from appliance.outputs.osc import bundle, message

SET = "/kagami/set/"
ANYBODY, WRITER, LOCAL = "anybody", "writer", "local"
LATER = object()        # what a method gives that answers when it is done
_TYPES = {"i": int, "f": float, "s": str}
_TURN = -45.0, 45.0


class Command(NamedTuple):
    """who may give it: anybody, a writer (the first argument is the token), or a program of this
    machine. kinds: type tags without the trailing number, the usual ones first. ranges: of each
    argument (least, most), a tuple of words, or None."""

    who: str
    kinds: Tuple[str, ...]
    method: str
    words: str
    ranges: tuple = ()


COMMANDS = {
    "/kagami/ping": Command(ANYBODY, ("i",), "ping", "answers /kagami/pong with the number"),
    "/kagami/subscribe": Command(
        ANYBODY, ("siiii",), "subscribe", "asks for frames: dialect, port (0 is the question's), "
        "seconds, divider, mask", (None, (0, 65535), (5, 60), (1, 1000), (0, 1023))),
    "/kagami/subscribe/confirm": Command(ANYBODY, ("i",), "confirm", "the challenge's number"),
    "/kagami/unsubscribe": Command(ANYBODY, ("s", ""), "unsubscribe",
                                   "ends this address's leases, or those of a dialect"),
    "/kagami/get": Command(ANYBODY, ("s",), "get", "sends that slow message once"),
    "/kagami/calibrate/recenter": Command(WRITER, ("s",), "recenter", "straight ahead is now"),
    "/kagami/calibrate/neutral": Command(
        WRITER, ("sf",), "neutral", "the face of so many seconds is at rest", (None, (0.5, 5.0))),
    "/kagami/calibrate/eyes": Command(WRITER, ("ss",), "eyes", "the eyes are so now",
                                      (None, ("open", "shut"))),
    "/kagami/calibrate/gaze": Command(WRITER, ("sff",), "gaze", "the eyes look there now: yaw, "
                                      "pitch in degrees", (None, _TURN, _TURN)),
    "/kagami/calibrate/clear": Command(WRITER, ("ss",), "clear", "forgets it",
                                       (None, ("all", "neutral", "eyes", "gaze", "ranges"))),
    SET: Command(WRITER, ("si", "sf", "ss"), "set", "until the next start"),
    "/kagami/targets": Command(LOCAL, ("",), "targets", "who is sent what"),
    "/kagami/reload": Command(LOCAL, ("",), "reload", "reads the configuration again"),
    "/kagami/listen": Command(LOCAL, ("i", "is"), "listen", "waits for a word from another "
                              "computer, or for a question in a dialect"),
    "/kagami/person": Command(LOCAL, ("",), "person", "what is known of the person, as JSON"),
    "/kagami/calibrate/import": Command(LOCAL, ("s",), "restore", "takes over a calibration"),
    "/kagami/teach": Command(LOCAL, ("si",), "teach", "a lesson: name, times"),
    "/kagami/forget": Command(LOCAL, ("s",), "forget", "forgets a taught expression"),
    "/kagami/about": Command(LOCAL, ("",), "about", "all that a page shows, as JSON"),
    "/kagami/found": Command(LOCAL, ("",), "found", "who is on the network, as JSON"),
    "/kagami/cameras": Command(LOCAL, ("",), "cameras", "which are there, as JSON"),
    "/kagami/change": Command(LOCAL, ("s",), "change", "options for good, as JSON"),
    "/kagami/preview": Command(LOCAL, ("i",), "preview", "pictures, for so many seconds"),
    "/kagami/wave": Command(LOCAL, ("s",), "wave", "a waving head to a target, to be seen"),
    "/kagami/restart": Command(LOCAL, ("",), "restart", "ends, and starts anew"),
    "/kagami/export": Command(LOCAL, ("",), "export", "settings and what is known, as JSON"),
    "/kagami/import": Command(LOCAL, ("s",), "take", "takes over what was exported")}


def command(address):
    """The Command at an address, or None."""
    return COMMANDS.get(SET if address.startswith(SET) else address)


class Order:
    """A message that was read, with the way back.

    local: from a program of this machine, at the socket file. peer: where answers go. address:
    whose it is, source: its port. size: bytes of the question. answer: called with the order and
    what came of it: see `done`.
    """

    def __init__(self, read, now, size, local, peer, answer, send):
        self.read, self.now, self.size, self.local, self.peer = read, now, size, local, peer
        self.address, self.source = ("127.0.0.1", 0) if local else peer[:2]
        self.number, self._answer, self._send = 0, answer, send

    def send(self, datagram):
        """One datagram to whoever asked."""
        self._send(datagram, self.peer)

    def say(self, text):
        """A text on the way, for those who can hear it."""
        if self.local:
            self.send(message("/kagami/said", text))

    def done(self, outcome=None):
        """The end of it: a KagamiError, a text, [bytes] of rows, bytes that are all of the answer,
        or None."""
        self._answer(self, outcome)

    def arguments(self, kinds):
        """The arguments as one of `kinds` spells them, or None; the trailing number is kept."""
        for kind in kinds:
            given, rest = list(self.read.arguments[:len(kind)]), self.read.arguments[len(kind):]
            given = [float(a) if k == "f" and type(a) is int else a for k, a in zip(kind, given)]
            fits = [type(a) for a in given] == [_TYPES[k] for k in kind]
            if fits and [type(a) for a in rest] in ([], [int]):
                self.number = rest[0] if rest else 0
                return given
        return None

    def ending(self, outcome, most):
        """The datagram that ends it; of an error no more words than fit into `most` bytes."""
        if isinstance(outcome, bytes):
            return outcome
        if isinstance(outcome, KagamiError):
            return _error(self.read.address, outcome, most)
        rows = outcome if isinstance(outcome, list) else []
        if isinstance(outcome, str):
            rows = [message("/kagami/said", outcome)]
        ok = message("/kagami/ok", self.read.address, self.number)
        return bundle(rows + [ok]) if rows and self.local else ok


def _error(address, mistake, most):
    text = str(mistake).splitlines()[0].encode("ascii", "replace").decode()
    bare = len(message("/kagami/error", address, mistake.status, ""))
    return message("/kagami/error", address, mistake.status, text[:max(0, most - bare)])


def within(value, command, index):
    """The value, where it lies in the range of a command's argument; UsageError else."""
    limits = command.ranges[index]
    if isinstance(limits[0], str):
        if value not in limits:
            raise UsageError(repr(value[:40]), "not known", "give " + " or ".join(limits))
    elif not limits[0] <= value <= limits[1]:
        raise UsageError("%g" % value, "out of bounds", "give %g to %g" % limits)
    return value
