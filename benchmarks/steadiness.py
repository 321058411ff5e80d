"""How much a still face trembles under camera noise, before smoothing and after it, and how late
smoothing shows what moves. Two tables and a drawing.
"""
import numpy as np

from appliance import config as configuration
from appliance.errors import InputMissing
from appliance.stages.smoothing import Smoothing
from appliance.tracker import Tracker
from benchmarks import chart, motion, peers, report
from benchmarks.rotation import between
from benchmarks.tremble import moved, pictures, repeated, unsmoothed

RATES = (15, 30, 60)
USUAL = 30
# What was set out for: before smoothing on the portraits and on the clip's first picture, after
# it, % of the box; milliseconds of a turn.
AIMS = "aims: points %.2f on portraits and %.2f on the desk before smoothing, %.2f after; lag of "\
       "a turn under %d ms" % (0.10, 0.05, 0.02, 15)
# For the drawing: of all settings, as /kagami/set/smooth from 1 down to 0.1 divides them.
FACTORS = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0)
UNITS = {"head": "degrees", "points": "% of the box", "eyes": "degrees of gaze",
         "expression": "hundredths of a shape"}


def smoothed(faces, settings, rate):
    """The faces as they are shown at a rate."""
    smooth = Smoothing(settings)
    return [smooth(face, i / rate) for i, face in enumerate(faces)]


def tremble(faces):
    """{kind: mean step from face to face} in UNITS; of the shapes that are not always 0."""
    turned = np.array([face.matrix for face in faces])
    gaze = np.array([(face.left.gaze, face.right.gaze) for face in faces])
    shapes = np.array([face.blendshapes for face in faces])
    shapes = shapes[:, shapes.any(axis=0)]
    return {"head": float(between(turned[1:], turned[:-1]).mean()), "points": moved(faces),
            "eyes": float(np.linalg.norm(np.diff(gaze, axis=0), axis=2).mean()),
            "expression": float(100 * np.abs(np.diff(shapes, axis=0)).mean())}


def mean_tremble(recordings):
    """{kind: mean} over recordings."""
    found = [tremble(faces) for faces in recordings]
    return {kind: float(np.mean([one[kind] for one in found])) for kind in motion.KINDS}


def settled(recordings, settings, rate):
    """mean_tremble of what is shown at a rate, each recording played three times: a filter begins
    where its first face is."""
    return mean_tremble([smoothed(3 * faces, settings, rate)[2 * len(faces):]
                         for faces in recordings])


def curve(recordings, settings, faces):
    """{kind: [(ms that a turn is late, share of the tremble that is left)]} at the usual rate,
    with all of the settings times each of FACTORS."""
    before, found = mean_tremble(recordings), {kind: [] for kind in motion.KINDS}
    for factor in FACTORS:
        other = settings._make(factor * value for value in settings)
        after, late = settled(recordings, other, USUAL), motion.lags(faces, other, USUAL)
        for kind in motion.KINDS:
            left = 100 * after[kind] / before[kind] if before[kind] else 0.0
            found[kind].append((late[kind], left))
    return found


def measure(tracker, portraits, desk):
    """{"portraits", "desk": {"before", "same": {kind: step}, "after": {rate: {kind: step}}}} of
    what is there, the faces that were recorded, and those of the picture that is moved."""
    settings, found, recordings = configuration.defaults().smoothing, {}, []
    for name, some in (("portraits", portraits), ("desk", [] if desk is None else [desk])):
        faces = [one for one in (repeated(tracker, picture) for picture in some) if len(one) > 1]
        if faces:
            same = [repeated(tracker, picture, 0.0) for picture in some]
            found[name] = {
                "pictures": len(faces), "before": mean_tremble(faces),
                "same": mean_tremble([one for one in same if len(one) > 1]),
                "after": {rate: settled(faces, settings, rate) for rate in RATES}}
            recordings += faces
    return found, recordings


def still_table(found, data):
    """Markdown of the tremble, the peers' below."""
    rows = []
    for name, one in found.items():
        for kind in motion.KINDS:
            rows.append(["%s (%d)" % (name, one["pictures"]), "%s, %s" % (kind, UNITS[kind]),
                         "%.3f" % one["before"][kind], "%.3f" % one["same"][kind]]
                        + ["%.4f" % one["after"][rate][kind] for rate in RATES])
    for name, result in peers.results(data, "jitter").items():
        if "step" in result.get("helen20", {}):
            for place, theirs in (("portraits", "helen20"), ("desk", "clip_frame")):
                rows.append([place, name + ": points", "%.3f" % result[theirs]["step"], None]
                            + [None] * len(RATES))
    return report.markdown(["still", "what", "before", "before, no noise"]
                           + ["after, %d Hz" % rate for rate in RATES], rows)


def moving_table(late):
    """Markdown of {rate: (lags, steps)}."""
    rows = [[kind] + ["%.1f" % late[rate][which][kind] for which in (0, 1) for rate in RATES]
            for kind in motion.KINDS]
    return report.markdown(
        ["moving"] + ["turn, %d Hz: ms late" % rate for rate in RATES]
        + ["step, %d Hz: ms to 90 %%" % rate for rate in RATES], rows)


def main(args):
    """The command: args.data, args.out."""
    shown = pictures(args.data)
    portraits, desk = shown.get("helen", []), shown.get("desk", [None])[0]
    if not shown:
        raise InputMissing(args.data, "no helen_test and no clips/desk.mp4", "give the folder "
                           "with --data")
    found, recordings = measure(Tracker(unsmoothed(configuration.defaults())), portraits, desk)
    settings, faces = configuration.defaults().smoothing, recordings[-1]
    late = {rate: (motion.lags(faces, settings, rate), motion.steps(faces, settings, rate))
            for rate in RATES}
    drawn = curve(recordings, settings, faces)
    report.publish("steadiness", [still_table(found, args.data), moving_table(late), AIMS], {
        "still": found, "moving": {rate: {"turn_ms": turn, "step_ms": steps}
                                   for rate, (turn, steps) in late.items()}, "curve": drawn},
        args.out, chart.lines("Tremble that is left, and how late a turn is shown, at %d Hz"
                              % USUAL, "ms late", "% left", drawn))
