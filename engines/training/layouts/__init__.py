"""A folder as a public data set is handed out in, a file of samples out.

Each module knows one layout (`fitted` two): what lies where, what its numbers mean, and how they
become ours. `find(folder, part)` lists the rows, `read(row)` gives a picture's bytes and its
labels by the names of `samples`.
"""
import os
import sys
import time
from typing import Callable, NamedTuple

from appliance.errors import DataError, InputMissing, UsageError, nearest
from engines.training.layouts import fitted, gaze, synthetics, wflw, wider
from engines.training.layouts.pictures import Unfit
from engines.training.samples import Writer

OFTEN = 2.0     # seconds between two lines about how far it is


class Layout(NamedTuple):
    """source, licence: what the file says of itself. parts: of which the set has lists, the first
    unless another is asked for."""

    find: Callable
    read: Callable
    source: str
    licence: str
    parts: tuple = ()


LAYOUTS = {
    "300w-lp": Layout(fitted.find_300w_lp, fitted.read_300w_lp, "300W-LP", "for research only"),
    "aflw2000-3d": Layout(fitted.find_aflw2000, fitted.read_aflw2000, "AFLW2000-3D",
                          "for research only"),
    "wider-face": Layout(wider.find, wider.read, "WIDER FACE", "for research only",
                         ("train", "val")),
    "wflw": Layout(wflw.find, wflw.read, "WFLW", "for research only", ("train", "test")),
    "mpiifacegaze": Layout(gaze.find, gaze.read, "MPIIFaceGaze",
                           "CC BY-NC-SA 4.0, non-commercial science only"),
    "face-synthetics": Layout(synthetics.find, synthetics.read, "Face Synthetics",
                              "for non-commercial research only"),
}


def bring(name, folder, path, part=None, most=None, say=None):
    """Write the file of samples `path` from a folder of layout `name`; returns how many rows.

    part: one of the layout's parts. most: rows after which to stop. say: called with a line of
    text about how far it is, and in the end about what was left out. A row whose picture or labels
    are missing or broken is left out; DataError where no row is left.
    """
    layout, say = _known(name), say or (lambda line: print(line, file=sys.stderr, flush=True))
    part = _part(name, layout, part)
    if not os.path.isdir(folder):
        raise InputMissing(folder, "no such folder", "unpack the data set and name its folder")
    rows = layout.find(folder, part)[:most]
    with Writer(path, layout.source + (" " + part if part else ""), layout.licence) as out:
        out_of = _copied(layout, rows, out, say)
        if not len(out):
            raise DataError(folder, "no row of it can be used" + out_of, "see docs/own_data.md")
    return len(out)


def _copied(layout, rows, out, say):
    """Write the rows; what was left out, in words."""
    left, first, last = 0, "", time.monotonic()
    for i, row in enumerate(rows, 1):
        try:
            image, labels = layout.read(row)
            out.add(image, **labels)
        except Unfit as why:
            left, first = left + 1, first or str(why)
        if time.monotonic() - last > OFTEN or i == len(rows):
            last = time.monotonic()
            say("%s: %d of %d rows" % (layout.source, i, len(rows)))
    words = " (%d left out, the first because %s)" % (left, first) if left else ""
    if left:
        say("%s: %d rows%s" % (layout.source, len(out), words))
    return words


def _known(name):
    if name not in LAYOUTS:
        near = nearest(name, LAYOUTS)
        raise UsageError("layout %s" % name, "not known" + (" (%s?)" % near if near else ""),
                         "choose one of " + ", ".join(LAYOUTS))
    return LAYOUTS[name]


def _part(name, layout, part):
    if part and part not in layout.parts:
        raise UsageError("--part %s" % part, "%s has no such part" % name,
                         "choose one of " + ", ".join(layout.parts) if layout.parts else
                         "leave it out")
    return part or (layout.parts[0] if layout.parts else None)
