"""The one family of errors: what a user reads in one line, with the exit status beside it.

    KagamiError            1   a check or figure fell short
    +-- UsageError         2   wrong option, source, target or dialect
    +-- DataError         65   broken picture, video, network or bundle
    +-- InputMissing      66   an input that is not there
    +-- PartMissing       69   a part of the system is missing or not permitted
    +-- OutputError       73   an output that cannot be written
    +-- NotPermitted      77   a command from somebody who may not give it
    +-- ConfigError       78   the configuration
"""
from difflib import get_close_matches


class KagamiError(Exception):
    """One line for the user: `what` is the thing with its value, `why` the reason, `do` the way
    out."""

    status = 1

    def __init__(self, what, why, do):
        super().__init__("%s: %s; %s" % (what, why, do))
        self.what, self.why, self.do = what, why, do


class UsageError(KagamiError):
    """A word on the command line that means nothing here."""

    status = 2


class DataError(KagamiError):
    """Something that is there and cannot be read: picture, video, network, manifest."""

    status = 65


class InputMissing(KagamiError):
    """A file or folder that was named and is not there."""

    status = 66


class PartMissing(KagamiError):
    """A library, plugin, backend or permission that this system lacks."""

    status = 69


class OutputError(KagamiError):
    """A file that cannot be written, with the reason of the system."""

    status = 73


class NotPermitted(KagamiError):
    """A command from the network by somebody who may not give it."""

    status = 77


class ConfigError(KagamiError):
    """A mistake in the configuration; `also` holds the further ones, so that all are read at
    once."""

    status = 78
    also = ()

    def __str__(self):
        return "\n".join([super().__str__()] + [str(e) for e in self.also])


def nearest(word, words):
    """The one of `words` that `word` was probably meant to be, or None; capitals do not count."""
    lower = {w.lower(): w for w in words}
    close = get_close_matches(str(word).lower(), list(lower), 1, 0.55)
    return lower[close[0]] if close else None
