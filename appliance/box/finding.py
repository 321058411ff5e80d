"""What was seen of one part of the machine, with what to do about it; the doctor's one word."""
from typing import NamedTuple

OK, WARN, BAD = "ok", "warn", "bad"


class Finding(NamedTuple):
    """part: as "camera". level: OK, WARN (it goes on, but not at its best) or BAD (it does not do
    what it is for). words: what is there. do: what to do, "" where nothing is."""

    part: str
    level: str
    words: str
    do: str = ""

    @property
    def line(self):
        """For a person."""
        return "%-5s %-13s %s%s" % (self.level, self.part, self.words, self.do and "; " + self.do)


def worst(part, found, otherwise):
    """[Finding] of a part: those of `found`, [(level, words, do)], else that `otherwise` is the
    case and well."""
    return [Finding(part, *one) for one in found] or [Finding(part, OK, otherwise)]
