"""The measured rate and the stages' times come in, one log line goes out where fewer pictures a
second are tracked than the source was asked for: who holds them up.
"""
import logging

from appliance.timing import ROWS

log = logging.getLogger("kagami.rate")
EVERY = 10.0          # seconds between two looks
ENOUGH = 0.9          # of the rate: less is told
RECENT = 60           # pictures
STAGES = [row for row in ROWS if row not in ("capture", "total")]


class Shortfall:
    """Tells once when the rate falls short, and again after it was reached in between.

    timing: timing.Timing. now: monotonic seconds, here of the start.
    """

    def __init__(self, timing, now):
        self._timing, self._next, self._told = timing, now + EVERY, False

    def __call__(self, now, fps, rate):
        """fps: measured pictures per second, 0 where unknown. rate: what was asked for, or None
        where nothing was."""
        if now < self._next or not rate or not fps:
            return
        self._next = now + EVERY
        short = fps < ENOUGH * rate
        if short and not self._told:
            log.warning("%.1f pictures a second instead of %g: %s", fps, rate, self._who(rate))
        self._told = short

    def _who(self, rate):
        busy = self._recent("total") - self._recent("capture")
        if busy < ENOUGH * 1e3 / rate:
            return "the source gives no more (a camera in the dark: set camera.exposure)"
        spent = {row: self._recent(row) * self._timing.count(row) for row in STAGES}
        slowest = max(STAGES, key=spent.get)
        return "%s is the slowest stage, %.1f of %.1f ms a picture" % (
            slowest, self._recent(slowest), busy)

    def _recent(self, row):
        return self._timing.percentile(row, 50, RECENT)
