"""A configuration that is wrong becomes the last one that worked: a box has nobody to mend a file.

That holds for a service alone; somebody at a terminal is told what is wrong, and no more.
"""
import logging
import os
from threading import Thread
from time import monotonic

from appliance import config, files, keeping
from appliance.errors import ConfigError, KagamiError, OutputError
from appliance.service import managed

LOG = logging.getLogger("kagami.config")
NAME = "last-good.conf"
GOOD_AFTER = 5.0        # seconds for which the loop has to turn


class Fallback:
    """The `again` of settings.Settings.

    read: (kept, path) -> Config, with kept and path as of config.load. path: of the file, None for
    the usual one. check: called with a Config, raises a KagamiError where a start would.
    """

    def __init__(self, read, path=None, check=lambda found: None):
        self._read, self._path, self._check = read, config.place(path), check
        self._good = os.path.join(keeping.folder(), NAME)
        self._text, self._due = None, 0.0       # what is to be kept, and when
        self._told = ""

    def start(self):
        """The Config to begin with; a ConfigError where it is wrong, and somebody is there to
        mend it."""
        try:
            return self._whole(None)
        except KagamiError as e:
            return self.instead(e)

    def __call__(self, kept=None):
        """The Config to go over to; what is changed by command may be put on the last good one,
        but a file that is read again has to be right."""
        why = self._broken() if kept is not None and managed() else None
        return self._whole(kept) if why is None else self.instead(why, kept)

    def instead(self, why, kept=None):
        """The Config in place of one that a KagamiError speaks against; raises it where there is
        none, and where this is no service."""
        others = (self._good, "the last good one goes on"), (config.DEFAULTS, "the defaults hold")
        for path, words in others if managed() and self._path is not None else ():
            try:
                found = self._checked(kept, path)
            except KagamiError:
                continue
            self._text = None
            return found._replace(trouble=self._trouble(why, words))
        raise why

    def turn(self, _=None):
        """To be called once a turn of the loop: what turns for a while is kept as good."""
        if self._text is None:
            return
        self._due = self._due or monotonic() + GOOD_AFTER
        if monotonic() > self._due:
            Thread(target=self._keep, args=(self._text,), daemon=True).start()
            self._text, self._due = None, 0.0

    def _whole(self, kept):
        """The Config of the file as it is now."""
        text = _bytes(self._path)
        if text == b"" and managed() and _bytes(self._good):
            raise ConfigError(self._path, "empty, as a power cut leaves it", "write it again")
        found = self._checked(kept, self._path)
        if managed() and text is not None:
            self._text, self._due = text, 0.0
        return found

    def _checked(self, kept, path):
        found = self._read(kept, path)
        self._check(found)
        return found

    def _trouble(self, why, words):
        """What is wrong in a few words, and in more of them in the log, once."""
        told = "%s (%s)" % (str(why).splitlines()[0], words)
        if told != self._told:
            LOG.error(told)
        self._told = told
        what = str(why).split(": ")[0] if isinstance(why, ConfigError) else self._path
        return "%s is wrong, %s" % (what, words)

    def _broken(self):
        """What is wrong with the file itself, None where nothing is."""
        try:
            self._whole([])
        except KagamiError as e:
            return e
        return None

    def _keep(self, text):
        if text == _bytes(self._good):
            return
        try:
            files.write(self._good, text)
        except OutputError as e:
            LOG.warning("%s: the last good configuration cannot be kept (%s)", e.what, e.why)


def _bytes(path):
    """What stands in a file, None where it cannot be read."""
    try:
        with open(path or "", "rb") as f:
            return f.read()
    except OSError:
        return None
