"""What a person asks about targets: of the program that runs, or where none does of what is kept.

Whoever may ask the running program, or write where it keeps things, may change who is sent to.
"""
import json

from appliance import amendments
from appliance.config import kept_path
from appliance.errors import PartMissing, UsageError
from appliance.network import local
from appliance.network.access import HERE
from appliance.network.deeds import LISTEN
from appliance.outputs.targets import MOST, checked

WRITTEN = 10.0          # seconds that a slow card may take
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


def add(config, to):
    """Send to one more, for good; gives words of what came of it."""
    target = checked(config.target._replace(to=to))
    for other in config.targets:
        if _place(checked(other)) == _place(target):
            raise UsageError(to, "is sent to already", "`kagami targets` lists them")
    if len(config.targets) >= MOST:
        raise UsageError(to, "%d targets are the most" % MOST, "drop another first")
    document = {"target " + to: {"to": to, "enabled": True}}
    return "%s is added: %s" % (to, _changed(config, document))


def drop(config, to):
    """Send to one of the added no longer; gives words of what came of it."""
    written = [line for line in config.lines if (line.key, line.text) == ("to", to)]
    added = [line for line in config.kept if (line.key, line.text) == ("to", to)]
    if written and not added:
        raise UsageError(to, "stands in %s" % written[0].origin, "change it there")
    section = added[0].section if added else "target " + to
    return "%s is dropped: %s" % (to, _changed(config, {section: None}))


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


def _changed(config, document):
    """Have the program change it, or where none runs what it will read; what follows, in words."""
    program = local.program(config.calibration.folder)
    if program is not None:
        with program:
            return program.text("/kagami/change", json.dumps(document), wait=WRITTEN)
    path = kept_path(config.calibration.folder)
    amendments.write(path, amendments.merged(config, document))
    return "kept in %s, in force when `kagami run` starts" % path


def _sent_to(program):
    """[to, why, rate, refused, answer, failed] of each target."""
    return [m.arguments for m in program.ask("/kagami/targets")]


def _place(target):
    return target.dialect, target.host, target.port
