"""Degrees in, the speed of a Nano's fan out: a curve that begins before the memory slows down, and
does not hunt.

The kernel's own table starts the fan late. While ours is in force `temp_control` is 0; it is given
back at the end.
"""
import os
import time

FOLDER = "sys/devices/pwm-fan"
FULL = 255
CURVE = ((72.0, FULL), (67.0, 230), (62.0, 200), (57.0, 160), (52.0, 120))     # from C: of 255
SLACK = 2.0             # degrees under a step before it is left
KICK = 0.3              # seconds at full speed, without which a fan at rest may not turn


class Fan:
    """The fan of the board whose files lie in `root`. OSError where it cannot be set."""

    def __init__(self, root="/", sleep=time.sleep):
        self._speed, self._control = (os.path.join(root, FOLDER, name)
                                      for name in ("target_pwm", "temp_control"))
        self._now, self._sleep = 0, sleep

    @property
    def there(self):
        """Whether there is one."""
        return os.path.exists(self._speed)

    def turn(self, degrees):
        """Follow the temperature; None, where nobody knows it, is full speed."""
        wanted = speed(degrees, self._now)
        if _read(self._control) not in ("0", ""):       # the kernel's table would overrule us
            _write(self._control, 0)
        if wanted and not self._now:
            _write(self._speed, FULL)
            self._sleep(KICK)
        if _read(self._speed) != str(wanted):
            _write(self._speed, wanted)
        self._now = wanted

    def give_back(self):
        """Leave it to the kernel."""
        if _read(self._control) == "0":
            _write(self._control, 1)


def speed(degrees, now):
    """The speed, 0 to FULL, for a temperature, from the speed that it has."""
    if degrees is None:
        return FULL
    up, down = _step(degrees), _step(degrees + SLACK)
    return up if up > now else min(down, now)


def _step(degrees):
    return next((speed for limit, speed in CURVE if degrees >= limit), 0)


def _read(path):
    try:
        with open(path) as f:
            return f.read().strip()
    except FileNotFoundError:
        return ""


def _write(path, number):
    with open(path, "w") as f:
        f.write("%d" % number)
