"""A picture and faces' points in, both eyes of each out: iris, openness, gaze, and how far each is
believed.

The right eye is shown to the network mirrored, so that it has one kind of eye to know. It is told
how far the head is turned: gaze is relative to the head.
"""
from math import atan2, degrees, hypot

import numpy as np

from appliance import geometry
from appliance.face import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS, Eye
from appliance.stages import crop
from appliance.stages.landmarks import believed, log_odds

MARGIN = 1.6            # side of an eye's square / distance of its corners, as in training
SHARE_OF_FACE = 0.9 * 0.22      # least side / the face's size: a far eye's corners nearly meet
TURNED = (35.0, 45.0)   # degrees of yaw over which the far eye's word fades
NARROW = (0.25, 0.45)   # openness over which the gaze of an eye comes to count
WIDEST = 1.3            # openness of an eye that is as wide as it goes
# Eyes look at one point: both at one height, each turned in by so many degrees for somebody at a
# screen. Half of what is seen beyond is believed: who crosses the eyes on purpose is seen to. On
# drawn heads kept out r of the eyeLook shapes rose from 0.76 to 0.79.
TURNED_IN, BELIEVED = 3.5, 0.5
AHEAD = ((0.0, 0.0), (0.0, 0.0))


class Iris:
    """The iris network, a Batches, with both crops of each face in front and the agreement of the
    eyes behind."""

    def __init__(self, engines):
        self._engines = engines
        self._pixels = np.zeros(engines.network.inputs["image"][:3], np.uint8)
        self._limit = log_odds(engines.network.score)

    def __call__(self, luma, faces):
        """[(left Eye, right Eye)] of faces, each (reading, yaw, last_gaze).

        reading: of the landmarks. yaw: the head's, degrees. last_gaze: (2, 2) degrees, left and
        right of the picture before: it holds while both eyes are closed.
        """
        found = []
        for engine, some in self._engines.share(faces):
            ways = [self._show(engine.inputs, 2 * i, luma, reading)
                    for i, (reading, _, _) in enumerate(some)]
            out = engine.infer()
            gaze, points = out["gaze"].tolist(), out["points"].astype(float)
            points[1::2, :, 0] = self._pixels.shape[2] - 1 - points[1::2, :, 0]
            opened, scores = bounded(out["openness"]), out["score"][:, 0].tolist()
            for i, (_, yaw, last_gaze) in enumerate(some):
                two = slice(2 * i, 2 * i + 2)
                said = self._agreed(opened[two], gaze[two], scores[two], yaw, last_gaze)
                found.append(_eyes(ways[i], points[two], *said))
        return found

    def _show(self, inputs, i, luma, reading):
        """Write a face's eyes at place i and the next; the ways back from their crops."""
        left = crop.cut(luma, eye_square(reading, LEFT_EYE_CORNERS), self._pixels[0])
        right = crop.cut(luma, eye_square(reading, RIGHT_EYE_CORNERS), self._pixels[1])
        inputs["image"][i, :, :, 0] = self._pixels[0]
        inputs["image"][i + 1, :, :, 0] = self._pixels[1, :, ::-1]
        turned, nodded = reading.turn()
        inputs["turn"][i:i + 2] = (turned, nodded), (-turned, nodded)
        return left, right

    def _agreed(self, opened, gaze, scores, yaw, last_gaze):
        """agree() of what the network says of one face."""
        (left_yaw, left_pitch), (right_yaw, right_pitch) = gaze
        seen = [(left_yaw, left_pitch), (-right_yaw, right_pitch)]
        scores = [believed(score, self._limit) for score in scores]
        return agree(opened, seen, scores, yaw, last_gaze)


def bounded(openness):
    """[number], 0 to WIDEST, of the network's (N, 1)."""
    return [min(WIDEST, max(0.0, one)) for one in openness[:, 0].tolist()]


def _eyes(ways, points, opened, gaze, scores):
    """Both Eyes in the picture, of points in their crops."""
    (left, right), gaze = ways, np.array(gaze)
    return (Eye(geometry.apply(left, points[0]), opened[0], gaze[0], scores[0]),
            Eye(geometry.apply(right, points[1]), opened[1], gaze[1], scores[1]))


def eye_square(reading, corners):
    """The square of one eye, level with the line through its corners."""
    (ax, ay), (bx, by) = reading.points[corners[0]].tolist(), reading.points[corners[1]].tolist()
    if corners is LEFT_EYE_CORNERS:     # its outer corner is on the right of the picture
        ax, ay, bx, by = bx, by, ax, ay
    face = reading.square.side / crop.LANDMARKS_MARGIN
    side = max(MARGIN * hypot(bx - ax, by - ay), SHARE_OF_FACE * face, crop.SMALLEST)
    return crop.Square((0.5 * (ax + bx), 0.5 * (ay + by)), side, degrees(atan2(by - ay, bx - ax)))


def agree(openness, gaze, score, yaw, last_gaze):
    """(openness, gaze, score) of left and right after each has helped the other out.

    An eye that the turned head hides follows the one in view, and so does the gaze of a closed
    one; where both are closed the last gaze holds. All fade in and out, nothing jumps.
    """
    share = [1.0, 1.0]
    share[0 if yaw > 0 else 1] -= _ramp(abs(yaw), TURNED)
    openness = [share[i] * openness[i] + (1 - share[i]) * openness[1 - i] for i in (0, 1)]
    tells = [share[i] * _ramp(openness[i], NARROW) for i in (0, 1)]
    gaze = [_mix(max(tells), seen, last)
            for seen, last in zip(_together(gaze, tells), last_gaze)]
    return openness, gaze, [score[i] * share[i] for i in (0, 1)]


def _together(gaze, tells):
    """The gazes as those of two eyes that look at one point, from what each tells, 0 to 1."""
    (left, up), (right, high) = gaze
    trust = (tells[0] + 1e-3) / (tells[0] + tells[1] + 2e-3)
    inward = _mix(BELIEVED * min(tells), (0.5 * (right - left),), (TURNED_IN,))[0]
    yaw = trust * (left + inward) + (1 - trust) * (right - inward)
    pitch = trust * up + (1 - trust) * high
    return (yaw - inward, pitch), (yaw + inward, pitch)


def _mix(share, a, b):
    return [share * own + (1 - share) * other for own, other in zip(a, b)]


def _ramp(value, limits):
    return min(1.0, max(0.0, (value - limits[0]) / (limits[1] - limits[0])))
