"""A configuration that is read again becomes the one in force, while the program runs.

A wrong one changes nothing and says why; what cannot change while running says so.
"""
import logging
from collections import OrderedDict

from appliance.errors import ConfigError, KagamiError, PartMissing, UsageError
from appliance.keys import changed, parsed
from appliance.outputs.channel import dialect
from appliance.outputs.targets import MOST, checked, mistakes
from appliance.sources import understood

LOG = logging.getLogger("kagami")
ROOM = 1024         # bytes in which every message fits that nothing is put before
# Sections that only a start reads.
STARTS = ("camera", "tracker", "calibration", "network", "backend")


class Settings:
    """`config` is in force. again: () -> the Config to go over to, or None where there is none to
    read. stop: run.Signals, whose `reload` asks for it."""

    def __init__(self, config, again=None, stop=None):
        check(config)
        self.config, self._again, self._stop = config, again, stop
        self._started = self._read = config
        self._followers, self._set = [], {}

    def follow(self, follower):
        """Call follower(config) with every configuration from now on; the first may refuse it."""
        self._followers.append(follower)

    def turn(self):
        """Read again if a signal asked for it; a mistake is one line in the log."""
        if not self._stop.reload:
            return
        self._stop.reload = False
        try:
            self.reread()
        except KagamiError as e:
            first, more = str(e).splitlines()[0], len(str(e).splitlines()) - 1
            LOG.error("the old configuration goes on: %s%s", first,
                      " (and %d more)" % more if more else "")

    def reread(self):
        """Go over to what is written now; KagamiError leaves everything as it was."""
        if self._again is None:
            raise PartMissing("configuration", "none was read", "start `kagami run`")
        config = self._again()
        check(config)
        waiting = [name for section in STARTS
                   for name in _differing(section, config, self._started)]
        self._go(config._replace(**{s: getattr(self._started, s) for s in STARTS}), self._set)
        LOG.info("the configuration is read again")
        if waiting:
            LOG.warning("%s: in force with the next start", ", ".join(waiting))

    def set(self, key, value):
        """Set one of keys.KEYS until the next start; UsageError where it is none or out of
        bounds."""
        self._go(self._read, dict(self._set, **{key: parsed(key, value)}))

    def _go(self, read, values):
        config = read
        for key, value in values.items():
            config = changed(config, key, value)
        for follower in self._followers:
            follower(config)
        self.config, self._read, self._set = config, read, values


def check(config):
    """What a start would stumble over, before anything is opened.

    ConfigError with every mistake and the line that it stands in; UsageError for one of --to.
    """
    told = OrderedDict((str(m), m) for m in (_told(config, *wrong) for wrong in _wrong(config)))
    if told:                            # each once, however many targets share its line
        first, *more = told.values()
        first.also = tuple(more)
        raise first


def _wrong(config):
    """(section, option, UsageError) of each mistake."""
    try:
        understood(config.camera.source)
    except UsageError as e:
        yield "camera", "source", e
    for record in config.targets:
        wrong = [("target " + record.name, option, e) for option, e in mistakes(record)]
        yield from wrong or _unfit(config, record)
    if len(config.targets) > MOST:
        why = "%d targets, at most %d are sent to" % (len(config.targets), MOST)
        last = config.targets[MOST]
        yield "target " + last.name, "to", UsageError(last.to, why, "leave some out")


def _unfit(config, record):
    """The mistake of a limit that leaves a target too little; laid out only in doubt, for that
    takes up to 70 ms."""
    before = len(record.prefix) + len(record.parameter_prefix)
    try:
        if config.output.limit - before < ROOM:
            dialect(checked(record), config.loss, config.output)
    except UsageError as e:
        yield "output", "limit", UsageError(e.what, "for %s %s" % (record.to, e.why), e.do)


def _told(config, section, option, mistake):
    """A mistake as that of the line of the configuration that it stands in."""
    if (section, option) == ("target --to", "to"):
        raise mistake
    lines = {(line.section, line.key): line for line in config.lines}
    line = lines.get((section, option)) or lines[section.split(" ")[0], option]
    return ConfigError("%s: %s.%s = %s" % (line.origin, line.section, line.key, line.text),
                       mistake.why, mistake.do)


def _differing(section, config, other):
    """The options of a section that differ, "section.option"."""
    mine, theirs = getattr(config, section), getattr(other, section)
    return ["%s.%s" % (section, name) for name in mine._fields
            if getattr(mine, name) != getattr(theirs, name)]
