"""A picture and its faces come in, the picture with the measurements drawn over it goes out, for
people to judge.

Colours are (blue, green, red), as OpenCV writes them.
"""
import cv2
import numpy as np

from appliance.face import ARKIT_NAMES
from appliance.geometry import focal_length

STAGES = ("detector", "landmarks", "pose", "iris", "expression")
OPEN_PARTS = range(0, 17), range(17, 22), range(22, 27), range(27, 31), range(31, 36)
CLOSED_PARTS = range(36, 42), range(42, 48), range(48, 60), range(60, 68)
WHITE, BLACK, GREEN = (255, 255, 255), (0, 0, 0), (90, 220, 90)
YELLOW, ORANGE = (40, 220, 255), (40, 140, 255)
AXES = ((60, 60, 255), GREEN, (255, 140, 60))      # x red, y green, z blue
AXIS_MM, GAZE_MM = 60.0, 150.0
NEAR_MM = 10.0      # closer to the lens nothing is drawn
BARS = 10
SHIFT = 3           # drawn with three bits of fraction, so that points do not jump by pixels
REACH = 1 << 14     # pixels; OpenCV draws within 16 bits


class Overlay:
    """Draws on (H, W, 3) uint8 pictures in place. fov: degrees; only: one of STAGES, or None for
    all."""

    def __init__(self, fov, only=None):
        self.fov, self.only = fov, only

    def __call__(self, picture, faces, candidates=()):
        """Draw `faces`, and the detector's `candidates`."""
        self._picture = picture
        self._unit = max(1, int(round(min(picture.shape[:2]) / 400.0)))
        for candidate in candidates:
            self._candidate(candidate)
        for face in faces:
            for stage in STAGES[1:]:
                if self.only in (None, stage):
                    getattr(self, "_" + stage)(face)
            if self.only != "detector":         # it has scores of its own there
                self._text("%d  %s  %.2f" % (face.id, face.state, face.score), face.box[0],
                           face.box[1] - 6 * self._unit)

    def _candidate(self, candidate):
        x0, y0, x1, y1 = candidate.box
        self._lines([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], YELLOW, True)
        for point in candidate.points:
            self._dot(point, 2 * self._unit, YELLOW)
        self._text("%.2f" % candidate.score, x0, y0 - 6 * self._unit)

    def _landmarks(self, face):
        for parts, closed in ((OPEN_PARTS, False), (CLOSED_PARTS, True)):
            for part in parts:
                self._lines(face.landmarks[list(part)], GREEN, closed)
        for point, sigma in zip(face.landmarks, face.sigma):
            self._dot(point, self._unit, WHITE)
            if self.only:
                self._ring(point, sigma, ORANGE)

    def _pose(self, face):
        origin = self._pixel(face.translation)
        for axis, colour in enumerate(AXES):
            # The nose points along -z: the end that is seen is drawn.
            length = -AXIS_MM if axis == 2 else AXIS_MM
            end = self._pixel(face.translation + length * face.matrix[:, axis])
            if origin is not None and end is not None:
                self._lines([origin, end], colour, False, 2)
        words = tuple(face.angles) + (face.translation[2] / 10,)
        self._text("yaw %+.0f  pitch %+.0f  roll %+.0f  %.0f cm" % words, face.box[0],
                   face.box[3] + 16 * self._unit)

    def _iris(self, face):
        for eye in (face.left, face.right):
            colour = YELLOW if eye.score > 0.5 else ORANGE
            if eye.openness > 0.2:
                self._lines(eye.iris[1:], colour, True)
            self._dot(eye.iris[0], self._unit, colour)
            start = self._space(eye.iris[0], face.translation[2])
            end = self._pixel(start + GAZE_MM * face.gaze_vector(eye))
            if end is not None:
                self._lines([eye.iris[0], end], colour, False)

    def _expression(self, face):
        unit, weights = self._unit, np.clip(face.blendshapes, 0, 1)
        for i, shape in enumerate(np.argsort(-weights, kind="stable")[:BARS]):
            left, y, right = 6 * unit, (14 + 14 * i) * unit, int((6 + 80 * weights[shape]) * unit)
            cv2.rectangle(self._picture, (left, y - 9 * unit), (right, y + 2 * unit), ORANGE, -1)
            self._text(ARKIT_NAMES[shape], 8 * unit, y)

    def _focal(self):
        height, width = self._picture.shape[:2]
        return focal_length(width, self.fov), (width - 1) / 2.0, (height - 1) / 2.0

    def _pixel(self, point):
        """The pixel of a point in millimetres, or None close before the lens."""
        f, cx, cy = self._focal()
        x, y, z = point
        return (cx + f * x / z, cy + f * y / z) if z > NEAR_MM else None

    def _space(self, pixel, depth):
        f, cx, cy = self._focal()
        return np.array([(pixel[0] - cx) * depth / f, (pixel[1] - cy) * depth / f, depth])

    def _lines(self, points, colour, closed, width=1):
        cv2.polylines(self._picture, [_fixed(points)[:, None]], closed, colour, width * self._unit,
                      cv2.LINE_AA, SHIFT)

    def _dot(self, point, radius, colour):
        cv2.circle(self._picture, tuple(_fixed(point).tolist()), radius << SHIFT, colour, -1,
                   cv2.LINE_AA, SHIFT)

    def _ring(self, point, radius, colour):
        cv2.circle(self._picture, tuple(_fixed(point).tolist()), int(_fixed(radius)), colour, 1,
                   cv2.LINE_AA, SHIFT)

    def _text(self, text, x, y):
        unit, bottom = self._unit, self._picture.shape[0]
        x, y = int(max(0, min(x, REACH))), int(max(10 * unit, min(y, bottom - 4 * unit)))
        for shadow, colour in ((unit, BLACK), (0, WHITE)):
            cv2.putText(self._picture, text, (x + shadow, y + shadow), cv2.FONT_HERSHEY_SIMPLEX,
                        0.4 * unit, colour, unit, cv2.LINE_AA)


def _fixed(points):
    """Pixels as whole numbers with SHIFT bits of fraction."""
    bounded = np.clip(np.asarray(points, float), -REACH, REACH)
    return np.round(bounded * (1 << SHIFT)).astype(np.int32)
