"""The numbers of each frame become the choice of those that a receiver has to be told."""
import numpy as np

STEP = 1 / 255.0            # less than avatars hand on to others, who get 8 bits of each value


class Changes:
    """Chooses the numbers that moved by `step` or more since each was last chosen, and all of them
    every `period` seconds, because datagrams get lost.
    """

    def __init__(self, step=STEP, period=1.0):
        self._step, self._period = np.array(step), period
        self._told, self._whole = None, 0.0
        self._moved = None

    def __call__(self, numbers, time, everything=False):
        """Indices into `numbers`, always as many; time: seconds; everything: choose them all."""
        if everything or self._told is None or not 0 <= time - self._whole < self._period:
            self._told, self._whole = np.array(numbers), time
            self._moved = np.zeros_like(self._told)
            return range(len(numbers))
        np.abs(np.subtract(numbers, self._told, self._moved), self._moved)
        moved, = (self._moved >= self._step).nonzero()
        self._told[moved] = numbers[moved]
        return moved.tolist()
