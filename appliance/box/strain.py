"""How warm the board is and how it is fed become words for people and a share of the pictures that
are tracked: heat takes the tracker's speed before it takes the board's.

Only the zones of a Nano are heeded, by their names; a PC runs as warm as it is made for.
"""
import logging

from appliance.box import board

LOG = logging.getLogger("kagami.heat")
EVERY = 5.0                         # seconds between two looks
FAN, WARM, HOT = 65.0, 70.0, 90.0   # C; a Nano's memory slows down from 70, the rest from 97
COOLER, COOL = 85.0, 67.0           # under which HOT and WARM are over, so that nothing flaps
TOO_HOT = "too hot: every second picture is left out, add a fan"
_WORDS = {"": "", "warm": "warm, add a fan", "hot": TOO_HOT}


class Strain:
    """`words`: what is to be told, "" where all is well. `hot`: whether the rate is lowered.

    root: the folder of the board's files.
    """

    def __init__(self, root="/"):
        self._root, self._zones = root, board.heeded(root)
        self._state, self.words, self._next, self._odd = "", "", 0.0, False

    @property
    def hot(self):
        """Whether every second picture is left out."""
        return self._state == "hot"

    @property
    def share(self):
        """Of the pictures that come, how many are tracked."""
        return 0.5 if self.hot else 1.0

    def leaves_out(self):
        """Whether the picture that has just come is not to be tracked."""
        self._odd = self.hot and not self._odd
        return self._odd

    def __call__(self, now):
        """Look, if it is time. now: monotonic seconds."""
        if now < self._next:
            return
        self._next = now + EVERY
        degrees, zone = board.hottest(self._zones)
        state = next_state(self._state, degrees)
        if state != self._state:
            self._state = state
            LOG.log(logging.WARNING if state else logging.INFO, "%.0f C (%s): %s", degrees, zone,
                    _WORDS[state] or "cool again")
        self.words = ", ".join(filter(None, (_WORDS[state], board.notice(self._root))))


def next_state(state, degrees):
    """"hot", "warm" or "" after a look; degrees None leaves it."""
    if degrees is None:
        return state
    if degrees >= HOT or state == "hot" and degrees >= COOLER:
        return "hot"
    return "warm" if degrees >= WARM or state and degrees >= COOL else ""
