"""Training crops for the iris network: rendered eyes and heads, and the portraits' own with what their teachers saw."""
import numpy as np

from appliance import geometry
from appliance.face import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS
from appliance.stages.iris import MARGIN, SHARE_OF_FACE
from appliance.stages.landmarks import TURN_FULL
from engines.training import augment, shards
from engines.training.definition import box_size

SIZE = 64
DRAWN_SIDE = 2.4        # side of a rendered picture / distance of the eye's corners
# Upper and lower lid, inner and outer corner in the teacher's mesh
UPPER_LOWER = ((386, 374, 362, 263), (159, 145, 33, 133))
# Yaw and pitch of a mirrored right eye beside those of a left one
MIRRORED = np.array([[1, 1], [-1, 1]], np.float32)
# How far off the landmarks network's turn and squares are: degrees; shares of the side, of its logarithm, degrees
ANGLE_NOISE = 3.0
PLACE, SIZED, LEVEL = 0.05, 0.07, 5.0
DUSK = 0.25             # share of the crops that are seen in little light
# The teacher's iris points per eye in our order (nose, up, ear, down) around its centre
IRIS_OF_MESH = ((473, 476, 475, 474, 477), (468, 469, 470, 471, 472))


class Eyes:
    """A source of batches of left eyes (right ones mirrored). `sources` and `mix`: lists of as many dicts (see `drawn`,
    `of_heads`, `portrait_eyes`) and their shares of a batch."""

    def __init__(self, sources, mix=(20, 28, 16), seed=0):
        self.sources, self.mix, self.rng = sources, mix, np.random.RandomState(seed)

    def batch(self):
        """image (B, 64, 64) uint8, turn (B, 2), points (B, 5, 2), gaze (B, 2), openness (B,), visible (B,) and weights
        (B,)."""
        rows = [self.row(source, self.rng.randint(len(source["openness"])))
                for source, count in zip(self.sources, self.mix) for _ in range(count)]
        return {k: np.stack([r[k] for r in rows]) for k in rows[0]}

    def row(self, source, i, plain=False):
        """The crop of eye i with its labels; plain: not augmented (validation)."""
        rng, luma = self.rng, source["luma"][i // source["eyes"]]
        flip, turn = source["flip"][i], source["turn"][i]
        centre, side, roll = source["centre"][i].astype(float), float(source["side"][i]), float(source["roll"][i])
        if not plain:
            d, k, spin = augment.jitter(rng, PLACE, SIZED, LEVEL, 0.0)
            centre, side, roll = centre + d * side, side * k, roll + spin
            turn = turn + rng.normal(0, ANGLE_NOISE, 2)
        there, _ = geometry.crop_transform(centre, side, roll, SIZE)
        if flip:
            there = augment.mirrored(there, SIZE)
        crop = augment.warp(luma, there, SIZE)
        visible = np.float32(source["visible"][i])
        if not plain:
            if rng.uniform() < 0.06:
                crop, visible = np.full_like(crop, rng.randint(20, 235)), np.float32(0)
            elif rng.uniform() < 0.1:
                crop = augment.block(rng, crop, 0.3)
            if rng.uniform() < 0.6:
                crop = augment.camera(rng, crop)
            if rng.uniform() < DUSK:
                crop = augment.dusk(rng, crop, side)
        a, g, o = source["weights"]
        return {"image": crop, "turn": (turn / TURN_FULL).astype(np.float32),
                "points": geometry.apply(there, source["points"][i]).astype(np.float32),
                "gaze": source["gaze"][i].astype(np.float32), "openness": np.float32(source["openness"][i]),
                "visible": visible, "iris_weight": np.float32(a * (source["openness"][i] > 0.25)),
                "gaze_weight": np.float32(g * (source["openness"][i] > 0.3)), "openness_weight": np.float32(o)}


def drawn(parts):
    """Left and right eyes of the renderer's eye shards as one source: the right ones are drawn mirrored."""
    r = shards.read(parts, ("pictures", "iris", "gaze", "openness", "visible", "turn"))
    flat = {k: v.reshape((-1,) + v.shape[2:]) for k, v in r.items()}
    count, size = len(flat["openness"]), flat["pictures"].shape[1]
    return {"luma": flat["pictures"], "eyes": 1, "flip": np.zeros(count, bool), "points": flat["iris"],
            "gaze": flat["gaze"], "openness": flat["openness"], "visible": flat["visible"].astype(np.float32),
            "turn": flat["turn"], "centre": np.full((count, 2), (size - 1) / 2.0), "roll": np.zeros(count),
            "side": np.full(count, size * MARGIN / DRAWN_SIDE), "weights": (1.0, 1.0, 1.0)}


def of_heads(parts):
    """Both eyes of each head of the renderer's face shards."""
    r = shards.read(parts, ("pictures", "points", "rotation_crop", "iris", "gaze", "openness", "eye_visible"))
    turn = np.array([geometry.angles_from_matrix(m.astype(float))[:2] for m in r["rotation_crop"]])
    places = _places(r["points"], box_size(r["points"]))
    gaze = r["gaze"] * MIRRORED
    return dict(places, luma=r["pictures"], points=_flat(r["iris"]), gaze=_flat(gaze), openness=_flat(r["openness"]),
                visible=_flat(r["eye_visible"]).astype(np.float32), turn=_flat(turn[:, None] * MIRRORED),
                weights=(1.0, 1.0, 1.0))


def portrait_eyes(luma, mesh, points, rotation):
    """Both eyes of each portrait: iris points and openness are the teacher's, gaze is not known.

    Openness: the teacher's lid distance over eye width, 0.33 (the portraits' median) for 1, 0.06 (its lids never quite
    meet) for 0.
    """
    gaps = []
    for up, low, inner, outer in UPPER_LOWER:
        gap, width = (np.linalg.norm(mesh[:, a, :2] - mesh[:, b, :2], axis=1) for a, b in ((up, low), (inner, outer)))
        gaps.append(np.clip((gap / width - 0.06) / 0.27, 0, 1.3))
    turn = np.array([geometry.angles_from_matrix(m.astype(float))[:2] for m in rotation])
    iris = np.stack([mesh[:, list(of_eye), :2] for of_eye in IRIS_OF_MESH], 1)
    both = 2 * len(luma)
    return dict(_places(points, box_size(points)), luma=luma, points=_flat(iris), gaze=np.zeros((both, 2)),
                openness=np.stack(gaps, 1).reshape(-1), visible=np.ones(both, np.float32),
                turn=_flat(turn[:, None] * MIRRORED), weights=(0.5, 0.0, 0.7))


def that_look(luma, points, size, rotation, gaze):
    """Both eyes of photographs (N, S, S) of which the gaze relative to the head (N, 2) is known, and nothing else: iris
    and openness teach nothing. points: (N, 68, 2), the corners of the eyes at least; size: (N,) of the faces' boxes."""
    turn = np.array([geometry.angles_from_matrix(m.astype(float))[:2] for m in rotation]).reshape(-1, 2)
    both = 2 * len(luma)
    return dict(_places(points, size), luma=luma, points=np.zeros((both, 5, 2)), gaze=_flat(gaze[:, None] * MIRRORED),
                openness=np.ones(both), visible=np.ones(both, np.float32), turn=_flat(turn[:, None] * MIRRORED),
                weights=(0.0, 1.0, 0.0))


def _places(points, size):
    """Where the eyes' squares lie in pictures of one head each: left and right eye in turn."""
    ends = np.stack([points[:, list(LEFT_EYE_CORNERS)], points[:, list(RIGHT_EYE_CORNERS)][:, ::-1]], 1)
    way = ends[:, :, 0] - ends[:, :, 1]         # along the picture's x
    least = SHARE_OF_FACE * size[:, None]
    side = np.maximum(MARGIN * np.linalg.norm(way, axis=2), least)
    return {"eyes": 2, "flip": np.tile([False, True], len(points)), "centre": _flat(ends.mean(2)),
            "side": side.reshape(-1), "roll": np.degrees(np.arctan2(way[..., 1], way[..., 0])).reshape(-1)}


def _flat(values):
    """(N, 2, ...) as (2 N, ...)."""
    return values.reshape((-1,) + values.shape[2:])
