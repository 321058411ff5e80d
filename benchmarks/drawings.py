"""Heads drawn for measuring, from seeds that training never sees, kept outside the tree.

Drawing takes the renderer (PC side); what was drawn before is read without it.
"""
import glob
import hashlib
import os

import numpy as np

from appliance.errors import PartMissing
from benchmarks import report

SEED = 910000           # training draws from smaller ones and checks itself with 900000
RENDERER = os.path.join(report.ROOT, "engines", "training", "render", "*.py")
YAWS = (-40, -20, 0, 20, 40)
NEEDED = "pip install -r engines/training/requirements.txt"


def stamp():
    """Eight letters that change with the renderer: other code draws other heads."""
    digest = hashlib.sha1()
    for path in sorted(glob.glob(RENDERER)):
        with open(path, "rb") as f:
            digest.update(f.read())
    return digest.hexdigest()[:8]


def heads(data, cache, count):
    """{"pictures" (N, 344, 344), "points", "rotation_crop", "blendshapes", "gaze", "openness",
    "eye_visible", ..., of the person "tone", "folds", "female", "beard"} of `count` random
    scenes."""
    return kept(data, cache, "heads", count, _head)


def turning(data, cache, count):
    """The same labels of `count` people, each drawn once per YAWS with all else the same: rows are
    person by person."""
    return kept(data, cache, "turning", count, _turned)


def kept(data, cache, kind, count, draw):
    """{name: (N, ...) array} of what draw(studio, k) yields, (picture, labels) each, for k under
    `count`; read where it was drawn before."""
    path = os.path.join(cache, "%s_%d_%s.npz" % (kind, count, stamp()))
    if not os.path.exists(path):
        studio = _studio(data)
        arrays = _stack(kind, (row for k in range(count) for row in draw(studio, k)))
        os.makedirs(cache, exist_ok=True)
        np.savez_compressed(path + ".part.npz", **arrays)
        os.replace(path + ".part.npz", path)
    return dict(np.load(path))


def _stack(kind, samples):
    rows = []
    for picture, labels in samples:
        rows.append(dict(labels, pictures=picture))
        if len(rows) % 100 == 0:
            print("%s: %d pictures drawn" % (kind, len(rows)), flush=True)
    return {key: np.stack([np.asarray(row[key]) for row in rows]) for key in rows[0]}


def _studio(data):
    try:
        from engines.training.render import dataset
    except (ImportError, SyntaxError) as why:
        raise PartMissing("the renderer", str(why), NEEDED + " (Python 3.9 on)") from why
    try:
        return dataset.Studio(os.path.join(data, "train"))
    except Exception as why:        # moderngl raises its own bare kinds where there is no OpenGL
        raise PartMissing("the renderer", str(why), "it takes EGL and the face model: "
                          "train/ict_face.npz in the folder of --data") from why


def person(seed, k, **look):
    """A Scene of random person k of a seed with nothing held or worn that could hide what is
    measured; look: what else of it is to be so."""
    from engines.training.render import scene
    one = scene.sample(np.random.default_rng([seed, k]), (seed, k))
    one.look.update(dict(occluder="", worn="", glasses=False), **look)
    return one


def _head(studio, k):
    from engines.training.render import scene, skin
    one = scene.sample(np.random.default_rng([SEED, k]), (SEED, k))
    look, (picture, labels) = one.look, studio.face(one)
    folds = skin.creases(look["seed"], np.zeros(len(one.blendshapes)))
    yield picture, dict(labels, tone=look["tone"], female=look["female"], beard=look["beard"],
                        folds=max(folds))


def _turned(studio, k):
    for yaw in YAWS:
        one = person(SEED + 2, k)
        one.angles = (float(yaw), 0.0, 0.0)
        yield studio.face(one)
