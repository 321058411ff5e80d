"""Upper faces drawn to learn brows, squints and sneers from: rows of pictures and exact labels out.

Two of five wear a photographed skin: their brows are those that people have.
"""
import time

import numpy as np

from engines.training.render import scene as scenes
from engines.training.render.expression import with_brows

PHOTOGRAPHED = 0.4


def sample(rng, skins, seed):
    """A Scene whose upper face is at work more often than not; skins: see `turned.Skins`."""
    scene = scenes.sample(rng, seed)
    scene.blendshapes = with_brows(rng, scene.blendshapes)
    if rng.random() < PHOTOGRAPHED:
        wear(rng, scene, skins)
    return scene


def wear(rng, scene, skins):
    """Give the scene a random portrait's skin and the shape of its head, the expression stays; returns the portrait's own
    (52,) weights."""
    scene.albedo, scene.identity, own = skins(int(rng.choice(skins.rows)))
    skin = np.isfinite(scene.albedo) & skins.world.painter.skin
    scene.look["tone"] = float(np.clip(np.nanmedian(scene.albedo[skin]), 0.05, 0.6)) if skin.any() else 0.3
    scene.look["bald"] = scene.look["bald"] or rng.random() < 0.6
    scene.look["beard"], scene.look["bangs"] = 0.0, False
    return own


def draw(studio, skins, seed, start, count):
    """Samples start .. start + count of a seed as a list of dicts: pictures and the renderer's labels."""
    rows, began = [], time.time()
    for k in range(start, start + count):
        picture, labels = studio.face(sample(np.random.default_rng((seed, k)), skins, (seed, k)), "brows")
        rows.append(dict(labels, pictures=picture))
        if len(rows) % 200 == 0 or len(rows) == count:
            print("upper faces %d/%d, %.1f a second" % (len(rows), count, len(rows) / (time.time() - began)), flush=True)
    return rows
