"""Answers of two engines to the same inputs in, how far apart they are out: as numbers, and in the
terms of whoever is tracked."""
import numpy as np

from appliance import geometry
from appliance.stages import closeup, iris
from appliance.stages.landmarks import believed, log_odds


def differences(truth, found):
    """{output: largest absolute difference} of two lists of {output: array}; NaN or Inf where one
    is in `found`."""
    return {name: float(np.max([np.abs(a[name].astype(float) - b[name]).max()
                                for a, b in zip(truth, found)])) for name in truth[0]}


def broken(found):
    """Names of the outputs that are not all numbers: NaN or infinite somewhere."""
    return sorted({name for out in found for name, value in out.items()
                   if not np.isfinite(value).all()})


def of(network, truth, found):
    """{text: number} of the effects of a difference, the largest over all answers.

    network: the manifest's record; a network that is none of ours has no terms but numbers.
    """
    tell = WAYS.get(network.section)
    pairs = zip(_alone(network, truth), _alone(network, found))
    try:
        effects = [tell(network, a, b) for a, b in pairs] if tell else []
    except KeyError:                # one of ours by name alone
        effects = []
    return {key: float(max(one[key] for one in effects))
            for key in (effects[0] if effects else ())}


def _alone(network, answers):
    """The answers face by face."""
    return [{name: np.split(value, network.faces)[face] for name, value in answer.items()}
            for answer in answers for face in range(network.faces)]


def told(network, truth, found):
    """The same as a line."""
    return ", ".join("%.2g %s" % (value, key) for key, value in of(network, truth, found).items())


def _landmarks(network, truth, found):
    far = np.hypot(*(truth["points"][0] - found["points"][0]).T).mean()
    size = np.sqrt(np.prod(np.ptp(truth["points"][0], axis=0)))
    turns = [geometry.matrix_from_columns(out["rotation"][0].astype(float))
             for out in (truth, found)]
    return {"% of the box": 100 * far / size, "degrees of rotation": _angle(*turns),
            "of score": _believed(network, truth, found)}


def _iris(network, truth, found):
    far = np.hypot(*(truth["points"] - found["points"]).transpose(2, 0, 1)).max()
    return {"% of the eye's picture": 100 * far / network.inputs["image"][1],
            "of openness": _most(*[iris.bounded(out["openness"]) for out in (truth, found)]),
            "degrees of gaze": _most(truth["gaze"], found["gaze"]),
            "of score": _believed(network, truth, found)}


def _closeup(network, truth, found):
    told = {"of a blendshape": _most(*[closeup.bounded(out["shapes"]) for out in (truth, found)])}
    if "vowels" in truth:
        told["of a vowel"] = _most(*[closeup.spoken(out["vowels"][0]) for out in (truth, found)])
    return told


def _detector(network, truth, found):
    """Boxes count where a face is, and there in shares of their own size."""
    worst, score = 0.0, 0.0
    for stride in (8, 16):
        seen = truth["score%d" % stride][0, 0] > log_odds(network.score)
        sides, other = (np.maximum(out["box%d" % stride][0][:, seen], 0) for out in (truth, found))
        size = (sides[:2] + sides[2:]).mean(axis=0)
        off = np.abs(other - sides) / np.maximum(size, 1e-6)
        worst = max([worst] + (100 * off).ravel().tolist())
        score = max(score, _believed(network, truth, found, "score%d" % stride))
    return {"% of a box's side": worst, "of score": score}


WAYS = {"landmarks": _landmarks, "fine": _landmarks, "iris": _iris, "expression": _closeup,
        "brows": _closeup, "detector": _detector}


def _angle(a, b):
    """Degrees of the one turn between two rotations; from the distance, which is exact for small
    ones."""
    return float(np.degrees(2 * np.arcsin(min(1.0, np.linalg.norm(a - b) / np.sqrt(8)))))


def _most(truth, found):
    return float(np.abs(np.subtract(truth, found)).max())


def _believed(network, truth, found, name="score"):
    """Largest difference of the score as it is believed, 0.5 as likely as not."""
    limit = log_odds(network.score)
    return max(abs(believed(a, limit) - believed(b, limit)) for a, b in zip(
        *[out[name].ravel().astype(float).tolist() for out in (truth, found)]))
