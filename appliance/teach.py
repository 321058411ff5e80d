"""Faces that somebody shows under a name come in; from then on every face carries a value from 0
to 1 for each name.

A lesson asks in turn for rest and for the expression. Each name has a support vector regression
(OpenCV's ml module) that is 1 at what was shown under it and 0 at rest, at everything shown under
other names, and wherever nothing was ever shown.
"""
import logging
import threading

import cv2
import numpy as np

from appliance.errors import KagamiError, PartMissing, UsageError
from appliance.examples import NAME, NAMES_MOST, REST_MOST, examples, fits, written
from appliance.features import COUNT, Features

LOG = logging.getLogger("kagami.teach")
EXAMPLES_MOST = 60                      # of a name that are kept
EXAMPLES_LEAST = 10                     # of either, without which a lesson was none
STEP, REACTION = 2.5, 0.8               # seconds of rest or show, and of them until it counts
ROUNDS = 3
ANCHOR = 3.0        # distance of what nobody showed, in units of that between show and rest
# Found on the two real clips, a wide-open mouth shown once and told from speech later: 1 to 100
# for the cost made no difference, a narrower kernel lost weaker shows, a wider one took in more.
COST, SLACK = 10.0, 0.05


def checked(name):
    """The name, where it can be one on every wire; UsageError else."""
    if not NAME.fullmatch(name):
        raise UsageError("expression %r" % name, "not a name",
                         "give 1 to 32 letters, digits or _, a letter first")
    if not fits(name):
        raise UsageError("expression %r" % name, "one of the 52 has that name", "give another")
    return name


class Lesson:
    """Asks `rounds` times for rest, then for the expression; call with every picture's faces until
    `over`. notice: what is asked for now. `shown`, `rest`: lists of features, one a round."""

    def __init__(self, name, features, rounds=ROUNDS):
        self.name, self.over, self.notice = checked(name), False, ""
        self.shown, self.rest = [[] for _ in range(rounds)], [[] for _ in range(rounds)]
        self._features, self._began = features, None

    def __call__(self, faces, size, time):
        self._began = time if self._began is None else self._began
        passed = time - self._began
        number, showing = int(passed / STEP / 2), int(passed / STEP) % 2 == 1
        self.over = number >= len(self.shown)
        self.notice = "" if self.over else prompt(self.name, passed, len(self.shown))
        settled = passed % STEP >= REACTION
        if not self.over and settled and faces and faces[0].state == "tracked":
            (self.shown if showing else self.rest)[number].append(self._features(faces[0], size))

    @property
    def enough(self):
        """Whether both were seen often enough."""
        return min(sum(map(len, self.shown)), sum(map(len, self.rest))) >= EXAMPLES_LEAST


def prompt(name, passed, rounds=ROUNDS):
    """What a lesson asks for `passed` seconds after its begin; "" when it is over."""
    number = int(passed / STEP / 2) + 1
    if number > rounds:
        return ""
    if int(passed / STEP) % 2:
        return "show %s (%d of %d)" % (name, number, rounds)
    return "rest: speak, look around (%d of %d)" % (number, rounds)


class Taught:
    """The names with what was shown; call with the tracker's faces of each picture.

    document: as `document()` gave it, or None. fov: degrees across the picture. learn: False only
    to look at what is kept. `names`: sorted.
    `outcome`: what the last lesson came to, a text or a KagamiError, "" while it is being learned.
    `changes` counts what ought to be kept.
    """

    def __init__(self, document=None, fov=60.0, learn=True):
        self.features = Features(fov)
        self.outcome, self.changes = "", 0
        self._models, self._measured, self._thread = {}, np.ones(COUNT, bool), None
        self._examples, self._told, self._rest = examples(document or {})
        if self._examples and learn:
            self._train()

    def restore(self, document):
        """Take over what document() gave, in place of what is taught; one of keeping.BROKEN where
        it is none."""
        known = examples(document)
        self.wait()
        self._examples, self._told, self._rest = known
        self._train()
        self.changes += 1

    @property
    def names(self):
        """A tuple of the names that have a value."""
        return tuple(sorted(self._examples))

    @property
    def busy(self):
        """Whether something is being learned."""
        return self._thread is not None and self._thread.is_alive()

    def told(self, name):
        """The share of what was shown that is told rightly by the other rounds, 0 to 1."""
        return self._told[name]

    def __call__(self, faces, size):
        """The faces with `taught` {name: 0 to 1}; size: (width, height) of the picture."""
        models = self._models
        if not models:
            return faces
        return [face._replace(taught=self._values(models, face, size)) for face in faces]

    def learn(self, lesson):
        """Take over a lesson; PartMissing where OpenCV has no ml module, UsageError for too many
        names. The values come when they are learned, a moment later."""
        _machine()
        if lesson.name not in self._examples and len(self._examples) >= NAMES_MOST:
            raise UsageError("expression " + lesson.name, "%d are taught already" % NAMES_MOST,
                             "forget one first: kagami teach --forget NAME")
        if not lesson.enough:
            raise UsageError("expression " + lesson.name, "too little was seen of a face",
                             "sit in the picture and teach it again")
        self.wait()
        self._examples[lesson.name] = _some(_joined(lesson.shown), EXAMPLES_MOST)
        # Half of the room belongs to the newest rest: people and light change.
        new = _some(_joined(lesson.rest), REST_MOST // 2)
        self._rest = np.concatenate((_some(self._rest, REST_MOST - len(new)), new))
        self._told.setdefault(lesson.name, 0.0)
        self._train(lesson)

    def forget(self, name):
        """Take a name away; UsageError where it is none."""
        if name not in self._examples:
            known = ", ".join(self.names) or "nothing"
            raise UsageError("expression %r" % name, "not taught", "taught is " + known)
        self.wait()
        del self._examples[name], self._told[name]
        self._train()
        self.changes += 1

    def document(self):
        """All of it as texts and numbers."""
        return written(self._examples, self._told, self._rest)

    def wait(self):
        """Until all that was shown is learned."""
        if self._thread is not None:
            self._thread.join()

    def _train(self, lesson=None):
        """In the background, because some hundred examples may take longer than a picture."""
        self.outcome = ""
        self._thread = threading.Thread(target=self._work, args=(lesson,), daemon=True)
        self._thread.start()

    def _work(self, lesson):
        try:
            if lesson is not None:
                self._told[lesson.name] = round(agreement(lesson), 2)
                self.outcome = _verdict(lesson.name, self._told[lesson.name])
                self.changes += 1
            self._measured = measured(list(self._examples.values()) + [self._rest])
            self._models = {name: model(rows, np.concatenate([self._rest] + [
                self._examples[other] for other in self._examples if other != name]))
                for name, rows in self._examples.items()}
        except (PartMissing, cv2.error) as e:
            self._models = {}
            self.outcome = KagamiError("taught expressions", str(e).strip().split("\n")[0],
                                       "teach it again")
            LOG.warning("%s", self.outcome)

    def _values(self, models, face, size):
        row = (self.features(face, size) * self._measured)[None]
        return {name: min(1.0, max(0.0, one.predict(row)[1][0, 0].item()))
                for name, one in models.items()}


def measured(examples):
    """(COUNT,) bool: the features that anybody ever had in arrays (n, COUNT). What no network told
    when a face was shown, brows once, says nothing about how like it another one is."""
    return np.concatenate(examples).any(axis=0)


def model(shown, others):
    """The regression that is 1 at (n, COUNT) `shown`, 0 at `others` and far from both."""
    apart = np.median([((others - one) ** 2).sum(axis=1) for one in shown])
    apart = max(1.0, float(apart))
    # Without them the value far from everything is whatever the two sides' numbers make it.
    anchors = others.mean(axis=0) + ANCHOR * np.sqrt(apart) * np.eye(COUNT, dtype=np.float32)
    rows = np.concatenate((shown, others, anchors)).astype(np.float32)
    wanted = np.zeros(len(rows), np.float32)
    wanted[:len(shown)] = 1.0
    machine = _machine()
    machine.setGamma(1.0 / apart)
    machine.train(rows, cv2.ml.ROW_SAMPLE, wanted)
    return machine


def agreement(lesson):
    """The share of pictures that the rounds before and after tell rightly, 0 to 1: each side of
    the lesson counts half."""
    right = [[], []]
    for i in range(len(lesson.shown)):
        shown, rest = [side[:i] + side[i + 1:] for side in (lesson.shown, lesson.rest)]
        if not (any(shown) and any(rest)):
            continue
        machine = model(_joined(shown), _joined(rest))
        for side, rows in enumerate((lesson.rest[i], lesson.shown[i])):
            if rows:
                values = machine.predict(np.array(rows, np.float32))[1][:, 0]
                right[side] += ((values > 0.5) == bool(side)).tolist()
    return sum(np.mean(side) if side else 0.0 for side in right) / 2


def _machine():
    if not hasattr(cv2, "ml"):
        raise PartMissing("taught expressions", "OpenCV %s has no ml module" % cv2.__version__,
                          "install opencv-contrib-python-headless of that version in its place")
    machine = cv2.ml.SVM_create()
    machine.setType(cv2.ml.SVM_EPS_SVR)
    machine.setKernel(cv2.ml.SVM_RBF)
    machine.setC(COST)
    machine.setP(SLACK)
    return machine


def _verdict(name, told):
    words = "" if told >= 0.9 else "; teach it again, more clearly"
    return "%s: learned, %.0f %% of it told rightly%s" % (name, 100 * told, words)


def _joined(rounds):
    return np.array([row for one in rounds for row in one], np.float32).reshape(-1, COUNT)


def _some(rows, most):
    """At most so many rows, evenly from all of them."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).astype(int)]
