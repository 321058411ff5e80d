"""The clips: distance to a reference, blinks against those marked by eye. One table."""
import json
import os
from contextlib import closing

import numpy as np

from appliance import config as configuration
from appliance.sources import open_source
from benchmarks import report, sheets
from benchmarks.stills import GROUPS, distances

CLIPS = ("desk", "interview")
SLACK = 4           # frames by which a blink may miss the one marked by eye
INNER = list(GROUPS["inner49"])
COLUMNS = ("frames", "without_face", "mean", "over10", "blink_f1", "blinks_right",
           "blinks_wrong", "blinks_overlooked", "lost", "found")


def frames(path, rgb=False):
    """The Frames of a clip, each valid until the next."""
    camera = configuration.defaults().camera
    with closing(open_source("file:" + path, camera, True, rgb)) as source:
        for frame in source:
            yield frame


def first(path):
    """The first frame as (H, W, 3) float R, G, B."""
    with closing(frames(path, True)) as shown:
        return np.array(next(shown).rgb, np.float32)


def follow(tracker, path, limit=0):
    """[face or None] for every frame of a clip."""
    faces = []
    tracker.reset()
    for frame in frames(path):
        faces.append((tracker(frame.luma, frame.time) or [None])[0])
        if len(faces) == limit:
            break
    return faces


def apart(faces, reference):
    """(N,) mean distance of the 49 inner points, %; inf without a face, -inf where the reference
    has none."""
    return np.array([-np.inf if not one["found"] else np.inf if face is None else
                     distances(face.landmarks, np.array(one["points"]))[INNER].mean()
                     for face, one in zip(faces, reference)])


def against(faces, reference):
    """(mean distance of the 49 inner points, share over 10 % or without a face), both in %."""
    far = apart(faces, reference)
    known = far[np.isfinite(far)]
    mean = float(known.mean()) if len(known) else float("nan")
    return mean, 100.0 * (far > 10).sum() / max(1, np.sum(far > -np.inf))


def closures(openness):
    """[(first, last)] runs of frames with less than half of the usual (median) openness; NaN
    counts as usual."""
    usual = np.nanmedian(openness)
    known = np.where(np.isnan(openness), usual, openness)
    shut = np.concatenate([[0], known < 0.5 * usual, [0]])
    edges = np.flatnonzero(np.diff(shut.astype(int)))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2])]


def blinks(found, marked):
    """(F1, right, wrong, overlooked) of closures against [{"start", "end", "kind"}].

    One that answers a blink marked partial is neither right nor wrong.
    """
    def meets(run, mark):
        return run[0] <= mark["end"] + SLACK and run[1] >= mark["start"] - SLACK
    waiting, right, wrong = [m for m in marked if m["kind"] == "full"], 0, 0
    full = len(waiting)
    for run in found:
        answered = [m for m in waiting if meets(run, m)]
        if answered:
            waiting.remove(answered[0])
            right += 1
        elif not any(meets(run, m) for m in marked):
            wrong += 1
    return 2.0 * right / max(1, full + right + wrong), right, wrong, full - right


def measure(tracker, data, name, limit=0, folder=None):
    """The figures of one clip; None where it is not there. folder: of the sheet of its worst
    frames, None: none is made."""
    path = os.path.join(data, "clips", name)
    if not os.path.exists(path + ".mp4"):
        return None
    with open(path + ".json") as f:
        reference = json.load(f)
    faces = follow(tracker, path + ".mp4", limit)
    openness = np.array([(f.left.openness + f.right.openness) / 2 if f else np.nan for f in faces])
    mean, bad = against(faces, reference["per_frame"])
    marked = [m for m in reference["blinks"] if m["end"] < len(faces)]
    f1, right, wrong, overlooked = blinks(closures(openness), marked)
    if folder:
        sheets.write(folder, name, worst(faces, reference["per_frame"], path + ".mp4"))
    return {"frames": len(faces), "without_face": sum(f is None for f in faces), "mean": mean,
            "over10": bad, "blink_f1": f1, "blinks_right": right, "blinks_wrong": wrong,
            "blinks_overlooked": overlooked}


def worst(faces, reference, path):
    """[(luma, reference points, ours, words)] of the worst frames, for a sheet."""
    far = apart(faces, reference)
    places = {k: rank for rank, k in enumerate(sheets.worst(far)) if far[k] > -np.inf}
    cases = [(places[k], (np.array(frame.luma), np.array(reference[k]["points"]),
                          faces[k] and faces[k].landmarks, "frame %d %.1f %%" % (k, far[k])))
             for k, frame in enumerate(frames(path)) if k in places]
    return [case for _, case in sorted(cases, key=lambda pair: pair[0])]


def table(found):
    """Markdown of {clip: figures}."""
    return report.markdown(("clip", "tracker") + COLUMNS,
                           [[clip, "**Kagami**"] + [f.get(c) for c in COLUMNS]
                            for clip, f in found.items()])
