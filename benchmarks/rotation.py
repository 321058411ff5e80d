"""The head's rotation on the still sets, from what `stills` measured. One table."""
import numpy as np

from appliance import geometry
from benchmarks import peers, report

COLUMNS = ("n", "yaw", "pitch", "roll", "mae", "geodesic_mean", "geodesic_median", "centred")


def between(found, true):
    """(N,) degrees of the turn between rotations (N, 3, 3)."""
    trace = np.einsum("nij,nij->n", found, true)
    return np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1)))


def errors(found, true):
    """(N, 3) absolute differences of yaw, pitch and roll, degrees, the short way round."""
    a, b = (np.array([geometry.angles_from_matrix(m) for m in set_]) for set_ in (found, true))
    return np.abs((a - b + 180) % 360 - 180)


def centred(found, true):
    """The found rotations without the one head-side turn that fits all of them best (chordal
    mean): what two labellings differ by says nothing about a tracker."""
    u, _, v = np.linalg.svd(np.einsum("nji,njk->ik", found, true))
    return found.dot(u.dot(np.diag([1, 1, np.linalg.det(u.dot(v))])).dot(v))


def figures(answers):
    """{part: {column: value}} of stills.Answers, over the pictures whose rotation is known."""
    known = np.isfinite(answers.true[:, 0, 0])
    if not known.any():
        return {}
    masks = {"all": known, "yaw<60": known & (answers.yaw < 60),
             "yaw>=60": known & (answers.yaw >= 60)}
    return {name: _part(answers.found[m], answers.true[m]) for name, m in masks.items() if m.any()}


def _part(found, true):
    apart, turn = errors(found, true), between(found, true)
    yaw, pitch, roll = apart.mean(axis=0)
    values = (len(found), yaw, pitch, roll, apart.mean(), turn.mean(), np.median(turn),
              errors(centred(found, true), true).mean())
    return dict(zip(COLUMNS, [values[0]] + [float(v) for v in values[1:]]))


def table(found, data):
    """Markdown of {set: figures}, the peers' rows below ours."""
    rows = []
    for place, by_part in found.items():
        theirs = peers.results(data, "accuracy_" + place)
        for part, f in by_part.items():
            rows.append([place, part, "**Kagami**"] + [f[c] for c in COLUMNS])
            for name, result in theirs.items():
                their = peers.rotation(result, part)
                if their:
                    rows.append([place, part, name] + [their.get(c) for c in COLUMNS])
    return report.markdown(("set", "part", "tracker") + COLUMNS, rows)
