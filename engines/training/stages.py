"""A row of a samples file and a run in, a strip of pictures out: each stage from the picture to the answer, to see what a
network is shown and what it makes of it.

head: the picture with its label; the square as the network sees it; three crops as it learns from them; the answer.
gaze: the picture with its label; the crop, eye line at 35 % of the height, eyes 40 % of the width apart; three crops as it
learns from them; the answer in the crop's axes; the answer turned back into the picture.
"""
import cv2
import numpy as np

from appliance import geometry
from appliance.overlay import GREEN, WHITE, YELLOW
from appliance.stages import crop
from engines.training import eye_line, face_gaze, head_crops, head_scores, viewer
from engines.training.runs import Exported, Run

LEARNED = 3             # crops as they are learned from
TILE, EDGE = 160, 3     # pixels of a tile, and between two
WIDER = 1.7             # side of what is shown of a picture / of the gaze's square


class Told:
    """One row with other labels, for `viewer.tile`."""

    def __init__(self, collection, row, labels):
        self._collection, self._row, self._labels = collection, row, dict(labels, person=-1)

    def __contains__(self, name):
        return name in self._labels

    def __getitem__(self, name):
        return [self._labels[name]]

    def known(self, name):
        """[bool] of the one row."""
        return [name in self._labels]

    def luma(self, _):
        """(H, W) uint8."""
        return self._collection.luma(self._row)

    def bgr(self, _):
        """(H, W, 3) uint8."""
        return cv2.cvtColor(self.luma(0), cv2.COLOR_GRAY2BGR)


def strip(collection, folder, row):
    """(H, W, 3) uint8 B, G, R of the stages of a row, answered by the run of a folder."""
    run = Run.read(folder)
    tiles = STRIPS[run.name](collection, Exported(folder, run.name), row)
    tiles = [cv2.resize(_coloured(tile), (TILE, TILE), interpolation=cv2.INTER_AREA) for tile in tiles]
    gap = np.full((TILE, EDGE, 3), 255, np.uint8)
    return np.hstack([part for tile in tiles for part in (tile, gap)][:-1])


def sheet(collection, folder, rows):
    """The strips of several rows, one below the other."""
    strips = [strip(collection, folder, row) for row in rows]
    gap = np.full((EDGE, strips[0].shape[1], 3), 255, np.uint8)
    return np.vstack([part for one in strips for part in (one, gap)][:-1])


def _head(collection, answer, row):
    heads = head_crops.Heads(collection, seed=row)
    labels = {name: collection[name][row] for name in ("points", "head", "rotation") if collection.known(name)[row]}
    found = head_scores.asked(answer, collection.luma(row), heads.squares[row])
    return [viewer.tile(Told(collection, row, labels), 0), heads.row(row, plain=True)["image"]] + [
        heads.row(row)["image"] for _ in range(LEARNED)] + [viewer.tile(Told(collection, row, found), 0)]


def _gaze(collection, answer, row):
    gazes = face_gaze.Gazes(collection, seed=row)
    image, corners = gazes.image(row), gazes.corners[row]
    found = answer([image])["gaze"][0]
    luma, told, turned = collection.luma(row), gazes.gaze[row], gazes.in_camera(row, found)
    return [_around(luma, corners, told), _lines(image)] + [gazes.row(row)["image"] for _ in range(LEARNED)] + [
        _arrow(_coloured(image), found, eye_line.LINE), _around(luma, corners, turned)]


STRIPS = {"head": _head, "gaze": _gaze}


def _coloured(image):
    return image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)


def _lines(image):
    """The crop with the eye line and where the eyes' middles come to lie."""
    drawn, n = _coloured(image), image.shape[0]
    y = int(round(eye_line.LINE * n - 0.5))
    cv2.line(drawn, (0, y), (n - 1, y), GREEN)
    for share in (0.5 - eye_line.APART / 2, 0.5 + eye_line.APART / 2):
        cv2.circle(drawn, (int(round(share * n - 0.5)), y), 3, WHITE, 1, cv2.LINE_AA)
    return drawn


def _around(luma, corners, gaze):
    """The picture about the square of a face, upright, with that square, the corners of the eyes and a gaze."""
    seen = eye_line.square(corners)
    pixels = np.empty((TILE, TILE), np.uint8)
    there = cv2.invertAffineTransform(crop.cut(luma, seen._replace(side=WIDER * seen.side, roll=0.0), pixels))
    n = eye_line.SIZE - 0.5
    edge = geometry.apply(geometry.crop_way_back(*seen, size=eye_line.SIZE), np.array([(-.5, -.5), (n, -.5), (n, n), (-.5, n)]))
    drawn = _coloured(pixels)
    cv2.polylines(drawn, [np.rint(geometry.apply(there, edge)).astype(np.int32)], True, WHITE, 1, cv2.LINE_AA)
    eyes = geometry.apply(there, corners)
    for x, y in np.rint(eyes).astype(int).tolist():
        cv2.circle(drawn, (x, y), 2, GREEN, -1, cv2.LINE_AA)
    return _arrow(drawn, gaze, *(eyes.mean(0)[::-1] / TILE))


def _arrow(drawn, gaze, down, across=0.5):
    """A gaze on a picture, in its own axes, from a place told in shares of its side."""
    start, n = np.array([across, down]) * drawn.shape[0], drawn.shape[0]
    end = start + eye_line.vectors(np.reshape(gaze, (1, 2)))[0, :2] * 0.45 * n
    cv2.arrowedLine(drawn, *(tuple(int(round(v)) for v in p) for p in (start, end)), YELLOW, 2, cv2.LINE_AA)
    return drawn
