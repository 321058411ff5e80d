"""One random head in front of one random camera: sampled from a generator, turned into a mesh with lights."""
import glob
import os
from dataclasses import dataclass, field
from typing import Optional

import cv2
import numpy as np

from appliance import geometry
from appliance.face import ARKIT
from engines.training.render import shapes
from engines.training.render.expression import sample_expression, sample_gaze
from engines.training.render.face_model import FaceModel
from engines.training.render.raster import Lights, Raster, Tones, join
from engines.training.render.skin import Painter

PICTURE = (640, 480)


def sky_terms(panorama):
    """(9,) polynomial terms of the irradiance / pi of a (H, W) luma panorama, camera axes, mean level 1
    (Ramamoorthi and Hanrahan 2001)."""
    h, w = panorama.shape
    t = (np.arange(h) + 0.5) / h * np.pi
    f = (np.arange(w) + 0.5) / w * 2 * np.pi
    y = -np.cos(t)[:, None] + 0 * f
    x, z = np.sin(t)[:, None] * np.sin(f), np.sin(t)[:, None] * np.cos(f)
    light = np.minimum(panorama, 12 * panorama.mean()) * np.sin(t)[:, None] * (np.pi / h) * (2 * np.pi / w)
    bases = [1 + 0 * x, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y]
    scale = np.array([1, 2, 2, 2, 15 / 4, 15 / 4, 5 / 16, 15 / 4, 15 / 16]) / (4 * np.pi)
    terms = np.array([(light * b).sum() for b in bases]) * scale
    return terms / terms[0]


@dataclass
class Scene:
    """What one picture shows. rotation, translation: camera_from_head, mm. gaze (2, 2) degrees. fov degrees.
    albedo: (N,) linear luma per vertex of a photographed skin, NaN where the photograph shows none."""

    seed: tuple
    identity: np.ndarray
    blendshapes: np.ndarray
    gaze: np.ndarray
    angles: tuple
    translation: np.ndarray
    fov: float
    look: dict = field(default_factory=dict)
    albedo: Optional[np.ndarray] = None

    @property
    def rotation(self):
        return geometry.matrix_from_angles(*self.angles)

    @property
    def focal(self):
        return geometry.focal_length(PICTURE[0], self.fov)


def _yaw(rng):
    draw = rng.random()
    size = abs(rng.normal(0, 14)) if draw < 0.5 else rng.uniform(30, 60) if draw < 0.82 else rng.uniform(60, 90)
    return min(size, 90) * rng.choice([-1, 1])


def sample(rng, seed=()):
    """A Scene. rng: numpy Generator; everything about the picture follows from it."""
    distance = np.exp(rng.uniform(np.log(300), np.log(1500)))
    fov = rng.uniform(50, 80)
    angles = (_yaw(rng), np.clip(rng.normal(0, 17), -45, 45), np.clip(rng.normal(0, 12), -30, 30))
    gaze = sample_gaze(rng, distance)
    blendshapes = sample_expression(rng, gaze)
    identity = np.zeros(100, np.float32)
    identity[:60] = 0.8 * rng.normal(size=60)
    identity[60:] = 0.8 * rng.normal(size=40)
    reach = np.tan(np.radians(fov / 2)) * distance
    place = np.array([rng.uniform(-0.6, 0.6) * reach, rng.uniform(-0.4, 0.4) * reach, distance])
    return Scene(seed, identity, blendshapes, gaze, angles, place, fov, _look(rng))


def _look(rng):
    """Everything random about light, skin, hair and things worn, as plain numbers."""
    female = rng.random() < 0.5
    tone = np.exp(rng.uniform(np.log(0.05), np.log(0.55)))
    hair = np.exp(rng.uniform(np.log(0.008), np.log(0.35)))
    if tone < 0.14:
        hair = min(hair, 0.04)
    beard = 0.0 if female or rng.random() < 0.45 else rng.choice([rng.uniform(0.15, 0.4), rng.uniform(0.4, 1)])
    return dict(
        tone=tone, hair=hair, brow=min(hair * rng.uniform(0.5, 1.0), 0.8 * tone), beard=beard,
        brow_width=rng.uniform(0.30, 0.6), brow_strength=rng.uniform(0.25, 1.0),
        makeup=float(female and rng.random() < 0.5), bald=rng.random() < (0.02 if female else 0.18),
        hairline=rng.normal(0, 6) + (0 if female else 3), bangs=rng.random() < (0.3 if female else 0.12),
        volume=rng.uniform(3, 26 if female else 16), long=female and rng.random() < 0.6,
        lashes=rng.choice([0.0, rng.uniform(0.25, 0.6) + 0.15 * female]), curl=rng.choice([0.0, rng.uniform(0, 1)]),
        glasses=rng.random() < 0.2, occluder=rng.choice(["hand", "microphone", "mug"])
        if rng.random() < 0.12 else "", worn=rng.choice(["", "headset", "band", "cap", "hood"],
                                                         p=[0.88, 0.04, 0.02, 0.04, 0.02]),
        skin=(rng.uniform(0.02, 0.14), rng.uniform(0.01, 0.10), rng.choice([0, 0, rng.uniform(0, 0.3)]),
              rng.uniform(0, 50)),
        iris=(np.exp(rng.uniform(np.log(0.02), np.log(0.3))), np.cos(np.radians(rng.uniform(6.5, 12))),
              np.cos(np.radians(22.0)), rng.choice([0.0, rng.uniform(0.5, 4)], p=[0.15, 0.85])),
        seed=int(rng.integers(2 ** 31)))


class World:
    """What all scenes share: model, painter, skies, backgrounds, shade; one OpenGL context."""

    def __init__(self, data):
        """data: the folder with ict_face.npz, env_hdri.npz and backgrounds/."""
        self.model = FaceModel(os.path.join(data, "ict_face.npz"))
        self.painter = Painter(self.model)
        self.raster = Raster()
        env = np.load(os.path.join(data, "env_hdri.npz"))["env"].astype(np.float32)
        self.skies = [sky_terms(e @ np.array([0.2126, 0.7152, 0.0722], np.float32)) for e in env]
        self.backgrounds = sorted(glob.glob(os.path.join(data, "backgrounds", "*.jpg")))
        self.triangles = {True: self.model.triangles, False: self.model.coarse}
        self._shade = self._openness()
        inside = self.painter.teeth | self.painter.gums
        self.mouth_shut = {fine: t[~inside[t].all(1)] for fine, t in self.triangles.items()}

    def _openness(self):
        """Openness to the sky of every vertex: at rest, and how it changes with blink and open jaw."""
        looks = np.zeros((3, 52), np.float32)
        looks[1, [ARKIT["eyeBlinkLeft"], ARKIT["eyeBlinkRight"]]] = 1
        looks[2, ARKIT["jawOpen"]] = 1
        t = np.arange(90)
        z = 1 - (2 * t + 1) / 90.0
        f = t * 2.399963
        directions = np.stack([np.sqrt(1 - z * z) * np.cos(f), np.sqrt(1 - z * z) * np.sin(f), z], 1)
        out = []
        for look in looks:
            v = self.model.vertices(np.zeros(100), look)
            n = self.model.normals(v)
            weight = np.maximum(n.dot(directions.T), 0)
            seen = np.stack([self.raster.seen(v + 1.5 * n, self.model.triangles, d) for d in directions], 1)
            out.append(((weight * seen).sum(1) / (weight.sum(1) + 1e-6)))
        return np.array(out, np.float32)

    def shade(self, blendshapes, vertices, normals):
        """(N,) openness to the sky for an expression."""
        rest, shut, jaw = self._shade
        x = self.model.rest[:, 0]
        blink = np.where(x > 0, blendshapes[ARKIT["eyeBlinkLeft"]], blendshapes[ARKIT["eyeBlinkRight"]])
        wide = max(0.0, blendshapes[ARKIT["jawOpen"]] - blendshapes[ARKIT["mouthClose"]])
        shade = rest + blink * (shut - rest) + wide * (jaw - rest)
        lm = self.model.landmarks(vertices)
        for side, (upper, lower) in enumerate((((43, 44), (46, 47)), ((37, 38), (40, 41)))):
            index = self.model.eyes[side]
            y = vertices[index, 1]
            top, bottom = lm[list(upper), 1].mean(), lm[list(lower), 1].mean()
            lit = np.clip((y - top) / 4.0, 0, 1) * np.clip((bottom + 2.5 - y) / 3, 0, 1)
            shade[index] = (0.3 + 0.65 * lit) * np.clip((bottom - top) / 4.0, 0.08, 1)
        return np.clip(shade, 0.02, 1)

    def background(self, rng, size):
        """(h, w) float32 radiance, 0 to about 1, of a random crop."""
        picture = cv2.imread(self.backgrounds[rng.integers(len(self.backgrounds))], cv2.IMREAD_GRAYSCALE)
        h, w = picture.shape
        side = int(min(h, w) * rng.uniform(0.35, 1.0))
        x, y = rng.integers(w - side + 1), rng.integers(h - side + 1)
        crop = cv2.resize(picture[y:y + side, x:x + side], size, interpolation=cv2.INTER_LINEAR)
        if rng.random() < 0.7:
            crop = cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.5, 6))
        if rng.random() < 0.5:
            crop = crop[:, ::-1]
        return (crop / 255.0).astype(np.float32) ** 2.2


def strands(look):
    """(3, 3) rest position (cm) to the pattern of the hair: fine across the strands, slow along them."""
    rng = np.random.default_rng(look["seed"] + 2)
    along = np.array([rng.normal(0, 0.35), 1, rng.normal(0, 0.35)])
    along /= np.linalg.norm(along)
    fine = rng.uniform(9, 18)
    return fine * (np.eye(3) - (0.85 - 0.6 * look["curl"]) * np.outer(along, along))


def lights(rng, skies):
    """Random Lights: a sky turned any way, a key, and now and then a window behind, a lamp, a monitor's glow."""
    a = rng.uniform(0, 2 * np.pi)
    to_sky = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    sky = skies[rng.integers(len(skies))].copy()
    sky[1:] *= rng.uniform(0.5, 1.2)
    directions = np.array([[rng.normal(0, 1), rng.normal(-0.6, 0.6), rng.normal(-0.6, 0.5)],
                           [rng.normal(0, 1), rng.normal(0, 0.5), rng.uniform(0.1, 1)],
                           [rng.normal(0, 0.3), rng.uniform(0, 0.8), -1],
                           [rng.normal(0, 1), rng.normal(-0.5, 0.5), rng.normal(-0.5, 0.5)]])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    key = rng.choice([rng.uniform(0, 0.8), rng.uniform(0.5, 3)])
    strengths = np.array([key, rng.uniform(0, 3) * (rng.random() < 0.3), rng.uniform(0, 1.2) * (rng.random() < 0.4),
                          rng.uniform(0, 1) * (rng.random() < 0.5)])
    shadow = rng.uniform(0.3, 0.95)
    return Lights(directions, strengths, sky * rng.uniform(0.25, 1.0), to_sky, shadow if key > 0.25 else 0.0)


def build(scene, world, fine=True):
    """(mesh in the camera frame, head vertices in the head frame, rims of the spectacles or None, rng).

    fine: every triangle of the face model, for pictures in which an eye is more than some 20 pixels wide.
    """
    look, model = scene.look, world.model
    rng = np.random.default_rng(look["seed"])
    v = model.vertices(scene.identity, scene.blendshapes, scene.gaze)
    n = model.normals(v)
    paint = world.painter.paint(rng, look)
    if scene.albedo is not None:
        known = np.isfinite(scene.albedo) & world.painter.skin
        paint[known, 0], paint[known, 3] = scene.albedo[known], 0
    paint[:, 1] = world.shade(scene.blendshapes, v, n)
    textured = np.where(world.painter.eyes[:, None], model.eye, model.rest)
    meshes = [shapes.Mesh(v, n, paint, textured, _visible(scene, world, v, fine))]
    meshes += _hair(rng, look, v, n, world.painter) + _worn(rng, look, v, n, world.painter)
    meshes += _tongue(scene, model.landmarks(v))
    neck = v[v[:, 1] > np.percentile(v[:, 1], 99.5)].mean(0)
    meshes += shapes.shoulders(neck, np.exp(rng.uniform(np.log(0.01), np.log(0.6))), rng)
    rims = None
    if look["glasses"]:
        lm = model.landmarks(v)
        middles = np.array([lm[[42, 45]].mean(0), lm[[36, 39]].mean(0)])
        more, rims = shapes.spectacles(middles, np.ptp(lm[[0, 16], 0]) + 4, lm[[0, 16], 2].mean(), rng,
                                       lm[27, 2] - 2)
        meshes += more
    meshes += _held(rng, look, scene)
    mesh = join(meshes)
    r = scene.rotation.astype(np.float32)
    mesh = mesh._replace(position=mesh.position.dot(r.T) + scene.translation.astype(np.float32),
                         normal=mesh.normal.dot(r.T))
    return mesh, v, rims, rng


def _visible(scene, world, v, fine):
    """The head's triangles; without the mouth's inside while the lips are shut."""
    inner = world.model.landmarks(v)
    gap = np.linalg.norm(inner[[61, 62, 63]] - inner[[67, 66, 65]], axis=1).max()
    if gap > 1.2 or scene.blendshapes[ARKIT["tongueOut"]] > 0:
        return world.triangles[fine]
    return world.mouth_shut[fine]


def _tongue(scene, lm):
    share = scene.blendshapes[ARKIT["tongueOut"]]
    return [shapes.tongue(lm[66], lm[62], share, 0.5 * scene.look["tone"] + 0.04)] if share > 0 else []


def _hair(rng, look, v, n, painter):
    model = painter.model
    above = painter.above_hairline(look["hairline"]) + 3 * painter.lumps(rng, 1, 2, 4)
    if look["bangs"]:
        front = np.clip(1 - np.abs(model.rest[:, 0]) / 6.5, 0, 1) * (model.rest[:, 2] > 5)
        above = above + front * rng.uniform(8, 20)
    share = np.clip(above / rng.uniform(3, 9), 0, 1) * (model.part <= 2)
    if look["bald"]:
        share *= (np.abs(model.rest[:, 0]) > 6) * (rng.random() < 0.5) * 0.7
    if look["worn"] == "hood" or share.max() <= 0.02:
        return []
    lumps = painter.lumps(rng, 0.7, 0.7, 1.2)
    top = np.clip(model.rest[:, 1] / 12, 0.3, 1) ** rng.uniform(0, 2)
    thick = look["volume"] * (0.4 if look["worn"] else 1) * top
    out = [shapes.hair_shell(v, n, model.rest, model.coarse, share * a, thick * b, lumps)
           for a, b in ((1.0, 0.5), (0.9, 0.85), (0.75, 1.0))]
    if look["long"] and not look["bald"]:
        out += shapes.curtain(v, model.rest, look["volume"], rng)
    return out


def _worn(rng, look, v, n, painter):
    """Headsets and hats."""
    model, kind = painter.model, look["worn"]
    albedo = np.exp(rng.uniform(np.log(0.01), np.log(0.6)))
    if kind == "headset":
        lm = model.landmarks(v)
        ears = lm[[16, 0]] + np.array([[6, -5, 24], [-6, -5, 24]])
        top = np.array([0, v[:, 1].min() - 6, ears[:, 2].mean() - rng.uniform(-10, 25)])
        return shapes.headband(top, ears, albedo, rng.random() < 0.75)
    if kind == "band":
        share = ((np.abs(painter.above_hairline(rng.uniform(-8, 8)) - 4) < rng.uniform(4, 8)) & (model.part <= 2)) * 1.0
        return [shapes.hair_shell(v, n, model.rest, model.coarse, share, 7 + 0 * share, 0 * share, shapes.MATTE, albedo)]
    if kind in ("cap", "hood"):
        lift = rng.uniform(-14, 4) if kind == "cap" else 0
        above = painter.above_hairline(lift) + (12 if kind == "hood" else 0)
        if kind == "cap":
            above = np.where(model.rest[:, 1] < 4.5, -1, above)
        share = (above > 0) * (model.part <= 2) * 1.0
        lumps = painter.lumps(rng, 0.4, 0.8)
        out = [shapes.hair_shell(v, n, model.rest, model.coarse, share, rng.uniform(10, 16) + 0 * share, 0.4 * lumps,
                                 shapes.MATTE, albedo)]
        if kind == "cap" and rng.random() < 0.6:
            front = v[(share > 0) & (model.rest[:, 2] > 6)]
            edge = front[front[:, 1] > np.percentile(front[:, 1], 80)].mean(0) if len(front) else v[0]
            out.append(shapes.ellipsoid(edge + (0, 2, -38), (62, 4, 62), albedo, shapes.MATTE))
        return out
    return []


def _held(rng, look, scene):
    """Things in front of the face, placed in the head frame."""
    if look["occluder"] == "hand":
        turn = geometry.matrix_from_angles(rng.uniform(-30, 30), rng.uniform(-30, 30), rng.uniform(-120, 120))
        centre = np.array([rng.normal(0, 45), rng.normal(40, 50), rng.uniform(-95, -70)])
        return shapes.hand(rng, centre, look["tone"] * rng.uniform(0.8, 1.1), turn, rng.uniform(0, 1.2))
    if look["occluder"] == "microphone":
        tip = np.array([rng.normal(0, 30), rng.uniform(55, 95), rng.uniform(-110, -80)])
        end = tip + np.array([rng.normal(0, 60), 150, rng.normal(-10, 30)])
        return [shapes.ellipsoid(tip, np.full(3, rng.uniform(15, 30)), 0.05),
                shapes.tube([tip, end], rng.uniform(8, 14), 0.04, shapes.GLOSSY, 12)]
    if look["occluder"] == "mug":
        foot = np.array([rng.normal(0, 20), rng.uniform(75, 120), rng.uniform(-110, -90)])
        tilt = np.array([0, -1, rng.uniform(0, 0.6)]) * rng.uniform(70, 95)
        albedo = rng.uniform(0.03, 0.7)
        return [shapes.tube([foot, foot + tilt], rng.uniform(32, 42), albedo, shapes.GLOSSY, 20),
                shapes.ellipsoid(foot, (36, 4, 36), albedo, shapes.GLOSSY)]
    return []
