"""What a PC beside the box hears: VMC, and which picture its camera shows."""
import math
import socket
import threading
import time
from typing import NamedTuple

import numpy as np

from tests.golden import decoded

ENOUGH = 20             # frames
SWING = 40.0            # degrees between the clip's most different pictures among them
LATEST = 8.0            # seconds from a picture shown to its frame heard


class Heard(NamedTuple):
    """arrived: this machine's monotonic time. time: the box's, whatever it counts from. tracking:
    VMC's word for a face that is followed. yaw: degrees of the head's bone."""

    arrived: float
    time: float
    tracking: bool
    yaw: float


class Ears:
    """Hears VMC at `port` and the camera at `shown_port`, from when it is made until close()."""

    def __init__(self):
        self._vmc, self._camera = _socket(), _socket()
        self.port, self.shown_port = (s.getsockname()[1] for s in (self._vmc, self._camera))
        self.heard, self.shown, self._yaw, self._tracking = [], [], 0.0, False
        self._open = True
        for work in (self._hear, self._see):
            threading.Thread(target=work, daemon=True).start()

    def close(self):
        """Hear no more."""
        self._open = False

    def since(self, when):
        """[Heard] of followed faces from then on."""
        return [one for one in list(self.heard) if one.arrived > when and one.tracking]

    def first(self, when, within, tracking=False):
        """Seconds from `when` to the first message after it, None where none comes in time."""
        while time.monotonic() < when + within:
            for one in list(self.heard):
                if one.arrived > when and (one.tracking or not tracking):
                    return one.arrived - when
            time.sleep(0.02)
        return None

    def follows(self, yaws, when, within):
        """(frames, correlation with the clip's yaws) of what is heard from `when` on, as soon as
        it is enough to tell; where it never is, of what there was."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            frames = self.since(when)
            if len(frames) >= ENOUGH and self._swing(frames, yaws) >= SWING:
                return len(frames), self.correlation(frames, yaws)
            time.sleep(0.2)
        frames = self.since(when)
        return len(frames), self.correlation(frames, yaws) if len(frames) >= ENOUGH else 0.0

    def correlation(self, frames, yaws):
        """Pearson's r of the yaws heard and those of the pictures shown, at the delay at which
        they fit best. The box's clock tells when each was taken; how far it is from ours, and how
        long a frame takes, is that delay."""
        ours = np.median([one.arrived - one.time for one in frames])
        taken = np.array([one.time for one in frames]) + ours
        heard = np.array([one.yaw for one in frames])
        return max(_r(heard, self._truth(taken - delay, yaws))
                   for delay in np.arange(0, LATEST, 0.1))

    def _truth(self, times, yaws):
        shown = list(self.shown)
        at = np.searchsorted([when for when, _ in shown], times, "right") - 1
        return np.array([yaws[shown[max(0, i)][1]] for i in at])

    def _swing(self, frames, yaws):
        first, last = frames[0].arrived, frames[-1].arrived
        there = [yaws[n] for when, n in list(self.shown) if first <= when <= last]
        return max(there) - min(there) if there else 0.0

    def _hear(self):
        for datagram in _datagrams(self, self._vmc):
            for address, _, values in decoded(datagram):
                if address == "/VMC/Ext/Bone/Pos" and values[0] == "Head":
                    # Unity turns the other way: left is negative there.
                    self._yaw = -math.degrees(2 * math.atan2(values[5], values[7]))
                elif address == "/VMC/Ext/OK":
                    self._tracking = values[-1] == 1
                elif address == "/VMC/Ext/T":       # the last message of a frame
                    self.heard.append(Heard(time.monotonic(), values[0], self._tracking,
                                            self._yaw))

    def _see(self):
        for datagram in _datagrams(self, self._camera):
            self.shown.append((time.monotonic(), int(datagram)))


def _datagrams(ears, source):
    while ears._open:
        try:
            yield source.recv(65536)
        except socket.timeout:
            pass
    source.close()


def _socket():
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.bind(("127.0.0.1", 0))
    out.settimeout(0.2)
    return out


def _r(a, b):
    return float(np.corrcoef(a, b)[0, 1]) if np.ptp(a) > 0 and np.ptp(b) > 0 else 0.0
