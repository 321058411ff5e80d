"""What one picture shows of a face in, what is remembered of it from picture to picture out."""
from typing import NamedTuple, Optional

import numpy as np

from appliance import geometry
from appliance.face import Face
from appliance.stages.crop import Square, dragged
from appliance.stages.iris import AHEAD
from appliance.stages.landmarks import Reading

# Seconds for which what was told of the brows holds: they take a tenth of one to rise, and their
# network a sixth of a picture's time. 30 pictures a second: every other picture is looked at.
BROWS_HOLD = 0.045
SAME_FACE = 0.2         # overlap from which a detected box is a face that is followed already


class Look(NamedTuple):
    """Somebody seen in this picture: the Reading, its next_square(), an id, the gaze of before;
    held: the (52,) shapes of before where its brows need no look now, else None."""

    reading: Reading
    upright: Square
    number: int
    gaze: tuple
    held: Optional[np.ndarray] = None

    def face(self, pose, eyes, expressed):
        """The Face of this and of what pose, irises and expression say."""
        reading, (left, right), (shapes, vowels) = self.reading, eyes, expressed
        return Face(self.number, reading.score, reading.box, reading.points, reading.sigma,
                    geometry.quaternion_from_matrix(pose.rotation), pose.place, left, right,
                    shapes, rotation_sigma=pose.rotation_sigma,
                    translation_sigma=pose.place_sigma, vowels=vowels)


class Followed:
    """One face from picture to picture: its filter, where to look next, what was last believed."""

    def __init__(self, number, smoothing):
        self.number, self.smoothing = number, smoothing
        self.square, self.gaze, self._last, self._misses = None, AHEAD, None, 0
        self._shapes, self._brows_at = None, None

    def look(self, reading, now):
        """The Look at this face that a Reading of the picture at `now` seconds asks for."""
        holds = self._brows_at is not None and 0 <= now - self._brows_at < BROWS_HOLD
        return Look(reading, reading.next_square(), self.number, self.gaze,
                    self._shapes if holds else None)

    def covers(self, box):
        """Whether a detected box is this face again, a part of it, or somebody it would hide."""
        x0, y0, x1, y1 = self._last.box
        inside = 2 * x0 < box[0] + box[2] < 2 * x1 and 2 * y0 < box[1] + box[3] < 2 * y1
        return inside or geometry.overlap(self._last.box, box) > SAME_FACE

    def believe(self, look, face, smooth, now):
        """The smooth Face to report; no filter delays where the next look goes."""
        self.square = dragged(self.square, look.upright) if self.square else look.upright
        if look.held is None:
            self._brows_at = now
        self._shapes = face.blendshapes
        self.gaze = (face.left.gaze.tolist(), face.right.gaze.tolist())
        self._last, self._misses = smooth, 0
        return smooth

    def hold(self, score, patience):
        """The last Face with a doubtful score, None once doubt has lasted `patience` pictures."""
        self._misses += 1
        return self._last._replace(score=score, state="held") if self._misses < patience else None
