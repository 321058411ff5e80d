"""A configuration that is read again becomes the one in force, while the program runs.

A wrong one changes nothing and says why; what cannot change while running says so.
"""
import logging
from collections import OrderedDict

from appliance.errors import ConfigError, KagamiError, PartMissing, UsageError, nearest
from appliance.options import SCHEMA
from appliance.outputs.targets import checked

LOG = logging.getLogger("kagami")
# Sections that only a start reads.
STARTS = ("camera", "tracker", "smoothing", "calibration", "network", "backend")
# What may be set by command until the next start, and the option behind it.
KEYS = OrderedDict([("mirror", ("target", "mirror")), ("hold_ms", ("loss", "hold_ms")),
                    ("return_ms", ("loss", "return_ms")),
                    ("neck_share", ("output", "neck_share"))])


class Settings:
    """`config` is in force. again: () -> the Config to go over to, or None where there is none to
    read. stop: run.Signals, whose `reload` asks for it."""

    def __init__(self, config, again=None, stop=None):
        check(config)
        self.config, self._again, self._stop = config, again, stop
        self._started, self._followers, self._set = config, [], {}

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
        """Set one of KEYS until the next start; UsageError where it is none or out of bounds."""
        if key not in KEYS:
            near = nearest(key, KEYS)
            raise UsageError(key[:40], "not to be set while running",
                             "did you mean %s?" % near if near else "set " + " or ".join(KEYS))
        option = SCHEMA[KEYS[key][0]][KEYS[key][1]]
        try:
            parsed = option.parse("%g" % value if isinstance(value, float) else str(value))
        except ValueError as e:
            raise UsageError("%s %s" % (key, str(value)[:40]), str(e),
                             "give " + option.bounds) from None
        self._go(self.config, dict(self._set, **{key: parsed}))

    def _go(self, config, values):
        for key, value in values.items():
            config = _with(config, key, value)
        for follower in self._followers:
            follower(config)
        self.config, self._set = config, values


def check(config):
    """Every target, before anything is opened; a configured one is named by its section."""
    for target in config.targets:
        try:
            checked(target)
        except UsageError as e:
            if target.name == "--to":
                raise
            section = "[%s]" % ("target " + target.name).strip()
            raise ConfigError("%s %s" % (section, e.what), e.why, e.do) from e


def _with(config, key, value):
    """`config` with an option set, for every target where it is one of theirs."""
    section, option = KEYS[key]
    config = config._replace(**{section: getattr(config, section)._replace(**{option: value})})
    if section == "target":
        config = config._replace(targets=[t._replace(**{option: value}) for t in config.targets])
    return config


def _differing(section, config, other):
    """The options of a section that differ, "section.option"."""
    mine, theirs = getattr(config, section), getattr(other, section)
    return ["%s.%s" % (section, name) for name in mine._fields
            if getattr(mine, name) != getattr(theirs, name)]
