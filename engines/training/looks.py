"""Heads drawn to learn gaze from: rows of pictures of the eyes and brows and exact labels out.

Half of them wear spectacles, and nothing is held before the eyes of most.
"""
import time

import numpy as np

from engines.training.render import scene as scenes

SPECTACLES = 0.5
HELD = 0.2              # share of what is held before a face that stays


def sample(rng, seed):
    """A Scene whose eyes can be seen more often than not."""
    scene = scenes.sample(rng, seed)
    scene.look["glasses"] = rng.random() < SPECTACLES
    if rng.random() > HELD:
        scene.look["occluder"] = ""
    return scene


def draw(studio, seed, start, count):
    """Samples start .. start + count of a seed as a list of dicts: pictures and the renderer's labels."""
    rows, began = [], time.time()
    for k in range(start, start + count):
        picture, labels = studio.face(sample(np.random.default_rng((seed, k)), (seed, k)), "brows")
        rows.append(dict(labels, pictures=picture))
        if len(rows) % 200 == 0 or len(rows) == count:
            print("looks %d/%d, %.1f a second" % (len(rows), count, len(rows) / (time.time() - began)), flush=True)
    return rows
