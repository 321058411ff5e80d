"""Pictures without faces and the trained detector in, what it took for faces out: hard negatives for the landmarks.

Writes hard.npz into the material folder: crops (N, 166, 166), 1.3 times the square that the landmarks would look at,
and the detector's score.
"""
import os

import cv2
import numpy as np

from appliance import backends, geometry
from appliance.stages.detector import Detector
from engines.training import augment, faces, pictures, shards

SUSPECT = 0.15      # raw score from which a cell counts as taken for a face
VIEWS = 6           # parts of each picture that the detector is shown
MOST = 6            # crops of one view
AROUND, SIZE = 1.3, 166


def collect(material, seed=0):
    """Write hard.npz; returns how many crops it holds."""
    detect = Detector(backends.choose().load("detector"), SUSPECT)
    rng, crops, scores = np.random.RandomState(seed), [], []
    for path in shards.find(os.path.join(material, "backgrounds"), ("*.jpg",)):
        background = cv2.imread(path, 0)
        for k in range(VIEWS):
            picture = _view(rng, background, k)
            for taken in detect(picture)[:MOST]:
                crops.append(_crop(picture, taken.box))
                scores.append(taken.score)
    shards.write(os.path.join(material, "hard.npz"), [
        {"crops": c, "score": np.float32(s)} for c, s in zip(crops, scores)])
    return len(crops)


def middle(crop, size=faces.SIZE):
    """(size, size): what the landmarks network would be shown of a crop."""
    there, _ = geometry.crop_transform(((SIZE - 1) / 2,) * 2, SIZE / AROUND, 0, size)
    return augment.warp(crop, there, size)


def _view(rng, background, k):
    """A part of the background as the network sees it; every other mirrored, half of them in other light."""
    h, w = background.shape
    part = rng.uniform(0.35, 1.0) / max(pictures.WIDTH / w, pictures.HEIGHT / h)
    a, b = int(pictures.WIDTH * part), int(pictures.HEIGHT * part)
    x, y = rng.randint(0, w - a + 1), rng.randint(0, h - b + 1)
    view = cv2.resize(background[y:y + b, x:x + a], (pictures.WIDTH, pictures.HEIGHT))
    view = np.ascontiguousarray(view[:, ::-1]) if k % 2 else view
    if k < VIEWS // 2:
        return view
    return np.clip(view * rng.uniform(0.5, 1.3) + rng.uniform(-20, 30), 0, 255).astype(np.uint8)


def _crop(picture, box):
    x0, y0, x1, y1 = box
    side = max(8.0, faces.SIDE * np.sqrt(max(1.0, (x1 - x0) * (y1 - y0))))
    there, _ = geometry.crop_transform(((x0 + x1) / 2, (y0 + y1) / 2), side * AROUND, 0, SIZE)
    return cv2.warpAffine(picture, there, (SIZE, SIZE), borderMode=cv2.BORDER_REPLICATE)
