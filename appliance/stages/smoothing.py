"""One face, picture after picture, in; the same face with its tremble taken out.

A One-Euro filter (Casiez, Roussel, Vogel, CHI 2012) over all numbers of a face at once: each is a
first-order low pass whose cut-off rises with the speed of what it belongs to, so that what rests
is still and what moves is not late.
"""
from math import exp, pi, sqrt

import numpy as np

from appliance import geometry
from appliance.face import SILENT, Eye, Face
from appliance.stages.expression import BLINK

# Where a face's numbers lie: rotation, place, points, irises, gazes, openness, shapes, vowels, of
# the left eye first.
ROTATION, PLACE, POINTS, IRISES, GAZES = (slice(a, b) for a, b in (
    (0, 3), (3, 6), (6, 142), (142, 162), (162, 166)))
OPENNESS, SHAPES, SPOKEN, COUNT = slice(166, 168), slice(168, 220), slice(220, 225), 225
SPEED_CUTOFF = 3.0      # Hz: low pass on the speeds that steer the cut-offs
# Speeds that a still face shows under a camera's noise count as none: of irises and gaze, of lids
# and shapes, and for each UNSURE of what has a sigma. With it a still face trembles half as much,
# and a turn is 0.3 ms later (`python3 -m benchmarks steadiness`).
RESTLESS, RESTLESS_SHAPES, RESTLESS_UNSURE = 6.0, 9.0, 4.0
AT_ONCE = 0.3           # change of openness that passes unfiltered: a blink may last one picture
# Lids on their way shake the measured head: smaller turns wait until they are open again, or have
# been shut for longer than a blink. Larger ones pass, less that much.
SHAKE = 3.0 * pi / 180  # radians
LIDS, BLINK_LASTS = 0.3, 0.5    # how far shut; seconds, after as many again nothing waits
UNSURE = 2.0            # sigma in % of the face at which a point's cut-off at rest is halved
# The same for the head: degrees, then shares of the distance for its place across and its depth.
# Of a clear face all are at about half, as its points are.
UNSURE_TURN, UNSURE_PLACE, UNSURE_DEPTH = 3.0, 0.02, 0.09
GAP = 0.5               # seconds without a picture after which nothing is carried over
SHORTEST = 1e-3         # seconds: what two pictures of one time stamp are taken to be apart

# Numbers that belong together share one speed and one cut-off: rotation, place across, depth, each
# point; the last 59 go alone.
_SIZES = [3, 2, 1] + [2] * 80 + [1] * 59
_FIRST = np.cumsum([0] + _SIZES[:-1])
_GROUP = np.repeat(np.arange(len(_SIZES)), _SIZES)
_LANDMARKS, _KNOWN = slice(3, 71), slice(0, 71)     # groups: theirs, all that have a sigma
_DEPTH_UNIT = 5.0       # mm: depth is read from the face's size and trembles that much more
_JUMPS = (166, 167, SHAPES.start + BLINK[0], SHAPES.start + BLINK[1])


class Smoothing:
    """The filter of one followed face.

    settings: config.smoothing, for head, points, eyes and expression the cut-off in Hz at rest (0
    = no filter) and beta, the Hz it rises with the speed per second: of degrees, mm, % of the
    face's size, hundredths of a shape.
    """

    def __init__(self, settings):
        self._cutoff, self._beta = np.zeros((2, len(_SIZES)))
        self.change(settings)
        self._per_unit = np.ones(COUNT)
        self._per_unit[ROTATION], self._per_unit[5] = 180 / pi, 1 / _DEPTH_UNIT
        self._per_unit[166:] = 100.0
        self._new, self._last, self._smooth = np.zeros((3, COUNT))
        self._speed, self._turn = np.zeros(COUNT), None
        self._vague, self._restless = np.zeros(_KNOWN.stop), np.full(len(_SIZES), RESTLESS)
        self._restless[-59:] = RESTLESS_SHAPES
        self._time, self._shut = None, 0.0

    def change(self, settings):
        """Other settings from the next picture on."""
        for part, kind in ((slice(0, 3), "head"), (_LANDMARKS, "points"), (slice(71, 85), "eyes"),
                           (slice(85, None), "expression")):
            self._cutoff[part] = getattr(settings, kind + "_cutoff") or 1e6
            self._beta[part] = getattr(settings, kind + "_beta")
        self._shake = SHAKE if settings.head_cutoff else 0.0

    def __call__(self, face, time):
        """The Face with smooth numbers; time: seconds, of its picture."""
        dt = None if self._time is None else time - self._time
        self._time = time
        self._gather(face)
        if dt is None or not 0 <= dt <= GAP:
            self._start(face)
        else:
            self._advance(face, max(dt, SHORTEST))
        self._last, self._new = self._new, self._last
        return self._scatter(face)

    def _gather(self, face):
        left, right = face.left, face.right
        np.concatenate((face.translation, face.landmarks.reshape(-1), left.iris.reshape(-1),
                        right.iris.reshape(-1), left.gaze, right.gaze,
                        (left.openness, right.openness), face.blendshapes,
                        SILENT if face.vowels is None else face.vowels), out=self._new[3:])

    def _start(self, face):
        self._smooth[:] = self._new
        self._speed[:] = 0.0
        self._turn = self._last_turn = face.rotation

    def _advance(self, face, dt):
        moved, ahead = self._new - self._last, self._new - self._smooth
        moved[ROTATION] = geometry.rotation_between(self._last_turn, face.rotation)
        ahead[ROTATION] = geometry.rotation_between(self._turn, face.rotation)
        ahead[ROTATION] *= self._steady(ahead[ROTATION].tolist(), dt)
        x0, y0, x1, y1 = face.box.tolist()
        unit = 100.0 / max(1.0, x1 - x0, y1 - y0)
        self._per_unit[POINTS.start:IRISES.stop] = unit
        moved *= self._per_unit
        moved /= dt
        moved -= self._speed
        moved *= _share(SPEED_CUTOFF, dt)
        self._speed += moved
        self._doubt(face, unit)
        shares = self._shares(dt)
        ahead *= shares.take(_GROUP)
        for i in _JUMPS:
            if abs(self._new[i] - self._smooth[i]) > AT_ONCE:
                ahead[i] = self._new[i] - self._smooth[i]
        self._smooth += ahead
        if shares[0] == 1.0 and not self._shake:    # the whole way, to the last bit
            self._turn = face.rotation
        else:
            turn = geometry.quaternion_from_vector(ahead[ROTATION])
            self._turn = geometry.quaternion_product(self._turn, turn)
        self._last_turn = face.rotation

    def _doubt(self, face, unit):
        """How vague each group is that has a sigma: at 1 it rests half as quick, and has to move
        for it."""
        (x, y, depth), far = face.translation_sigma.tolist(), max(1.0, float(face.translation[2]))
        self._vague[:3] = (face.rotation_sigma / UNSURE_TURN,
                           max(x, y) / (far * UNSURE_PLACE), depth / (far * UNSURE_DEPTH))
        np.multiply(face.sigma, unit / UNSURE, out=self._vague[_LANDMARKS])
        np.multiply(self._vague, RESTLESS_UNSURE, out=self._restless[_KNOWN])

    def _shares(self, dt):
        """How much of its way each group goes."""
        rest = self._cutoff.copy()
        rest[_KNOWN] /= 1 + self._vague * self._vague
        speed = np.sqrt(np.add.reduceat(self._speed * self._speed, _FIRST))
        speed -= self._restless
        np.maximum(speed, 0.0, out=speed)
        speed *= self._beta
        speed += rest
        speed *= -2 * pi * dt
        return 1 - np.exp(speed)

    def _steady(self, turn, dt):
        """The share of a turn [x, y, z] that is not a blink's doing."""
        shut = 1.0 - min(self._new[166], self._new[167])
        self._shut = self._shut + dt if shut > 0.5 * LIDS else 0.0
        lasting = min(1.0, max(0.0, 2.0 - self._shut / BLINK_LASTS))
        waits = self._shake * lasting * min(1.0, max(0.0, shut / LIDS))
        x, y, z = turn
        return max(0.0, 1.0 - waits / max(1e-9, sqrt(x * x + y * y + z * z))) if waits else 1.0

    def _scatter(self, face):
        out = self._smooth.copy()
        points, irises = out[POINTS].reshape(68, 2), out[IRISES].reshape(2, 5, 2)
        gazes, (opened, other) = out[GAZES].reshape(2, 2), out[OPENNESS].tolist()
        left = Eye(irises[0], opened, gazes[0], face.left.score)
        right = Eye(irises[1], other, gazes[1], face.right.score)
        rotation = self._turn if self._turn[0] >= 0 else -self._turn
        return Face(face.id, face.score, geometry.tight_box(points), points, face.sigma, rotation,
                    out[PLACE], left, right, out[SHAPES], face.state, face.taught,
                    face.rotation_sigma, face.translation_sigma,
                    face.vowels if face.vowels is None else out[SPOKEN])


def _share(cutoff, dt):
    """How much of the way a low pass goes in dt seconds; exact at any picture rate."""
    return 1 - exp(-2 * pi * cutoff * dt)
