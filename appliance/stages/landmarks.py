"""A picture and squares in, each face's 68 points, score and rotation out."""
from math import log, tanh
from typing import NamedTuple

import numpy as np

from appliance import geometry
from appliance.face import LANDMARK_MIRROR
from appliance.stages import crop


TURN_FULL = 45.0        # degrees of yaw and pitch that a network is told as 1


class Reading(NamedTuple):
    """What the network says about one face.

    points: (68, 2) picture pixels. box: (4,) tight around them. sigma: (68,) pixels. score: 0 to
    1, 0.5 as likely as not. rotation: (3, 3) camera_from_head for a camera that looks straight at
    the square's middle. square: where it looked.
    """

    points: np.ndarray
    box: np.ndarray
    sigma: np.ndarray
    score: float
    rotation: np.ndarray
    square: crop.Square

    @property
    def vagueness(self):
        """Mean sigma as a share of the face's size: 0.02 for a clear face, 0.3 for none."""
        x0, y0, x1, y1 = self.box
        return float(np.mean(self.sigma) / np.sqrt(max(1.0, (x1 - x0) * (y1 - y0))))

    def turn(self):
        """(yaw, pitch) towards this camera, as the networks that look closer are told them."""
        yaw, pitch, _ = geometry.angles_from_matrix(self.rotation)
        return yaw / TURN_FULL, pitch / TURN_FULL

    def next_square(self):
        """The square for the next picture: around these points, turned by the head's roll."""
        return crop.around_points(self.points, geometry.angles_from_matrix(self.rotation)[2])


class Landmarks:
    """The landmarks network, a Batches, with its crop in front."""

    def __init__(self, engines):
        self._engines = engines
        self._pixels = np.zeros(engines.network.inputs["image"][1:3], np.uint8)
        self._limit = log_odds(engines.network.score)

    def __call__(self, luma, squares):
        """[Reading] of the faces in `squares` of `luma` ((H, W) uint8)."""
        found = []
        for engine, some in self._engines.share(squares):
            image, ways = engine.inputs["image"], []
            for i, square in enumerate(some):
                ways.append(crop.cut(luma, square, self._pixels))
                image[i, :, :, 0] = self._pixels
            out = engine.infer()
            found += [self._reading(out, i, ways[i], square) for i, square in enumerate(some)]
        return found

    def both_ways(self, luma, square):
        """Reading from the square and its mirror image: nearer the truth, twice the time."""
        back = crop.cut(luma, square, self._pixels)
        seen = {name: value.astype(float) for name, value in self._infer(self._pixels).items()}
        other = _unmirrored(self._infer(self._pixels[:, ::-1]), len(self._pixels))
        both = {name: 0.5 * (seen[name] + other[name]) for name in seen}
        scores = [believed(float(out["score"][0, 0]), self._limit) for out in (seen, other)]
        return self._reading(both, 0, back, square)._replace(score=0.5 * sum(scores))

    def _infer(self, pixels):
        self._engines.one.inputs["image"][0, :, :, 0] = pixels
        return self._engines.one.infer()

    def _reading(self, out, i, back, square):
        points = geometry.apply(back, out["points"][i])
        sigma = np.exp(out["log_sigma"][i].astype(float)) * (square.side / len(self._pixels))
        rotation = geometry.matrix_from_columns(out["rotation"][i], square.roll)
        score = believed(float(out["score"][i, 0]), self._limit)
        return Reading(points, geometry.tight_box(points), sigma, score, rotation, square)


def _unmirrored(out, size):
    """What the network says of a mirror image, said of the image itself."""
    points = out["points"][:, LANDMARK_MIRROR] * (-1.0, 1.0) + (size - 1.0, 0)
    return {"points": points, "log_sigma": out["log_sigma"][:, LANDMARK_MIRROR].astype(float),
            "score": out["score"], "rotation": out["rotation"] * (1.0, -1, -1, -1, 1, 1)}


def log_odds(score):
    """Log odds of a score between 0 and 1."""
    return log(score / (1.0 - score))


def believed(odds, limit):
    """A network's log odds as a score, 0 to 1, moved so that the manifest's limit, in log odds
    too, lies at 0.5; 0 for what is no number."""
    return 0.5 + 0.5 * tanh(0.5 * (odds - limit)) if odds == odds else 0.0
