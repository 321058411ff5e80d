"""A Nano's power mode, clocks and fan are set while it runs, by root (kagami-power.service), and
what is wrong with its supply goes into a line that everybody may read.

Elsewhere it says that there is nothing to do, and ends.
"""
import logging
import os
import signal
import subprocess
import sys
import threading
import time

from appliance import files, terminal
from appliance.box import board
from appliance.box.boots import CARRIED, Boots
from appliance.box.fan import Fan
from appliance.errors import KagamiError
from appliance.service import notifier

LOG = logging.getLogger("kagami.power")
EVERY = 5.0             # seconds between two looks at temperature and supply
SELDOM = 60.0           # and at what takes a program to ask
DELAY = 10.0            # seconds after which the clocks are pinned: nvpmodel sets them late
PATIENCE = 60.0         # seconds that a program of NVIDIA's may take
FULL, LOW = "MAXN", "5W"
ADVICE = "use 5 V 4 A at the barrel jack, with the jumper J48"
SUSPECTED = "power supply suspected: it failed twice soon after a start"
LOWERED = ", so the board runs at 5 W and slower"
TWICE = 2               # looks in a row that have to find too few volts


class Power:
    """What is kept in order on a board: start(), then turn() every few seconds, then end().

    root: the folder of the board's files. fan: a Fan. clock: () -> monotonic seconds.
    """

    def __init__(self, root="/", fan=None, clock=time.monotonic):
        self._root, self._boots, self._fan = root, Boots(root), fan or Fan(root)
        self._clock, self._began, self._seldom = clock, clock(), clock() + SELDOM
        self._pinned, self._weak, self._lows = False, "", 0
        self._told, self._broken = None, False

    def start(self):
        """Choose the power mode, before camera and GPU begin to draw."""
        self._boots.begin()
        self._settle_choice()
        mode = board.power_mode(self._root)
        if self._boots.suspect and mode != LOW:
            self._boots.lower(self._set_mode(LOW))
        elif mode == LOW and not self._boots.lowered:
            LOG.info("mode %s was chosen by somebody, and stays; for all of the speed: "
                     "sudo nvpmodel -m 0", LOW)
        elif mode != FULL and not self._boots.suspect and self._set_mode(FULL):
            self._boots.lower(False)
        self._tell()

    def turn(self):
        """Look at everything once."""
        now = self._clock()
        if now - self._began >= CARRIED:
            self._boots.carry()
        if not self._pinned and now - self._began >= DELAY:
            self._pinned = True
            self._pin()
        self._look_at_supply()
        if now >= self._seldom:
            self._seldom = now + SELDOM
            self._settle_choice()
            self._look_at_alarms()
        self._blow()
        self._tell()

    def end(self):
        """The machine is switched off, or this is."""
        self._boots.carry()
        try:
            self._fan.give_back()
        except OSError as e:
            LOG.warning("the fan cannot be given back to the kernel: %s", e)

    def _settle_choice(self):
        """Whoever sets the full mode while we have lowered it decides so."""
        if self._boots.lowered and board.power_mode(self._root) == FULL:
            LOG.info("mode %s was chosen by somebody, and stays", FULL)
            self._boots.forgive()
            self._pinned = False

    def _set_mode(self, name):
        """Whether it was set."""
        number = board.power_modes(self._root).get(name)
        if number is None:
            LOG.warning("etc/nvpmodel.conf: no mode %s", name)
            return False
        LOG.info("power mode %s", name)
        return self._do("usr/sbin/nvpmodel", "-m", number)

    def _pin(self):
        """Clocks at the most that the mode allows; not where the supply is suspected."""
        if not self._boots.suspect:
            LOG.info("clocks at the most that the power mode allows")
            self._do("usr/bin/jetson_clocks")

    def _do(self, program, *words):
        try:
            done = subprocess.run((os.path.join(self._root, program),) + words, timeout=PATIENCE,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
        except (OSError, subprocess.TimeoutExpired) as e:
            LOG.warning("%s: %s", program, e)
            return False
        if done.returncode:
            LOG.warning("%s %s: it ended with %d and said: %s", program, " ".join(words),
                        done.returncode, done.stdout.decode("utf-8", "replace").strip()[-200:])
        return done.returncode == 0

    def _look_at_supply(self):
        low = board.sagging(self._root)
        self._lows = self._lows + 1 if low else 0
        if self._lows >= TWICE and not self._weak:
            self._weak = "power supply too weak, %.2f V" % min(low.values())

    def _look_at_alarms(self):
        if board.alarms(self._root):
            self._weak = self._weak or "power supply too weak, the board slows down"

    def _blow(self):
        if not self._fan.there:
            return
        try:
            self._fan.turn(board.hottest(board.heeded(self._root))[0])
            self._broken = False
        except OSError as e:
            if not self._broken:
                LOG.warning("the fan cannot be set: %s", e)
            self._broken = True

    def _tell(self):
        """Keep the line for everybody: the first thing that is wrong, as long as this runs."""
        told = self._wrong()
        told = told and told + "; " + ADVICE
        if told == self._told:
            return
        if told:
            LOG.warning("%s", told)
        path = os.path.join(self._root, board.NOTICE)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            files.write(path, told + "\n")
            self._told = told
        except (KagamiError, OSError) as e:
            LOG.warning("%s", e)

    def _wrong(self):
        lowered = LOWERED * (board.power_mode(self._root) == LOW)
        return SUSPECTED + lowered if self._boots.suspect else self._weak


def main(root="/"):
    """The program of kagami-power.service; the exit status."""
    terminal.log()
    tell, stop = notifier(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if "Jetson Nano" not in board.model(root):
        LOG.info("no Jetson Nano: power, clocks and fan are left alone")
        tell("READY=1\nSTATUS=no Jetson Nano, nothing to do")
        return 0
    power = Power(root)
    power.start()
    tell("READY=1")
    while not stop.wait(EVERY):
        power.turn()
    power.end()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
