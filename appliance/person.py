"""The tracker's faces come in, the faces that are sent go out: calibrated, with the values of what
was taught; and what is known of the person is kept over restarts.

Commands begin something; whoever asked is told when it is over.
"""
import logging
import os
import time

from appliance import keeping
from appliance.calibration import Calibration
from appliance.errors import KagamiError, UsageError
from appliance.examples import examples
from appliance.features import Features
from appliance.known import understood
from appliance.teach import ROUNDS, Lesson, Taught

LOG = logging.getLogger("kagami.person")
LEARNED_EVERY = 300.0       # seconds between writings of what is learned while tracking
CALIBRATION, EXPRESSIONS = "calibration.json", "expressions.json"


class Person:
    """Call with each picture's faces.

    settings: the [calibration] options. fov: degrees across the picture. by_eyes: (52,) bool, the
    shapes that lids and gaze tell. `calibration`: the Calibration. `lesson`: the Lesson that is
    given now, or None.
    """

    def __init__(self, settings, fov=60.0, by_eyes=None):
        self._folder = folder = keeping.folder(settings.folder)
        self._calibrated = keeping.Kept(os.path.join(folder, CALIBRATION))
        self._expressions = keeping.Kept(os.path.join(folder, EXPRESSIONS))
        known = self._calibrated.read(lambda document: understood(document) and document)
        self.calibration = Calibration(known, by_eyes, settings.ranges, settings.link,
                                       settings.drift)
        self.taught = Taught(self._expressions.read(lambda d: examples(d) and d), fov)
        self.lesson, self._askers = None, {}
        self._kept, self._when = self._counts(), time.monotonic()

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
        """To be called with every turn: what came of commands is told, what changed is kept."""
        for name, part in (("calibration", self.calibration), ("lesson", self.taught)):
            if part.outcome:
                outcome, part.outcome = part.outcome, ""
                self._tell(name, outcome)
        counts = self._counts()
        if counts != self._kept or time.monotonic() - self._when > LEARNED_EVERY:
            self._keep(counts, time.monotonic())

    def then(self, part, asker):
        """Tell `asker` of what was begun last of a part, "calibration" or "lesson": say(text) of
        what a lesson asks for, done(text or KagamiError) at the end. It takes the place of the
        asker before, who is told."""
        before, self._askers[part] = self._askers.get(part), asker
        if before is not None:
            before.done(KagamiError(part, "another command took its place", "ask again"))

    def recenter(self):
        """Straight ahead is now, for a button: nobody is told."""
        self.calibration.recenter()
        self.then("calibration", None)

    def teach(self, name, rounds=ROUNDS):
        """Begin a lesson; UsageError for a name that cannot be one."""
        self.lesson = Lesson(name, self.taught.features, rounds)

    def forget(self, name):
        """Take a taught expression away; UsageError where there is none, or just now."""
        if self.taught.busy:
            raise UsageError(name, "expressions are being learned", "ask again in a moment")
        self.taught.forget(name)

    def restore(self, **known):
        """Take over what document() gave, all of it or one by its name; one of keeping.BROKEN
        where it is none."""
        if "calibration" in known:
            self.calibration.restore(known["calibration"])
            self.calibration.changes += 1
        if "expressions" in known:
            self.taught.restore(known["expressions"])

    def document(self):
        """{"calibration", "expressions"}: what is known, to be restored elsewhere."""
        return {"calibration": self.calibration.document(),
                "expressions": self.taught.document()}

    def change(self, config):
        """Other gains and other options of [calibration], but for the folder, from now on."""
        self.taught.features = Features(config.camera.fov)
        self.calibration.change(*config.calibration[1:])
        self.calibration.gain(config.gains)

    def knowledge(self):
        """All of it as plain lists and numbers, for whoever shows it."""
        return {"folder": self._folder, "calibration": self.calibration.document(),
                "taught": {name: self.taught.told(name) for name in self.taught.names}}

    def finish(self, ended):
        """Tell what came of a lesson; ended: the source has ended before it."""
        if self.lesson is not None and ended:
            self._learn()
        self.taught.wait()
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
            if self._askers.get("lesson") is not None:
                self._askers["lesson"].say(self.lesson.notice)
        if self.lesson.over:
            self._learn()

    def _learn(self):
        lesson, self.lesson = self.lesson, None
        try:
            self.taught.learn(lesson)
        except KagamiError as e:
            self._tell("lesson", e)

    def _tell(self, part, outcome):
        LOG.info("%s", outcome)
        asker = self._askers.pop(part, None)
        if asker is not None:
            asker.done(outcome)
