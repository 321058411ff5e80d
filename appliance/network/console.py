"""What a person asks about targets: of the program that runs, and of the file of added ones.

What is added or dropped is written by whoever asks, so that the right to write the file is the
right to change who is sent to.
"""
import os

from appliance import files
from appliance.errors import PartMissing, UsageError, nearest
from appliance.network import local
from appliance.network.access import HERE
from appliance.network.deeds import LISTEN
from appliance.outputs.targets import MOST, checked

HEAD = ("to", "frames/s", "failed", "refused", "answer", "why")


def listing(config):
    """[line]: who is sent what, at which rate, whether anybody answers, and why."""
    program = local.program(config.calibration.folder)
    if program is None:
        rows = [(target.to, "-", "-", "-", "-", target.name or "[target]")
                for target in config.targets]
        note = ["", "nothing runs here; `kagami run` would send there"]
    else:
        with program:
            sent_to = _sent_to(program)
        rows = [(to, "%.1f" % rate, str(failed), str(refused), answer, why)
                for to, why, rate, refused, answer, failed in sent_to]
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
    if not LISTEN[0] <= seconds <= LISTEN[1]:
        raise UsageError("--listen %d" % seconds, "out of bounds", "give %d to %d s" % LISTEN)
    program = local.program(config.calibration.folder)
    if program is None:
        raise PartMissing("--listen %d" % seconds, "nothing runs here", "start `kagami run` first")
    with program:
        say("waiting %d s for any UDP datagram at port %d of this machine"
            % (seconds, config.control.port))
        heard = program.text("/kagami/listen", seconds, wait=seconds + local.PATIENCE)
    return "%s@%s%s%s" % (dialect, heard, colon, there)


def _told(config, to=None):
    """Have the program read its configuration again; what follows, in words."""
    program = local.program(config.calibration.folder)
    if program is None:
        return "in force when `kagami run` starts"
    with program:
        program.ask("/kagami/reload")
        names = [row[0] for row in _sent_to(program)]
    if to is None or to in names:
        return "the running program follows"
    return "the running program does not send there: it was started with --to or another --config"


def _sent_to(program):
    """[to, why, rate, refused, answer, failed] of each target."""
    return [m.arguments for m in program.ask("/kagami/targets")]


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
