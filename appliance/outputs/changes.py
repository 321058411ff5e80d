"""The numbers of each frame become the choice of those that a receiver has to be told."""
import numpy as np

STEP = 1 / 255.0            # less than avatars hand on to others, who get 8 bits of each value


class Changes:
    """Chooses the numbers that moved by `step` or more since each was last chosen, and all of them
    every `period` seconds, because datagrams get lost.
    """

    def __init__(self, step=STEP, period=1.0):
        self._step, self._period = step, period
        self._told, self._whole = None, 0.0

    def __call__(self, numbers, time, everything=False):
        """Indices into `numbers`, always as many; time: seconds; everything: choose them all."""
        if everything or self._told is None or not 0 <= time - self._whole < self._period:
            self._told, self._whole = np.array(numbers), time
            return range(len(numbers))
        moved, = (np.abs(numbers - self._told) >= self._step).nonzero()
        self._told[moved] = numbers[moved]
        return moved.tolist()
