"""Rows of samples in, crops of heads with their labels out: what the head pose network learns from and is scored on."""
import numpy as np

from appliance import geometry
from appliance.face import LANDMARK_MIRROR
from appliance.stages import crop
from engines.training import augment
from engines.training.head_pose import SIZE
from engines.training.collection import squares

_MIRROR = np.diag([-1.0, 1, 1])
LABELS = ("rotation", "head", "points")


class Heads:
    """A source of batches over rows (indices) of a Collection; `usable` says which rows can be used at all."""

    WANTS = "a face (points, box or head) with a rotation, head or points"

    def __init__(self, collection, rows=None, batch=64, seed=0):
        self.collection, self.size = collection, batch
        self.squares, self.labels = squares(collection), {name: collection[name].astype(float) for name in LABELS}
        self.known = {name: collection.known(name) for name in ("rotation", "head")}
        self.rows = np.where(self.usable())[0] if rows is None else rows
        self.rng = np.random.RandomState(seed)
        weight = collection.weight[self.rows]
        self.share = weight / weight.sum() if weight.sum() > 0 else None

    def usable(self):
        """(N,) bool: a face, and at least one label of it."""
        some = self.known["rotation"] | self.known["head"] | np.isfinite(self.labels["points"]).all(2).any(1)
        return np.array([square is not None for square in self.squares]) & some & (self.collection.weight > 0)

    def batch(self):
        """image (B, 128, 128) uint8; rotation (B, 3, 3), head (B, 3), points (B, 68, 2), in the crop, and of each how far it
        is known: rotation_known, head_known (B,), points_known (B, 68)."""
        rows = [self.row(i) for i in self.rng.choice(self.rows, self.size, p=self.share)]
        return {k: np.stack([r[k] for r in rows]) for k in rows[0]}

    def row(self, i, plain=False):
        """The crop of row i with its labels; plain: not augmented."""
        rng, square = self.rng, self.squares[i]
        picture = self.collection.luma(i)
        if not plain:
            square = jittered(square, *augment.jitter(rng))
        image = np.empty((SIZE, SIZE), np.uint8)
        back = crop.cut(picture, square, image)
        labels = self._placed(i, square, picture.shape)
        if not plain and rng.uniform() < 0.5:
            image, labels = image[:, ::-1], mirrored(labels)
        if not plain:
            image = self._spoilt(image)
        return dict(_told(labels), image=np.ascontiguousarray(image))

    def _placed(self, i, square, shape):
        """(rotation, head, points) of row i in the crop of a square; NaN where not known."""
        there, _ = geometry.crop_transform(square.centre, square.side, square.roll, SIZE)
        rotation, head, points = (self.labels[name][i] for name in LABELS)
        turn = geometry.matrix_from_angles(0, 0, -square.roll)
        rotation = turn.dot(self.collection.towards(shape, self.squares[i].centre)).dot(rotation)
        head = np.append(geometry.apply(there, head[None, :2])[0], head[2] * SIZE / square.side)
        return rotation, head, geometry.apply(there, points)

    def _spoilt(self, image):
        for _ in range(self.rng.choice([0, 0, 0, 1, 2])):
            image = augment.block(self.rng, image)
        if self.rng.uniform() < 0.1:
            image = augment.curtain(self.rng, image)
        if self.rng.uniform() < 0.1:
            image = augment.bars(self.rng, image)
        return augment.camera(self.rng, image)

    def means(self, most=300):
        """((68, 2), (3,)) mean points and head over some crops, NaN where nothing is known: where a network begins."""
        some = self.rng.choice(self.rows, min(most, len(self.rows)), replace=False)
        placed = [self._placed(i, self.squares[i], (2, 2)) for i in some]
        return tuple(np.array([_mean(column) for column in np.stack([p[k] for p in placed]).reshape(len(placed), -1).T]
                              ).reshape(shape) for k, shape in ((2, (68, 2)), (1, (3,))))


def jittered(square, shift, scale, turn):
    """A square moved by shares of its side, scaled and turned by degrees."""
    x, y = np.array(square.centre) + np.asarray(shift) * square.side
    return crop.Square((float(x), float(y)), float(square.side * scale), float(square.roll + turn))


def mirrored(labels):
    """(rotation, head, points) of the crop's mirror image."""
    rotation, head, points = labels
    flip = np.array([-1.0, 1]), np.array([SIZE - 1.0, 0])
    return (_MIRROR.dot(rotation).dot(_MIRROR), np.append(head[:2] * flip[0] + flip[1], head[2]),
            points[LANDMARK_MIRROR] * flip[0] + flip[1])


def _told(labels):
    """As float32 without NaN, with what is known beside it."""
    out, ends = {}, {"rotation": (3, 3), "head": (3,), "points": (68, 2)}
    for name, value in zip(LABELS, labels):
        known = np.isfinite(value).all(1) if name == "points" else np.isfinite(value).all()
        out[name + "_known"] = np.asarray(known, np.float32)
        rest = np.eye(3) if name == "rotation" else np.zeros(ends[name])
        out[name] = np.where(np.isfinite(value), value, rest).astype(np.float32)
    return out


def _mean(values):
    values = values[np.isfinite(values)]
    return values.mean() if len(values) else np.nan

