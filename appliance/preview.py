"""What the camera sees, with points and words, for whoever sets it up: a window where there is a
display and OpenCV can open one, else a sketch of characters on the terminal.

Both are shown as in a mirror, so that whoever moves to the left goes left.
"""
import os
import shutil
import time

import cv2
import numpy as np

from appliance.face import ARKIT
from appliance.monitor import bar
from appliance.overlay import Overlay

TITLE = "Kagami"
EVERY = 1 / 15.0            # seconds between pictures shown: looking must not slow what is sent
TONES = " .:-=+*#%"
TALL = 2.1                  # height of a character / its width
SHOWN = ("eyeBlinkRight", "eyeBlinkLeft", "jawOpen", "mouthSmileRight", "mouthSmileLeft")


def open_preview(line, fov):
    """What to call with each frame, its faces and status.line; `close()` ends it.

    line: a terminal.LiveLine. fov: degrees across the picture.
    """
    if windowed():
        return Window(line, fov)
    return Sketch(line) if line.live else Words(line)


def windowed():
    """Whether there is a display, and an OpenCV that can open windows. One built for GTK or Qt
    would end the program where there is no display: so that is asked first."""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    rows = [row.split(":") for row in cv2.getBuildInformation().splitlines() if "GUI:" in row]
    return bool(rows) and "NONE" not in rows[0][1]


class Words:
    """The status line alone, for a log."""

    def __init__(self, line):
        self._line, self._next = line, 0.0

    def __call__(self, frame, faces, text):
        self._line.show(text)
        now = time.monotonic()
        if frame is not None and now >= self._next:
            self._next = now + EVERY
            self.draw(frame, faces, text())

    def draw(self, frame, faces, text):
        """One picture; here there is none."""

    def close(self):
        """Nothing is open."""


class Window(Words):
    """A window with the points drawn over the picture."""

    def __init__(self, line, fov):
        super().__init__(line)
        self._overlay = Overlay(fov, "landmarks")
        cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)

    def draw(self, frame, faces, text):
        """Show one picture and let the window live."""
        picture = cv2.cvtColor(frame.luma, cv2.COLOR_GRAY2BGR)
        self._overlay(picture, faces)
        picture = np.ascontiguousarray(picture[:, ::-1])
        cv2.putText(picture, text[:100], (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255),
                    1, cv2.LINE_AA)
        cv2.imshow(TITLE, picture)
        cv2.waitKey(1)

    def close(self):
        """Take the window away."""
        cv2.destroyAllWindows()


class Sketch(Words):
    """Tones and points as characters, a few weights as bars, the status below; drawn in place."""

    def __call__(self, frame, faces, text):
        now = time.monotonic()
        if now >= self._next:
            self._next = now + EVERY
            columns, rows = shutil.get_terminal_size()
            lines = sketch(frame, faces, max(20, columns - 1), max(8, rows - 3))
            lines.append(text()[:max(20, columns - 1)])
            self._line.draw(lines)


def sketch(frame, faces, columns, rows):
    """[text] of a picture (None: blank) with the points of its faces and some weights, at most
    `rows` lines of at most `columns` characters."""
    bars = [_weight(faces[0], name) for name in SHOWN] if faces else []
    rows -= len(SHOWN)
    if frame is None:
        return [""] * rows + [""] * len(SHOWN)
    height, width = frame.luma.shape
    columns = min(columns, int(rows * TALL * width / height))
    rows = max(1, min(rows, int(columns * height / width / TALL)))
    small = cv2.resize(np.ascontiguousarray(frame.luma), (columns, rows),
                       interpolation=cv2.INTER_AREA)
    cells = [[TONES[tone * len(TONES) >> 8] for tone in row] for row in small.tolist()]
    for face in faces:
        _points(cells, face.landmarks * (columns / width, rows / height), "o")
        _points(cells, np.array([face.left.iris[0], face.right.iris[0]])
                * (columns / width, rows / height), "@")
    return ["".join(reversed(row)) for row in cells] + bars + [""] * (len(SHOWN) - len(bars))


def _points(cells, points, mark):
    for x, y in points.astype(int).tolist():
        if 0 <= y < len(cells) and 0 <= x < len(cells[0]):
            cells[y][x] = mark


def _weight(face, name):
    value = float(face.blendshapes[ARKIT[name]])
    return "%-16s %s %.2f" % (name, bar(value, 0.0, 1.0, 20), value)
