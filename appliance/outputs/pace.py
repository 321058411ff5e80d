"""The times of frames become a yes or no: is it this frame's turn at a limited rate?"""


class Pace:
    """At most `rate` turns a second, on a grid, so that a camera's jitter does not halve the rate;
    inf: every one.
    """

    def __init__(self, rate):
        self._period = 1.0 / rate
        self._next = None

    def due(self, time):
        """Whether a frame of `time` (seconds) may go; counted as gone if so."""
        if self._next is not None and time < self._next:
            return False
        start = time if self._next is None else max(self._next, time - 0.5 * self._period)
        self._next = start + self._period
        return True

    def restart(self, time):
        """Begin the grid anew with a turn taken at `time`."""
        self._next = time + self._period
