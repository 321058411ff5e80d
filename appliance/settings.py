"""A configuration that is read again becomes the one in force, while the program runs.

A wrong one changes nothing and says why; what cannot change while running says so.
"""
import logging
from collections import OrderedDict

from appliance import quality
from appliance.amendments import merged
from appliance.config import named
from appliance.errors import ConfigError, KagamiError, PartMissing, UsageError
from appliance.keys import changed, parsed
from appliance.outputs.channel import dialect
from appliance.outputs.targets import MOST, checked, mistakes
from appliance.service import managed
from appliance.sources import understood

AGAIN = 75          # exit status that asks a service manager for another start
LOG = logging.getLogger("kagami")
ROOM = 1024         # bytes in which every message fits that nothing is put before
# Sections and options that only a start reads.
STARTS = ("calibration.folder", "network", "backend")


class Settings:
    """`config` is in force. again: ([Line] in place of settings.conf's, or None) -> the Config to
    go over to; None where there is none to read. stop: run.Signals, whose `reload` asks for it.
    starts: what only a start reads."""

    def __init__(self, config, again=None, stop=None, starts=STARTS):
        check(config)
        self.config, self._again, self._stop, self._starts = config, again, stop, starts
        self._started = self._read = config
        self._followers, self._set = [], {}

    def follow(self, follower):
        """Call follower(config) with every configuration from now on; the first may refuse it."""
        self._followers.append(follower)

    @property
    def restart(self):
        """Whether the program ends to start anew."""
        return self._stop.restart

    def start_anew(self):
        """End the program, to start anew; how, in words."""
        if self._stop is None:
            raise PartMissing("restart", "nothing to start", "start `kagami run`")
        self._stop.restart = self._stop.stopping = True
        if managed():
            return "it ends with status %d, its service manager starts it again" % AGAIN
        return "it starts anew by itself"

    def turn(self, _=None):
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
        waiting = self._over(None)
        LOG.info("the configuration is read again")
        if waiting:
            LOG.warning(waiting)

    def amend(self, document):
        """Change options from now on: {section: {option: value}}, None takes back; see
        amendments.merged. Gives ([Line] that are to be kept, words of what is not in force).

        KagamiError leaves everything as it was.
        """
        lines = merged(self._read, document)
        waiting = [self._over(lines)]
        lasting = [line for line in self.config.lines if line.origin[:2] == "--"
                   and line.key in (document.get(line.section) or ())]
        waiting += ["%s.%s: %s stays in force" % (line.section, line.key, line.origin)
                    for line in lasting]
        if self.config.targets and self.config.targets[0].name == "--to" and any(
                section.split(" ")[0] == "target" for section in document):
            waiting.append("targets: --to stays in force")
        return lines, "; ".join(words for words in waiting if words)

    def _over(self, kept):
        """Go over to a configuration; words of what waits for the next start."""
        if self._again is None:
            raise PartMissing("configuration", "none was read", "start `kagami run`")
        config = self._again(kept)
        check(config)
        waiting = []
        for name in self._starts:
            section, _, option = name.partition(".")
            mine, then = getattr(config, section), getattr(self._started, section)
            waits = [o for o in ([option] if option else mine._fields)
                     if getattr(mine, o) != getattr(then, o)]
            waiting += ["%s.%s" % (section, o) for o in waits]
            mine = mine._replace(**{o: getattr(then, o) for o in waits})
            config = config._replace(**{section: mine})
        self._go(config, self._set)
        return ", ".join(waiting) + ": in force with the next start" if waiting else ""

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
    try:
        quality.check(config.tracker.quality)
    except UsageError as e:
        yield "tracker", "quality", e
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
    if line.origin == "--source":
        raise mistake
    return ConfigError(named(line), mistake.why, mistake.do)
