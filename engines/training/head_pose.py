"""A network for the pose of a head: a grey crop in, rotation, place, size, 68 points and how sure it is of each out.

Its errors are taken for draws from Student's distribution, whose covariance the network tells too: as heavy in the
tails as labels are, so that a few wrong ones do not make it doubt all others.
"""
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from engines.training import losses, nets

SIZE = 128
TURN = {"6d": (1.0, 0, 0, 0, 1.0, 0), "quaternion": (1.0, 0, 0, 0)}     # no turn, in the numbers of each
FREEDOM = 4.0           # degrees of freedom of Student's distribution
# The least and the largest that the diagonal of a precision's factor becomes, as logarithms: 1 / (0.2 to 60 degrees),
# 1 / (0.5 to 150 % of the head's radius)
_BOUNDS = (-0.4, 5.5)


class HeadPose(nn.Module):
    """(N, 128, 128, 1) -> a dict of `parts`: rotation (N, 6 or 4), rotation_factor (N, 6), head (N, 3) px, head_factor
    (N, 6), points (N, 68, 2) px, log_sigma (N, 68).

    rotation: a key of TURN. width: how many times the channels of the network in between.
    """

    def __init__(self, rotation="6d", width=1.0, widths=(32, -64, 64, 64, -96, 96, -128, 128), hidden=256):
        super().__init__()
        widths = [int(np.sign(w)) * max(8, 8 * round(abs(w) * width / 8)) for w in widths]
        self.turn = TURN[rotation]
        self.stem, self.body = nets.Stem(4, widths[0]), nets.stack(*widths)
        self.hidden = nn.Linear(abs(widths[-1]) * 16, max(32, int(hidden * width)))
        self.parts = parts(rotation)
        count = sum(int(np.prod(shape)) for shape in self.parts.values())
        self.out = nn.Linear(self.hidden.out_features, count)
        nn.init.normal_(self.out.weight, std=0.01)
        nn.init.zeros_(self.out.bias)
        self.out.bias.data[:len(self.turn)] = torch.tensor(self.turn)
        factor, middle = torch.tensor([1.0, 1, 1, 0, 0, 0]), (SIZE - 1) / 2
        scale = [torch.ones(len(self.turn) + 6), torch.full((3,), 32.0), torch.ones(6), torch.full((136,), 32.0), torch.ones(68)]
        shift = [torch.zeros(len(self.turn)), factor, torch.tensor([middle, middle, 60.0]), factor,
                 torch.full((136,), middle), torch.ones(68)]
        self.register_buffer("scale", torch.cat(scale))
        self.register_buffer("shift", torch.cat(shift))

    def start_from(self, mean_points, mean_head):
        """Begin at the mean face (68, 2) and head (3,), crop pixels; NaN: where it is."""
        at, mean = len(self.turn) + 6, np.concatenate([mean_head, np.full(6, np.nan), mean_points.ravel()])
        known = torch.from_numpy(np.flatnonzero(np.isfinite(mean)))
        mean = torch.from_numpy(mean).float()
        self.out.bias.data[at + known] = ((mean - self.shift[at:at + len(mean)]) / self.scale[at:at + len(mean)])[known]

    def dense(self):
        """See `nets.Answers`."""
        return self.hidden, nets.scaled(self.out, self.scale, self.shift)

    def forward(self, image):
        x = self.body(self.stem(image)).reshape(image.shape[0], -1)
        x = self.out(F.relu(self.hidden(x))) * self.scale + self.shift
        pieces = torch.split(x, [int(np.prod(shape)) for shape in self.parts.values()], 1)
        return {name: piece.reshape((-1,) + shape) for piece, (name, shape) in zip(pieces, self.parts.items())}


def parts(rotation):
    """{name: shape} of the answers, in order."""
    return {"rotation": (len(TURN[rotation]),), "rotation_factor": (6,), "head": (3,), "head_factor": (6,),
            "points": (68, 2), "log_sigma": (68,)}


def matrices(numbers):
    """(N, 3, 3) rotations from (N, 6), the first two columns, or (N, 4), a quaternion of any length."""
    if numbers.shape[1] == 6:
        return losses.rotation_matrix(numbers)
    w, x, y, z = F.normalize(numbers, dim=1, eps=1e-4).unbind(1)
    return torch.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
                        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
                        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], 1).reshape(-1, 3, 3)


def turned(found, truth):
    """(N, 3) by how much truth is turned from what was found, about X, Y and Z: radians while it is little, 2 sin of half the
    angle in general, which has a slope everywhere."""
    m = truth @ found.transpose(1, 2)
    twice = torch.stack([m[:, 2, 1] - m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] - m[:, 0, 1]], 1)
    trace = m.diagonal(dim1=1, dim2=2).sum(1)
    return 0.5 * twice / torch.sqrt(((1 + trace) / 4).clamp(min=0.01))[:, None]


def factors(numbers):
    """(N, 3, 3) lower W from (N, 6): logarithms of its diagonal, then rows 2 and 3 below it. W^T W is the inverse of the
    covariance."""
    diagonal = numbers[:, :3].clamp(*_BOUNDS).exp()
    w = torch.diag_embed(diagonal)
    below = diagonal[:, [1, 2, 2]] * numbers[:, 3:].clamp(-3, 3)    # as shares of the row's diagonal: no unit of their own
    return w + torch.stack([torch.zeros_like(w[:, 0]), F.pad(below[:, :1], (0, 2)), F.pad(below[:, 1:], (0, 1))], 1)


def likelihood(away, numbers):
    """(N,) negative log likelihood of errors (N, 3) under Student's distribution of the covariance told by (N, 6)."""
    w = factors(numbers)
    squared = (w @ away[:, :, None]).pow(2).sum((1, 2))
    tail = 0.5 * (FREEDOM + 3) * torch.log1p(squared / (FREEDOM - 2))
    return tail - w.diagonal(dim1=1, dim2=2).log().sum(1)


def loss(net, y):
    """One number and its parts, of a batch of `head_crops.Heads`; each over the rows that know it."""
    out = net(y["image"][..., None].float())
    found = matrices(out["rotation"])
    chord = (found - y["rotation"]).pow(2).sum((1, 2)).add(1e-6).sqrt()
    radius = y["head"][:, 2:].clamp(min=1)
    away = (y["head"] - out["head"]) / radius
    apart = losses.points_likelihood(out["points"], out["log_sigma"], y["points"])
    told = {"rotation": _mean(chord, y["rotation_known"]),
            "rotation_sure": _mean(likelihood(turned(found, y["rotation"]), out["rotation_factor"]), y["rotation_known"]),
            "head": _mean(away.abs().sum(1), y["head_known"]),
            "head_sure": _mean(likelihood(away, out["head_factor"]), y["head_known"]),
            "points": _mean(apart.reshape(-1), y["points_known"].reshape(-1))}
    return sum(WEIGHTS[name] * value for name, value in told.items()), told


# Rotation and place are learned by their plain distance, which pulls from afar; likelihoods, with a tenth of the pull, tune
# how sure the network says it is
WEIGHTS = {"rotation": 2.0, "rotation_sure": 0.2, "head": 2.0, "head_sure": 0.2, "points": 0.5}


def _mean(values, known):
    return (values * known).sum() / known.sum().clamp(min=1)
