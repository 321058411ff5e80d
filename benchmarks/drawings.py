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
    """{"pictures" (N, 224, 224), "points", "rotation_crop", "blendshapes", "gaze", "openness",
    "eye_visible", ...} of `count` random scenes."""
    return _kept(cache, "heads_%d_%s.npz" % (count, stamp()),
                 lambda: _stack(_head(studio, k) for studio in [_studio(data)]
                                for k in range(count)))


def turning(data, cache, count):
    """The same labels of `count` people, each drawn once per YAWS with all else the same: rows are
    person by person."""
    return _kept(cache, "turning_%d_%s.npz" % (count, stamp()),
                 lambda: _stack(_turned(studio, k, yaw) for studio in [_studio(data)]
                                for k in range(count) for yaw in YAWS))


def _kept(cache, name, draw):
    path = os.path.join(cache, name)
    if not os.path.exists(path):
        arrays = draw()
        os.makedirs(cache, exist_ok=True)
        np.savez_compressed(path + ".part.npz", **arrays)
        os.replace(path + ".part.npz", path)
    return dict(np.load(path))


def _stack(samples):
    rows = []
    for picture, labels in samples:
        rows.append(dict(labels, pictures=picture))
        if len(rows) % 100 == 0:
            print("%d heads drawn" % len(rows), flush=True)
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


def _head(studio, k):
    from engines.training.render import dataset
    return dataset.one(studio, "face", SEED, k)


def _turned(studio, k, yaw):
    """Somebody with nothing held or worn that could hide what is measured."""
    from engines.training.render import scene
    one = scene.sample(np.random.default_rng([SEED + 2, k]), (SEED + 2, k))
    one.angles = (float(yaw), 0.0, 0.0)
    one.look.update(occluder="", worn="", glasses=False)
    return studio.face(one)
