"""What the loop sees becomes one record of the state; terminal, OSC and systemd read the same."""
import time
from collections import deque

from appliance.box import board
from appliance.box.strain import Strain
from appliance.framing import Framing
from appliance.service import notifier
from appliance.shortfall import Shortfall
from appliance.timing import ROWS, Timing
from engines import sheet

CODES = {"starting": 0, "tracking": 1, "no face": 2, "no camera": 3, "error": 5, "stopping": 6}
OVERHEATED = 4            # in place of the second and the third
AWAY_AFTER = 0.5          # seconds without a picture after which the camera counts as away
JUDGE_EVERY = 0.5         # seconds between looks at how the face lies in the picture
TELL_EVERY = 0.5          # seconds between two words to systemd
PATIENCE = 10.0           # seconds after which a source that tells nothing counts as away


class Status:
    """One record of the state.

    `state`: a key of CODES, `code` its number, `text` its words, with the reason where no camera
    is, how the face lies in the picture, `trouble`: what is wrong with the configuration, what
    heat and the power supply do to it, how far a build of engines is, and `notice`: what is asked
    of the person. `engines`: of sheet.Reader. `strain`: a strain.Strain, this machine's.
    `size`: (width, height) or None, `fov` degrees. `fps`, `dropped`, `restarts` (of the camera),
    `uptime` (seconds). `temperature`: degrees Celsius, 0 where unknown. `ms`: {row: 95th
    percentile over about the last second}. `targets`: texts, only to be shown.
    """

    def __init__(self, timing=None, fov=60.0, targets=(), strain=None):
        self.timing = timing if timing is not None else Timing()
        self.fov, self.targets = fov, tuple(targets)
        self.state, self.text = "starting", "starting"
        self.size, self.dropped, self.restarts, self.faces = None, 0, 0, []
        self.notice = self.trouble = ""
        self._framing, self._judged, self._words = Framing(), 0.0, ""
        self._started = self._last_picture = time.monotonic()
        self._arrivals = deque(maxlen=60)
        self._reported = (None, 0.0)
        self._shortfall = Shortfall(self.timing, self._started)
        self._notify, self._ready, self._told = notifier(), False, 0.0
        self._building, self.engines = sheet.Reader(), {}
        self.strain = strain or Strain()

    @property
    def code(self):
        """The state as a number, as it stands in /kagami/status."""
        sees = self.state in ("tracking", "no face")
        return OVERHEATED if sees and self.strain.hot else CODES[self.state]

    @property
    def uptime(self):
        """Seconds since the start."""
        return time.monotonic() - self._started

    @property
    def fps(self):
        """Pictures per second over the last ones, 0.0 while none come."""
        if len(self._arrivals) < 2:
            return 0.0
        span = self._arrivals[-1] - self._arrivals[0]
        return (len(self._arrivals) - 1) / max(1e-6, span)

    @property
    def ms(self):
        """{row: milliseconds}, the 95th percentile of about the last second."""
        last = max(1, int(round(self.fps)))
        return {row: self.timing.percentile(row, 95, last) for row in ROWS}

    @property
    def temperature(self):
        """The hottest thermal zone, degrees Celsius; 0.0 where the system tells none."""
        return max(board.temperatures().values(), default=0.0)

    def follow(self, config):
        """Tell of a new configuration."""
        self.trouble = config.trouble
        self.fov = config.camera.fov
        self.targets = tuple(target.to for target in config.targets)

    def turn(self, frame, faces, source):
        """One turn of the loop: a frame with its faces as they are sent, or None and [] where none
        came in time.

        systemd's watchdog is fed here and nowhere else. It hears that we are ready when it is
        known whether there are pictures.
        """
        now = time.monotonic()
        self.strain(now)
        self.dropped, self.restarts, self.size = source.dropped, source.restarts, source.size
        if frame is not None:
            self.faces, self._last_picture = faces, now
            self._arrivals.append(frame.arrived)
            tracked = any(face.state == "tracked" for face in faces)
            self._judge(frame, faces, now)
            self._become("tracking" if tracked else "no face", self._words)
            self._shortfall(now, self.fps, source.rate and source.rate * self.strain.share)
        elif now - self._last_picture > AWAY_AFTER / self.strain.share:
            self.faces = []
            self._arrivals.clear()
            self._become("no camera", "no picture" if source.state == "running" else source.state)
        self._tell(now, frame is not None or source.absent)

    def stop(self, failed=False):
        """The last state: stopping, or error."""
        self._become("error" if failed else "stopping")
        self._notify("STOPPING=1\nSTATUS=" + self.text)

    def due(self):
        """True once a second and whenever the state has changed since the last True."""
        now = time.monotonic()
        state, when = self._reported
        if state == self.state and now - when < 1.0:
            return False
        self._reported = (self.state, now)
        return True

    def line(self):
        """The state in one line for a terminal."""
        parts = [self.text]
        if self.faces:
            face = self.faces[0]
            parts.append("yaw %+4.0f pitch %+4.0f roll %+4.0f" % tuple(face.angles))
            parts.append("eyes %.1f %.1f" % (face.left.openness, face.right.openness))
        parts += ["%.1f fps" % self.fps, "%.2f ms" % self.timing.percentile("total", 50, 30),
                  "dropped %d" % self.dropped]
        if self.restarts:
            parts.append("restarts %d" % self.restarts)
        if self.targets:
            parts.append("-> " + " ".join(self.targets))
        return "  ".join(parts)

    def _judge(self, frame, faces, now):
        """Words on how the face lies in the picture, now and then."""
        tracked = bool(faces) and faces[0].state == "tracked"
        if now - self._judged >= JUDGE_EVERY or tracked != (self.state == "tracking"):
            words, self._judged = self._framing(frame.luma, faces), now
            self._words = ", ".join(["tracking"] * tracked + [words] * bool(words))

    def _become(self, state, text=""):
        building = self.engines.get("state") == "building"
        engines = "building engines: %s" % self.engines["text"] if building else ""
        words = text or state, self.trouble, self.strain.words, engines, self.notice
        self.state, self.text = state, ", ".join(filter(None, words))

    def _tell(self, now, known):
        """Tell systemd how things are, now and then."""
        if not self._ready and (known or now - self._started > PATIENCE):
            self._ready = True
            self._notify("READY=1")
        if now - self._told >= TELL_EVERY:
            self._told, self.engines = now, self._building()
            figures = ", %.1f fps, %.2f ms" % (self.fps, self.timing.percentile("total", 50, 30))
            self._notify("WATCHDOG=1\nSTATUS=" + self.text + figures * bool(self._arrivals))
