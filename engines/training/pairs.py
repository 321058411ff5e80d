"""Heads drawn twice, only the face moved in between: rows of pictures and exact labels out, the two of a pair in a row.

What differs between the answers to the two is what a face at work does to the measured head (see `losses.rest`).
"""
import copy
import time

import cv2
import numpy as np

from appliance import geometry
from appliance.face import ARKIT
from engines.training.render import dataset, scene as scenes
from engines.training.render.clip import VOWELS
from engines.training.render.expression import sample_expression, sample_gaze
from engines.training.render.face_model import look_weights, settle

RESTING = 0.5       # of the first pictures show a face at rest
AHEAD = 0.7         # of the heads are turned by little: who talks looks at somebody
ACTS = {"blink": (("eyeBlink", 1.0),), "smile": (("mouthSmile", 1.0), ("cheekSquint", 0.6), ("mouthDimple", 0.3))}


def both(rng, seed):
    """The two Scenes of a pair."""
    one = scenes.sample(rng, seed)
    if rng.random() < AHEAD:
        one.angles = tuple(np.array(one.angles) * (rng.uniform(0, 0.4), 0.5, 0.5))
        one.body = None
    if rng.random() < RESTING:
        one.gaze = np.clip(one.gaze, -10, 10)
        one.blendshapes = _moved(np.zeros(52, np.float32), look_weights(one.gaze))
    other = copy.copy(one)
    act = rng.choice(["blink", "talk", "talk", "smile", "any"])
    if act == "any":
        other.gaze = sample_gaze(rng, one.translation[2])
        other.blendshapes = sample_expression(rng, other.gaze)
    else:
        shapes = dict(VOWELS[rng.integers(len(VOWELS))][1] if act == "talk" else ACTS[act])
        share = rng.uniform(0.3, 1.0)
        other.blendshapes = _moved(one.blendshapes, {k: v * share * rng.uniform(0.8, 1.2) for k, v in shapes.items()})
    return one, other


def _moved(weights, shapes):
    """(52,) weights with {name, or one without its side for both: value} where that is more."""
    weights = weights.copy()
    for name, value in shapes.items():
        for full in (name,) if name in ARKIT else (name + "Left", name + "Right"):
            weights[ARKIT[full]] = max(weights[ARKIT[full]], value)
    return settle(weights)


def draw(studio, seed, start, count):
    """Pairs start .. start + count of a seed as a list of dicts, two a pair: pictures, points, rotation_crop,
    blendshapes, and the focal length in pixels of the picture."""
    rows, began = [], time.time()
    for k in range(start, start + count):
        rows += _pair(studio, np.random.default_rng((seed, k)), (seed, k))
        if (k + 1 - start) % 100 == 0 or k + 1 == start + count:
            print("pairs %d/%d, %.1f a second" % (k + 1 - start, count, (k + 1 - start) / (time.time() - began)), flush=True)
    return rows


def _pair(studio, rng, seed):
    two, size = both(rng, seed), (dataset.FACE, dataset.FACE)
    points = [dataset.project(scene, _shape(studio, scene)) for scene in two]
    low, high = points[0].min(0), points[0].max(0)
    scale = rng.uniform(145, 200) / np.sqrt(np.prod(high - low))
    window = np.hstack([scale * np.eye(2), ((dataset.FACE - 1) / 2 - scale * (low + high) / 2)[:, None]])
    blur, exposure, rows = rng.uniform(0.3, 1.0) if rng.random() < 0.4 else 0, None, []
    for scene, at in zip(two, points):
        picture, exposure = studio.still(scene, window, size, exposure)
        rows.append(dict(pictures=cv2.GaussianBlur(picture, (0, 0), blur) if blur else picture,
                         points=geometry.apply(window, at).astype(np.float32), rotation_crop=_towards(scene, at),
                         blendshapes=scene.blendshapes, focal=np.float32(scale * scene.focal)))
    return rows


def _shape(studio, scene):
    model = studio.world.model
    return model.landmarks(model.vertices(scene.identity, scene.blendshapes, scene.gaze))


def _towards(scene, points):
    """(3, 3) float32, the rotation for a camera that looks straight at the middle of the points' box."""
    x, y = (0.5 * (points.min(0) + points.max(0)) - (np.array(scenes.PICTURE) - 1) / 2) / scene.focal
    return geometry.ray_rotation(x, y).T.dot(scene.rotation).astype(np.float32)
