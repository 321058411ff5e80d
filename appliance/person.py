"""The tracker's faces come in, the faces that are sent go out: calibrated, with the values of what
was taught; and what is known of the person is kept over restarts.

Commands reach it as methods of `calibration`, or through the mailbox in the folder where all of it
is kept.
"""
import logging
import os
import time

from appliance import keeping
from appliance.calibration import Calibration
from appliance.errors import KagamiError
from appliance.known import understood
from appliance.mailbox import Mailbox
from appliance.teach import ROUNDS, Lesson, Taught, examples

LOG = logging.getLogger("kagami.person")
TEND_EVERY = 0.5            # seconds
LEARNED_EVERY = 300.0       # seconds between writings of what is learned while tracking
CALIBRATION, EXPRESSIONS = "calibration.json", "expressions.json"


class Person:
    """Call with each picture's faces.

    settings: the [calibration] options. fov: degrees across the picture. driven: (52,) bool, the
    shapes that are measured. `calibration`: the Calibration. `lesson`: the Lesson that is given
    now, or None.
    """

    def __init__(self, settings, fov=60.0, driven=None):
        folder = keeping.folder(settings.folder)
        self._calibrated = keeping.Kept(os.path.join(folder, CALIBRATION))
        self._expressions = keeping.Kept(os.path.join(folder, EXPRESSIONS))
        self._mailbox = Mailbox(folder)
        known = self._calibrated.read(lambda document: understood(document) and document)
        self.calibration = Calibration(known, driven, settings.ranges, settings.link,
                                       settings.drift)
        self.taught = Taught(self._expressions.read(lambda d: examples(d) and d), fov)
        self.lesson, self._asked = None, False
        self._kept, self._when, self._next = self._counts(), time.monotonic(), 0.0

    @property
    def notice(self):
        """What is asked of the person now, in words, or ""."""
        if self.lesson is not None:
            return self.lesson.notice
        return "calibrating " + self.calibration.busy if self.calibration.busy else ""

    def __call__(self, faces, frame, live=True):
        """The faces to send; live: whether it is the person now, from whom limits are learned."""
        size = frame.luma.shape[1::-1]
        if self.lesson is not None:
            self._teach(faces, size, frame.time)
        return self.calibration(self.taught(faces, size), frame.time, live)

    def tend(self):
        """To be called with every turn: once a second requests are heard and what changed is
        kept."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + TEND_EVERY
        request = self._mailbox.take()
        if request is not None:
            self._asked = True
            self._try(self._do, request)
        for part in (self.calibration, self.taught):
            if part.outcome:
                self._say(part.outcome)
                part.outcome = ""
        counts = self._counts()
        if counts != self._kept or now - self._when > LEARNED_EVERY:
            self._keep(counts, now)

    def teach(self, name, rounds=ROUNDS):
        """Begin a lesson; UsageError for a name that cannot be one."""
        self.lesson = Lesson(name, self.taught.features, min(5, max(1, int(rounds))))

    def finish(self, ended):
        """Tell what came of a lesson; ended: the source has ended before it."""
        if self.lesson is not None and ended:
            lesson, self.lesson = self.lesson, None
            self._try(self.taught.learn, lesson)
        self.taught.wait()
        self._next = 0.0
        self.tend()

    def close(self):
        """Keep everything."""
        if self._kept != self._counts() or self.calibration.learned:
            self._keep(self._counts(), time.monotonic())
        self._calibrated.flush()
        self._expressions.flush()

    def _counts(self):
        return self.calibration.changes, self.taught.changes

    def _keep(self, counts, now):
        if counts[1] != self._kept[1]:
            self._expressions.write(self.taught.document())
        if counts[0] != self._kept[0] or self.calibration.learned:
            self._calibrated.write(self.calibration.document())
            self.calibration.learned = False
        self._kept, self._when = counts, now

    def _teach(self, faces, size, now):
        before = self.lesson.notice
        self.lesson(faces, size, now)
        if self.lesson.notice not in ("", before):
            LOG.info("%s", self.lesson.notice)
        if self.lesson.over:
            lesson, self.lesson = self.lesson, None
            self._try(self.taught.learn, lesson)

    def _try(self, function, argument):
        try:
            function(argument)
        except (KagamiError, ValueError, KeyError, TypeError) as e:
            self._say(str(e) or type(e).__name__)

    def _say(self, text):
        """The end of a command: to the log, and to whoever asked."""
        LOG.info("%s", text)
        if self._asked:
            self._mailbox.answer(text)
        self._asked = False

    def _do(self, request):
        """One request of a command; ValueError, KeyError or TypeError where it is none."""
        what, calibration = request["do"], self.calibration
        if what == "recenter":
            calibration.recenter()
        elif what == "neutral":
            calibration.neutral(float(request["seconds"]))
        elif what == "eyes":
            calibration.eyes(request["which"])
        elif what == "gaze":
            calibration.gaze(float(request["yaw"]), float(request["pitch"]))
        elif what == "clear":
            calibration.clear(request["what"])
        elif what == "import":
            calibration.restore(request["document"])
            calibration.changes += 1
            self._say("taken over")
        elif what == "teach":
            self.teach(request["name"], request["rounds"])
        elif what == "forget":
            self.taught.forget(request["name"])
            self._say("%s: forgotten" % request["name"])
        else:
            raise ValueError("%r is not known" % what)
