"""A made-up material folder of a few noisy faces: enough to take steps, not to learn."""
import os

import cv2
import numpy as np

from appliance import geometry
from tests.fakes import dots
from tests.fakes.dots import face_points

COUNT = 6


def points(size, centre, scale):
    """(COUNT, 68, 2) faces in pictures of `size` pixels."""
    return np.stack([face_points(centre[0], centre[1], scale, 3.0 * i)
                     for i in range(COUNT)]).astype(np.float32)


def noise(rng, *shape):
    """uint8 noise."""
    return rng.randint(0, 255, shape).astype(np.uint8)


def write(folder):
    """Fill `folder` as `material.prepare` would."""
    rng = np.random.RandomState(1)
    _portraits(folder, rng)
    for name in ("faces_1_000000", "pairs_6_000000", "brows_5_000000", "looks_6_000000",
                 "speakers_7310_000000", "val_faces", "val_pairs"):
        np.savez(os.path.join(folder, name + ".npz"), pictures=noise(rng, COUNT, 224, 224),
                 points=points(224, (112, 90), 1.1),
                 rotation_crop=np.tile(np.eye(3, dtype=np.float32), (COUNT, 1, 1)),
                 blendshapes=rng.uniform(0, 1, (COUNT, 52)).astype(np.float32),
                 said=np.eye(COUNT, 5, -1, dtype=np.float32),
                 eye_visible=np.ones((COUNT, 2), bool), focal=np.full(COUNT, 300, np.float32),
                 **_eyes(rng, 224))
    for name in ("eyes_2_000000", "val_eyes"):
        np.savez(os.path.join(folder, name + ".npz"), pictures=noise(rng, COUNT, 2, 96, 96),
                 turn=rng.uniform(-40, 40, (COUNT, 2, 2)).astype(np.float32),
                 visible=np.ones((COUNT, 2), bool), **_eyes(rng, 96))
    os.mkdir(os.path.join(folder, "backgrounds"))
    for i in range(2):
        cv2.imwrite(os.path.join(folder, "backgrounds", "%d.jpg" % i), noise(rng, 240, 320))


def _eyes(rng, size):
    return dict(iris=rng.uniform(0.42 * size, 0.58 * size, (COUNT, 2, 5, 2)).astype(np.float32),
                gaze=rng.uniform(-20, 20, (COUNT, 2, 2)).astype(np.float32),
                openness=np.linspace(0, 1, 2 * COUNT, dtype=np.float32).reshape(COUNT, 2))


def _portraits(folder, rng):
    mesh = rng.uniform(60, 190, (COUNT, 478, 3)).astype(np.float32)
    labels = dict(
        points=points(256, (128, 110), 1.2), mesh=mesh, quality=np.full(COUNT, 2),
        rotation=np.tile(np.eye(3, dtype=np.float32), (COUNT, 1, 1)),
        blend=rng.uniform(0, 1, (COUNT, 52)).astype(np.float32),
        val=np.arange(COUNT) >= COUNT - 2, rms=np.full(COUNT, 0.01))
    np.savez(os.path.join(folder, "portrait_labels.npz"), **labels)
    np.savez(os.path.join(folder, "portraits_luma.npz"), luma=noise(rng, COUNT, 256, 256))


def samples(path, count=12, leave=()):
    """Write a file of samples with every label but those of `leave`; the path as text."""
    from engines.training.samples import Writer, all_faces      # not every test has h5py
    rng = np.random.RandomState(3)
    with Writer(str(path), "made up", "free") as out:
        for i in range(count):
            x, y, size, roll = 300 + 4 * i, 180 - 3 * i, 1.0 + 0.05 * i, 5.0 * i - 20
            shown = dots.picture((x, y, size, roll))
            shape = face_points(x, y, size, roll).astype(np.float32)
            box = np.concatenate([shape.min(0), shape.max(0)])
            labels = {"points": shape, "eyes": shape[[36, 39, 42, 45]], "box": box,
                      "rotation": geometry.matrix_from_angles(0, 0, roll), "gaze": (i, -i),
                      "head": (x, y, 100 * size), "person": i // 2,
                      "blendshapes": rng.uniform(0, 1, 52), "weight": 1.0,
                      "faces": all_faces([box, (2, 2, 20, 20)], [False, True])}
            out.add(cv2.imencode(".jpg", shown)[1].tobytes(),
                    **{name: value for name, value in labels.items() if name not in leave})
    return str(path)
