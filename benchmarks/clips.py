"""The clips: distance to a reference, blinks against those marked by eye, tremble. One table."""
import json
import os
from contextlib import closing

import numpy as np

from appliance import config as configuration
from appliance.sources import open_source
from benchmarks import peers, report
from benchmarks.stills import GROUPS, distances, size

CLIPS = ("desk", "interview")
SLACK = 4           # frames by which a blink may miss the one marked by eye
# The peers' protocol: sigma of 255, pictures, how many of them to drop.
NOISE, TURNS, SETTLED = 4.0, 40, 10
INNER = list(GROUPS["inner49"])
COLUMNS = ("frames", "without_face", "mean", "over10", "blink_f1", "blinks_right",
           "blinks_wrong", "blinks_overlooked", "step")


def follow(tracker, path, limit=0):
    """[face or None] for every frame of a clip, and the first frame as (H, W, 3) R, G, B."""
    faces, first = [], None
    tracker.reset()
    camera = configuration.defaults().camera
    with closing(open_source("file:" + path, camera, True, True)) as source:
        for frame in source:
            first = np.array(frame.rgb) if first is None else first
            faces.append((tracker(frame.luma, frame.time) or [None])[0])
            if len(faces) == limit:
                break
    return faces, first


def against(faces, reference):
    """(mean distance of the 49 inner points, share over 10 % or without a face), both in %."""
    pairs = [(face, np.array(one["points"])) for face, one in zip(faces, reference)
             if one["found"]]
    apart = np.array([distances(face.landmarks, true)[INNER].mean()
                      for face, true in pairs if face])
    lost = sum(face is None for face, _ in pairs)
    mean = float(apart.mean()) if len(apart) else float("nan")
    return mean, 100.0 * ((apart > 10).sum() + lost) / max(1, len(pairs))


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


def repeated(tracker, picture, noise=NOISE):
    """[Face] of a still picture (H, W, 3), followed under fresh camera noise."""
    rng, faces = np.random.RandomState(7), []
    tracker.reset()
    for _ in range(TURNS):
        noisy = np.clip(picture + rng.normal(0, noise, picture.shape), 0, 255).astype(np.uint8)
        faces += tracker(noisy)[:1]
    return faces[SETTLED:]


def step(faces):
    """Mean step of the 68 points from face to face, % of the box; NaN of fewer than two."""
    if len(faces) < 2:
        return float("nan")
    points = np.array([face.landmarks for face in faces])
    return float(np.linalg.norm(np.diff(points, axis=0), axis=2).mean() / size(points[0]) * 100)


def measure(tracker, data, name, limit=0):
    """The figures of one clip; None where it is not there."""
    path = os.path.join(data, "clips", name)
    if not os.path.exists(path + ".mp4"):
        return None
    with open(path + ".json") as f:
        reference = json.load(f)
    faces, first = follow(tracker, path + ".mp4", limit)
    openness = np.array([(f.left.openness + f.right.openness) / 2 if f else np.nan for f in faces])
    mean, bad = against(faces, reference["per_frame"])
    marked = [m for m in reference["blinks"] if m["end"] < len(faces)]
    f1, right, wrong, overlooked = blinks(closures(openness), marked)
    return {"frames": len(faces), "without_face": sum(f is None for f in faces), "mean": mean,
            "over10": bad, "blink_f1": f1, "blinks_right": right, "blinks_wrong": wrong,
            "blinks_overlooked": overlooked,
            "step": step(repeated(tracker, first.astype(np.float32)))}


def table(found, data):
    """Markdown of {clip: figures}; the peers are known for the tremble of the desk clip alone."""
    rows = [[clip, "**Kagami**"] + [f[c] for c in COLUMNS] for clip, f in found.items()]
    if "desk" in found:
        for name, result in peers.results(data, "jitter").items():
            if "step" in result["clip_frame"]:
                rows.append(["desk", name] + [result["clip_frame"].get(c) for c in COLUMNS])
    return report.markdown(("clip", "tracker") + COLUMNS, rows)
