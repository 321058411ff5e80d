"""Lids and weights of a followed face come in picture by picture; how far this person goes comes
out: limits for lids, mouth and brows, learned slowly and bounded.

A resting eye that reads 0.85 is an open one, a blink that ends at 0.15 a shut one, and whose jaw
never passes 0.8 opens the mouth wide at 0.8. No limit ever makes a value more than LIDS_FACTOR or
SHAPES_FACTOR times as large.
"""
from math import exp

import numpy as np

from appliance.face import ARKIT, ARKIT_NAMES

SHAPES_FACTOR, LIDS_FACTOR = 1.5, 2.0
OPEN, SHUT = (0.75, 1.2), (0.0, 0.25)       # where the limits of a lid may come to lie
# Seconds: of open eyes until the usual openness is known, of a moving mouth until a limit that is
# not reached has come down to 1 / e of its way.
LIDS_TIME, SHAPES_TIME = 120.0, 600.0
MOVING = 0.25           # weight from which a shape counts as used
BLINK, OVER = 0.5, 0.6  # openness, in the eye's own range, below which a blink begins and ends
DEEP = 0.35             # a blink that ends above this was none, or half of one
PER_BLINK = 0.1         # share by which one blink moves the limit
BELIEVED = 0.5          # score of an eye
LONGEST = 0.1           # seconds that one picture counts at most
LEARNED = np.array([name.startswith(("mouth", "jaw", "brow")) for name in ARKIT_NAMES])
_JAW, _CLOSE = ARKIT["jawOpen"], ARKIT["mouthClose"]


class Ranges:
    """The limits. `tops`: (52,), the weight that counts as 1. `lids`: [[shut, open], ...] of left
    and right eye."""

    def __init__(self):
        self.clear()

    def clear(self):
        """As at first: nothing is known."""
        self.tops = np.ones(len(ARKIT_NAMES))
        self.clear_lids()
        self._before = np.zeros((2, len(ARKIT_NAMES)))

    def clear_lids(self):
        """The lids alone."""
        self.lids, self._deepest = [[0.0, 1.0], [0.0, 1.0]], [None, None]

    def learn(self, face, weights, dt):
        """One picture more: the eyes of `face`, `weights` above the resting face, dt seconds."""
        dt = min(LONGEST, max(0.0, dt))
        for side, eye in enumerate((face.left, face.right)):
            if eye.score >= BELIEVED:
                self._lid(side, eye.openness, dt)
        self._shapes(weights, dt)

    def _lid(self, side, openness, dt):
        shut, wide = self.lids[side]
        share = (openness - shut) / (wide - shut)
        if share < BLINK:
            deepest = self._deepest[side]
            self._deepest[side] = openness if deepest is None else min(openness, deepest)
        elif share > OVER:
            wide += (1 - exp(-dt / LIDS_TIME)) * (openness - wide)
            deepest, self._deepest[side] = self._deepest[side], None
            if deepest is not None and deepest < DEEP:
                shut += PER_BLINK * (deepest - shut)
            self.lids[side] = [_within(shut, SHUT), _within(wide, OPEN)]

    def _shapes(self, weights, dt):
        """A limit rises to what three pictures in a row have shown, and sinks while it is used."""
        lasting = np.minimum(weights, self._before.min(axis=0))
        self._before[0], self._before[1] = self._before[1], weights
        using = LEARNED & (weights > MOVING)
        self.tops[using] *= exp(-dt / SHAPES_TIME)
        np.maximum(self.tops, lasting, out=self.tops)
        np.clip(self.tops, 1 / SHAPES_FACTOR, 1.0, out=self.tops)
        self.tops[_CLOSE] = self.tops[_JAW]     # lips that meet over an open jaw go with it


def _within(value, limits):
    return min(limits[1], max(limits[0], value))
