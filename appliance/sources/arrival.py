"""When a picture reached this program: exact where it was waited for, else worked out, for then it
lay ready while the one before was looked at."""
from time import monotonic, perf_counter


class Arrival:
    """The moments of one source; `ask` goes before each wait for a picture.

    The delay from the end of the exposure to the arrival is that of the last picture waited for.
    """

    waited = 0.0005          # seconds; a picture that lies ready is there in a tenth of that

    def __init__(self):
        self._asked = self._delay = None
        self._clocks = perf_counter() - monotonic()

    def ask(self):
        """A picture is asked for now."""
        self._asked = monotonic()

    def __call__(self, time):
        """`time.perf_counter()` at which the picture of `time` (monotonic seconds) arrived."""
        now = monotonic()
        if now - self._asked > self.waited or self._delay is None:
            self._delay = now - time
        return min(now, time + self._delay) + self._clocks
