"""What a PC beside the box hears: VMC, and which picture its camera shows."""
import math
import socket
import threading
import time
from typing import NamedTuple

import numpy as np

from tests.golden import decoded

ENOUGH = 20             # frames
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

    def forget(self):
        """The box starts anew, and with it its clock."""
        self.heard.clear()
        self.shown.clear()

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

    def turn(self, pictures, when, within):
        """[Heard] of followed faces: all from the first after `when` until so many pictures, the
        whole clip, have been shown and enough are there; fewer where they do not come in time.
        What they fit decides nothing."""
        end, frames = time.monotonic() + within, []
        while time.monotonic() < end:
            frames = self.since(when)
            if len(frames) >= ENOUGH and self._shown_since(frames[0].arrived) >= pictures:
                break
            time.sleep(0.2)
        return frames

    def at(self, moment):
        """Our time of a moment of the box's monotonic clock, as its camera tells it."""
        return moment + self._ahead(self.shown)

    def correlation(self, frames, yaws):
        """Pearson's r of the yaws heard and those of the pictures shown, at the delay at which
        they fit best; 0.0 of too few.

        Both sides tell the box's own time, each from where it counts; how far these are apart,
        and how long a picture takes from the one to the other, is within that delay."""
        if len(frames) < 2:
            return 0.0
        ours = min(one.arrived - one.time for one in frames)
        taken = np.array([one.time for one in frames]) + ours
        heard = np.array([one.yaw for one in frames])
        times, truth = self._truth(yaws)
        return max(_r(heard, truth[np.searchsorted(times, taken - delay, "right") - 1])
                   for delay in np.arange(0, LATEST, 0.1))

    def _truth(self, yaws):
        """Our times at which pictures were shown, rising, and their yaws."""
        shown = list(self.shown)
        ours = self._ahead(shown)
        return (np.array([time + ours for _, time, _ in shown]),
                np.array([yaws[number] for _, _, number in shown]))

    @staticmethod
    def _ahead(shown):
        """By how much our clock is ahead of the box's."""
        return min(arrived - time for arrived, time, _ in list(shown))

    def _shown_since(self, when):
        return sum(arrived > when for arrived, _, _ in list(self.shown))

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
            number, when = datagram.split()
            self.shown.append((time.monotonic(), float(when), int(number)))


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
