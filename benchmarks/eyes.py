"""Drawn eyes: gaze behind glasses and in dim light, and a wink told from a blink."""
import numpy as np

from benchmarks import drawings, renders, report, sitters

DIM, GRAIN = 0.06, 5.0      # share of the light that is left; sigma of the sensor's noise, of 255
SHUT = 0.5                  # openness below which an eye is taken to be shut
CASES = ("plain", "dim", "glasses", "glasses, dim")


def dim(picture, rng):
    """The picture in a sixteenth of its light under a sensor that knows no more of it."""
    left = 255 * ((picture / 255.0) ** 2.2 * DIM) ** (1 / 2.2)
    return np.clip(left + rng.normal(0, GRAIN, picture.shape) + 0.5, 0, 255).astype(np.uint8)


def direction(gaze):
    """(..., 3) unit vectors in the head frame of (..., 2) yaw and pitch in degrees."""
    yaw, pitch = np.moveaxis(np.radians(gaze), -1, 0)
    return np.stack([np.sin(yaw) * np.cos(pitch), -np.sin(pitch),
                     -np.cos(yaw) * np.cos(pitch)], -1)


def gaze_errors(faces, drawn):
    """{"angle": degrees between the ways, "yaw", "pitch", "eyes": how many} over the eyes that
    are seen and open."""
    gaze = np.array([[face.left.gaze, face.right.gaze] for face in faces])
    looking = drawn["eye_visible"].astype(bool) & (drawn["openness"] > renders.OPEN)
    found, true = gaze[looking], drawn["gaze"][looking]
    cosine = (direction(found) * direction(true)).sum(-1).clip(-1, 1)
    yaw, pitch = np.abs(found - true).mean(axis=0)
    return {"angle": float(np.degrees(np.arccos(cosine)).mean()), "yaw": float(yaw),
            "pitch": float(pitch), "eyes": int(looking.sum())}


def gaze(tracker, data, cache, people):
    """{case: gaze_errors} of the same people without and with glasses, in good and in dim light,
    and of "glasses or dim": all but plain."""
    drawn, rng = sitters.spectacles(data, cache, people), np.random.RandomState(5)
    found, parts = {}, []
    for case in CASES:
        rows = {key: value[int("glasses" in case)::2] for key, value in drawn.items()}
        if "dim" in case:
            rows["pictures"] = np.array([dim(picture, rng) for picture in rows["pictures"]])
        faces = renders.answers(tracker, rows)
        found[case] = gaze_errors(faces, rows)
        parts += [found[case]] if case != "plain" else []
    weight = [part["eyes"] for part in parts]
    found["glasses or dim"] = {key: float(np.average([part[key] for part in parts],
                                                     weights=weight))
                               for key in ("angle", "yaw", "pitch")}
    found["glasses or dim"]["eyes"] = sum(weight)
    return found


def lids(tracker, data, cache, people):
    """{"right": % of all states told, "wink": % of winks and blinks told apart, "table": {state:
    [% answered as each state]}}: each eye is open or shut by its openness."""
    drawn = sitters.lids(data, cache, people)
    faces = renders.answers(tracker, drawn)
    shut = np.array([[face.left.openness < SHUT, face.right.openness < SHUT] for face in faces])
    answered = shut.dot([1, 2])         # the order of LIDS: open, left, right, both
    asked = drawn["state"]
    right, closing = answered == asked, asked > 0
    share = [[float((answered[asked == a] == b).mean() * 100) for b in range(len(sitters.LIDS))]
             for a in range(len(sitters.LIDS))]
    return {"right": float(right.mean() * 100), "wink": float(right[closing].mean() * 100),
            "people": people,
            "table": dict(zip([name for name, _ in sitters.LIDS], share))}


def measure(tracker, data, cache, people):
    """{"gaze", "lids"}."""
    return {"gaze": gaze(tracker, data, cache, people),
            "lids": lids(tracker, data, cache, people)}


def tables(found):
    """[Markdown]: gaze by case; which state of the lids was taken for which."""
    looked = [[case, f["eyes"], f["angle"], f["yaw"], f["pitch"]]
              for case, f in found["gaze"].items()]
    names = [name for name, _ in sitters.LIDS]
    told = [[name] + found["lids"]["table"][name] for name in names]
    line = "%.1f %% of all told right; of winks and blinks alone %.1f %%" % (
        found["lids"]["right"], found["lids"]["wink"])
    return [report.markdown(("gaze on drawn heads", "open eyes", "angle, deg", "yaw, deg",
                             "pitch, deg"), looked),
            report.markdown(["lids drawn, %% of %d people" % found["lids"]["people"]]
                            + ["answered " + name for name in names], told) + "\n\n" + line]
