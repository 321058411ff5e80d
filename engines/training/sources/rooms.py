"""Pictures without people and panoramas of light in, backgrounds/ and env_hdri.npz out: where the heads are drawn."""
import csv
import os
import zlib

import cv2
import numpy as np

from appliance.errors import DataError, InputMissing, UsageError
from engines.training import shards
from engines.training.sources.looking import Looking, Progress
from engines.training.sources.photographs import find

SIZE = (320, 240)       # of a background
PARTS = 4               # backgrounds cut from a large picture: all of it, and three parts
LIGHT = (256, 128)      # of a panorama
BRIGHTEST = 60000.0     # fits into float16; the sun's disc is beyond it


def backgrounds(folder, data, python):
    """Fill data/backgrounds from a folder of pictures; what MediaPipe might take for a face stays out. How many are there."""
    out = os.path.join(data, "backgrounds")
    record = os.path.join(out, "looked.csv")
    if os.path.isdir(out) and os.listdir(out) and not os.path.exists(record):
        raise UsageError(out, "it was not made from a folder of pictures", "leave out --backgrounds, or name another --data")
    os.makedirs(out, exist_ok=True)
    done = _looked(record)
    missing = [picture for picture in find(folder) if picture.name not in done]
    if missing:
        _look(missing, out, record, python)
    count = len([name for name in os.listdir(out) if name.endswith(".jpg")])
    if not count:
        raise DataError(folder, "no picture of it is free of faces", "give pictures of rooms and landscapes")
    return count


def _looked(record):
    if not os.path.exists(record):
        return set()
    with open(record, newline="", encoding="utf-8", errors="surrogateescape") as f:
        return {row[0] for row in csv.reader(f) if row}


def _look(missing, out, record, python):
    progress, trial = Progress("backgrounds looked at", len(missing)), os.path.join(out, ".trial.png")
    with Looking(python, "empty") as looking, \
            open(record, "a", newline="", encoding="utf-8", errors="surrogateescape") as f:
        for one in missing:
            picture, kept = cv2.imread(one.path, cv2.IMREAD_COLOR), 0
            if picture is None:
                print("passed over: %s cannot be read as a picture" % one.path, flush=True)
                continue
            seed = zlib.crc32(one.name.encode("utf-8", "surrogateescape"))
            for k, part in enumerate(parts(picture, np.random.RandomState(seed))):
                cv2.imwrite(trial, part)
                if looking(trial) == 0:
                    cv2.imwrite(os.path.join(out, "bg_%08x_%d.jpg" % (seed, k)), part, [cv2.IMWRITE_JPEG_QUALITY, 90])
                    kept += 1
            csv.writer(f).writerow([one.name, kept])
            f.flush()
            progress()
    if os.path.exists(trial):
        os.unlink(trial)


def parts(picture, rng):
    """Backgrounds (240, 320, 3) cut from a picture: its middle, and where it is large enough three places of it besides."""
    height, width = picture.shape[:2]
    whole = min(width / SIZE[0], height / SIZE[1])
    out = []
    for k in range(PARTS if whole >= 2 else 1):
        scale = whole if k == 0 else rng.uniform(0.45 * whole, 0.9 * whole)
        w, h = int(round(scale * SIZE[0])), int(round(scale * SIZE[1]))
        x, y = ((width - w) // 2, (height - h) // 2) if k == 0 else (rng.randint(width - w + 1), rng.randint(height - h + 1))
        part = picture[y:y + h, x:x + w]
        out.append(cv2.resize(part, SIZE, interpolation=cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR))
    return out


def panoramas(folder, path):
    """Write env_hdri.npz from a folder of equirectangular Radiance files (.hdr)."""
    names = sorted(name for name in os.listdir(folder) if name.lower().endswith(".hdr"))
    if not names:
        raise InputMissing(folder, "no .hdr file in it", "give panoramas such as Poly Haven's, or leave out --light")
    shards.save(path, dict(env=np.array([_panorama(os.path.join(folder, name)) for name in names]),
                           names=np.array([os.path.splitext(name)[0] for name in names])))


def _panorama(path):
    picture = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    if picture is None or picture.ndim != 3 or picture.dtype != np.float32:
        raise DataError(path, "it cannot be read as a Radiance picture", "fetch it again, or take it away")
    small = cv2.resize(picture[..., :3], LIGHT, interpolation=cv2.INTER_AREA)[..., ::-1]
    return np.clip(small, 0, BRIGHTEST).astype(np.float16)


def plain(path):
    """Write env_hdri.npz without any photograph: an even sky, a clear one, a lamp above, windows to a side and behind."""
    places = {"even": [], "clear": [(0.6, 0.9, 0.12, 60.0)], "lamp": [(0.15, 0.0, 0.5, 12.0)],
              "window": [(1.3, 1.2, 0.5, 10.0)], "two_windows": [(1.3, -1.2, 0.45, 8.0), (1.4, 2.6, 0.4, 6.0)]}
    shards.save(path, dict(env=np.array([_drawn(lights) for lights in places.values()]), names=np.array(list(places))))


def _drawn(lights):
    """(128, 256, 3) float16: brighter above than below, and round lights (angle from the zenith, around, radius, strength)."""
    w, h = LIGHT
    down, around = np.meshgrid((np.arange(h) + 0.5) / h * np.pi, (np.arange(w) + 0.5) / w * 2 * np.pi, indexing="ij")
    at = _ray(down, around)
    sky = 0.35 + 0.65 * (0.5 + 0.5 * at[..., 1])
    for zenith, angle, radius, strength in lights:
        near = np.arccos(np.clip(at.dot(_ray(np.array(zenith), np.array(angle))), -1, 1))
        sky = sky + strength * np.clip((radius - near) / 0.1 + 0.5, 0, 1)
    return np.repeat(sky[..., None], 3, axis=2).astype(np.float16)


def _ray(down, around):
    return np.stack([np.sin(down) * np.sin(around), np.cos(down), np.sin(down) * np.cos(around)], -1)
