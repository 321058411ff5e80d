"""A folder comes in, its pictures go out one after another, in the order of their names."""
import os
import re
from time import monotonic, perf_counter, sleep

import cv2
import numpy as np

from appliance.errors import DataError, InputMissing
from appliance.face import Frame
from appliance.sources import Source

ENDINGS = (".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")


class Stills(Source):
    """The pictures of a folder, none dropped; camera.rate of them a second, or with `every_frame`
    as fast as it goes. DataError for one that cannot be read, when it is its turn."""

    def __init__(self, folder, camera, every_frame=False, rgb=False):
        super().__init__()
        self._paths, self._camera, self._rgb = _pictures(folder), camera, rgb
        self._start, self._next = None if every_frame else monotonic(), 0
        self.length = len(self._paths) / camera.rate

    def read(self, wait=0.5):
        """The next Frame (see Source.read)."""
        if self.ended:
            return None
        number, time = self._next, self._next / self._camera.rate
        if self._start is not None:
            time += self._start
            early = time - monotonic()
            sleep(max(0.0, min(early, wait)))
            if early > wait:
                return None
        frame = self._frame(number, time)
        self._next += 1
        self.ended = self._next == len(self._paths)
        return frame

    def _frame(self, number, time):
        path = self._paths[number]
        luma, colours = self._picture(path, cv2.IMREAD_GRAYSCALE), None
        if self._rgb:
            colours = cv2.cvtColor(self._picture(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        self.size = luma.shape[1::-1]
        return Frame(number, time, perf_counter(), luma, colours)

    def _picture(self, path, how):
        picture = cv2.imread(path, how)
        if picture is None:
            raise DataError(path, "not a picture that OpenCV reads", "mend it or take it away")
        return upright(picture, self._camera.rotation, self._camera.flip)


def upright(picture, rotation, flip):
    """A picture turned clockwise by `rotation` degrees, then mirrored, contiguous."""
    picture = np.rot90(picture, -rotation // 90)
    if flip in ("horizontal", "both"):
        picture = picture[:, ::-1]
    if flip in ("vertical", "both"):
        picture = picture[::-1]
    return np.ascontiguousarray(picture)


def _pictures(folder):
    if not os.path.exists(folder):
        raise InputMissing(folder or "stills:", "no such folder", "name a folder of pictures")
    if not os.path.isdir(folder):
        raise InputMissing(folder, "a file, not a folder", "give file:%s" % folder)
    if not os.access(folder, os.R_OK | os.X_OK):
        raise InputMissing(folder, "it may not be read", "allow it: chmod +rx")
    names = sorted(filter(_is_picture, os.listdir(folder)), key=_by_number)
    if not names:
        raise DataError(folder, "no pictures in it", "put some there (%s)" % " ".join(ENDINGS))
    return [os.path.join(folder, name) for name in names]


def _is_picture(name):
    return name.lower().endswith(ENDINGS) and not name.startswith(".")


def _by_number(name):
    """Sorts 2.png before 10.png."""
    parts = re.split(r"([0-9]+)", name)
    return [int(part) if i % 2 else part for i, part in enumerate(parts)]
