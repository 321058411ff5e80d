"""What a head pose network says and what is true in, figures out: angles, points, size, place, whether its doubts are right,
and how far its answers move where nothing has."""
from typing import NamedTuple

import numpy as np
import torch

from appliance import geometry
from appliance.stages import crop
from engines.training import head_crops, head_pose
from engines.training.definition import box_size
from engines.training.evaluate import geodesic

BEYOND = 99.0           # degrees: pictures turned further about any axis are left out, as others leave them out
BANDS = (("0 to 30", 0, 30), ("30 to 60", 30, 60), ("60 to 99", 60, BEYOND))     # degrees of yaw
ROUNDS = 16             # answers about one picture, for each disturbance


class Disturbance(NamedTuple):
    """Camera noise (sigma in grey values), shift (share of the square's side), turn (degrees) and scale (share) of the
    square: one standard deviation of each. follows: how often the network is then asked about the square around its own
    points, as a tracker does."""

    name: str
    noise: float = 0.0
    shift: float = 0.0
    turn: float = 0.0
    scale: float = 0.0
    follows: int = 0


DISTURBANCES = (Disturbance("noise, sigma 4", noise=4), Disturbance("noise, sigma 16", noise=16),
                Disturbance("square moved by 2 %", shift=0.02), Disturbance("square turned by 5 degrees", turn=5),
                Disturbance("square scaled by 3 %", scale=0.03),
                Disturbance("square moved by 10 %, then following itself", shift=0.1, follows=3))


def read(answers):
    """{"rotation" (N, 3, 3), "head" (N, 3), "points" (N, 68, 2), "turn_covariance", "head_covariance" (N, 3, 3), "sigma"
    (N, 68)} of a network's answers; the covariance of the turn is in radians, about the crop's axes, that of the head in
    shares of its radius."""
    numbers = {key: torch.from_numpy(np.asarray(value, np.float32)) for key, value in answers.items()}
    found = {"rotation": head_pose.matrices(numbers["rotation"]).numpy().astype(float),
             "head": answers["head"].astype(float), "points": answers["points"].astype(float),
             "sigma": np.exp(answers["log_sigma"].astype(float))}
    for name, key in (("turn", "rotation_factor"), ("head", "head_factor")):
        w = head_pose.factors(numbers[key]).numpy().astype(float)
        found[name + "_covariance"] = np.linalg.inv(np.einsum("nji,njk->nik", w, w))
    return found


def measure(found, rows):
    """{figure: number} of answers (see `read`) and plain rows of `head_crops.Heads`; NaN where no row knows the truth."""
    truth = {key: np.stack([row[key] for row in rows]).astype(float) for key in rows[0] if key != "image"}
    out = dict(_turns(found, truth), **_heads(found, truth))
    whole = truth["points_known"].all(1)
    apart = np.linalg.norm(found["points"] - truth["points"], axis=2)[whole]
    share = 100 * apart / box_size(truth["points"][whole])[:, None]
    return dict(out, pictures=len(rows), points=_mean(share), inner=_mean(share[:, 17:]),
                points_sigma=_rms(apart / found["sigma"][whole] / np.sqrt(2)))


def _turns(found, truth):
    angles = np.array([geometry.angles_from_matrix(m) for m in truth["rotation"]])
    used = (truth["rotation_known"] > 0) & (np.abs(angles) <= BEYOND).all(1)
    a, b, angles = found["rotation"][used], truth["rotation"][used], angles[used]
    away = np.abs(_around(np.array([geometry.angles_from_matrix(m) for m in a]).reshape(-1, 3) - angles))
    out = dict(zip(("yaw", "pitch", "roll"), away.mean(0) if len(away) else [np.nan] * 3), mae=_mean(away), turned=int(used.sum()))
    out.update(geodesic=_mean(geodesic(a, b)), geodesic_steady=_mean(geodesic(a, b @ _constant(a, b))))
    for name, least, most in BANDS:
        out["mae " + name] = _mean(away[(np.abs(angles[:, 0]) >= least) & (np.abs(angles[:, 0]) < most)])
    return dict(out, turn_sigma=_sure(_turn_between(a, b), found["turn_covariance"][used]))


def _heads(found, truth):
    used = truth["head_known"] > 0
    a, b = found["head"][used], truth["head"][used]
    away = (b - a) / b[:, 2:]
    return {"place": 100 * _mean(np.linalg.norm(away[:, :2], axis=1)), "size": 100 * _mean(np.abs(away[:, 2])),
            "head_sigma": _sure(away, found["head_covariance"][used])}


def _constant(a, b):
    """(3, 3) the turn of the head's axes that two makers of labels differ by, on average: b times it is nearest a."""
    if not len(a):
        return np.eye(3)
    u, _, v = np.linalg.svd(np.einsum("nji,njk->ik", b, a))
    return u @ np.diag([1, 1, np.linalg.det(u @ v)]) @ v


def _turn_between(a, b):
    a, b = torch.from_numpy(a), torch.from_numpy(b)
    return head_pose.turned(a, b).numpy() if len(a) else np.zeros((0, 3))


def _sure(away, covariance):
    """Root mean square of errors in the deviations told, over all axes: 1 where doubts are right, above where it is too sure.
    The worst hundredth is left out: labels that are wrong."""
    if not len(away):
        return float("nan")
    squared = np.einsum("ni,nij,nj->n", away, np.linalg.inv(covariance), away) / 3
    return float(np.sqrt(squared[squared <= np.quantile(squared, 0.99)].mean()))


def _around(degrees):
    return (degrees + 180) % 360 - 180


def _mean(values):
    return float(np.mean(values)) if np.size(values) else float("nan")


def _rms(values):
    return float(np.sqrt(np.mean(np.square(values)))) if np.size(values) else float("nan")


def table(score):
    """The lines of a score."""
    lines = ["%d pictures, %d with a rotation within %g degrees" % (score["pictures"], score["turned"], BEYOND),
             "yaw %.2f  pitch %.2f  roll %.2f  mean %.2f degrees" % tuple(score[k] for k in ("yaw", "pitch", "roll", "mae")),
             "geodesic %.2f degrees; %.2f with a constant turn taken out" % (score["geodesic"], score["geodesic_steady"]),
             "mean by yaw: " + "  ".join("%s %.2f" % (name, score["mae " + name]) for name, _, _ in BANDS),
             "68 points %.2f %%, inner 49 (and lips) %.2f %% of the box" % (score["points"], score["inner"]),
             "head: place %.2f %%, size %.2f %% of its radius" % (score["place"], score["size"]),
             "errors in the deviations told (1 is right): rotation %.2f  head %.2f  points %.2f" % tuple(
                 score[k] for k in ("turn_sigma", "head_sigma", "points_sigma"))]
    return lines


def steadiness(answer, heads, rows, rounds=ROUNDS, seed=0):
    """{disturbance: {"turn" degrees, "place", "size" % of the radius, "points" % of the box}}: how far answers about the same
    picture lie from their mean (root mean square), disturbed in one way; told in the picture, so that a moved square
    alone is no movement. answer: images to {part: array}."""
    rng, out = np.random.RandomState(seed), {}
    for way in DISTURBANCES:
        spreads = []
        for i in rows:
            found = [_disturbed(answer, heads, i, way, rng) for _ in range(rounds)]
            spreads.append(_spread({key: np.stack([f[key] for f in found]) for key in found[0]}))
        out[way.name] = {key: _rms([s[key] for s in spreads]) for key in spreads[0]}
    return out


def _disturbed(answer, heads, i, way, rng):
    square = head_crops.jittered(heads.squares[i], rng.normal(0, 1, 2) * way.shift, 1 + rng.normal() * way.scale,
                                 rng.normal() * way.turn)
    luma = heads.collection.luma(i)
    found = asked(answer, luma, square, rng.normal(0, 1, (head_pose.SIZE,) * 2) * way.noise)
    for _ in range(way.follows):
        found = asked(answer, luma, crop.around_points(found["points"], 0.0))
    return found


def asked(answer, luma, square, noise=0.0):
    """{"rotation" (3, 3), "head" (3,), "points" (68, 2)} in the picture, of what is said about a square of it. answer: images to
    {part: array}."""
    image = np.empty((head_pose.SIZE,) * 2, np.uint8)
    back = crop.cut(luma, square, image)
    found = read(answer([np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)]))
    x, y, radius = found["head"][0]
    place = geometry.apply(back, np.array([[x, y]]))[0]
    return {"rotation": geometry.matrix_from_angles(0, 0, square.roll).dot(found["rotation"][0]),
            "head": np.append(place, radius * square.side / head_pose.SIZE), "points": geometry.apply(back, found["points"][0])}


def middle(rotations):
    """(3, 3) the mean of rotations (N, 3, 3)."""
    u, _, v = np.linalg.svd(rotations.mean(0))
    return u @ np.diag([1, 1, np.linalg.det(u @ v)]) @ v


def _spread(found):
    head, points = found["head"], found["points"]
    radius, box = (max(1.0, size) for size in (head[:, 2].mean(), box_size(points.mean(0, keepdims=True))[0]))
    return {"turn": _rms(geodesic(found["rotation"], np.tile(middle(found["rotation"]), (len(head), 1, 1)))),
            "place": 100 * _rms(np.linalg.norm(head[:, :2] - head[:, :2].mean(0), axis=1)) / radius,
            "size": 100 * _rms(head[:, 2] - head[:, 2].mean()) / radius,
            "points": 100 * _rms(np.linalg.norm(points - points.mean(0), axis=2)) / box}


def still(answer, heads, rows):
    """The same figures for pictures of one person (by number) that show the head in one pose: blinks, talk, a whole clip."""
    persons, spreads = heads.collection.persons(), []
    for person in np.unique(persons[rows]):
        here = [i for i in rows if persons[i] == person]
        if person < 0 or len(here) < 2:
            continue
        found = [asked(answer, heads.collection.luma(i), heads.squares[i]) for i in here]
        spreads.append(_spread({key: np.stack([f[key] for f in found]) for key in found[0]}))
    return {key: _rms([s[key] for s in spreads]) for key in spreads[0]} if spreads else None


def movement(figures):
    """A line of such figures."""
    return "%.2f degrees, place %.2f %%, size %.2f %% of the radius, points %.2f %% of the box" % tuple(
        figures[k] for k in ("turn", "place", "size", "points"))


class Check:
    """A line for the log of a training, on rows kept out of it."""

    def __init__(self, heads, rows, most=400):
        self.rows = [heads.row(i, plain=True) for i in rows[:most]]

    def __call__(self, net):
        """net: in evaluation mode."""
        from engines.training.runs import asked
        score = measure(read(asked(net)([row["image"] for row in self.rows])), self.rows)
        return "kept out: mean of angles %.2f geodesic %.2f points %.2f %% place %.1f size %.1f %%" % tuple(
            score[k] for k in ("mae", "geodesic", "points", "place", "size"))
