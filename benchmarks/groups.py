"""Drawn heads by tone of skin, age and sex as far as the renderer draws them: worst against mean.

Tone: the same people in five skins, all else alike. Sex: hair, beard, lashes and make-up are all
that the renderer draws of it. Age: folds that are there at rest stand for it.
"""
from collections import OrderedDict

import numpy as np

from benchmarks import renders, report, sitters
from benchmarks.rotation import between
from benchmarks.stills import distances

FOLDED = 0.15       # depth of the deepest fold at rest from which a face counts as folded
FIGURES = ("points", "rotation", "gaze")


def errors(faces, drawn):
    """{"points": (N,) % of the box, "rotation": (N,) degrees, "gaze": (N,) degrees of yaw and
    pitch, NaN without an open eye that is seen}."""
    points = [distances(face.landmarks, true).mean()
              for face, true in zip(faces, drawn["points"])]
    turn = between(np.array([face.matrix for face in faces]), drawn["rotation_crop"])
    gaze = np.array([[face.left.gaze, face.right.gaze] for face in faces])
    apart = np.abs(gaze - drawn["gaze"]).mean(axis=2)
    looking = drawn["eye_visible"].astype(bool) & (drawn["openness"] > renders.OPEN)
    count = looking.sum(axis=1)
    gaze = np.where(count > 0, (apart * looking).sum(axis=1) / np.maximum(count, 1), np.nan)
    return {"points": np.array(points), "rotation": turn, "gaze": gaze}


def people(drawn):
    """{kind: {group: mask}} of heads drawn at random."""
    female, folds, beard = drawn["female"] > 0.5, drawn["folds"], drawn["beard"] > 0
    return OrderedDict([
        ("sex", OrderedDict([("drawn as a woman", female), ("as a man, shaven", ~female & ~beard),
                             ("as a man, bearded", ~female & beard)])),
        ("age", OrderedDict([("smooth at rest", folds < FOLDED),
                             ("folded at rest", folds >= FOLDED)]))])


def tones(drawn):
    """{"tone": {group: mask}} of `sitters.tones`."""
    return {"tone": OrderedDict(("skin of %g" % tone, drawn["tone"] == tone)
                                for tone in sitters.TONES)}


def figures(apart, kinds):
    """{kind: {"groups": {group: {"count", figure: mean}}, figure: worst / mean of all, less 1, %,
    figure + "_sure": its standard error, %}}."""
    found = OrderedDict()
    for kind, groups in kinds.items():
        rows = OrderedDict((name, dict({f: float(np.nanmean(apart[f][mask])) for f in FIGURES},
                                       count=int(mask.sum())))
                           for name, mask in groups.items() if mask.any())
        found[kind] = {"groups": rows}
        for f in FIGURES:
            mean = np.nanmean(apart[f])
            worst = max(rows, key=lambda name: rows[name][f])
            spread = np.nanstd(apart[f][groups[worst]]) / np.sqrt(rows[worst]["count"])
            found[kind][f] = float((rows[worst][f] / mean - 1) * 100)
            found[kind][f + "_sure"] = float(spread / mean * 100)
    return found


def table(found):
    """Markdown: a row a group, and what the worst is above the mean."""
    rows = []
    for kind, one in found.items():
        rows += [[kind, name, f["count"]] + [f[key] for key in FIGURES]
                 for name, f in one["groups"].items()]
        rows.append([kind, "**worst above the mean, %**", None]
                    + ["%.1f (+-%.1f)" % (one[key], one[key + "_sure"]) for key in FIGURES])
    return report.markdown(("drawn heads by", "group", "heads", "points, % of the box",
                            "rotation, deg", "gaze, deg"), rows)
