"""Pictures of random heads with exact labels, as arrays and as npz shards, the same for the same
seed."""
import os
import time

import cv2
import numpy as np

from appliance import geometry
from appliance.face import ARKIT, LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS
from engines.training.render import assembly, scene as scenes, skin, world
from engines.training.render.raster import Tones

FACE, EYE = 344, 96
# Width and height of a drawn picture, and which of the 68 points lie around its middle.
VIEWS = {"face": ((FACE, FACE), slice(0, 68)), "brows": ((208, 160), slice(17, 48))}
EYE_SIZES = (28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144)
_PAD = 256
# Samples along each axis for a pixel: shading them is what drawing costs without a graphics card.
# Faces are shrunk and blurred later anyway; eyes are few pixels, and their irises thin.
FINER = {"face": 1.0, "eyes": 2.0}


def project(scene, points):
    """(..., 2) picture pixels of (..., 3) points in the head frame."""
    p = points.dot(scene.rotation.T) + scene.translation
    return p[..., :2] / p[..., 2:] * scene.focal + (np.array(scenes.PICTURE) - 1) / 2


def openness(blendshapes):
    """(2,) left, right: 0 closed, 1 usual, up to 1.3."""
    shut = blendshapes[[ARKIT["eyeBlinkLeft"], ARKIT["eyeBlinkRight"]]]
    wide = blendshapes[[ARKIT["eyeWideLeft"], ARKIT["eyeWideRight"]]]
    return np.clip(1 - shut + 0.3 * wide, 0, 1.3).astype(np.float32)


def develop(radiance, exposure):
    """uint8 luma of radiance: a camera's curve with a soft shoulder."""
    x = radiance * exposure
    x = np.where(x > 0.8, 0.8 + 0.2 * np.tanh((x - 0.8) / 0.4), x)
    return np.clip(255 * np.power(np.clip(x, 0, 1), 1 / 2.2) + 0.5, 0, 255).astype(np.uint8)


class Studio:
    """Draws scenes. One per process."""

    def __init__(self, data):
        self.world = world.World(data)

    def _stage(self, scene, kind):
        self.finer = FINER[kind]
        mesh, v, rims, rng = assembly.build(scene, self.world, kind == "eyes")
        self.vertices, self.rims, self.rng = v, rims, rng
        lights = world.lights(rng, self.world.skies)._replace(focus=scene.translation)
        if scene.albedo is not None:        # a photographed skin brings its own shading
            lights = lights._replace(strengths=0.25 * lights.strengths, shadow=0.3 * lights.shadow)
        self.gain = np.exp(rng.normal(0, 0.5))
        self.target = (rng.uniform(50, 200) / 255) ** 2.2
        self.backdrop = self.world.background(rng, (_PAD, _PAD))
        look = scene.look
        tones = Tones(look["hair"], look["brow"], look["skin"], look["iris"],
                      assembly.strands(look),
                      skin.creases(look["seed"], scene.blendshapes))
        self.world.raster.load(mesh, lights, tones)
        self.exposure = None

    def _draw(self, scene, crop, size, step=1):
        """(h, w) uint8 luma and the finer map of (radiance, material, depth, shade)."""
        centre = (np.array(scenes.PICTURE) - 1) / 2
        pixels = self.world.raster.view(scene.focal, centre, crop, size, self.finer, step)
        skin = pixels[..., 1] == 1
        if self.exposure is None:
            middle = np.median(pixels[skin, 0]) if skin.any() else self.target
            self.exposure = self.target / (middle + 1e-4)
        backdrop = cv2.resize(self.backdrop, (pixels.shape[1], pixels.shape[0]))
        level = backdrop * self.gain * 0.5 / self.exposure
        radiance = np.where(pixels[..., 1] > 0, pixels[..., 0], level)
        return pixels, radiance

    def _finish(self, radiance, size):
        bright = np.minimum(radiance * self.exposure, 1.6)
        small = cv2.resize(bright, size, interpolation=cv2.INTER_AREA)
        return develop(small, 1.0)

    def _seen(self, scene, crop, pixels):
        """(2,) bool: whether most of each eye's opening is seen, by depth at five points of it."""
        lm = self.world.model.landmarks(self.vertices)
        out = []
        for ids in ((42, 43, 44, 45, 46, 47), (36, 37, 38, 39, 40, 41)):
            p = lm[list(ids)]
            p = np.vstack([p.mean(0), 0.5 * p + 0.5 * p.mean(0)])
            depth = (p.dot(scene.rotation.T) + scene.translation)[:, 2]
            at = geometry.apply(crop, project(scene, p)) * self.finer + (self.finer - 1) / 2
            at = np.rint(at).astype(int)
            inside = ((at >= 0) & (at < pixels.shape[1::-1])).all(1)
            at = np.clip(at, 0, np.array(pixels.shape[1::-1]) - 1)
            found = pixels[at[:, 1], at[:, 0], 2]
            out.append((inside & (found > depth - 9)).mean() >= 0.5)
        return np.array(out)

    def _ray(self, scene, crop, at):
        """(3, 3) R_ray^T R for the ray through a point (x, y) of the crop."""
        back = cv2.invertAffineTransform(crop)
        x, y = geometry.apply(back, np.array([at], float))[0]
        cx, cy = (np.array(scenes.PICTURE) - 1) / 2
        ray = geometry.ray_rotation((x - cx) / scene.focal, (y - cy) / scene.focal)
        return ray.T.dot(scene.rotation)

    def face(self, scene, view="face"):
        """uint8 picture of one of VIEWS and a dict of labels."""
        size, around = VIEWS[view]
        self._stage(scene, "face")
        model, rng = self.world.model, self.rng
        points = project(scene, model.landmarks(self.vertices))
        low, high = points.min(0), points.max(0)
        scale = rng.uniform(145, 200) / np.sqrt(np.prod(high - low))
        shown = 0.5 * (points[around].min(0) + points[around].max(0))
        middle = (np.array(size) - 1) / 2 + rng.uniform(-6, 6, 2) - scale * shown
        crop = np.array([[scale, 0, middle[0]], [0, scale, middle[1]]])
        pixels, radiance = self._draw(scene, crop, size)
        picture = self._finish(radiance, size)
        picture = self._lens(picture, scene, crop, pixels)
        if rng.random() < 0.4:
            picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.0))
        iris = project(scene, model.iris(self.vertices))
        labels = dict(
            points=geometry.apply(crop, points).astype(np.float32),
            rotation_crop=self._ray(scene, crop, scale * (low + high) / 2 + middle).astype(
                np.float32),
            blendshapes=scene.blendshapes, gaze=scene.gaze.astype(np.float32),
            openness=openness(scene.blendshapes),
            iris=geometry.apply(crop, iris.reshape(-1, 2)).reshape(2, 5, 2).astype(np.float32),
            eye_visible=self._seen(scene, crop, pixels), glasses=bool(scene.look["glasses"]),
            angles=np.array(scene.angles, np.float32), seed=np.array(scene.seed, np.int64))
        return picture, labels

    def still(self, scene, crop, size, exposure=None):
        """uint8 (h, w) of a window (see raster.view) and the exposure: what a camera that stands
        still takes. exposure: another picture's, None: by the light on the skin."""
        self._stage(scene, "face")
        self.exposure = exposure
        return self._finish(self._draw(scene, crop, size)[1], size), self.exposure

    def _lens(self, picture, scene, crop, pixels):
        """Reflections on spectacles: a pale sheen, now and then a bright patch or a tint."""
        if self.rims is None:
            return picture
        rng = np.random.default_rng(scene.look["seed"] + 1)
        sheen, patch = rng.uniform(0, 0.12), rng.random() < 0.5
        tint = rng.uniform(0.25, 0.9) if rng.random() < 0.12 else 1.0
        small = cv2.resize(pixels, picture.shape[::-1], interpolation=cv2.INTER_NEAREST)
        depth = np.where(small[..., 1] > 0, small[..., 2], np.inf)
        offset = rng.uniform(-0.6, 0.6, 2)
        size, strength = rng.uniform(0.1, 0.7), rng.uniform(0.1, 0.9)
        slanted = np.array([[-1, -0.7], [0.6, -1], [1, 0.7], [-0.6, 1]])
        for rim in self.rims:
            ring = geometry.apply(crop, project(scene, rim))
            middle = ring.mean(0)
            reach = np.ptp(ring, axis=0)
            corner = middle + offset * reach / 2
            box = corner + size * reach / 2 * slanted
            inside = np.zeros(picture.shape, np.uint8)
            cv2.fillPoly(inside, [np.rint(ring * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
            glare = np.zeros(picture.shape, np.uint8)
            cv2.fillPoly(glare, [np.rint(box * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
            glare = cv2.GaussianBlur(glare, (0, 0), max(0.5, 0.03 * reach[0]))
            nearest = (rim.dot(scene.rotation.T) + scene.translation)[:, 2].mean()
            inside[depth < nearest - 6] = 0
            picture = picture * (1 - inside / 255.0 * (1 - tint))
            share = inside / 255.0 * (sheen + (strength * glare / 255.0 if patch else 0))
            picture = np.clip(picture + share * (245.0 - picture), 0, 255).astype(np.uint8)
        return picture

    def eyes(self, scene):
        """(2, 96, 96) uint8, left eye and mirrored right eye, and a dict of labels in those
        pictures."""
        self._stage(scene, "eyes")
        model, rng = self.world.model, self.rng
        points = project(scene, model.landmarks(self.vertices))
        face = np.sqrt(np.prod(np.ptp(points, axis=0)))
        iris = project(scene, model.iris(self.vertices))
        width = np.exp(rng.uniform(np.log(12), np.log(60)))
        self._expose(scene, points)
        pictures, contours, seen, turns = [], [], [], []
        for side, corners in enumerate((LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS)):
            outer, inner = points[list(corners)]
            way = (outer - inner) * (1, -1)[side]
            across = max(np.hypot(*way), 0.124 * face)
            size = min(EYE_SIZES, key=lambda s: abs(s - 2.4 * width))
            roll = np.degrees(np.arctan2(way[1], way[0]))
            crop, _ = geometry.crop_transform((outer + inner) / 2, 2.4 * across, roll, size)
            pixels, radiance = self._draw(scene, crop, (size, size))
            picture = self._lens(self._finish(radiance, (size, size)), scene, crop, pixels)
            if rng.random() < 0.3:
                picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 0.8))
            picture = cv2.resize(picture, (EYE, EYE), interpolation=cv2.INTER_LINEAR)
            at = (geometry.apply(crop, iris[side]) + 0.5) * EYE / size - 0.5
            if side == 1:
                picture, at[:, 0] = picture[:, ::-1], EYE - 1 - at[:, 0]
            pictures.append(picture)
            contours.append(at)
            turn = self._ray(scene, crop, 2 * [(size - 1) / 2])
            turns.append(geometry.angles_from_matrix(turn)[:2])
            seen.append(self._seen(scene, crop, pixels)[side])
        mirrored = np.array([[1, 1], [-1, 1]], np.float32)
        gaze = scene.gaze.astype(np.float32) * mirrored
        return np.stack(pictures), dict(
            iris=np.array(contours, np.float32), gaze=gaze,
            turn=np.array(turns, np.float32) * mirrored, openness=openness(scene.blendshapes),
            visible=np.array(seen), glasses=bool(scene.look["glasses"]), width=np.float32(width),
            angles=np.array(scene.angles, np.float32), blendshapes=scene.blendshapes,
            seed=np.array(scene.seed, np.int64))

    def _expose(self, scene, points):
        """Sets the exposure from a small picture of the whole face, as a camera would."""
        low, high = points.min(0), points.max(0)
        scale = 48 / max(high - low)
        crop = np.hstack([np.eye(2) * scale, (24 - scale * (low + high) / 2)[:, None]])
        self._draw(scene, crop, (48, 48), 5)


def one(studio, kind, seed, index):
    """Sample `index` of a seed: (picture, labels)."""
    rng = np.random.default_rng([seed, index])
    scene = (scenes.profile if kind == "profile" else scenes.sample)(rng, (seed, index))
    return studio.eyes(scene) if kind == "eyes" else studio.face(scene)


def write(path, data, kind, seed, start, count, studio=None):
    """Draws samples start .. start + count of a seed into one npz; prints a line now and then."""
    studio = studio or Studio(data)
    pictures, labels, began = [], [], time.time()
    for k in range(count):
        picture, label = one(studio, kind, seed, start + k)
        pictures.append(picture)
        labels.append(label)
        if (k + 1) % 200 == 0 or k + 1 == count:
            rate = (k + 1) / (time.time() - began)
            print("\r%s %d/%d, %.1f a second" % (path, k + 1, count, rate), end="", flush=True)
    print()
    table = {name: np.stack([np.asarray(l[name]) for l in labels]) for name in labels[0]}
    partial = path + ".partial.npz"
    np.savez(partial, picture=np.stack(pictures), **table)
    os.replace(partial, path)
