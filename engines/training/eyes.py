"""Training crops for the iris network: rendered eyes, and the portraits' own with what their teachers saw."""
import numpy as np

from appliance import geometry
from appliance.face import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS
from engines.training import augment, shards

SIZE = 64
SIDE = 1.6
DRAWN_SIDE = 2.4        # side of a rendered picture / distance of the eye's corners
# Upper and lower lid, inner and outer corner in the teacher's mesh
UPPER_LOWER = ((386, 374, 362, 263), (159, 145, 33, 133))
# The teacher's iris points per eye in our order (nose, up, ear, down) around its centre
IRIS_OF_MESH = ((473, 476, 475, 474, 477), (468, 469, 470, 471, 472))


class Eyes:
    """A source of batches of left eyes (right ones mirrored). renders: shards' dict; portraits: from `portrait_eyes`."""

    def __init__(self, renders, portraits, mix=(44, 20), seed=0):
        self.renders, self.portraits, self.mix, self.rng = renders, portraits, mix, np.random.RandomState(seed)

    def batch(self):
        """image (B, 64, 64) uint8, points (B, 5, 2), gaze (B, 2), openness (B,), visible (B,) and weights (B,)."""
        rows = [self.render() for _ in range(self.mix[0])] + [self.portrait() for _ in range(self.mix[1])]
        return {k: np.stack([r[k] for r in rows]) for k in rows[0]}

    def render(self, i=None, plain=False):
        """A crop of a rendered eye."""
        r, rng = self.renders, self.rng
        i = rng.randint(len(r["luma"])) if i is None else i
        side = r["luma"].shape[1] * SIDE / DRAWN_SIDE
        middle = np.full(2, (r["luma"].shape[1] - 1) / 2.0)
        return self._row(r, i, middle, side, 0.0, plain, (1.0, 1.0, 1.0))

    def portrait(self, i=None, plain=False):
        """A crop of a photographed eye: iris points and openness are the teacher's, gaze is not known."""
        p, rng = self.portraits, self.rng
        i = rng.randint(len(p["luma"])) if i is None else i
        return self._row(p, i, p["centre"][i], p["side"][i], p["roll"][i], plain, (0.5, 0.0, 0.7))

    def _row(self, source, i, centre, side, roll, plain, weights):
        rng = self.rng
        if not plain:
            d, k, turn = augment.jitter(rng, 0.05, 0.1, 8.0, 0.0)
            centre, side, roll = centre + d * side, side * k, roll + turn
        there, _ = geometry.crop_transform(centre, side, roll, SIZE)
        crop = augment.warp(source["luma"][i], there, SIZE)
        visible = np.float32(source["visible"][i])
        if not plain:
            if rng.uniform() < 0.06:
                crop, visible = np.full_like(crop, rng.randint(20, 235)), np.float32(0)
            elif rng.uniform() < 0.1:
                crop = augment.block(rng, crop, 0.3)
            crop = augment.camera(rng, crop)
        a, g, o = weights
        return {"image": crop, "points": geometry.apply(there, source["points"][i]).astype(np.float32),
                "gaze": source["gaze"][i].astype(np.float32), "openness": np.float32(source["openness"][i]),
                "visible": visible, "iris_weight": np.float32(a * (source["openness"][i] > 0.25)),
                "gaze_weight": np.float32(g * (source["openness"][i] > 0.3)), "openness_weight": np.float32(o)}


def drawn(parts):
    """Left and right eyes of the renderer's shards as one list."""
    r = shards.read(parts, ("pictures", "iris", "gaze", "openness", "visible"))
    flat = {k: v.reshape((-1,) + v.shape[2:]) for k, v in r.items()}
    return {"luma": flat["pictures"], "points": flat["iris"], "gaze": flat["gaze"], "openness": flat["openness"],
            "visible": flat["visible"].astype(np.float32)}


def portrait_eyes(luma, mesh, points, rows):
    """Both eyes of each portrait as left eyes: the right one's picture and points mirrored.

    Openness: the teacher's lid distance over eye width, 0.33 (the portraits' median) for 1, 0.06 (its lids never quite
    meet) for 0.
    """
    out = {k: [] for k in ("luma", "points", "centre", "side", "roll", "openness", "gaze", "visible")}
    for i in rows:
        for eye, corners in ((0, LEFT_EYE_CORNERS), (1, RIGHT_EYE_CORNERS)):
            up, low, inner, outer = (mesh[i, j, :2] for j in UPPER_LOWER[eye])
            picture, iris, ends = luma[i], mesh[i, list(IRIS_OF_MESH[eye]), :2], points[i, list(corners)]
            if eye:
                flip = np.array([picture.shape[1] - 1, 0]), np.array([-1, 1])
                picture, iris, ends = picture[:, ::-1], flip[0] + flip[1] * iris, flip[0] + flip[1] * ends
            (x1, y1), (x0, y0) = ends            # outer (image right), inner
            out["luma"].append(picture)
            out["points"].append(iris)
            out["centre"].append((ends[0] + ends[1]) / 2)
            out["side"].append(SIDE * np.hypot(x1 - x0, y1 - y0))
            out["roll"].append(np.degrees(np.arctan2(y1 - y0, x1 - x0)))
            out["openness"].append(np.clip((np.linalg.norm(up - low) / np.linalg.norm(inner - outer) - 0.06) / 0.27, 0, 1.3))
            out["gaze"].append((0.0, 0.0))
            out["visible"].append(1.0)
    return {k: v if k == "luma" else np.array(v, np.float32) for k, v in out.items()}
