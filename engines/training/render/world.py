"""What all scenes share, loaded once: face model, skin painter, light of real places, backgrounds,
one OpenGL context."""
import glob
import os

import cv2
import numpy as np

from appliance.face import ARKIT
from engines.training.render.face_model import FaceModel
from engines.training.render.raster import Lights, Raster
from engines.training.render.skin import Painter


def sky_terms(panorama):
    """(9,) polynomial terms of the irradiance / pi of a (H, W) luma panorama, camera axes, mean
    level 1 (Ramamoorthi and Hanrahan 2001)."""
    h, w = panorama.shape
    t = (np.arange(h) + 0.5) / h * np.pi
    f = (np.arange(w) + 0.5) / w * 2 * np.pi
    y = -np.cos(t)[:, None] + 0 * f
    x, z = np.sin(t)[:, None] * np.sin(f), np.sin(t)[:, None] * np.cos(f)
    cell = np.sin(t)[:, None] * (np.pi / h) * (2 * np.pi / w)
    light = np.minimum(panorama, 12 * panorama.mean()) * cell
    bases = [1 + 0 * x, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y]
    scale = np.array([1, 2, 2, 2, 15 / 4, 15 / 4, 5 / 16, 15 / 4, 15 / 16]) / (4 * np.pi)
    terms = np.array([(light * b).sum() for b in bases]) * scale
    return terms / terms[0]


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
        """Openness to the sky of every vertex: at rest, and how it changes with blink and open
        jaw."""
        looks = np.zeros((3, 52), np.float32)
        looks[1, [ARKIT["eyeBlinkLeft"], ARKIT["eyeBlinkRight"]]] = 1
        looks[2, ARKIT["jawOpen"]] = 1
        t = np.arange(90)
        z = 1 - (2 * t + 1) / 90.0
        f = t * 2.399963
        directions = np.stack([np.sqrt(1 - z * z) * np.cos(f),
                              np.sqrt(1 - z * z) * np.sin(f), z], 1)
        out = []
        for look in looks:
            v = self.model.vertices(np.zeros(100), look)
            n = self.model.normals(v)
            weight = np.maximum(n.dot(directions.T), 0)
            seen = np.stack([self.raster.seen(v + 1.5 * n, self.model.triangles, d)
                            for d in directions], 1)
            out.append(((weight * seen).sum(1) / (weight.sum(1) + 1e-6)))
        return np.array(out, np.float32)

    def shade(self, blendshapes, vertices, normals):
        """(N,) openness to the sky for an expression."""
        rest, shut, jaw = self._shade
        x = self.model.rest[:, 0]
        blink = np.where(x > 0,
    blendshapes[ARKIT["eyeBlinkLeft"]],
     blendshapes[ARKIT["eyeBlinkRight"]])
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
        path = self.backgrounds[rng.integers(len(self.backgrounds))]
        picture = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
        h, w = picture.shape
        side = int(min(h, w) * rng.uniform(0.35, 1.0))
        x, y = rng.integers(w - side + 1), rng.integers(h - side + 1)
        crop = cv2.resize(picture[y:y + side, x:x + side], size, interpolation=cv2.INTER_LINEAR)
        if rng.random() < 0.7:
            crop = cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.5, 6))
        if rng.random() < 0.5:
            crop = crop[:, ::-1]
        return (crop / 255.0).astype(np.float32) ** 2.2


def lights(rng, skies):
    """Random Lights: a sky turned any way, a key, and now and then a window behind, a lamp, a
    monitor's glow."""
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
    strengths = np.array([key, rng.uniform(0, 3) * (rng.random() < 0.3),
                          rng.uniform(0, 1.2) * (rng.random() < 0.4),
                          rng.uniform(0, 1) * (rng.random() < 0.5)])
    shadow = rng.uniform(0.3, 0.95)
    return Lights(directions, strengths, sky * rng.uniform(0.25, 1.0),
                  to_sky, shadow if key > 0.25 else 0.0)
