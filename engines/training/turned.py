"""Portraits turned to new poses: each photograph becomes the skin of the face model fitted to it, drawn anew.

`python -m engines.training.turned --material DIR --data DIR --out DIR --count N --seed S` writes shards like the
renderer's; the face keeps its own expression in half of them and gets a drawn one in the others.
"""
import argparse
import os
import time

import numpy as np

from appliance.errors import DataError
from appliance.face import ARKIT
from engines.training import fit, shards, upper
from engines.training.portraits import Portraits
from engines.training.render import dataset, scene as scenes

PROFILES = 0.3
EYES = [i for name, i in ARKIT.items() if name.startswith(("eyeLook", "eyeBlink"))]


class Skins:
    """Per-vertex albedo of each usable portrait, sampled where its photograph shows the vertex."""

    def __init__(self, data, fits, world):
        self.portraits, self.fits, self.world = Portraits(data), np.load(fits), world
        ict = np.load(os.path.join(data, "ict_face.npz"))
        used = np.where((ict["mp478_to_ict"] >= 0) & (ict["mp478_spread_cm"].astype(float) < 0.35))[0]
        where = np.full(len(ict["verts"]), -1)
        where[world.model.source] = np.arange(len(world.model.source))
        at = where[ict["mp478_to_ict"][used]]
        self.mesh_ids, self.vertex_ids = used[at >= 0], at[at >= 0]
        size = np.sqrt(np.prod(np.ptp(self.portraits.points, axis=1), axis=1))
        self.rows = np.where((self.portraits.quality == 2) & ~self.portraits.validation
                             & (self.fits["rms"] / size < 0.014))[0]
        if not len(self.rows):
            raise DataError(data, "none of its portraits is sure enough to be a skin",
                            "give more photographs, or draw without them: --turned 0 --brows 0 --speakers 0")

    def __call__(self, i):
        """(albedo (N,) linear or NaN, identity (100,), weights (52,)) of portrait i."""
        identity = np.zeros(100, np.float32)
        identity[:fit.IDENTITIES] = self.fits["identity"][i]
        weights = self.fits["weights"][i].astype(np.float32)
        v = self.world.model.vertices(identity, weights, np.zeros((2, 2)))
        up = v * np.array([1, -1, -1])
        target = self.portraits.mesh[i][self.mesh_ids, :2] * [1, -1]
        r, scale, offset = fit.pose(up[self.vertex_ids], target, self.fits["R"][i].astype(float))
        at = (scale * up.dot(r[:2].T) + offset) * [1, -1]
        turned = up.dot(r.T) * np.array([1, -1, -1])
        normal = (self.world.model.normals(v) * np.array([1, -1, -1])).dot(r.T)
        seen = self.world.raster.seen(turned + 0.5, self.world.model.triangles, np.array([0, 0, -1.0]))
        seen &= normal[:, 2] > 0.25
        albedo = self._sample(i, at)
        albedo[~seen] = np.nan
        other = albedo[self.world.model.mirror]
        return np.where(np.isfinite(albedo), albedo, other), identity, weights

    def _sample(self, i, at):
        x0, y0, x1, y1 = self.portraits.valid[i]
        inside = (at[:, 0] > x0 + 1) & (at[:, 0] < x1 - 2) & (at[:, 1] > y0 + 1) & (at[:, 1] < y1 - 2)
        x, y = np.clip(at[:, 0], 0, 254), np.clip(at[:, 1], 0, 254)
        xi, yi = x.astype(int), y.astype(int)
        fx, fy = x - xi, y - yi
        p = self.portraits.luma[i].astype(np.float32)
        value = ((p[yi, xi] * (1 - fx) + p[yi, xi + 1] * fx) * (1 - fy)
                 + (p[yi + 1, xi] * (1 - fx) + p[yi + 1, xi + 1] * fx) * fy)
        return np.where(inside, (value / 255) ** 2.2, np.nan).astype(np.float32)


def sample(rng, skins, seed):
    """A Scene with a random portrait's skin, and the (52,) trust in its blendshape labels."""
    scene = (scenes.profile if rng.random() < PROFILES else scenes.sample)(rng, seed)
    own = upper.wear(rng, scene, skins)
    trust = np.full(52, 0.5, np.float32)
    if rng.random() < 0.5:
        drawn = scene.blendshapes
        scene.blendshapes = own
        scene.blendshapes[EYES] = drawn[EYES]
        trust[:] = 0
        trust[EYES] = 0.5
    return scene, trust


def draw(studio, skins, seed, start, count):
    """Samples start .. start + count of a seed as a list of dicts: pictures, trust and the renderer's labels."""
    rows, began = [], time.time()
    for k in range(start, start + count):
        scene, trust = sample(np.random.default_rng((seed, k)), skins, (seed, k))
        picture, labels = studio.face(scene)
        rows.append(dict(labels, pictures=picture, trust=trust))
        if len(rows) % 100 == 0 or len(rows) == count:
            rate = len(rows) / (time.time() - began)
            print("turned portraits %d/%d, %.1f a second" % (len(rows), count, rate), flush=True)
    return rows


def main():
    """Parses the arguments and writes the shards."""
    parser = argparse.ArgumentParser(prog="engines.training.turned")
    for name in ("--material", "--data", "--out"):
        parser.add_argument(name, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shard", type=int, default=1000)
    a = parser.parse_args()
    os.makedirs(a.out, exist_ok=True)
    studio = dataset.Studio(a.data)
    skins = Skins(a.data, os.path.join(a.material, "fits.npz"), studio.world)
    for first in range(0, a.count, a.shard):
        path = os.path.join(a.out, "turned_%d_%06d.npz" % (a.seed, first))
        shards.write(path, draw(studio, skins, a.seed, first, min(a.shard, a.count - first)))


if __name__ == "__main__":
    main()
