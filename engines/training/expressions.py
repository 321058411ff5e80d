"""Training crops for the networks of mouth and brows: renders, turned portraits, and the portraits' few known shapes."""
import numpy as np

from appliance import geometry
from appliance.face import ARKIT, ARKIT_MIRROR
from appliance.stages.closeup import VIEWS, Turned
from appliance.stages.landmarks import TURN_FULL
from engines.training import augment
from engines.training.faces import UNIT, drawn_from, several, upright_box
from engines.training.nets import INPUTS

# Shapes for which the teacher's score follows the picture well enough to learn from (MATERIAL: the others hardly move),
# and the score from which it means something: it sees frowns and squints in faces at rest
TEACHER = {"jawOpen": 0.0, "mouthPucker": 0.0, "mouthSmileLeft": 0.0, "mouthSmileRight": 0.0, "browInnerUp": 0.05,
           "browDownLeft": 0.3, "browDownRight": 0.3, "browOuterUpLeft": 0.05, "browOuterUpRight": 0.05,
           "eyeSquintLeft": 0.5, "eyeSquintRight": 0.5, "eyeWideLeft": 0.05, "eyeWideRight": 0.05}
# Shapes that hardly any portrait shows: their labels are 0, so that photographs teach what no expression looks like
NEVER = ("cheekPuff", "jawForward", "jawLeft", "jawRight", "mouthLeft", "mouthRight", "tongueOut",
         "noseSneerLeft", "noseSneerRight")
KNOWN, ABSENT = 0.3, 0.1        # what such labels are worth beside a render's exact ones
POINT_NOISE = 0.02              # of the face's size: what the landmarks network errs by
ANGLE_NOISE = 4.0               # degrees, likewise


def with_teacher(portraits):
    """The portraits with blendshapes and their trust, from what the teacher says of them."""
    blend, trust = (np.zeros((len(portraits["luma"]), 52), np.float32) for _ in range(2))
    for name, least in TEACHER.items():     # the teacher's list begins with _neutral and has no tongueOut
        score = portraits["teacher"][:, 1 + ARKIT[name]]        # NaN where no teacher told shapes
        blend[:, ARKIT[name]] = np.nan_to_num(np.clip((score - least) / (1 - least), 0, 1))
        trust[:, ARKIT[name]] = KNOWN * np.isfinite(score)
    trust[:, [ARKIT[name] for name in NEVER]] = ABSENT
    return dict(portraits, blendshapes=blend, blend_weight=trust)


class Expressions:
    """A source of batches. name: one of VIEWS. portraits: a dict, or [(dict, share)]. mix: renders and portraits in
    a batch."""

    def __init__(self, name, renders, portraits, mix=(52, 12), seed=0):
        self.view, self.shape = VIEWS[name], INPUTS[name]["image"][1:3]
        self.renders, self.mix = renders, mix
        self.sources = [(renders, 1.0)], several(portraits)
        self.rng = np.random.RandomState(seed)

    def batch(self):
        """image (B, H, W) uint8, turn (B, 2), shapes (B, K), weight (B, K)."""
        chosen = [drawn_from(self.rng, sources) for sources, count in zip(self.sources, self.mix) for _ in range(count)]
        rows = [self.row(source, self.rng.randint(len(source["luma"]))) for source in chosen]
        return {k: np.stack([r[k] for r in rows]) for k in rows[0]}

    def row(self, source, i, plain=False):
        """The crop of row i with its labels; plain: not mirrored, not augmented (validation)."""
        rng = self.rng
        yaw, pitch, roll = geometry.angles_from_matrix(source["rotation"][i].astype(float))
        points, size = source["points"][i].astype(float), upright_box(source["points"][i], roll)[1]
        shapes, weight = source["blendshapes"][i], source["blend_weight"][i]
        if not plain:
            points = points + rng.normal(0, 0.5 * POINT_NOISE, (68, 2)) * size + rng.normal(0, POINT_NOISE, 2) * size
            size, roll = size * np.exp(np.clip(rng.normal(0, 0.05), -0.15, 0.15)), roll + rng.normal(0, 5)
            yaw, pitch = yaw + rng.normal(0, ANGLE_NOISE), pitch + rng.normal(0, ANGLE_NOISE)
        square, (height, side) = self.view.square(Turned(points, size, roll)), self.shape
        there, _ = geometry.crop_transform(square.centre, square.side, square.roll, side)
        if not plain and rng.uniform() < 0.5:
            there, yaw = augment.mirrored(there, side), -yaw
            shapes, weight = shapes[ARKIT_MIRROR], weight[ARKIT_MIRROR]
        crop = augment.warp(source["luma"][i], there, side)
        if not plain:
            crop = self._spoilt(crop)
        above, names = (side - height) // 2, self.view.shapes
        return {"image": crop[above:above + height],
                "turn": np.array((yaw, pitch), np.float32) / np.float32(TURN_FULL),
                "shapes": shapes[names].astype(np.float32), "weight": weight[names].astype(np.float32)}

    def _spoilt(self, crop):
        """Half of the crops with something in front or a poor camera: fine folds are what tells many shapes."""
        if self.rng.uniform() < 0.12:
            crop = augment.block(self.rng, crop, 0.35)
        return augment.camera(self.rng, crop, UNIT * self.shape[1]) if self.rng.uniform() < 0.6 else crop

    def statistics(self):
        """Mean and deviation (K,) of the renders' labels."""
        shapes = self.renders["blendshapes"][:, self.view.shapes]
        return shapes.mean(0), shapes.std(0) + 0.02
