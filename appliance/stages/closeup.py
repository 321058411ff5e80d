"""A picture and faces in, what a network that looks closely at one part of each says out: the
shapes of that part, and of a mouth its vowels.

There are two: of mouth and jaw, and of the upper face. Each has a square of its own in the face;
the network is told how far the head is turned towards this camera.
"""
from math import exp
from typing import Callable, NamedTuple, Optional

import numpy as np

from appliance.face import ARKIT_MIRROR, ARKIT_NAMES, LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS
from appliance.stages import crop
from appliance.stages.landmarks import TURN_FULL

# What each of the 68 points counts for in the middle of mouth and jaw: lips, chin, nostrils
_MOUTH = np.zeros(68)
_MOUTH[48:68], _MOUTH[6:11], _MOUTH[31:36] = 0.45 / 20, 0.25 / 5, 0.3 / 5
# Held by the corners of the eyes, since brows and lids move; some of the brows, to reach the
# forehead.
_BROWS = np.zeros(68)
_BROWS[17:27], _BROWS[list(LEFT_EYE_CORNERS + RIGHT_EYE_CORNERS)] = 0.2 / 10, 0.8 / 4


class Turned(NamedTuple):
    """Where a face is: its (68, 2) points, sqrt(w h) of their upright box, roll in degrees."""

    points: np.ndarray
    size: float
    roll: float


class View(NamedTuple):
    """What one of these networks looks at.

    square: of a Turned; a network that is wider than high sees its middle rows. shapes: what it
    answers, in order, as places among the 52.
    """

    square: Callable
    shapes: np.ndarray


class Word(NamedTuple):
    """What is said of one face: shapes (K,), 0 to 1, of the places that a Closeup is asked for;
    vowels (5,), together 1 at most, None of a network that tells none."""

    shapes: np.ndarray
    vowels: Optional[np.ndarray] = None


def mouth_square(face):
    """The square of mouth and jaw, from the nose to below the chin, of a Turned."""
    return _square(face, _MOUTH, 0.8)


def brows_square(face):
    """The square around forehead, eyes and the sides of the nose, of a Turned."""
    return _square(face, _BROWS, 0.9)


def _square(face, counts, share):
    centre = counts.dot(face.points)
    return crop.Square(tuple(centre.tolist()), max(crop.SMALLEST, share * face.size), face.roll)


def _shapes(*beginnings):
    return np.array([i for i, name in enumerate(ARKIT_NAMES) if name.startswith(beginnings)])


# Degrees of yaw over which the shapes that the manifest calls fading go to 0. Beyond 62 degrees
# one half of the upper face is out of sight and the other is seen from its side: on drawn heads r
# fell to 0.17. An avatar whose brows come to rest as it turns away is better off than one whose
# brows twitch.
FRONT, SIDE = 50.0, 62.0
# Degrees of yaw up to which the sides of a pair are told apart in full, and from which on they are
# as the network tells them: it hardly sees the far side then, and what it errs would be enlarged.
NEAR, FAR = 5.0, 35.0
VIEWS = {
    "expression": View(mouth_square, _shapes("jaw", "mouth", "cheekPuff", "tongue")),
    "brows": View(brows_square, _shapes("brow", "cheekSquint", "eyeSquint", "eyeWide",
                                        "noseSneer"))}


class Closeup:
    """One such network, a Batches, with its crop in front. places: among the 52, of what it is
    asked for: those of its shapes that the manifest calls driven. fading: which of these, (K,)
    bool."""

    def __init__(self, engines):
        self._engines, self._view = engines, VIEWS[engines.network.section]
        self._pixels = np.zeros(engines.network.inputs["image"][1:3], np.uint8)
        shapes = self._view.shapes
        self._mirror = np.searchsorted(shapes, ARKIT_MIRROR[shapes])
        self._asked = np.flatnonzero(np.isin(shapes, places(engines.network.driven)))
        self.places = shapes[self._asked]
        self.fading = np.isin(self.places, places(engines.network.fading))
        self._pairs = list(self._sided(engines.network.sided))

    def __call__(self, luma, faces):
        """[Word] of faces: each (reading, upright), the landmarks' Reading and its next_square().
        """
        found = []
        for engine, some in self._engines.share(faces):
            image, turns = engine.inputs["image"], [reading.turn() for reading, _ in some]
            for i, (reading, upright) in enumerate(some):
                self._cut(luma, reading, upright)
                image[i, :, :, 0] = self._pixels
                engine.inputs["turn"][i] = turns[i]
            out = engine.infer()
            told = bounded(out["shapes"]).take(self._asked, axis=1)
            odds = out.get("vowels", (None,) * len(some))
            found += [Word(self._meant(shapes, turn), said if said is None else spoken(said))
                      for shapes, said, turn in zip(told, odds, turns)]
        return found

    def both_ways(self, luma, faces):
        """The same from each crop and its mirror image, in turn."""
        found = []
        for reading, upright in faces:
            self._cut(luma, reading, upright)
            turned, nodded = turn = reading.turn()
            shapes, said = self._infer(self._pixels, turn)
            other, also = self._infer(self._pixels[:, ::-1], (-turned, nodded))
            shapes = 0.5 * (shapes.astype(float) + other[self._mirror])[self._asked]
            found.append(Word(self._meant(shapes, turn),
                              said if said is None else 0.5 * (said + also)))
        return found

    def _cut(self, luma, reading, upright):
        face = Turned(reading.points, upright.side / crop.LANDMARKS_MARGIN, upright.roll)
        crop.cut(luma, self._view.square(face), self._pixels)

    def _infer(self, pixels, turn):
        inputs = self._engines.one.inputs
        inputs["image"][0, :, :, 0], inputs["turn"][0] = pixels, turn
        out = self._engines.one.infer()
        said = out.get("vowels")
        return bounded(out["shapes"][0]), said if said is None else spoken(said[0])

    def _sided(self, pairs):
        for name, limits in pairs.items():
            sides = np.flatnonzero(np.isin(self.places, places([name + "Left", name + "Right"])))
            if len(sides) == 2:
                yield tuple(sides.tolist()) + limits

    def _meant(self, shapes, turn):
        """(K,) as they are told of a face turned so: sides apart, what fades less."""
        yaw = abs(turn[0]) * TURN_FULL
        for left, right, still, factor in self._pairs if yaw < FAR else ():
            shapes[left], shapes[right] = apart(
                float(shapes[left]), float(shapes[right]), still, factor,
                min(1.0, (FAR - yaw) / (FAR - NEAR)))
        away = (yaw - FRONT) / (SIDE - FRONT)
        return shapes if away <= 0 else shapes * np.where(self.fading, max(0.0, 1 - away), 1.0)


def apart(left, right, still, factor, share=1.0):
    """Both sides of a pair, 0 to 1, of which the network tells one as both in part: their mean
    stays, a difference up to `still` counts as none, what is beyond is `factor` times as large,
    and neither falls below 0. share: how much of this is done.
    """
    mean, half = 0.5 * (left + right), 0.5 * (left - right)
    wide = min(mean, max(0.0, abs(half) - 0.5 * still) * factor)
    half += share * ((wide if half > 0 else -wide) - half)
    return min(1.0, mean + half), min(1.0, mean - half)


def bounded(shapes):
    """The network's answers, 0 to 1."""
    return np.minimum(np.maximum(shapes, 0.0), 1.0)


def spoken(odds):
    """(5,) shares of the vowels from the logarithms of what each is worth beside a mouth that says
    none: what all and silence have together is 1."""
    worth = [exp(min(50.0, one)) for one in odds.tolist()]
    return np.array(worth) / (1.0 + sum(worth))


def places(names):
    """Where shapes stand among the 52."""
    return np.flatnonzero(np.isin(ARKIT_NAMES, names))


def worthwhile(networks, name):
    """Whether {name: record} has this close-up and it drives any of its shapes."""
    return name in networks and np.isin(VIEWS[name].shapes, places(networks[name].driven)).any()
