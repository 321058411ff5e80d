"""Training crops for the landmarks network: portraits, renders and what is no face, in batches with their labels."""
import os

import cv2
import numpy as np

from appliance import geometry
from appliance.face import LANDMARK_MIRROR
from engines.training import augment, shards
from engines.training.nets import INPUTS

SIZE = INPUTS["landmarks"]["image"][1]
SIDE = 1.35
TURNED = 45.0       # degrees of yaw
TWINS, PAIRS = 4, 3     # one in so many photographs, of drawn heads, comes with another picture in the same crop
UNIT = 1 / 128          # of the crop's side, in which the camera's blur is told
GRAIN = 8.0             # most noise of the camera's own that such pictures have, each another, in steps of 255
_MIRROR = np.diag([-1.0, 1, 1])


def upright_box(points, roll):
    """Centre (x, y) and sqrt(w h) of the tight box of (68, 2) points in the frame turned upright by roll degrees."""
    c, s = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    turn = np.array([[c, s], [-s, c]])
    p = points.dot(turn.T)
    low, high = p.min(0), p.max(0)
    return turn.T.dot((low + high) / 2), float(np.sqrt(np.prod(high - low)))


def seen_from(rotation, points, centre, focal):
    """The rotation (3, 3) for a camera that looks straight at the middle of the points' box, for one that looks straight
    at `centre`."""
    x, y = (centre - 0.5 * (points.min(0) + points.max(0))) / focal
    return geometry.ray_rotation(x, y).T.dot(rotation)


def several(sources):
    """[(source, share)] of such a list, of one source, or of none."""
    return list(sources) if isinstance(sources, (list, tuple)) else [(sources, 1.0)] if sources else []


def drawn_from(rng, sources):
    """One of [(source, share)], as often as its share says."""
    if len(sources) == 1:
        return sources[0][0]
    shares = np.cumsum([share for _, share in sources])
    return sources[int(np.searchsorted(shares, rng.uniform(0, shares[-1]), "right"))][0]


class Faces:
    """A source of batches. `portraits` and `renders` are dicts of arrays (see `load`), the first also [(dict, share)], drawn
    by their shares, `backgrounds` a list of luma, `hard` square crops
    of backgrounds, 1.3 times the face's square, that a detector took for faces, `size` the side of a crop, `twice` heads
    drawn twice (see `pairs`)."""

    def __init__(self, portraits, renders, backgrounds, mix=(30, 26, 8), seed=0, hard=(), size=SIZE, twice=None):
        self.portraits, self.renders, self.backgrounds, self.mix = several(portraits), renders, backgrounds, mix
        self.hard, self.size, self.twice = hard, size, twice
        self.rng, self._grain = np.random.RandomState(seed), np.random.RandomState(seed + 1)

    def batch(self):
        """image (B, size, size) uint8; points and rotation with their weights, score; other (B,): the row that shows the
        same head in the same crop, most rows their own."""
        photographs, drawn, negatives = self.mix
        twins, pairs = photographs // TWINS, drawn // PAIRS if self.twice else 0
        rows = []
        for make, count in ((self._twins, twins), (self._pair, pairs)):
            rows += [row for _ in range(count) for row in make()]
        other = np.arange(sum(self.mix))
        other[:len(rows)] ^= 1
        for make, count in ((self.portrait, photographs - 2 * twins), (self.render, drawn - 2 * pairs),
                            (self.negative, negatives)):
            rows += [make() for _ in range(count)]
        return dict({k: np.stack([r[k] for r in rows]) for k in rows[0]}, other=other)

    def portrait(self):
        """A crop of a random portrait."""
        return self.row(*self._photograph())

    def _photograph(self):
        """(source, row) of a random portrait."""
        source = drawn_from(self.rng, self.portraits)
        return source, self.rng.randint(len(source["luma"]))

    def render(self):
        """A crop of a random render."""
        return self.row(self.renders, self.rng.randint(len(self.renders["luma"])))

    def _twins(self):
        """One photograph under the noise of two moments."""
        source, i = self._photograph()
        return self._alike(source, i, i)

    def _pair(self):
        """A head drawn twice, the face moved in between."""
        i = 2 * self.rng.randint(len(self.twice["luma"]) // 2)
        return self._alike(self.twice, i, i + 1)

    def _alike(self, source, *pair):
        """Both rows in the crop of one of them, all that happens to them alike but for the noise."""
        like, grain = pair[self.rng.randint(2)], self.rng.uniform(0, GRAIN)
        state, rows = self.rng.get_state(), []
        for i in pair:
            self.rng.set_state(state)
            rows.append(self.row(source, i, like=like, grain=grain))
        return rows

    def row(self, source, i, plain=False, like=None, grain=0.0):
        """The crop of row i with its labels; plain: not augmented (validation). like: the row around whose face the crop
        lies, if it is another. grain: of noise in the picture."""
        rng = self.rng
        d, k, turn = (np.zeros(2), 1.0, 0.0) if plain else augment.jitter(rng)
        points, rotation, like = source["points"][i], source["rotation"][i].astype(float), i if like is None else like
        roll = geometry.angles_from_matrix(source["rotation"][like].astype(float))[2]
        centre, size = upright_box(source["points"][like], roll)
        side = SIDE * size * k
        if "focal" in source:
            rotation = seen_from(rotation, points, centre + d * side, source["focal"][i])
        roll += turn
        there, _ = geometry.crop_transform(centre + d * side, side, roll, self.size)
        rotation = geometry.matrix_from_angles(0, 0, -roll).dot(rotation)
        flip = not plain and rng.uniform() < 0.5
        if flip:
            there = augment.mirrored(there, self.size)
            rotation = _MIRROR.dot(rotation).dot(_MIRROR)
            points = points[LANDMARK_MIRROR]
        luma = source["luma"][i]
        crop = augment.warp(augment.grained(self._grain, luma, grain) if grain else luma, there, self.size)
        if not plain:
            for _ in range(rng.choice([0, 0, 0, 1, 2])):
                crop = augment.block(rng, crop)
            # A turned head is seldom whole: hair, a hand, a collar
            crop = self._seen(crop, 0.4 if abs(geometry.angles_from_matrix(rotation)[0]) > TURNED else 0.1)
        return {"image": crop, "points": geometry.apply(there, points).astype(np.float32),
                "point_weight": np.float32(source["weight"][i]), "rotation": rotation.astype(np.float32),
                "rotation_weight": np.float32(source["weight"][i] * (source["posed"][i] if "posed" in source else 1)),
                "score": np.float32(1)}

    def negative(self):
        """A crop that is no face: background, a face far off or of a wrong size, a face under a block."""
        rng = self.rng
        kind = rng.uniform()
        if kind < 0.4 and len(self.hard):
            crop = self._mistaken()
        elif kind < 0.5:
            crop = self._background()
        elif kind < 0.85:
            crop = self._drifted()
        else:
            crop = self._covered()
        return {"image": self._seen(crop, 0.2), "points": np.zeros((68, 2), np.float32),
                "point_weight": np.float32(0), "rotation": np.eye(3, dtype=np.float32),
                "rotation_weight": np.float32(0), "score": np.float32(0)}

    def _seen(self, crop, share=0.1):
        """Faces and all else alike: in a share of crops hair in front, in a tenth the picture's border, a camera."""
        if self.rng.uniform() < share:
            crop = augment.curtain(self.rng, crop)
        if self.rng.uniform() < 0.1:
            crop = augment.bars(self.rng, crop)
        return augment.camera(self.rng, crop, UNIT * self.size)

    def _background(self):
        rng = self.rng
        b = self.backgrounds[rng.randint(len(self.backgrounds))]
        side = rng.uniform(24, min(b.shape))
        centre = [rng.uniform(side / 2, b.shape[1] - side / 2), rng.uniform(side / 2, b.shape[0] - side / 2)]
        there, _ = geometry.crop_transform(centre, side, rng.normal(0, 20), self.size)
        if rng.uniform() < 0.5:
            there = augment.mirrored(there, self.size)
        return augment.warp(b, there, self.size)

    def _mistaken(self):
        """What a detector took for a face in a background."""
        crop = self.hard[self.rng.randint(len(self.hard))]
        middle, n = (crop.shape[0] - 1) / 2.0, crop.shape[0] / 1.3
        there, _ = geometry.crop_transform((middle, middle), n * np.exp(self.rng.normal(0, 0.1)), self.rng.normal(0, 8), self.size)
        return augment.warp(crop, augment.mirrored(there, self.size) if self.rng.uniform() < 0.5 else there, self.size)

    def _drifted(self):
        rng = self.rng
        source, i = self._photograph()
        if self.renders and rng.uniform() < 0.3:
            source, i = self.renders, rng.randint(len(self.renders["luma"]))
        low, high = source["points"][i].min(0), source["points"][i].max(0)
        side = SIDE * float(np.sqrt(np.prod(high - low)))
        kind = rng.uniform()
        a = rng.uniform(0, 2 * np.pi)
        away = np.array([np.cos(a), np.sin(a)]) * side
        if kind < 0.6:
            centre = (low + high) / 2 + away * rng.uniform(0.45, 0.9)
        elif kind < 0.8:
            centre, side = (low + high) / 2 + away * rng.uniform(0, 0.3), side * rng.uniform(0.15, 0.42)
        else:
            return self._face_in_background(source["luma"][i], (low + high) / 2, side)
        there, _ = geometry.crop_transform(centre, side, rng.normal(0, 25), self.size)
        return augment.warp(source["luma"][i], there, self.size)

    def _face_in_background(self, luma, centre, side):
        """A face far too small for the crop, off its middle."""
        n = int(self.rng.uniform(0.19, 0.34) * self.size)
        there, _ = geometry.crop_transform(centre, side, self.rng.normal(0, 10), n)
        crop = self._background()
        x, y = self.rng.randint(0, self.size - n, 2)
        crop[y:y + n, x:x + n] = augment.warp(luma, there, n)
        return crop

    def _covered(self):
        """A face of which a block hides nearly everything."""
        row = self.row(*self._photograph(), True)
        crop, n = row["image"], self.size
        m = self.rng.uniform(0.0, 0.14, 4)
        patch = self._background() if self.rng.uniform() < 0.4 else np.full((n, n), self.rng.uniform(30, 225), np.uint8)
        y0, y1, x0, x1 = int(m[0] * n), int(n - m[1] * n), int(m[2] * n), int(n - m[3] * n)
        crop[y0:y1, x0:x1] = patch[y0:y1, x0:x1]
        return crop


def load(material, renders=("faces_*.npz",), validation=False):
    """(portraits, renders, backgrounds) from a prepared material folder; validation: the rows kept out."""
    labels = np.load(os.path.join(material, "portrait_labels.npz"))
    luma = np.load(os.path.join(material, "portraits_luma.npz"))["luma"]
    rows = np.where(labels["val"] == validation)[0]
    weight = np.array([0.25, 0.7, 1.0])[labels["quality"]] * (labels["rms"] < 1e9)
    portraits = {"luma": luma[rows], "points": labels["points"][rows], "rotation": labels["rotation"][rows],
                 "weight": weight[rows].astype(np.float32), "teacher": labels["blend"][rows]}
    files = shards.find(material, renders)
    backgrounds = [cv2.imread(f, 0) for f in shards.find(os.path.join(material, "backgrounds"), ("*.jpg",))]
    return portraits, drawn(files) if files else None, backgrounds


def twice(files):
    """The heads that are drawn twice (see `pairs`) as one source, two rows a head; None without any."""
    return dict(drawn(files), focal=shards.read(files, ("focal",))["focal"]) if files else None


def drawn(files):
    """The renders of several shards as one source."""
    r = shards.read(files, ("pictures", "points", "rotation_crop", "blendshapes", "trust"))
    return {"luma": r["pictures"], "points": r["points"], "rotation": r["rotation_crop"],
            "weight": np.ones(len(r["points"]), np.float32), "blendshapes": r["blendshapes"], "blend_weight": r["trust"]}
