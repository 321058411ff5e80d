"""The parts of this machine come in, a line for each goes out: how it is, and what to do about it.

What is asked of the running program is not looked at a second time: a camera and a GPU have one
owner.
"""
import json

from appliance.box import health, program, sight
from appliance.box.finding import BAD, OK, WARN, Finding
from appliance.errors import KagamiError, NotPermitted
from appliance.network import local, reach

_NOT_OURS = Finding("camera", WARN, "the program that has it was not asked", "see above")


def examine(path=None, overrides=()):
    """[Finding] of every part, in the order in which one would look. path, overrides: as of
    config.load."""
    first, more = program.configuration(path, overrides)
    running, complaint = _running(first.calibration.folder)
    if running is None:
        seen = _NOT_OURS if complaint else sight.camera(first)
        return complaint + [seen] + _parts(first, more)
    with running:
        about = sight.told(running)
        first, more = program.configuration(path, overrides, about)
        return [sight.camera(first, about)] + _parts(first, more, running, about)


def _running(setting):
    """(the Program that runs or None, [Finding] where it does not let itself be asked)."""
    try:
        return local.program(setting), []
    except NotPermitted as e:
        return None, [Finding("doctor", WARN, "%s: %s, so part of this is a guess" % (
            e.what, e.why), "sudo kagami doctor")]
    except KagamiError as e:
        return None, [Finding("doctor", WARN, "%s: %s" % (e.what, e.why), e.do)]


def _parts(config, configured, running=None, about=None):
    found = [program.backend(config.backend, about),
             program.engines(wanted=config.tracker.quality), reach.network()]
    found += reach.targets(config, running)
    found += health.clock() + health.power() + health.temperature()
    found += health.memory() + health.disk()
    return found + configured + program.service() + [program.versions()]


def lines(found):
    """What a person reads: a line for each, then how many of which."""
    count = {level: len([f for f in found if f.level == level]) for level in (OK, WARN, BAD)}
    end = "all is well" if count[OK] == len(found) else "%d ok, %d to look at, %d bad" % (
        count[OK], count[WARN], count[BAD])
    return [finding.line for finding in found] + ["", end]


def document(found):
    """The same for a program."""
    return json.dumps([finding._asdict() for finding in found])


def fell_short(found):
    """Whether any part does not do what it is for."""
    return any(finding.level == BAD for finding in found)
