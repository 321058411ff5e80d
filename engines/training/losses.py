"""What each network is told: the network and a batch with labels in, one number and its parts out."""
import math

import torch
from torch.nn import functional as F

from engines.training.nets import INPUTS

# A two-dimensional Laplace density exp(-r / b) has the variance 3 b^2 along each axis: sigma = sqrt(3) b
_SIGMA_OF_B = 0.5 * math.log(3)
# What a part of step, a chord of turn between two pictures of one head weigh (see `rest`)
REST = 1.0, 8.0
PARTS = 128.0       # of a crop's side, in which what points miss is told


def points_likelihood(points, log_sigma, truth):
    """Negative log likelihood of (..., 2) points under a Laplace density of their predicted sigma; (...)."""
    r = torch.sqrt(((points - truth) ** 2).sum(-1) + 0.01)
    log_b = torch.clamp(log_sigma - _SIGMA_OF_B, -2.0, 4.0)
    # weighted by sqrt(b): else the hard pictures, the drawn ones above all, hardly teach (Seitzer et al., arXiv 2203.09168)
    return (2 * log_b + r * torch.exp(-log_b)) * torch.exp(0.5 * log_b).detach()


def rotation_matrix(six):
    """(N, 3, 3) from (N, 6): the first two columns, Gram-Schmidt (Zhou et al., arXiv 1812.07035)."""
    a = F.normalize(six[:, :3], dim=1, eps=1e-4)
    b = F.normalize(six[:, 3:] - (a * six[:, 3:]).sum(1, keepdim=True) * a, dim=1, eps=1e-4)
    return torch.stack([a, b, torch.cross(a, b, dim=1)], 2)


def rest(out, y):
    """(parts of the side, chord) by which the errors of two pictures of one head in one crop differ, mean over such: what
    noise, and a face at work, do to points and to the rotation."""
    missed = out["points"] - y["points"]
    # Written out: as a product of matrices autocast would round it to bf16
    turned = (rotation_matrix(out["rotation"])[:, :, None] * y["rotation"][:, None]).sum(-1)
    two = (y["other"] != torch.arange(len(missed), device=missed.device)).float()
    points = (missed - missed[y["other"]]).pow(2).sum(-1).add(1e-4).sqrt().mean(1)
    chord = (turned - turned[y["other"]]).pow(2).sum((1, 2)).add(1e-6).sqrt()
    return [(apart * two).sum() / two.sum().clamp(min=1) for apart in (points, chord)]


def landmarks(out, y):
    """Sum of: points (likelihood), rotation (chord), score (cross entropy), and how far both come to rest."""
    scale = PARTS / y["image"].shape[1]
    out = dict(out, points=scale * out["points"], log_sigma=out["log_sigma"] + math.log(scale))
    y = dict(y, points=scale * y["points"])
    w = y["point_weight"]
    face = (w > 0).float()
    count = face.sum().clamp(min=1)
    points = (points_likelihood(out["points"], out["log_sigma"], y["points"]).mean(1) * w).sum() / count
    chord = (rotation_matrix(out["rotation"]) - y["rotation"]).pow(2).sum((1, 2)).add(1e-6).sqrt()
    posed = y["rotation_weight"]        # some photographs of one's own come with points alone
    rotation = (chord * posed).sum() / (posed > 0).float().sum().clamp(min=1)
    score = F.binary_cross_entropy(out["score"][:, 0].clamp(1e-6, 1 - 1e-6), y["score"])
    step, turn = rest(out, y)
    parts = {"points": points, "rotation": rotation, "score": score, "step": step, "turn": turn}
    return points + 2 * rotation + score + REST[0] * step + REST[1] * turn, parts


def expression(net, y):
    """Distance of standardised shapes, squared near by, straight far off; each weighted by what its label is worth."""
    truth = (y["shapes"] - net.mean) / net.deviation
    found = net.standard(*given(INPUTS["expression"], y))
    away = F.smooth_l1_loss(found, truth, beta=2.0, reduction="none")
    shapes = (away * y["weight"]).sum() / y["weight"].sum()
    return shapes, {"shapes": shapes}


def of(inputs, loss):
    """A loss of a network and a batch from one of its outputs and a batch."""
    return lambda net, y: loss(net(*given(inputs, y)), y)


def given(inputs, y):
    """The named inputs of a network from a batch."""
    return [y[name][..., None].float() if name == "image" else y[name] for name in inputs]


def iris(out, y):
    """Sum of: iris points, gaze, openness (each where the eye is seen), score."""
    seen = y["visible"]
    iris_seen = seen * y["iris_weight"]
    points = (torch.sqrt(((out["points"] - y["points"]) ** 2).sum(-1) + 0.01).mean(1) * iris_seen).sum() / iris_seen.sum().clamp(min=1)
    gaze_seen = seen * y["gaze_weight"]
    angle = torch.sqrt(((out["gaze"] - y["gaze"]) ** 2).sum(1) + 0.1)
    gaze = (angle * gaze_seen).sum() / gaze_seen.sum().clamp(min=1)
    open_seen = seen * y["openness_weight"]
    openness = ((out["openness"][:, 0] - y["openness"]).abs() * open_seen).sum() / open_seen.sum().clamp(min=1)
    score = F.binary_cross_entropy(out["score"][:, 0].clamp(1e-6, 1 - 1e-6), seen)
    return (points + 0.4 * gaze + 14 * openness + score,
            {"points": points, "gaze": gaze, "openness": openness, "score": score})


def detector(out, y):
    """Focal loss of the scores, overlap loss of the boxes, distance of the five points, over both strides."""
    parts = {"score": 0.0, "box": 0.0, "points": 0.0}
    positives = sum(y["positive%d" % s].sum() for s in (8, 16)).clamp(min=1)
    for s in (8, 16):
        p, t = out["score%d" % s][..., 0].clamp(1e-6, 1 - 1e-6), y["positive%d" % s]
        near = y["ignore%d" % s]
        hit = -((1 - p) ** 2) * torch.log(p) * t
        miss = -(p ** 2) * torch.log(1 - p) * (1 - t) * (1 - near)
        parts["score"] = parts["score"] + (2 * hit + miss).sum() / positives
        a, b = out["box%d" % s], y["box%d" % s]
        parts["box"] = parts["box"] + ((1 - overlap(a, b)) * t).sum() / positives
        d = (out["points%d" % s] - y["points%d" % s]).abs().mean(-1) / b.sum(-1).clamp(min=1)
        parts["points"] = parts["points"] + (d * t * y["pointed%d" % s]).sum() / positives
    return parts["score"] + 2 * parts["box"] + 4 * parts["points"], parts


def overlap(a, b):
    """Generalised intersection over union of boxes given as distances (left, top, right, bottom) from one centre."""
    low, high = torch.minimum(a, b), torch.maximum(a, b)
    inside = (low[..., 0] + low[..., 2]) * (low[..., 1] + low[..., 3])
    hull = (high[..., 0] + high[..., 2]) * (high[..., 1] + high[..., 3])
    area = (a[..., 0] + a[..., 2]) * (a[..., 1] + a[..., 3]) + (b[..., 0] + b[..., 2]) * (b[..., 1] + b[..., 3])
    union = area - inside
    return inside / union.clamp(min=1e-3) - (hull - union) / hull.clamp(min=1e-3)


LOSSES = {"landmarks": of(INPUTS["landmarks"], landmarks), "fine": of(INPUTS["fine"], landmarks), "iris": of(INPUTS["iris"], iris),
          "detector": of(INPUTS["detector"], detector), "expression": expression, "brows": expression}
