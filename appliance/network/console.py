"""What a person asks about targets: of the program that runs, or where none does of what is kept.

Whoever may ask the running program, or write where it keeps things, may change who is sent to.
"""
import json
from collections import OrderedDict

from appliance import amendments
from appliance.config import kept_path
from appliance.errors import PartMissing, UsageError
from appliance.network import addresses, local
from appliance.network.access import HERE
from appliance.network.deeds import LISTEN
from appliance.network.discovery import instance
from appliance.network.pairing import LONGEST
from appliance.network.ways import Way, near
from appliance.outputs.dialects import speaks
from appliance.outputs.targets import MOST, checked

WRITTEN = 10.0          # seconds that a slow card may take
HEAD = ("to", "address", "frames/s", "sent", "failed", "refused", "answer", "why")


def listing(config):
    """[line]: who we are, who is sent what, at which rate, whether anybody answers, why, and what
    to do next."""
    program = local.program(config.calibration.folder)
    if program is None:
        rows = [(target.to,) + ("-",) * 6 + (target.name or "[target]",)
                for target in config.targets]
        return _table(rows) + ["", "nothing runs here; `kagami run` would send there"]
    with program:
        ways = _sent_to(program)
    rows = [(way.to, way.address or "-", "%.1f" % way.rate, str(way.sent), str(way.failed),
             str(way.refused), way.answer, way.why) for way in ways]
    head, *table = _table(rows)
    lines = [line for row, way in zip(table, ways) for line in [row] + _below(way)]
    return [_myself(config, ways), "", head] + (lines or ["", "nobody is sent to"])


def _table(rows):
    """[line] of the head and each row, in columns."""
    widths = [max(len(row[i]) for row in [HEAD] + rows) for i in range(len(HEAD))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
            for row in [HEAD] + rows]


def _below(way):
    """[line] below a row: what was seen there, and what to do next."""
    seen = [way.seen + " is there"] if way.seen else []
    if way.has >= 0:
        seen.append("its avatar has %d parameters, %d of them ours" % (way.has, way.ours))
    if way.ignored:
        seen.append("%d questions of others were ignored" % way.ignored)
    return ["    %s" % words for words in ("; ".join(seen), way.advice) if words]


def _myself(config, ways):
    """Who we are and where, and to whom we send: both ends in one line."""
    own = addresses.adapters()
    serial = addresses.serial([name for name, _ in own])
    at = [str(at.ip) for _, at in own if not at.ip.is_loopback]
    to = list(OrderedDict.fromkeys(one for way in ways for one in way.address.split()))
    told = ["this machine" if near(address) or address in at else address for address in to]
    local_name = " (kagami-%s.local)" % serial if config.network.discovery and at else ""
    return "I am %s%s at %s; I send to %s" % (
        config.network.name or instance(serial), local_name, ", ".join(at) or "no network",
        ", ".join(OrderedDict.fromkeys(told)) or "nobody")


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
    anything at all; of a dialect that answers, of the first that asks at the dialect's own.

    form: DIALECT or DIALECT:PORT. say: where the words for whoever waits go.
    """
    dialect, colon, there = form.partition(":")
    target = checked(config.target._replace(to="%s@%s%s%s" % (dialect, HERE, colon, there)))
    asked = hasattr(speaks(dialect, target.port), "question")
    most = LONGEST if asked else LISTEN[1]
    if not LISTEN[0] <= seconds <= most:
        raise UsageError("--listen %d" % seconds, "out of bounds",
                         "give %d to %d s" % (LISTEN[0], most))
    program = local.program(config.calibration.folder)
    if program is None:
        raise PartMissing("--listen %d" % seconds, "nothing runs here", "start `kagami run` first")
    what, port = ((dialect + "'s question", target.port) if asked
                  else ("any UDP datagram", config.control.port))
    with program:
        say("waiting %d s for %s at port %d of this machine (%s)" % (
            seconds, what, port, ", ".join(str(at.ip) for _, at in addresses.adapters())))
        heard = program.text("/kagami/listen", seconds, *[form] * asked,
                             wait=seconds + local.PATIENCE)
    return heard if asked else "%s@%s%s%s" % (dialect, heard, colon, there)


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
    """[Way] of each target."""
    return [Way(*m.arguments) for m in program.ask("/kagami/targets")]


def _place(target):
    return target.dialect, target.host, target.port
