"""Drawn faces of three dots, with networks in plain numpy that read them: no weights.

A face is two white eyes and a black mouth on grey. Everything else follows from the way from the
eyes to the mouth.
"""
import collections

import cv2
import numpy as np

from appliance import geometry
from appliance.backends.manifest import Network
from appliance.face import ARKIT_NAMES
from appliance.stages.landmarks import log_odds

GREY, WHITE, BLACK = 128, 255, 0
# The 68 points of a mean face, seen from the front, mm from the middle of the eyes.
MEAN = np.array([
    (-74, -1), (-74, 21), (-70, 41), (-66, 60), (-58, 82), (-44, 99), (-31, 106), (-16, 110),
    (0, 113), (16, 110), (31, 106), (44, 99), (58, 82), (66, 60), (70, 41), (74, 21), (74, -1),
    (-59, -16), (-50, -24), (-38, -27), (-24, -26), (-12, -23), (12, -23), (24, -26), (38, -27),
    (50, -24), (59, -16), (0, -1), (0, 10), (0, 20), (0, 32), (-13, 48), (-6, 48), (0, 49),
    (6, 48), (13, 48), (-45, 2), (-39, -3), (-28, -3), (-19, 4), (-28, 5), (-39, 5), (19, 4),
    (28, -3), (39, -3), (45, 2), (39, 5), (28, 5), (-26, 72), (-17, 65), (-7, 61), (0, 62),
    (7, 61), (17, 65), (26, 72), (18, 77), (11, 80), (0, 81), (-11, 80), (-18, 77), (-22, 72),
    (-10, 70), (0, 70), (10, 70), (22, 72), (11, 71), (0, 71), (-11, 71)], float)
EYES, MOUTH = 32.0, 70.0    # mm from the eyes' middle to each eye, and down to the mouth


def face_points(x, y, size=1.0, roll=0.0):
    """(68, 2) points of a face whose eyes' middle lies at (x, y), `size` pixels a millimetre."""
    c, s = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    return size * MEAN.dot(np.array([[c, s], [-s, c]])) + (x, y)


def draw(luma, x, y, size=1.0, roll=0.0):
    """Draw a face into a picture, its eyes' middle at (x, y)."""
    c, s = np.cos(np.radians(roll)) * size, np.sin(np.radians(roll)) * size
    for across, down, tone in ((-EYES, 0, WHITE), (EYES, 0, WHITE), (0, MOUTH, BLACK)):
        at = (x + c * across - s * down, y + s * across + c * down)
        at, radius = tuple(int(round(v * 16)) for v in at), int(round(9 * size * 16))
        cv2.circle(luma, at, radius, tone, -1, cv2.LINE_AA, 4)
    return luma


def picture(*faces, **size):
    """(480, 640) grey picture with faces, each (x, y), (x, y, size) or (x, y, size, roll)."""
    luma = np.full((size.get("height", 480), size.get("width", 640)), GREY, np.uint8)
    for face in faces:
        draw(luma, *face)
    return luma


def _place(luma):
    """(x, y, size, roll) of the face in a picture, or None."""
    spots = [np.argwhere(luma > 200), np.argwhere(luma < 50)]
    if min(len(s) for s in spots) < 8:
        return None
    (x, y), (mouth_x, mouth_y) = [s.mean(axis=0)[::-1] for s in spots]
    size = np.hypot(mouth_x - x, mouth_y - y) / MOUTH
    return x, y, size, float(np.degrees(np.arctan2(x - mouth_x, mouth_y - y)))


def read_landmarks(inputs, outputs):
    """A face network: sure of a face where it sees eyes and mouth."""
    found = _place(inputs["image"][0, :, :, 0])
    outputs["score"][:] = log_odds(0.95 if found else 0.05)
    outputs["log_sigma"][:] = 0.0
    if found:
        outputs["points"][0] = face_points(*found)
        outputs["rotation"][0] = geometry.matrix_from_angles(0, 0, found[3])[:, :2].T.reshape(-1)


def _places(luma):
    """[(x, y, size, roll)] of several faces: each mouth with the two eyes nearest to it."""
    whites, blacks = [_spots(mask) for mask in (luma > 200, luma < 50)]
    for mouth in blacks if len(whites) >= 2 else ():
        eyes = sorted(whites, key=lambda eye: np.hypot(*(eye - mouth)))[:2]
        x, y = np.mean(eyes, axis=0)
        size = np.hypot(mouth[0] - x, mouth[1] - y) / MOUTH
        yield x, y, size, float(np.degrees(np.arctan2(x - mouth[0], mouth[1] - y)))


def _spots(mask):
    """Middles of what hangs together."""
    count, _, _, middles = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return list(middles[1:count])


def read_detector(inputs, outputs):
    """A detector of faces that do not lie in each other."""
    for name, tensor in outputs.items():
        tensor[:] = log_odds(0.001) if name.startswith("score") else 0.0
    image = inputs["image"][0, :, :, 0].copy()
    image[_padding(image)] = GREY
    for found in _places(image):
        _tell(found, outputs)


def _tell(found, outputs):
    points = face_points(*found)
    column, row = (int(v) // 8 for v in points.mean(axis=0))
    if not (0 <= row < 24 and 0 <= column < 40):
        return
    centre = np.array([column * 8 + 3.5, row * 8 + 3.5])
    outputs["score8"][0, :, row, column] = log_odds(0.9)
    sides = np.r_[centre - points.min(axis=0), points.max(axis=0) - centre]
    outputs["box8"][0, :, row, column] = sides / 8
    eyes = [points[36:42].mean(axis=0), points[42:48].mean(axis=0)]
    five = np.stack(eyes + [points[30], points[48], points[54]])
    outputs["points8"][0, :, row, column] = ((five - centre) / 8).reshape(-1)


def _padding(image):
    return np.logical_or((image == 0).all(axis=0)[None, :], (image == 0).all(axis=1)[:, None])


def read_iris(inputs, outputs):
    """Eyes that look straight ahead, open, in the middle of their squares."""
    outputs["points"][:] = [[31.5, 31.5], [21.5, 31.5], [31.5, 21.5], [41.5, 31.5], [31.5, 41.5]]
    outputs["openness"][:], outputs["gaze"][:] = 1.0, 0.0
    outputs["score"][:] = log_odds(0.9)


def read_neutral(inputs, outputs):
    """A face that does nothing."""
    outputs["shapes"][:] = 0.0


SHAPES = {
    "detector": ({"image": (1, 192, 320, 1)}, {
        "score8": (1, 1, 24, 40), "box8": (1, 4, 24, 40), "points8": (1, 10, 24, 40),
        "score16": (1, 1, 12, 20), "box16": (1, 4, 12, 20), "points16": (1, 10, 12, 20)}),
    "landmarks": ({"image": (1, 128, 128, 1)}, {
        "points": (1, 68, 2), "log_sigma": (1, 68), "score": (1, 1), "rotation": (1, 6)}),
    "expression": ({"image": (1, 64, 64, 1), "turn": (1, 2)}, {"shapes": (1, 29)}),
    "brows": ({"image": (1, 40, 64, 1), "turn": (1, 2)}, {"shapes": (1, 13)}),
    "iris": ({"image": (2, 64, 64, 1), "turn": (2, 2)}, {
        "points": (2, 5, 2), "openness": (2, 1), "gaze": (2, 2), "score": (2, 1)})}
SHAPES["fine"] = {"image": (1, 192, 192, 1)}, SHAPES["landmarks"][1]
DRIVEN = {"expression": ARKIT_NAMES, "brows": ARKIT_NAMES}
READERS = {"detector": read_detector, "landmarks": read_landmarks, "fine": read_landmarks,
           "iris": read_iris, "expression": read_neutral, "brows": read_neutral}


class Dots:
    """Backend whose networks are the functions above; `calls` counts their runs. driven: {name:
    shapes}."""

    def __init__(self, **driven):
        self.calls, self.readers = collections.Counter(), dict(READERS)
        self.networks = {name: Network(name, name + ".onnx", "", inputs, outputs, 0.5, 0.0, 1,
                                       driven.get(name, DRIVEN.get(name, ())))
                         for name, (inputs, outputs) in SHAPES.items()}

    def fade(self, name, *shapes):
        """From now on these shapes of a network fade as a face turns away."""
        self.networks[name] = self.networks[name]._replace(fading=shapes)

    def speak(self, *odds):
        """From now on the network of the mouth answers these odds of the vowels too."""
        network = self.networks["expression"]
        self.networks["expression"] = network._replace(
            outputs=dict(network.outputs, vowels=(1, len(odds))))

        def answer(inputs, outputs):
            outputs["shapes"][:], outputs["vowels"][:] = 0.0, odds
        self.readers["expression"] = answer
        return self

    def load(self, name, faces=1):
        """Engine of one of the networks, of so many faces at once."""
        return DotEngine(name, self, faces)


class DotEngine:
    """Engine in plain numpy; its function is shown one face after the other."""

    def __init__(self, name, backend, faces=1):
        self.network = backend.networks[name].of(faces)
        self.inputs = {k: np.zeros(s, np.float32) for k, s in self.network.inputs.items()}
        self._outputs = {k: np.zeros(s, np.float32) for k, s in self.network.outputs.items()}
        self._name, self._backend, self._faces = name, backend, faces

    def infer(self):
        """The function's outputs for what the inputs hold."""
        self._backend.calls[self._name] += 1
        for i in range(self._faces):
            self._backend.readers[self._name](*(
                {k: v[i * len(v) // self._faces:(i + 1) * len(v) // self._faces]
                 for k, v in tensors.items()} for tensors in (self.inputs, self._outputs)))
        return self._outputs
