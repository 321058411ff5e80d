"""Still pictures under camera noise: how far the points step from picture to picture.

Before smoothing and after it, at several picture rates. The peers' protocol: sigma of 255 a
colour, so many pictures of which the first are dropped.
"""
import os

import cv2
import numpy as np

from appliance.tracker import Tracker
from benchmarks import clips, peers, report
from benchmarks.stills import size

NOISE, TURNS, SETTLED = 4.0, 40, 10
RATES = (15, 30, 60)
FOLDER, PICTURES = "helen_test", 20
DESK = os.path.join("clips", "desk.mp4")


def unsmoothed(config):
    """The configuration with every filter off: what is measured in each picture."""
    off = {name: 0.0 for name in config.smoothing._fields if name.endswith("_cutoff")}
    return config._replace(smoothing=config.smoothing._replace(**off))


def repeated(tracker, picture, noise=NOISE, rate=30):
    """[Face] of a still (H, W, 3) float picture, followed at a rate under fresh noise."""
    rng, faces = np.random.RandomState(7), []
    tracker.reset()
    for k in range(TURNS):
        noisy = np.clip(picture + rng.normal(0, noise, picture.shape), 0, 255).astype(np.uint8)
        faces += tracker(noisy, k / float(rate))[:1]
    return faces[SETTLED:]


def moved(faces):
    """Mean step of the 68 points from face to face, % of the box; NaN of fewer than two."""
    if len(faces) < 2:
        return float("nan")
    points = np.array([face.landmarks for face in faces])
    return float(np.linalg.norm(np.diff(points, axis=0), axis=2).mean() / size(points[0]) * 100)


def step(tracker, picture, rate=30):
    """(`moved`, the same of the rotation in degrees) of a picture that is `repeated`."""
    faces = repeated(tracker, picture, NOISE, rate)
    if len(faces) < 2:
        return float("nan"), float("nan")
    turns = np.array([face.rotation for face in faces])
    along = np.abs((turns[1:] * turns[:-1]).sum(axis=1)).clip(0, 1)
    return moved(faces), float(np.degrees(2 * np.arccos(along)).mean())


def pictures(data, limit=0):
    """{"helen": [(H, W, 3) R, G, B float pictures], "desk": [its first frame]} of what is here;
    the pictures are every sixteenth of the set, as the peers were shown."""
    found, path = {}, os.path.join(data, FOLDER, "labels.npz")
    if os.path.exists(path):
        names = np.load(path)["names"]
        chosen = names[::len(names) // PICTURES][:limit or PICTURES]
        found["helen"] = [_colours(cv2.imread(os.path.join(data, FOLDER, str(name))))
                          for name in chosen]
    path = os.path.join(data, DESK)
    if os.path.exists(path):
        found["desk"] = [clips.first(path)]
    return found


def _colours(picture):
    return picture[:, :, ::-1].astype(np.float32)


def measure(config, data, limit=0):
    """{place: {"before", "after15", ...: % of the box, "turn_before", ...: degrees, "each": of
    the pictures, before}} of what trackers of a configuration see; {} where no set is here."""
    found = {}
    raw, smooth = Tracker(unsmoothed(config)), Tracker(config)
    for place, shown in pictures(data, limit).items():
        rows = {"before": [step(raw, picture) for picture in shown]}
        for rate in RATES:
            rows["after%d" % rate] = [step(smooth, picture, rate) for picture in shown]
        found[place] = {"pictures": len(shown), "each": [one for one, _ in rows["before"]]}
        for name, values in rows.items():
            points, turned = np.nanmean(values, axis=0)
            found[place].update({name: float(points), "turn_" + name: float(turned)})
        found[place]["after"] = max(found[place]["after%d" % rate] for rate in RATES)
    return found


def table(found, data):
    """Markdown, the peers' rows below ours: they hand out unsmoothed points."""
    columns = ["before"] + ["after%d" % rate for rate in RATES]
    columns += ["turn_" + name for name in columns]
    rows = [[place, "**Kagami**", f["pictures"]] + ["%.3f" % f[c] for c in columns]
            for place, f in found.items()]
    for name, result in peers.results(data, "jitter").items():
        for place, key in (("helen", "helen20"), ("desk", "clip_frame")):
            f = result.get(key, {})
            rows.append([place, name, None, f.get("step")] + [None] * 3
                        + [f.get("turn_step_degrees")] + [None] * 3)
    return report.markdown(
        ["still picture, noise of sigma 4", "tracker", "pictures", "step before smoothing, %"]
        + ["after, at %d Hz" % rate for rate in RATES] + ["turn before, deg"]
        + ["after, at %d Hz" % rate for rate in RATES], rows)
