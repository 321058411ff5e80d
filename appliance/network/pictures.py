"""The camera's picture goes to programs of this machine that look, with what was measured in it:
small, grey, a few a second, and only while they ask for it."""
import struct

import cv2
import numpy as np

from appliance.errors import NotPermitted, UsageError
from appliance.outputs.dialects.kagami import EYES, IRIS, POINTS, POSE, STATE, Kagami

SECONDS = 1, 5          # that a lease lasts
EVERY = 0.1             # seconds between pictures, less what a camera's clock trembles
TREMBLE = 0.01
WIDEST, TALLEST = 480, 480
LOOKERS = 4             # at once
_BUNDLE = b"#bundle\0" + struct.pack(">Q", 1)
_NAME = b"/kagami/picture\0,iiib\0\0\0"
STUCK = 2.0             # seconds for which nothing is read, after which the socket begins anew


class Pictures:
    """Call with each frame, when its datagrams have left. local: local.Local."""

    def __init__(self, local):
        self._local, self._until, self._next, self._stuck = local, {}, 0.0, None
        self._allowed, self._measured = True, Kagami(mask=STATE | POSE | EYES | IRIS | POINTS)

    def allow(self, allowed):
        """Whether anybody may look."""
        self._allowed = allowed
        if not allowed:
            self._until.clear()

    def lease(self, peer, seconds, now):
        """Show pictures to a peer until `seconds` from now; UsageError out of bounds or where too
        many look, NotPermitted where nobody may."""
        if not self._allowed:
            raise NotPermitted("preview", "it is switched off", "set panel.preview to yes")
        if not SECONDS[0] <= seconds <= SECONDS[1]:
            raise UsageError("%d s" % seconds, "out of bounds", "give %d to %d" % SECONDS)
        self._end(now)
        if peer not in self._until and len(self._until) >= LOOKERS:
            raise UsageError("preview", "%d programs look already" % LOOKERS, "end another")
        self._until[peer] = now + seconds

    def __call__(self, luma, moment, now):
        """luma: (H, W) uint8. moment: what was sent of it. now: monotonic seconds."""
        if not self._until or now < self._next:
            return
        self._next = max(self._next + EVERY, now + EVERY - TREMBLE)
        self._end(now)
        if self._until and not self._crowded(now):
            parts = encoded(moment.number, small(luma), self._measured(moment))
            for peer in self._until:
                self._local.send(parts, peer)

    def _end(self, now):
        self._until = {peer: until for peer, until in self._until.items() if now < until}

    def _crowded(self, now):
        """Whether what was sent is not read yet: then this one is dropped."""
        if not self._local.crowded:
            self._stuck = None
            return False
        self._stuck = now if self._stuck is None else self._stuck
        if now - self._stuck > STUCK:
            self._until, self._stuck = {}, None
            self._local.renew()
        return True


def small(luma):
    """The picture shrunk to at most WIDEST x TALLEST, its sides' ratio kept; contiguous."""
    height, width = luma.shape
    scale = min(1.0, WIDEST / width, TALLEST / height)
    if scale == 1.0:
        return np.ascontiguousarray(luma)
    size = max(1, int(round(width * scale))), max(1, int(round(height * scale)))
    whole = int(1 / scale)
    if whole > 1:       # whole steps are ten times as quick: 1280x720 took 11 ms
        luma = cv2.resize(luma, (max(1, width // whole), max(1, height // whole)),
                          interpolation=cv2.INTER_AREA)
    # What is left is less than half: four neighbours are enough, at a third of the mean's time.
    return cv2.resize(luma, size, interpolation=cv2.INTER_LINEAR)


def encoded(number, luma, measured=()):
    """[bytes] of a bundle: /kagami/picture ,iiib with frame number, width, height, luma, and what
    stands in the bundles `measured`."""
    height, width = luma.shape
    numbers = struct.pack(">iiii", number % (1 << 31), width, height, luma.size)
    rest = b"\0" * (-luma.size % 4)
    size = struct.pack(">i", len(_NAME) + len(numbers) + luma.size + len(rest))
    return ([_BUNDLE + size + _NAME + numbers, luma.data.cast("B"), rest]
            + [datagram[len(_BUNDLE):] for datagram in measured])
