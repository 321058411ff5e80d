"""A picture in, the faces in it out: the stages in order, and what is remembered between."""
from collections import OrderedDict
from time import perf_counter

import numpy as np

from appliance import backends, config as configuration, geometry, quality
from appliance.backends.batches import Batches
from appliance.errors import DataError
from appliance.followed import SAME_FACE, Followed, Look
from appliance.stages import crop
from appliance.stages.closeup import Closeup, Word, worthwhile
from appliance.stages.detector import Detector
from appliance.stages.expression import Expression
from appliance.stages.iris import AHEAD, Iris
from appliance.stages.landmarks import TURN_FULL, Landmarks
from appliance.stages.pose import Pose
from appliance.stages.smoothing import Smoothing

ROWS = ("detector", "landmarks", "pose", "iris", "expression", "brows", "smoothing")
TRIES = 14              # surest candidates that the landmarks look at in one picture
# How sure detector and both looks must be together of a new face, and the share of its size within
# which its points must be known, up to so many degrees of yaw and from so many on: no face is told
# by points that the network cannot place. Found on held-out portraits and heads pasted on training
# backgrounds: all of the portraits, 97 % of the heads at any yaw, and of the backgrounds (as they
# are, upside down, inverted, both) none.
NEWCOMER, VAGUE, TURNED = 0.93, (0.042, 0.065), (30.0, 60.0)
PERIOD = 1 / 30.0       # seconds between pictures that come without a time
UPRIGHT = 0.9           # score below which a given box is tried as somebody tilted or lying too
TILTS = -30.0, 30.0, -90.0, 90.0        # degrees of roll, then
TILTED = 20.0           # degrees of roll from which a third look at a given box pays
FAIR = 0.2              # score of a first look below which a second would look nowhere


class Tracker:
    """Finds faces and follows them; `config` (default: default.conf alone) and `timing` (add(row,
    seconds)) as the program has them, `backend` to bring its own networks. `driven`, `by_eyes`:
    (52,) bool, the shapes that are measured at all, and those that the irises tell; `fading`:
    those that are measured from the front alone; `backend`: what runs the networks, in words."""

    def __init__(self, config=None, timing=None, backend=None):
        config = config or configuration.defaults()
        backend = backend or backends.choose(*config.backend)
        self._settings, self._smoothing, self._timing = config.tracker, config.smoothing, timing
        self.backend = str(backend)
        self._runs, self._detect = backend, Detector(backend.load("detector"))
        self._points = quality.engines(backend, config.tracker)
        closer = ("expression", "brows")[:1 + worthwhile(backend.networks, "brows")]
        self._closer = [Batches(backend, name, config.tracker.max_faces)
                        for name in ("iris",) + closer]
        iris, expression = self._closer[:2]
        self._landmarks, self._iris = Landmarks(self._points), Iris(iris)
        self._closeups = OrderedDict(zip(closer, map(Closeup, self._closer[1:])))
        self._express = Expression(expression.network, self._closeups.values())
        self.driven, self.by_eyes = self._express.driven, self._express.by_eyes
        self.fading = self._express.fading
        self._measured_by(config)
        self._newest, self._clock = 0, 0.0
        self.reset()

    def change(self, config):
        """Other options of [tracker] and [smoothing] and another `fov` from the next picture on;
        who is one face too many is forgotten. Another quality goes on with the faces as they are;
        while its network is loaded no picture is measured."""
        self._settings, self._smoothing = config.tracker, config.smoothing
        self._measured_by(config)
        self._points = quality.engines(self._runs, config.tracker, self._points)
        self._landmarks = Landmarks(self._points)
        for engines in [self._points] + self._closer:
            engines.make_room(config.tracker.max_faces)
        del self._followed[config.tracker.max_faces:]
        for one in self._followed:
            one.smoothing.change(config.smoothing)

    def _measured_by(self, config):
        self._pose = Pose(config.camera.fov, config.tracker.eye_distance)

    def reset(self):
        """Forget every followed face; ids go on counting."""
        self._followed, self._until_search = [], 0

    def __call__(self, image, time=None, rois=None):
        """[Face] of a picture, the primary face first.

        image: (H, W) uint8 luma or (H, W, 3) uint8 R, G, B; read only, not kept. time: seconds;
        without it pictures come 1/30 s apart. rois: [(x0, y0, x1, y1)], tight boxes of 68 points:
        then these faces are measured, one answer a box in that order whatever its score, without
        detector, memory or smoothing.
        """
        luma = crop.as_luma(_checked(image))
        self._seconds = dict.fromkeys(ROWS, 0.0)
        if rois is not None:
            faces = [self._given(luma, box) for box in rois]
        else:
            self._clock = self._clock + PERIOD if time is None else time
            faces = self._follow(luma) + self._search(luma)
        self._report()
        return faces

    def _follow(self, luma):
        """The faces of the picture before, where they are now."""
        if not self._followed:
            return []
        squares = [one.square for one in self._followed]
        readings = self._clocked("landmarks", self._landmarks, luma, squares)
        faces, kept = [], []
        for one, face in zip(self._followed, self._turns(luma, self._followed, readings)):
            if face and not any(other.covers(face.box) for other in kept):  # two became one
                faces.append(face)
                kept.append(one)
        self._followed = kept
        return faces

    def _turns(self, luma, ones, readings):
        """This picture's Face of each who is followed: tracked, held in doubt, None once lost."""
        faces, looks = [None] * len(ones), []
        for i, (one, reading) in enumerate(zip(ones, readings)):
            if reading.score < self._settings.score:
                faces[i] = one.hold(reading.score, self._settings.lost_after)
            elif inside(reading.box, luma.shape):
                looks.append((i, one.look(reading, self._clock)))
        measured = self._measure(luma, [look for _, look in looks])
        for (i, look), face in zip(looks, measured):
            smooth = self._clocked("smoothing", ones[i].smoothing, face, self._clock)
            faces[i] = ones[i].believe(look, face, smooth, self._clock)
        return faces

    def _search(self, luma):
        """New faces, where there is room and it is the detector's turn."""
        self._until_search = self._until_search - 1 if self._followed else 0
        room = self._settings.max_faces - len(self._followed)
        if room <= 0 or self._until_search > 0:
            return []
        self._until_search = self._settings.detector_every
        candidates = self._clocked("detector", self._detect, luma)[:TRIES]
        new = [one for one in candidates if not any(f.covers(one.box) for f in self._followed)]
        seen = [reading for reading in (self._confirmed(luma, one) for one in new)
                if reading and not any(f.covers(reading.box) for f in self._followed)]
        primary_first = _ranked(distinct(seen), luma.shape)
        return self._welcome(luma, primary_first[:room])

    def _confirmed(self, luma, candidate):
        """The Reading of a candidate that two looks confirm, else None."""
        first = self._look(luma, crop.around_box(candidate.box, candidate.roll))
        if first.score < FAIR or first.vagueness > 4 * VAGUE[0]:
            return None
        reading = self._again(luma, first, True)
        sure = together(candidate.score, first.score, reading.score)
        believed = sure >= NEWCOMER and reading.score >= self._settings.score
        clear = reading.vagueness <= vague(reading) and inside(reading.box, luma.shape)
        return reading if believed and clear else None

    def _welcome(self, luma, readings):
        """The Faces of new readings, followed from now on."""
        ones = [Followed(self._newest + i, Smoothing(self._smoothing))
                for i in range(1, len(readings) + 1)]
        self._newest += len(ones)
        self._followed += ones
        return self._turns(luma, ones, readings)

    def _given(self, luma, box):
        """Face of a given box: looks from both sides, the same on every picture."""
        box = _checked_box(box)
        first = self._look(luma, crop.around_box(box), True)
        reading = self._again(luma, first, True)
        for roll in TILTS if first.score < UPRIGHT else ():
            tilted = self._look(luma, crop.around_box(box, roll), True)
            tilted = self._again(luma, tilted, True)
            if tilted.score > max(reading.score, self._settings.score):
                reading = tilted
        if abs(reading.next_square().roll) > TILTED:
            reading = self._again(luma, reading, True)
        return self._measure(luma, [Look(reading, reading.next_square(), 0, AHEAD)], True)[0]

    def _again(self, luma, reading, thorough=False):
        """A second look from where the first found the face, unless it sees less."""
        if reading.score < FAIR:
            return reading
        second = self._look(luma, reading.next_square(), thorough)
        return second if second.score >= min(reading.score, self._settings.score) else reading

    def _look(self, luma, square, thorough=False):
        if thorough:
            return self._clocked("landmarks", self._landmarks.both_ways, luma, square)
        return self._clocked("landmarks", self._landmarks, luma, [square])[0]

    def _measure(self, luma, looks, thorough=False):
        """[Face] of Looks: pose, irises and shapes, not smoothed; the networks see all faces at
        once."""
        if not looks:
            return []
        poses = [self._clocked("pose", self._pose, look.reading, luma.shape) for look in looks]
        eyes = self._clocked("iris", self._iris, luma, [
            (look.reading, geometry.angles_from_matrix(pose.rotation)[0], look.gaze)
            for look, pose in zip(looks, poses)])
        words = [self._words(name, closer, luma, looks, thorough)
                 for name, closer in self._closeups.items()]
        expressed = [self._clocked("expression", self._express, *said)
                     for said in zip(eyes, zip(*words))]
        return [look.face(*rest) for look, rest in zip(looks, zip(poses, eyes, expressed))]

    def _words(self, name, closer, luma, looks, thorough):
        """[Word]: what a close-up says of each Look, or what it said before where that holds."""
        held = [name == "brows" and look.held is not None for look in looks]
        asked = [(look.reading, look.upright) for look, holds in zip(looks, held) if not holds]
        new = iter(self._clocked(name, closer.both_ways if thorough else closer, luma, asked)
                   if asked else ())
        return [Word(look.held.take(closer.places)) if holds else next(new)
                for look, holds in zip(looks, held)]

    def _clocked(self, row, stage, *arguments):
        start = perf_counter()
        result = stage(*arguments)
        self._seconds[row] += perf_counter() - start
        return result

    def _report(self):
        if self._timing is not None:
            for row, seconds in self._seconds.items():
                if seconds:
                    self._timing.add(row, seconds)


def inside(box, shape):
    """Whether a box can be followed: its centre and half its area in a picture of (H, W)."""
    x0, y0, x1, y1 = (float(v) for v in box)
    height, width = shape[:2]
    area = (x1 - x0) * (y1 - y0)
    centred = 0 <= x0 + x1 <= 2 * width and 0 <= y0 + y1 <= 2 * height
    if not (centred and area >= crop.SMALLEST ** 2):
        return False
    seen = (min(x1, width) - max(x0, 0)) * (min(y1, height) - max(y0, 0))
    return 2 * seen >= area


def vague(reading):
    """The share of its size within which the points of a newcomer must be known. Of a profile half
    are out of sight; what is no face seldom looks like one."""
    turned = abs(reading.turn()[0]) * TURN_FULL
    return float(np.interp(turned, TURNED, VAGUE))


def together(*scores):
    """The probability that lies at the mean of the scores' log odds."""
    odds = 1.0
    for score in scores:
        odds *= max(score, 1e-6) / max(1.0 - score, 1e-6)
    odds **= 1.0 / len(scores)
    return odds / (1 + odds)


def distinct(readings):
    """Readings without those of a face that another one places more surely."""
    kept = []
    for one in sorted(readings, key=lambda reading: reading.vagueness):
        if all(geometry.overlap(one.box, other.box) < SAME_FACE for other in kept):
            kept.append(one)
    return kept


def _ranked(readings, shape):
    """Readings by size, weighted by closeness to the picture's centre, the primary face first."""
    height, width = shape[:2]

    def weight(one):
        x0, y0, x1, y1 = one.box
        off = np.hypot((x0 + x1) / width - 1, (y0 + y1) / height - 1)   # 1 halfway along a border
        return -np.sqrt(max(0.0, (x1 - x0) * (y1 - y0))) * (1 - 0.4 * min(1.0, off))
    return sorted(readings, key=weight)


def _checked(image):
    """The picture as an array of a shape and type that is known; DataError else."""
    image = np.asarray(image)
    shaped = image.ndim == 2 or image.ndim == 3 and image.shape[2] == 3
    if image.dtype != np.uint8 or image.size == 0 or not shaped:
        raise DataError("picture %s %s" % (image.dtype, image.shape),
                        "not (H, W) or (H, W, 3) uint8", "give luma, or R, G, B")
    return image


def _checked_box(box):
    """A given box as (4,) floats; DataError where it is none."""
    try:
        found = np.asarray(box, float)
    except (TypeError, ValueError):     # words, or rows of several lengths
        found = np.empty(0)
    if found.shape != (4,) or not np.isfinite(found).all():
        raise DataError("box %s" % (box,), "not four finite numbers",
                        "give (x0, y0, x1, y1) in pixels")
    return found
