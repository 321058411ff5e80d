"""The detector at several scales of a picture of 640x480: what it takes, and which faces it finds.

Milliseconds are of a clip's pictures; before is fitting the picture into the network's, after is
reading its cells. Found is a face that one of the candidates which the tracker would look at
covers by half, of validation portraits pasted on backgrounds (benchmarks.pasted).
"""
import os
import tempfile
from collections import OrderedDict
from time import perf_counter

import cv2
import numpy as np

from appliance import backends, geometry
from appliance.errors import KagamiError
from appliance.stages.detector import Detector
from appliance.tracker import TRIES
from benchmarks import chart, report, resized
from benchmarks.pasted import Faces
from benchmarks.stages import pictures, spread

PICTURE = (640, 480)
SCALES = (0.1, 0.4, 1.0, 2.0)
WIDTHS = (16, 24, 32, 48, 64, 96, 128, 192, 256)    # of faces, pixels of the picture
FOUND = 0.5         # overlap with the true box
PARTS = ("before", "inference", "after")
# 1996scarlet/faster-mobile-retinaface a9036f7, MXNet, CUDA 10.2: ms at scales of 640x480 on a GTX
# 1660 Ti; inference and post-processing on a Nano and on a laptop with that card.
PUBLISHED = OrderedDict([(0.1, 2.155), (0.4, 2.916), (1.0, 5.413), (2.0, 20.599)])
NANO = (4.6, 11.4)
LAPTOP = (0.9, 1.5)


class _Marked:
    """An engine that notes when it began and when it ended."""

    def __init__(self, engine):
        self._engine, self.inputs, self.network = engine, engine.inputs, engine.network
        self.began = self.ended = 0.0

    def infer(self):
        """As the engine's."""
        self.began = perf_counter()
        outputs = self._engine.infer()
        self.ended = perf_counter()
        return outputs


def detectors(backend, folder):
    """{what it is called: engine}: the network as it ships, then at each scale of PICTURE; one
    that the backend has no engine for is named and left out."""
    found = OrderedDict([("as it ships", backend.load("detector"))])
    for scale in SCALES:
        place = os.path.join(folder, "%g" % scale)
        os.makedirs(place)
        size = resized.fitting(*(scale * side for side in PICTURE))
        made = resized.detector(size[0], size[1], place)
        try:
            found["%g" % scale] = type(backend)(made).load("detector")
        except KagamiError as why:      # TensorRT's engines are built beforehand
            print("scale %g: not measured: %s" % (scale, why))
    return found


def times(engine, frames):
    """{part: [seconds]} of the detector on luma pictures."""
    marked = _Marked(engine)
    detect, found = Detector(marked), {part: [] for part in PARTS}
    for luma in frames:
        start = perf_counter()
        detect(luma)
        end = perf_counter()
        marks = start, marked.began, marked.ended, end
        for part, first, last in zip(PARTS, marks, marks[1:]):
            found[part].append(last - first)
    return found


def recall(engine, shown):
    """(share of faces found, other candidates a picture) over (picture, box) pairs."""
    detect, hits, others = Detector(engine), 0, 0
    for picture, box in shown:
        right = [geometry.overlap(one.box, box) >= FOUND for one in detect(picture)[:TRIES]]
        hits += any(right)
        others += len(right) - sum(right)
    return hits / float(len(shown)), others / float(len(shown))


def measured(engines, frames, faces, count):
    """{name: {"input", parts, "recall": {width: share}, "others"}} of {name: engine}."""
    found = OrderedDict()
    for name, engine in engines.items():
        height, width = engine.inputs["image"].shape[1:3]
        found[name] = dict({part: spread(seconds)
                            for part, seconds in times(engine, frames).items()},
                           input="%dx%d" % (width, height), recall=OrderedDict(), others=[])
    for width in WIDTHS if faces else ():
        shown = list(faces.pictures(width, count, PICTURE))
        for name, engine in engines.items():
            share, others = recall(engine, shown)
            found[name]["recall"][width] = share
            found[name]["others"].append(others)
    return found


def time_table(found):
    """Markdown of what `measured` gave, the published beside."""
    rows = [(name, one["input"]) + tuple(
        "%.3f / %.3f" % (one[part]["p50_ms"], one[part]["p95_ms"]) for part in PARTS)
        + (_published(name), one["after"]["count"]) for name, one in found.items()]
    for name, (within, after) in (("RetinaFace, Jetson Nano, MXNet", NANO),
                                  ("RetinaFace, 9750H and GTX 1660 Ti", LAPTOP)):
        rows.append((name, None, None, "%.1f" % within, "%.1f" % after, None, None))
    return report.markdown(
        ("scale of 640x480", "network's picture", "before, ms", "inference, ms", "after, ms",
         "published on a GTX 1660 Ti, ms", "pictures"), rows)


def _published(name):
    return next(("%.3f" % ms for scale, ms in PUBLISHED.items() if "%g" % scale == name), None)


def recall_table(found, count):
    """Markdown: faces found by their width in the picture, %."""
    rows = [[name] + ["%.1f" % (100 * share) for share in one["recall"].values()]
            + [float(np.mean(one["others"]))] for name, one in found.items()]
    return report.markdown(["found of %d each, %%; face as wide as, px" % count]
                           + [str(width) for width in WIDTHS] + ["others a picture"], rows)


def drawing(found):
    """Recall by width as a chart."""
    return chart.lines("Faces found by the detector alone", "width of the face in 640x480, px",
                       "found, %", {name: [(width, 100 * share) for width, share
                                           in one["recall"].items()]
                                    for name, one in found.items()})


def main(args):
    """The command: args.source, args.frames, args.data, args.faces, args.out."""
    frames = [cv2.resize(luma, PICTURE) if luma.shape != PICTURE[::-1] else luma
              for luma in pictures(args.source, args.frames)]
    faces = Faces(args.data) if args.faces else None
    with tempfile.TemporaryDirectory() as folder:
        engines = detectors(backends.choose(), folder)
        found = measured(engines, frames, faces, args.faces)
    report.publish("detector", [time_table(found)] + ([recall_table(found, args.faces)] if faces
                                                      else []), {
        "source": args.name, "frames": len(frames), "faces_of_each_width": args.faces,
        "set": "portraits of train/ kept out of training, on backgrounds_test",
        "rows": found, "published_ms": PUBLISHED}, args.out, drawing(found) if faces else None)
