"""Each shape alone on drawn people at rest: whether it follows, what else moves, what vowels and
a face at rest are told as.

Only the shapes that the tracker drives are judged; the others stay at 0 and move with nothing.
"""
import numpy as np

from appliance.face import ARKIT_NAMES
from appliance.outputs.dialects import vmc
from benchmarks import renders, report, sitters

PAGE = ("shape", "r alone", "of 1.0 answered", "others move, mean", "most", "which")


def followed(found, drawn, people):
    """{"r", "answered", "others", "most", "which"} by name, of found (N, 52) over the rows of
    `sitters.alone`, of each shape that is driven (moves at all).

    others: mean change of every other driven shape whose truth stays, from the same person at
    rest to this shape at 1; most: of the one that moves most.
    """
    driven = np.ptp(found, axis=0) > 0
    true, rows = drawn["blendshapes"], {}
    each = len(drawn["shape"]) // people
    rest = np.repeat(np.arange(people) * each, each)
    moved, meant = found - found[rest], true - true[rest]
    for k in np.flatnonzero(driven):
        mine, full = (drawn["shape"] == k) | (drawn["shape"] < 0), drawn["shape"] == k
        full &= drawn["level"] == max(sitters.LEVELS)
        away = np.abs(moved[full]).mean(axis=0)
        other = driven & (np.abs(meant[full]).max(axis=0) < 0.05)
        other[k] = False
        r = renders.correlations(found[mine][:, [k]], true[mine][:, [k]])[0]
        worst = int(np.argmax(np.where(other, away, -1)))
        rows[ARKIT_NAMES[k]] = {
            "r": float(r), "answered": float(moved[full][:, k].mean()),
            "others": float(away[other].mean()) if other.any() else 0.0,
            "most": float(away[worst]) if other.any() else 0.0,
            "which": ARKIT_NAMES[worst] if other.any() else ""}
    return rows


def at_rest(found):
    """{"mean", "most", "which"} of what driven shapes answer (N, 52) on faces at rest."""
    mean = np.abs(found).mean(axis=0)
    driven = np.ptp(found, axis=0) > 0
    return {"mean": float(mean[driven].mean()) if driven.any() else 0.0,
            "most": float(mean.max()), "which": ARKIT_NAMES[int(mean.argmax())]}


def vowels(faces, said):
    """{"right": %, "table": {vowel: [% answered A, I, U, E, O, none]}} by the weights that VRM
    avatars get; none: all of them under 0.1."""
    names = sitters.TALKING[1:]
    weights = np.array([vmc.presets(face)[:len(names)] for face in faces])
    answered = np.where(weights.max(axis=1) > 0.1, weights.argmax(axis=1), len(names))
    share = {name: [float((answered[said == k + 1] == b).mean() * 100)
                    for b in range(len(names) + 1)] for k, name in enumerate(names)}
    return {"right": float(np.mean([share[name][k] for k, name in enumerate(names)])),
            "table": share}


def measure(tracker, data, cache, people):
    """{"alone": followed, "rest": at_rest, "vowels", and of all "driven", "r_mean", "r_least",
    "others_most", "which"}."""
    drawn = sitters.alone(data, cache, people)
    talking = sitters.talking(data, cache, 4 * people)
    found = np.array([face.blendshapes for face in renders.answers(tracker, drawn)])
    faces = renders.answers(tracker, talking)
    said = talking["said"]
    rest = np.concatenate([found[drawn["shape"] < 0], [
        face.blendshapes for face, vowel in zip(faces, said) if vowel == 0]])
    rows = followed(found, drawn, people)
    worst = max(rows, key=lambda name: rows[name]["most"]) if rows else ""
    r = [row["r"] for row in rows.values()]
    return {"people": people, "speakers": 4 * people, "alone": rows, "rest": at_rest(rest),
            "vowels": vowels(faces, said), "driven": len(rows),
            "r_mean": float(np.mean(r)) if r else None, "r_least": float(np.min(r)) if r else None,
            "others_most": rows[worst]["most"] if rows else None, "which": worst}


def tables(found):
    """[Markdown]: a row a driven shape; vowels; a line about the face at rest."""
    rows = [[name] + [f[key] for key in ("r", "answered", "others", "most", "which")]
            for name, f in found["alone"].items()]
    names = sitters.TALKING[1:]
    said = [[name] + found["vowels"]["table"][name] for name in names]
    rest = ("%d people alone, %d speakers; at rest the driven shapes are %.3f in the mean, %s "
            "most with %.3f; %.0f %% of vowels told right") % (
        found["people"], found["speakers"], found["rest"]["mean"], found["rest"]["which"],
        found["rest"]["most"], found["vowels"]["right"])
    return [report.markdown(PAGE, rows) + "\n\n" + rest,
            report.markdown(["said, %"] + ["answered " + name for name in names + ("none",)],
                            said)]
