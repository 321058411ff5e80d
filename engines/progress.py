"""Events of a build in, what people and programs read out: a line on the terminal, the status of a
service, its sheet, lines of JSON."""
import json
from time import monotonic

from appliance.service import notifier
from appliance.terminal import LiveLine
from engines.sheet import Sheet

LONGER = 120            # seconds by which a service's start may last longer than it is allowed
AGAIN = 5.0             # seconds between two lines of JSON about the same step


class Progress:
    """How far the builds of some networks are. names: of all, in order. line: a LiveLine. lines:
    a stream for JSON instead of the terminal, or None.

    of(name) gives what is called with the events of that network's build; end() is for after all.
    """

    def __init__(self, names, line=None, lines=None):
        self._names, self._line, self._lines = list(names), line or LiveLine(), lines
        self._notify, self._sheet = notifier(), Sheet(names)
        self._name, self._event = "", {}
        self._began = self._reported = 0.0

    def of(self, name):
        """A function for the events of one network, and for {} while nothing happens."""
        self._name, self._event = name, {}
        return self._tell

    def end(self, why=""):
        """All is over; why: what went wrong, if anything did."""
        self._sheet.end(why)
        self._notify("STATUS=" + (why or "all engines are good"))

    def text(self):
        """Network, step, elapsed and expected in one line."""
        words = [self._event.get("step", "starting"), self._event.get("detail", "")]
        expected = self._event.get("expected", 0)
        return "%s (%d of %d): %s, %s" % (
            self._name, self._number(), len(self._names), " ".join(w for w in words if w),
            _clock(self._elapsed()) + (" of about " + _clock(expected) if expected else ""))

    def _tell(self, event):
        now = monotonic()
        if "step" in event:
            self._event, self._began = event, now
        if "bad" in event:
            self._say(event["bad"] + "; it is built anew", event)
        elif event or (self._lines and now - self._reported > AGAIN):
            self._say(self.text() if "step" in event else "", event)
        self._mark(event)
        if self._line.live and not self._lines:
            self._line.show(self.text)
        self._notify("STATUS=" + self.text())
        self._notify("EXTEND_TIMEOUT_USEC=%d" % (LONGER * 1000000))

    def _mark(self, event):
        state = "ready" if "done" in event else "failed" if "error" in event else "building"
        self._sheet.built += "done" in event and not event["done"].get("kept")
        expected = self._event.get("expected", 0)
        self._sheet.mark(self._name, state, self.text(),
                         self._elapsed() / expected if expected else 0.0)

    def _say(self, text, event):
        """A line that stays: JSON, or the text where nothing can be rewritten."""
        self._reported = monotonic()
        if self._lines:
            self._lines.write(json.dumps(dict(self._as_dict(), **event)) + "\n")
            self._lines.flush()
        elif text and ("bad" in event or not self._line.live):
            self._line.write(text)

    def _as_dict(self):
        return {"network": self._name, "number": self._number(), "of": len(self._names),
                "step": self._event.get("step", "starting"),
                "elapsed": round(self._elapsed(), 1)}

    def _number(self):
        return self._names.index(self._name) + 1

    def _elapsed(self):
        return monotonic() - self._began if self._began else 0.0


def _clock(seconds):
    return "%d:%02d" % divmod(int(seconds), 60)
