"""A path in a data set in, the bytes of its file and their picture's size out."""
import os

import cv2
import numpy as np
import scipy.io

from appliance.errors import InputMissing


class Unfit(Exception):
    """A row that cannot be used, and why: the others can."""


def stored(path):
    """(bytes, (height, width)) of a picture; Unfit where it is missing or broken."""
    try:
        with open(path, "rb") as f:
            content = f.read()
    except OSError as why:
        raise Unfit("%s: %s" % (path, why.strerror)) from why
    array = np.frombuffer(content, np.uint8)
    flags = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION
    picture = cv2.imdecode(array, flags) if len(array) else None
    if picture is None:
        raise Unfit("%s: no picture" % path)
    return content, picture.shape


def matlab(path, *names):
    """The variables of a .mat file, as float arrays; Unfit where the file or one of them is not
    there."""
    try:
        found = scipy.io.loadmat(path)
        return [np.asarray(found[name], float) for name in names]
    except (OSError, ValueError, TypeError, NotImplementedError) as why:
        raise Unfit("%s: %s" % (path, str(why).splitlines()[0])) from why
    except KeyError as why:
        raise Unfit("%s: no variable %s" % (path, why)) from why


def numbers(words, path):
    """Floats of words; Unfit where one is none."""
    try:
        return np.array([float(word) for word in words])
    except ValueError as why:
        raise Unfit("%s: %s" % (path, why)) from why


def lines(folder, *places):
    """The lines of the first of `places` that is in the folder, with its path; InputMissing where
    none is."""
    for place in places:
        path = os.path.join(folder, place)
        if os.path.isfile(path):
            with open(path, encoding="utf-8", errors="replace") as f:
                return [line.strip() for line in f if line.strip()], path
    raise InputMissing(os.path.join(folder, places[0]), "no such file",
                       "unpack the whole data set, and see docs/own_data.md for its layout")


def below(folder, *places):
    """The first of the folders `places` that is in the folder; InputMissing where none is."""
    for place in places:
        path = os.path.join(folder, place)
        if os.path.isdir(path):
            return path
    raise InputMissing(os.path.join(folder, places[0]), "no such folder",
                       "unpack the whole data set, and see docs/own_data.md for its layout")
