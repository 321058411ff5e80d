"""Words behind a command become its arguments; what is wrong with them becomes one line."""
import argparse

from appliance.errors import UsageError, nearest


class Parser(argparse.ArgumentParser):
    """argparse whose complaints are ours: one line, with the nearest right name.

    command: the function that wants it, documented as the user knows it. program: what it is
    called; without, it is a command of `kagami` with the function's name.
    """

    def __init__(self, command, examples, program=None):
        super().__init__(prog=program or "kagami " + command.__name__, allow_abbrev=False,
                         description=command.__doc__,
                         epilog="for instance:\n" + examples,
                         formatter_class=argparse.RawDescriptionHelpFormatter)
        self._more = "`%s --help` lists what it takes" % self.prog

    def error(self, message):
        """argparse's own complaint as a UsageError."""
        raise UsageError(self.prog, message, self._more)

    def read(self, words):
        """The arguments in `words`; UsageError names the first that is not known."""
        args, unknown = self.parse_known_args(words)
        for action in self._actions:        # argparse gives up on words behind an option
            if not action.option_strings and getattr(args, action.dest) is None:
                if unknown and unknown[0][:1] != "-":
                    setattr(args, action.dest, unknown.pop(0))
        if unknown:
            self._unknown(unknown[0].split("=")[0])
        return args

    def _unknown(self, word):
        if not word.startswith("-"):
            raise UsageError(word, "one word too many for `%s`" % self.prog, self._more)
        options = [o for action in self._actions for o in action.option_strings if o[:2] == "--"]
        near = nearest(word, options)
        raise UsageError(word, "`%s` has no such option" % self.prog,
                         "did you mean %s?" % near if near else self._more)


def configured(parser):
    """The options of every command that reads the configuration."""
    parser.add_argument("--config", metavar="FILE", help="read this instead of /etc/kagami.conf")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE",
                        help="set one option (repeatable); `kagami config` lists them")
