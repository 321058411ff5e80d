"""A network for the gaze of a face: a grey crop laid by the eyes in, yaw and pitch, how sure it is of them, out; the source
of such crops. No layer of it acts by chance: the same picture gives the same gaze."""
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from appliance.stages import crop
from engines.training import augment, eye_line, losses, nets
from engines.training.eye_line import SIZE
from engines.training.head_crops import jittered

SPREAD = 20.0           # degrees: about how far people look around
PARTS = {"gaze": (2,), "log_sigma": (1,)}


class FaceGaze(nn.Module):
    """(N, 112, 112, 1) -> gaze (N, 2): yaw, pitch in degrees in the crop's axes, log_sigma (N, 1) of degrees."""

    def __init__(self, width=1.0, widths=(24, 32, -48, 48, -64, 64, -96), hidden=128):
        super().__init__()
        widths = [int(np.sign(w)) * max(8, 8 * round(abs(w) * width / 8)) for w in widths]
        self.parts = PARTS
        self.stem, self.body = nets.Stem(2, widths[0]), nets.stack(*widths)
        self.hidden = nn.Linear(abs(widths[-1]) * 49, max(32, int(hidden * width)))
        self.out = nn.Linear(self.hidden.out_features, 3)
        nn.init.normal_(self.out.weight, std=0.01)
        nn.init.zeros_(self.out.bias)
        self.register_buffer("scale", torch.tensor([SPREAD, SPREAD, 1.0]))
        self.register_buffer("shift", torch.tensor([0, 0, 2.0]))

    def dense(self):
        """See `nets.Answers`."""
        return self.hidden, nets.scaled(self.out, self.scale, self.shift)

    def forward(self, image):
        x = self.body(self.stem(image)).reshape(image.shape[0], -1)
        x = self.out(F.relu(self.hidden(x))) * self.scale + self.shift
        return {"gaze": x[:, :2], "log_sigma": x[:, 2:]}


def loss(net, y):
    """One number and its parts of a batch of `Gazes`: likelihood of the angle under the sigma told, yaw shortened as it is on
    the sphere; and the angle itself."""
    out = net(y["image"][..., None].float())
    shorten = torch.stack([torch.cos(torch.deg2rad(y["gaze"][:, 1])), torch.ones_like(y["gaze"][:, 1])], 1)
    found, truth = out["gaze"] * shorten, y["gaze"] * shorten
    sure = losses.points_likelihood(found, out["log_sigma"][:, 0], truth).mean()
    angle = (found - truth).pow(2).sum(1).add(1e-2).sqrt().mean()
    return sure + 0.3 * angle, {"sure": sure, "angle": angle}


class Gazes:
    """A source of batches over rows (indices) of a Collection; `usable` says which rows can be used at all."""

    WANTS = "a gaze and eyes (or points)"

    def __init__(self, collection, rows=None, batch=64, seed=0):
        self.collection, self.size = collection, batch
        self.corners, self.gaze = corners(collection), collection["gaze"].astype(float)
        self.rows = np.where(self.usable())[0] if rows is None else rows
        self.rng = np.random.RandomState(seed)
        weight = collection.weight[self.rows]
        self.share = weight / weight.sum() if weight.sum() > 0 else None

    def usable(self):
        """(N,) bool: where eyes and gaze are known."""
        known = np.isfinite(self.corners).all((1, 2)) & np.isfinite(self.gaze).all(1)
        return known & (self.collection.weight > 0)

    def batch(self):
        """image (B, 112, 112) uint8, gaze (B, 2) degrees in the crops' axes."""
        rows = [self.row(i) for i in self.rng.choice(self.rows, self.size, p=self.share)]
        return {k: np.stack([r[k] for r in rows]) for k in rows[0]}

    def row(self, i, plain=False):
        """The crop of row i with its gaze; plain: not augmented."""
        seen = eye_line.square(self.corners[i])
        if not plain:
            seen = jittered(seen, *nudge(self.rng))
        picture = self.collection.luma(i)
        image, gaze = cut(picture, seen), eye_line.to_square(self.gaze[i], seen.roll, self._towards(i, picture))
        if not plain:
            image, gaze = self._changed(image, gaze)
        return {"image": np.ascontiguousarray(image), "gaze": gaze.astype(np.float32)}

    def image(self, i):
        """The plain crop of row i, whether its gaze is known or not."""
        return cut(self.collection.luma(i), eye_line.square(self.corners[i]))

    def in_camera(self, i, gaze):
        """(2,) what was answered about the plain crop of row i, in the axes that its label is told in."""
        picture = self.collection.luma(i) if self.collection.field_of_view else np.zeros((1, 1))
        return eye_line.from_square(gaze, eye_line.square(self.corners[i]).roll, self._towards(i, picture))

    def _towards(self, i, picture):
        return self.collection.towards(picture.shape, self.corners[i].mean(0))

    def _changed(self, image, gaze):
        if self.rng.uniform() < 0.5:
            image, gaze = image[:, ::-1], gaze * (-1, 1)
        if self.rng.uniform() < 0.1:
            image = augment.block(self.rng, image, 0.3)
        return augment.camera(self.rng, image), gaze


def cut(luma, square):
    """(112, 112) uint8 of a square of a picture."""
    image = np.empty((SIZE, SIZE), np.uint8)
    crop.cut(luma, square, image)
    return image


def nudge(rng):
    """By how much points of eyes are off: shares of the side, a factor, degrees."""
    return np.clip(rng.normal(0, 0.015, 2), -0.04, 0.04), np.exp(np.clip(rng.normal(0, 0.03), -0.08, 0.08)), rng.normal(0, 3)


def corners(collection):
    """(N, 4, 2) corners of the eyes: as they are told, else those of the 68 points."""
    told = collection["eyes"].astype(float)
    return np.where(np.isfinite(told), told, collection["points"].astype(float)[:, eye_line.CORNERS])
