"""A file of samples in, pages of its pictures with their labels drawn over them out: to see
whether what was written is what was meant.

A tile is the face that a row is about, or the whole picture where the row is about none. Drawn:
the 68 points (lines), corners of the eyes (dots), the head's axes (x red, y green, and blue where
the nose points), the head's circle, the gaze (yellow), the row's box (white), and for detection
all faces (green, ignored ones grey).
"""
import os

import cv2
import numpy as np

from appliance.errors import InputMissing, PartMissing
from appliance.overlay import AXES, CLOSED_PARTS, GREEN, OPEN_PARTS, WHITE, YELLOW

TILE, ACROSS, DOWN = 256, 6, 4      # pixels; tiles of a page
GREY = (150, 150, 150)
SHIFT = 4           # bits of fraction that OpenCV draws with
MARGIN = 1.8        # side of a face's tile / the larger side of what is known of the face


def pages(samples):
    """How many pages a file has."""
    return -(-len(samples) // (ACROSS * DOWN))


def page(samples, number):
    """(H, W, 3) uint8 B, G, R of page `number`, counted from 0; InputMissing beyond the last."""
    first = number * ACROSS * DOWN
    if not 0 <= first < len(samples):
        raise InputMissing("page %d" % (number + 1), "there are %d" % pages(samples),
                           "choose one of them")
    sheet = np.zeros((DOWN * TILE, ACROSS * TILE, 3), np.uint8)
    for k, row in enumerate(range(first, min(first + ACROSS * DOWN, len(samples)))):
        y, x = k // ACROSS * TILE, k % ACROSS * TILE
        sheet[y:y + TILE, x:x + TILE] = tile(samples, row)
    return sheet


def tile(samples, i):
    """(TILE, TILE, 3) uint8 of row i."""
    picture, place = samples.bgr(i), _place(samples, i)
    there = _fit(picture.shape, place)
    drawn = cv2.warpAffine(picture, there, (TILE, TILE), flags=cv2.INTER_AREA)
    pen = _Pen(drawn, there)
    for name, draw in DRAWN.items():
        if name in samples and (name == "faces" or samples.known(name)[i]):
            draw(pen, samples, i)
    words = "%d" % i + (" person %d" % samples["person"][i] if samples["person"][i] >= 0 else "")
    for colour, width in (((0, 0, 0), 3), (WHITE, 1)):
        cv2.putText(drawn, words, (4, TILE - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, width,
                    cv2.LINE_AA)
    return drawn


def _place(samples, i):
    """(K, 2) what is known of where the row's face is; None for a row about no face."""
    if samples.known("points")[i]:
        return samples["points"][i]
    if samples.known("head")[i]:
        x, y, r = samples["head"][i]
        return np.array([(x - r, y - r), (x + r, y + r)])
    if samples.known("box")[i]:
        return samples["box"][i].reshape(2, 2)
    if samples.known("eyes")[i]:
        eyes = samples["eyes"][i]
        return eyes.mean(0) + 1.5 * np.array([(-1, -0.6), (1, 1.4)]) * np.ptp(eyes[:, 0])
    return None


def _fit(shape, place):
    """(2, 3) matrix from the picture to the tile."""
    whole = np.array([(-0.5, -0.5), (shape[1] - 0.5, shape[0] - 0.5)])
    corners = whole if place is None else place
    low, high = corners.min(0), corners.max(0)
    k = TILE / ((high - low).max() * (1 if place is None else MARGIN))
    return np.hstack([k * np.eye(2), ((TILE - 1) / 2 - k * (low + high) / 2)[:, None]])


class _Pen:
    """Draws on a tile what is given in pixels of the picture. there: the matrix between them."""

    def __init__(self, tile_, there):
        self.tile, self.there = tile_, there
        self.scale = there[0, 0]

    def at(self, points):
        """Tile pixels of (..., 2) picture pixels."""
        return np.asarray(points, float) * self.scale + self.there[:, 2]

    def lines(self, points, colour, closed=False, width=1):
        """A line through (N, 2) tile pixels."""
        whole = np.clip(np.round(points * (1 << SHIFT)), -(1 << 20), 1 << 20).astype(np.int32)
        cv2.polylines(self.tile, [whole], closed, colour, width, cv2.LINE_AA, SHIFT)

    def box(self, box, colour):
        """A box x0, y0, x1, y1 in picture pixels."""
        x0, y0, x1, y1 = box
        self.lines(self.at([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]), colour, True)

    def circle(self, at, radius, colour, width=1):
        """A circle in tile pixels."""
        x, y = (int(round(v * (1 << SHIFT))) for v in np.clip(at, -TILE * 4, TILE * 4))
        cv2.circle(self.tile, (x, y), int(min(radius, 4 * TILE) * (1 << SHIFT)), colour, width,
                   cv2.LINE_AA, SHIFT)


def _points(pen, samples, i):
    points = pen.at(samples["points"][i])
    for parts, closed in ((OPEN_PARTS, False), (CLOSED_PARTS, True)):
        for part in parts:
            pen.lines(points[list(part)], GREEN, closed)


def _eyes(pen, samples, i):
    for point in pen.at(samples["eyes"][i]):
        pen.circle(point, 2, GREEN, -1)


def _head(pen, samples, i):
    x, y, radius = samples["head"][i]
    pen.circle(pen.at((x, y)), radius * pen.scale, GREY)


def _middle(samples, i):
    """(x, y) between the eyes as far as it is known, and the length of an axis; picture pixels."""
    if samples.known("head")[i]:
        return samples["head"][i][:2], 0.7 * samples["head"][i][2]
    for name, rows in (("points", slice(36, 48)), ("eyes", slice(None))):
        if samples.known(name)[i]:
            points = samples[name][i][rows]
            return points.mean(0), 0.8 * max(1.0, np.ptp(points[:, 0]))
    if samples.known("box")[i]:
        x0, y0, x1, y1 = samples["box"][i]
        return np.array([(x0 + x1) / 2, (y0 + y1) / 2]), 0.5 * (x1 - x0)
    height, width = samples.luma(i).shape
    return np.array([width / 2.0, height / 2.0]), 0.25 * min(width, height)


def _rotation(pen, samples, i):
    origin, length = _middle(samples, i)
    ways = samples["rotation"][i][:2].T * [[1], [1], [-1]]      # the nose points along -z
    for way, colour, width in zip(ways, AXES, (1, 1, 2)):
        pen.lines(pen.at([origin, origin + length * way]), colour, False, width)


def gaze_way(yaw, pitch):
    """(3,) unit vector in the camera's axes of angles in degrees; see `layouts.gaze.angles`."""
    a, b = np.radians([yaw, pitch])
    return np.array([np.sin(a) * np.cos(b), -np.sin(b), -np.cos(a) * np.cos(b)])


def _gaze(pen, samples, i):
    origin, length = _middle(samples, i)
    way = gaze_way(*samples["gaze"][i])[:2]
    start, end = (tuple(int(v) for v in p) for p in pen.at([origin, origin + 1.5 * length * way]))
    cv2.arrowedLine(pen.tile, start, end, YELLOW, 2, cv2.LINE_AA)


def _box(pen, samples, i):
    pen.box(samples["box"][i], WHITE)


def _faces(pen, samples, i):
    faces = samples.faces(i)
    for box, ignored in zip(faces.boxes, faces.ignored):
        pen.box(box, GREY if ignored else GREEN)


DRAWN = {"faces": _faces, "box": _box, "head": _head, "points": _points, "eyes": _eyes,
         "rotation": _rotation, "gaze": _gaze}


def show(samples, number=0):
    """A window with the pages: right and left, space and backspace turn them, Escape ends it.
    PartMissing where there is no display."""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise PartMissing("a window", "there is no display", "write a page with --out FILE.png")
    try:
        import tkinter
    except ImportError as why:
        raise PartMissing("a window", str(why), "write a page with --out FILE.png") from why
    _Window(tkinter, samples, number).run()


class _Window:
    def __init__(self, tkinter, samples, number):
        self._tk, self._samples, self._number = tkinter, samples, number
        try:
            self._root = tkinter.Tk()
        except tkinter.TclError as why:
            raise PartMissing("a window", str(why), "write a page with --out FILE.png") from why
        self._label = tkinter.Label(self._root)
        self._label.pack()
        for keys, step in (("<Right> <space> <Next>", 1), ("<Left> <BackSpace> <Prior>", -1)):
            for key in keys.split():
                self._root.bind(key, lambda _, step=step: self.turn(step))
        self._root.bind("<Escape>", lambda _: self._root.destroy())
        self.turn(0)

    def turn(self, step):
        """Show the page so many further on, as far as there is one."""
        self._number = min(max(0, self._number + step), pages(self._samples) - 1)
        _, png = cv2.imencode(".png", page(self._samples, self._number))
        self._picture = self._tk.PhotoImage(data=png.tobytes())     # Tk keeps none of its own
        self._label.configure(image=self._picture)
        self._root.title("%s: page %d of %d" % (
            os.path.basename(self._samples.path), self._number + 1, pages(self._samples)))

    def run(self):
        """Return when the window is closed."""
        self._root.mainloop()
