"""What a person asks of the program that runs on this machine, and the file of added targets.

The program is asked at its control port; what is added or dropped is written by whoever asks, so
that the right to write the file is the right to change who is sent to.
"""
import os
import socket
import time

from appliance import files
from appliance.errors import ConfigError, KagamiError, PartMissing, UsageError, nearest
from appliance.network.access import HERE
from appliance.network.packets import messages
from appliance.outputs.osc import message
from appliance.outputs.targets import MOST, checked

LISTEN = 600            # seconds at most that a word from another computer is waited for
PATIENCE = 3.0          # seconds until a program counts as not running; a turn may take a while
HEAD = ("to", "frames/s", "refused", "answer", "why")


class Program:
    """The running program, at its control port."""

    def __init__(self, port):
        self.port = port
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect((HERE, port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def ask(self, address, *arguments):
        """[Message] that answer, the last one /kagami/ok; None where nobody does. ConfigError
        tells what the program complains of."""
        self._say(message(address, *arguments))
        out, end = [], time.monotonic() + PATIENCE
        while True:
            heard = self._hear(end)
            if heard is None:
                return None
            out.append(heard)
            if heard.address == "/kagami/error":
                raise ConfigError("the running program", heard.arguments[2], "mend that first")
            if heard.address == "/kagami/ok":
                return out

    def wait(self, address, seconds):
        """The arguments of the message that comes within so many seconds, or None."""
        end = time.monotonic() + seconds
        while True:
            heard = self._hear(end)
            if heard is None or heard.address == address:
                return heard and heard.arguments

    def _say(self, datagram):
        try:
            self._socket.send(datagram)
        except OSError:                 # an earlier one was refused
            pass

    def _hear(self, end):
        while True:
            self._socket.settimeout(max(0.001, end - time.monotonic()))
            try:
                found = messages(self._socket.recv(65536))
            except OSError:             # the time is up, or nobody listens
                return None
            if found:
                return found[0]


def listing(config):
    """[line]: who is sent what, at which rate, whether anybody answers, and why."""
    with Program(config.control.port) as program:
        answers = program.ask("/kagami/targets")
    if answers is None:
        rows = [(target.to, "-", "-", "-", target.name or "[target]") for target in config.targets]
        note = ["", "nobody answers at port %d of this machine; `kagami run` would send there"
                % config.control.port]
    else:
        rows = [(to, "%.1f" % rate, str(refused), answer, why) for to, why, rate, refused, answer
                in (a.arguments for a in answers if a.address == "/kagami/target")]
        note = [] if rows else ["", "nobody is sent to"]
    widths = [max(len(row[i]) for row in [HEAD] + rows) for i in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
             for row in [HEAD] + rows]
    return lines + note


def add(config, path, to):
    """Keep one more target in the file `path` and tell the program; gives words of what came of
    it."""
    target = checked(config.target._replace(to=to))
    for other in config.targets:
        if _place(checked(other)) == _place(target):
            raise UsageError(to, "is sent to already", "`kagami targets` lists them")
    if len(config.targets) >= MOST:
        raise UsageError(to, "%d targets are the most" % MOST, "drop another first")
    # A named target takes the place of the unnamed one; what the user wrote there has to stay.
    written = [line for line in config.lines if line[:2] == ("target", "to")
               and line.origin != "default"]
    alone = [other.to for other in config.targets if not other.name and written]
    _write(path, alone + _read(path) + [to])
    return "%s is kept in %s; %s" % (to, path, _told(config, to))


def drop(config, path, to):
    """Take a target out of the file `path` and tell the program; gives words of what came of
    it."""
    kept = _read(path)
    if to not in kept:
        line = next((line for line in config.lines if line.key == "to" and line.text == to), None)
        if line is not None:
            raise UsageError(to, "stands in %s" % line.origin, "change it there")
        near = nearest(to, kept)
        raise UsageError(to, "was not added", "did you mean %s?" % near if near else
                         "`kagami targets` lists who is sent to")
    _write(path, [other for other in kept if other != to])
    return "%s is dropped; %s" % (to, _told(config))


def listen(config, form, seconds, say):
    """The target, DIALECT@HOST:PORT, of the first other computer that sends the control port
    anything at all.

    form: DIALECT or DIALECT:PORT. say: where the words for whoever waits go.
    """
    dialect, colon, there = form.partition(":")
    checked(config.target._replace(to="%s@%s%s%s" % (dialect, HERE, colon, there)))
    if not 1 <= seconds <= LISTEN:
        raise UsageError("--listen %d" % seconds, "out of bounds", "give 1 to %d s" % LISTEN)
    port = config.control.port
    with Program(port) as program:
        if program.ask("/kagami/listen", seconds) is None:
            raise PartMissing("port %d of this machine" % port, "nobody answers",
                              "start `kagami run` first")
        say("waiting %d s for any UDP datagram at port %d of this machine" % (seconds, port))
        heard = program.wait("/kagami/heard", seconds)
    if heard is None:
        raise KagamiError("--listen %d" % seconds, "no computer has said anything",
                          "send from a network that [control] allows")
    return "%s@%s%s%s" % (dialect, heard[0], colon, there)


def _told(config, to=None):
    """Have the program read its configuration again; what follows, in words."""
    with Program(config.control.port) as program:
        if program.ask("/kagami/reload") is None:
            return "in force when `kagami run` starts"
        names = [a.arguments[0] for a in program.ask("/kagami/targets") or () if a.arguments[1:]]
    if to is None or to in names:
        return "the running program follows"
    return "the running program does not send there: it was started with --to or another --config"


def _place(target):
    return target.dialect, target.host, target.port


def _read(path):
    """The targets that were added."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        pairs = [line.partition("=") for line in f]
    return [value.strip() for key, _, value in pairs if key.strip() == "to"]


def _write(path, targets):
    with files.whole(path) as temporary, open(temporary, "w", encoding="utf-8") as f:
        f.write("# Kept by `kagami targets`.\n")
        for to in targets:
            f.write("\n[target %s]\nto = %s\nenabled = yes\n" % (to, to))
