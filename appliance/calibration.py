"""Faces as they are measured come in, the same faces as this person means them go out: straight
ahead, the resting face, open and shut eyes, the gaze, and how far mouth and brows go.

The commands only begin something; the faces that come next are measured for it, the first of them
where there are several. What came of it stands in `outcome`. All faces are changed alike. A
resting weight counts as 0 and what is above it grows to twice itself at most; learned limits make
it at most ranges.SHAPES_FACTOR times as large.
"""
from math import degrees, exp

import numpy as np

from appliance import geometry
from appliance.errors import KagamiError
from appliance.face import ARKIT, ARKIT_MIRROR, ARKIT_NAMES, SILENT
from appliance.known import (ASTRAY, LEAST_LID, OPENEST, RESTING, REST_MOST, UPRIGHT, Known,
                             understood, written)
from appliance.ranges import Ranges
from appliance.samples import Samples, middle, middle_rotation
from appliance.stages.expression import EYES, with_eyes

WHAT = ("all", "neutral", "eyes", "gaze", "ranges")
SECONDS = 0.5, 5.0              # that a resting face may be looked at
GLANCE = 1.0                    # seconds for lids and gaze
AT_ONCE = 0.15                  # seconds for recenter: the faces are smooth already
OPEN, SHUT = (0.5, OPENEST), (0.0, 0.5)     # what a lid may read by command
NEARLY = 20.0                   # degrees of turn within which straight ahead drifts along
_JAW = ARKIT["jawOpen"]
SETTLE = 30                     # pictures after which what was learned comes to count
LINKED = np.array([name.startswith(("eyeBlink", "eyeWide", "eyeSquint", "browDown", "browOuterUp",
                                    "mouthSmile")) for name in ARKIT_NAMES])


class Calibration:
    """Call with the faces and the time of each picture; gives the faces to show, and the same list
    while there is nothing to change.

    document: as `document()` gave it, or None. by_eyes: (52,) bool, the shapes that lids and gaze
    tell, which are calibrated apart (None: all that they can). ranges: whether limits are learned.
    link: 0 to 1, how far both lids, brows and corners of the mouth are told as their mean. drift:
    minutes in which straight ahead follows a head that is nearly straight, 0 for never. `outcome`:
    what the last command came to, a text or, where nothing changed, a KagamiError; "" while it is
    under way. `busy`: what is being measured, or "". `changes` counts what ought to be kept at
    once; `learned`: whether anything has moved by itself.
    """

    def __init__(self, document=None, by_eyes=None, ranges=True, link=0.0, drift=0.0):
        self._by_eyes = EYES if by_eyes is None else by_eyes
        self._learns, self._link, self._drift = ranges, link, 60.0 * drift
        self._samples, self._last, self.learned = None, None, False
        self.ranges, self.outcome, self.changes = Ranges(), "", 0
        self._wished = np.ones(len(ARKIT_NAMES))
        self._clear(True, True, True)
        self.restore(document or {})

    def change(self, ranges, link, drift):
        """Other options from the next picture on."""
        self._learns, self._link, self._drift = ranges, link, 60.0 * drift
        self._settle()

    @property
    def busy(self):
        """What is being measured, in words, or ""."""
        return self._samples.name if self._samples else ""

    def recenter(self):
        """Where the head looks now is straight ahead."""
        self._begin("straight ahead", AT_ONCE, self._straight)

    def neutral(self, seconds=2.0):
        """The face of the next `seconds` (bounded to 0.5 to 5) rests and looks straight ahead."""
        self._begin("resting face", min(SECONDS[1], max(SECONDS[0], seconds)), self._rested)

    def eyes(self, which):
        """The eyes are "open" as usual now, or "shut"; ValueError for anything else."""
        if which not in ("open", "shut"):
            raise ValueError("eyes are open or shut, not %r" % (which,))
        self._begin("eyes " + which, GLANCE, lambda samples: self._lids(samples, which))

    def gaze(self, yaw, pitch):
        """The eyes look there now: degrees relative to the head, yaw > 0 to the own left, pitch >
        0 up, within 45; ValueError beyond."""
        if not (abs(yaw) <= 45 and abs(pitch) <= 45):
            raise ValueError("a gaze lies within 45 degrees")
        self._begin("gaze", GLANCE, lambda samples: self._gazes(samples, (yaw, pitch)))

    def clear(self, what):
        """Forget "all", the "neutral" face with straight ahead, "eyes", "gaze" or the learned
        "ranges"; ValueError for anything else."""
        if what not in WHAT:
            raise ValueError("clear %s, not %r" % (", ".join(WHAT), what))
        self._samples = None
        self._clear(what in ("all", "neutral"), what in ("all", "eyes"), what in ("all", "gaze"))
        if what in ("all", "ranges"):
            self.ranges.clear()
        self._done("%s: as at first" % what)

    def gain(self, factors):
        """Show weights so many times as large, {name: factor}, bounded to 1; the others as they
        are."""
        self._wished[:] = 1.0
        for name, factor in factors.items():
            self._wished[ARKIT[name]] = factor
        self._settle()

    def document(self):
        """All of it as plain lists and numbers."""
        return written(Known(self._rotation, self._rest, self._quiet, self._hand, self._offset,
                             self.ranges.lids, self.ranges.tops))

    def restore(self, document):
        """Take over a document; KeyError, TypeError or ValueError, and no change, where it is
        none."""
        known = understood(document)
        self._rotation, self._rest, self._quiet = known.rotation, known.rest, known.quiet
        self._hand, self._offset = known.hand, known.gaze
        self.ranges.clear()
        self.ranges.lids, self.ranges.tops = known.lids, known.tops
        self._settle()

    def __call__(self, faces, time, learn=True):
        """The faces to show at `time` seconds; learn: whether this picture may move the limits."""
        if faces and faces[0].state == "tracked":
            self._look(faces[0], time, learn)
        elif self._samples and self._samples.over(time):
            self._finish(self._samples)
        return faces if self._same else [self._shown(face) for face in faces]

    def _begin(self, name, seconds, use):
        self._samples, self.outcome = Samples(name, seconds, use), ""

    def _done(self, outcome):
        self.outcome = outcome
        self.changes += 1
        self._settle()

    def _clear(self, neutral, eyes, gaze):
        if neutral:
            self._rotation, self._rest = UPRIGHT, np.zeros(len(ARKIT_NAMES))
            self._quiet = SILENT
        if eyes:
            self._hand = [[None, None], [None, None]]
            self.ranges.clear_lids()
        if gaze:
            self._offset = np.zeros((2, 2))
        self._settle()

    def _look(self, face, time, learn):
        """Learn from one picture of the first face."""
        dt = 0.0 if self._last is None else time - self._last
        self._last = time
        if self._samples:
            self._samples.add(face, time)
            if self._samples.over(time):
                self._finish(self._samples)
        elif learn and 0 < dt < 1:
            if self._learns:
                self._learn(face, dt)
            if self._drift:
                self._follow(face.rotation, dt)

    def _learn(self, face, dt):
        self.ranges.learn(face, self._above(face.blendshapes), dt)
        self.learned = True
        self._unsettled += 1
        if self._unsettled >= SETTLE:
            self._settle()

    def _finish(self, samples):
        self._samples = None
        if samples.enough:
            samples.use(samples)
        else:
            self.outcome = KagamiError(samples.name, "not enough was seen of a face, nothing "
                                       "changed", "sit in the picture and ask again")

    def _straight(self, samples):
        self._rotation = middle_rotation(samples.of("rotation"))
        self._done("straight ahead: taken")

    def _rested(self, samples):
        self._rotation = middle_rotation(samples.of("rotation"))
        rest = middle(samples.of("blendshapes"))
        resting = RESTING & ~self._by_eyes
        self._rest = np.where(resting, np.clip(rest, 0.0, REST_MOST), 0.0)
        self._quiet = np.clip(middle(samples.of("vowels")), 0.0, REST_MOST)
        self._done("resting face: taken")

    def _lids(self, samples, which):
        column, limits = (1, OPEN) if which == "open" else (0, SHUT)
        seen = middle(samples.of("openness")).tolist()
        lids = [list(lid) for lid in self._levels()]
        for side in (0, 1):
            lids[side][column] = seen[side]
        inside = all(limits[0] <= value <= limits[1] for value in seen)
        if not inside or any(wide - shut < LEAST_LID for shut, wide in lids):
            self.outcome = KagamiError("eyes " + which, "they read %.2f and %.2f, nothing changed"
                                       % tuple(seen), "ask again when they are")
            return
        for side in (0, 1):
            self._hand[side][column] = round(seen[side], 4)
        self._done("eyes %s: taken" % which)

    def _gazes(self, samples, where):
        off = np.array(where) - middle(samples.of("gaze")).reshape(2, 2)
        if np.abs(off).max() > ASTRAY:
            self.outcome = KagamiError("gaze", "%.0f degrees off, nothing changed"
                                       % np.abs(off).max(), "look there and ask again")
            return
        self._offset = off
        self._done("gaze: taken")

    def _follow(self, rotation, dt):
        """Straight ahead goes a little towards a head that is nearly straight."""
        off = geometry.rotation_between(self._rotation, rotation)
        if degrees(np.sqrt(off.dot(off))) < NEARLY:
            share = 1 - exp(-min(dt, 0.1) / self._drift)
            self._rotation = geometry.slerp(self._rotation, rotation, share)
            self.learned = True
            self._settle()

    def _levels(self):
        """[[shut, open], ...] in force: by command, else as learned."""
        return [[by_hand if by_hand is not None else learned for by_hand, learned in zip(*pair)]
                for pair in zip(self._hand, self.ranges.lids)]

    def _settle(self):
        """What each picture needs, made ready after a change."""
        lids, self._unsettled = self._levels(), 0
        self._lid = [(shut, 1.0 / max(LEAST_LID, wide - shut)) for shut, wide in lids]
        self._back = self._rotation * (1.0, -1.0, -1.0, -1.0)
        self._gain = self._wished / (1.0 - self._rest) / self.ranges.tops
        self._turned = abs(self._rotation[0]) < 1.0
        self._sighted = bool(self._offset.any()) or lids != [[0.0, 1.0], [0.0, 1.0]]
        self._weighed = bool((self._gain != 1.0).any())
        # Whoever wants a wider jaw wants to be louder
        self._loud = self._wished[_JAW] / (1.0 - self._quiet)
        self._voiced = bool((self._loud != 1.0).any())
        self._same = not (self._turned or self._sighted or self._weighed or self._voiced
                          or self._link)

    def _above(self, weights):
        """Weights above the resting face, 0 to 1."""
        above = weights - self._rest
        return np.clip(above, 0.0, 1.0, out=above) / (1.0 - self._rest)

    def _shown(self, face):
        left, right, weights, rotation = face.left, face.right, face.blendshapes, face.rotation
        if self._sighted:
            left, right = [eye._replace(openness=self._opened(side, eye.openness),
                                        gaze=eye.gaze + self._offset[side])
                           for side, eye in enumerate((left, right))]
            told = with_eyes(np.zeros(len(ARKIT_NAMES)), left, right)
            weights = np.where(self._by_eyes, told, weights)
        if self._weighed:
            weights = weights - self._rest
            weights *= self._gain
            np.clip(weights, 0.0, 1.0, out=weights)
        vowels = face.vowels
        if self._voiced and vowels is not None:
            vowels = np.clip((vowels - self._quiet) * self._loud, 0.0, 1.0)
        if self._turned:
            rotation = geometry.quaternion_product(self._back, rotation)
            rotation = -rotation if rotation[0] < 0 else rotation
        face = face._replace(left=left, right=right, blendshapes=weights, rotation=rotation,
                             vowels=vowels)
        return linked(face, self._link) if self._link else face

    def _opened(self, side, openness):
        shut, factor = self._lid[side]
        return min(OPENEST, max(0.0, (openness - shut) * factor))


def linked(face, share):
    """The face with lids, brows and smile moved by `share` (0 to 1) to the mean of both sides."""
    weights = np.array(face.blendshapes)
    off = face.blendshapes[ARKIT_MIRROR] - face.blendshapes
    weights[LINKED] += 0.5 * share * off[LINKED]
    step = 0.5 * share * (face.right.openness - face.left.openness)
    return face._replace(
        blendshapes=weights, left=face.left._replace(openness=face.left.openness + step),
        right=face.right._replace(openness=face.right.openness - step))
