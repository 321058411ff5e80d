"""A clip with a grey block laid over the face for a second, six times: how soon the face is lost,
how soon it is found again."""
import json
import os

import numpy as np

from benchmarks import clips

TIMES, GREY = 6, 128
BEFORE, GONE, AFTER = 0.5, 1.0, 2.0     # seconds


def measure(tracker, path):
    """{"lost": pictures until no face is told, "found": ms from the block's end, the worst of six}
    of a clip with its points beside it."""
    with open(os.path.splitext(path)[0] + ".json") as f:
        reference = json.load(f)
    rate, count = reference["fps"], len(reference["per_frame"])
    starts = np.linspace(rate, count - 4 * rate, TIMES).astype(int)
    shown = [np.array(frame.luma) for frame in clips.frames(path)]
    each = [_once(tracker, shown, start, rate,
                  _block(np.array(reference["per_frame"][start]["points"]))) for start in starts]
    lost, found = zip(*each)
    return {"lost": max(lost), "found": max(found) * 1000.0 / rate, "times": len(each)}


def _block(points):
    """(rows, columns) that cover a face of (68, 2) points."""
    (x, y), half = points.mean(axis=0), np.ptp(points, axis=0).max() * 0.75
    return (slice(max(0, int(y - 1.2 * half)), int(y + half)),
            slice(max(0, int(x - half)), int(x + half)))


def _once(tracker, shown, start, rate, block):
    """(pictures under the block until nobody is told, held values neither; pictures after it until
    somebody is seen)."""
    tracker.reset()
    second = int(round(rate))
    for luma in shown[start - int(BEFORE * second):start]:
        tracker(luma)
    covered = []
    for luma in shown[start:start + int(GONE * second)]:
        luma = luma.copy()
        luma[block] = GREY
        covered.append(bool(tracker(luma)))
    free = [_seen(tracker(luma)) for luma in
            shown[start + int(GONE * second):start + int((GONE + AFTER) * second)]]
    return _first(covered, False), _first(free, True)


def _seen(faces):
    return any(face.state == "tracked" for face in faces)


def _first(answers, wanted):
    return answers.index(wanted) if wanted in answers else len(answers)


def line(found):
    """Words for what `measure` gave."""
    return "A grey block over the face, %d times: lost within %d frames, found within %.0f ms" % (
        found["times"], found["lost"], found["found"])
