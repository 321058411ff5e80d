"""What tracking does to a crop: shifts, turns, mirrored sides, blocks, bad light, bad cameras; luma in, luma out.

All on uint8 pictures of about 64 px, in numpy and OpenCV, about a quarter of a millisecond each.
"""
import cv2
import numpy as np

from appliance.stages.crop import fill

_NOISE = np.random.RandomState(1).normal(0, 1, 1 << 20).astype(np.float32)


def jitter(rng, shift=0.05, scale=0.08, roll=10.0, wild=0.1):
    """(dx, dy) as shares of the side, factor of the side, degrees; a share `wild` of crops is turned up to 45 degrees."""
    d = np.clip(rng.normal(0, shift, 2), -0.15, 0.15)
    k = np.exp(np.clip(rng.normal(0, scale), -0.22, 0.22))
    turn = rng.uniform(-45, 45) if rng.uniform() < wild else rng.normal(0, roll)
    return d, k, turn


def warp(picture, transform, size):
    """(size, size) crop of `picture` by a (2, 3) matrix from picture to crop, as the tracker makes it."""
    crop = np.empty((size, size), np.uint8)
    fill(crop, picture, cv2.invertAffineTransform(transform))
    return crop


def grained(rng, picture, sigma):
    """The picture under camera noise, another each time."""
    start = rng.randint(0, len(_NOISE) - picture.size)
    noise = _NOISE[start:start + picture.size].reshape(picture.shape)
    return np.clip(picture + np.float32(sigma) * noise + 0.5, 0, 255).astype(np.uint8)


def mirrored(transform, size):
    """The transform with the crop's left and right exchanged."""
    return np.array([[-1, 0, size - 1], [0, 1, 0]], float).dot(np.vstack([transform, [0, 0, 1]]))


def block(rng, crop, most=0.45):
    """Cover a rectangle or an ellipse of the crop with a grey, a gradient or noise; returns the covered share."""
    n = crop.shape[0]
    w, h = (rng.uniform(0.1, most, 2) * n).astype(int)
    x, y = rng.randint(-w // 2, n - w // 2), rng.randint(-h // 2, n - h // 2)
    mask = np.zeros((n, n), np.uint8)
    if rng.uniform() < 0.5:
        cv2.rectangle(mask, (x, y), (x + w, y + h), 255, -1)
    else:
        cv2.ellipse(mask, (x + w // 2, y + h // 2), (w // 2 + 1, h // 2 + 1), rng.uniform(0, 180), 0, 360, 255, -1)
    fill = np.full((n, n), rng.uniform(20, 235), np.float32)
    if rng.uniform() < 0.6:
        fill += np.linspace(-1, 1, n, dtype=np.float32)[:, None] * rng.uniform(-60, 60)
    if rng.uniform() < 0.4:
        small = rng.uniform(-50, 50, (6, 6)).astype(np.float32)
        fill += cv2.resize(small, (n, n), interpolation=cv2.INTER_CUBIC)
    if rng.uniform() < 0.5:
        mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.6, 3))
    m = mask.astype(np.float32) / 255
    return np.clip(crop * (1 - m) + fill * m, 0, 255).astype(np.uint8)


def bars(rng, crop, most=0.3):
    """The picture ends before the crop does: one or two sides black, or the last line of the picture over again."""
    n = crop.shape[0]
    crop, black = crop.copy(), rng.uniform() < 0.6
    for k in rng.choice(4, rng.randint(1, 3), replace=False):
        turned, depth = np.rot90(crop, k), int(rng.uniform(0.02, most) * n) + 1
        turned[:depth] = 0 if black else turned[depth]
    return crop


def curtain(rng, crop, most=0.65):
    """Hair that hangs over one side of the crop, in strands, its edge wavering."""
    n = crop.shape[0]
    strands = cv2.GaussianBlur(_NOISE[:n * n].reshape(n, n), (0, 0), sigmaX=n * rng.uniform(0.005, 0.02),
                               sigmaY=n * rng.uniform(0.05, 0.2))
    strands = np.roll(strands, rng.randint(n), 1) * (rng.uniform(5, 45) / (strands.std() + 1e-6))
    edge = cv2.GaussianBlur(rng.normal(0, 1, (n, 1)), (1, 0), sigmaX=1, sigmaY=n * rng.uniform(0.025, 0.16))
    edge = edge / (np.abs(edge).max() + 1e-6) * rng.uniform(0.02, 0.12) + rng.uniform(0.15, most) + rng.normal(0, 0.3) * (
        np.linspace(-0.5, 0.5, n)[:, None])
    cover = np.clip((edge - np.linspace(0, 1, n)[None]) * 128 / rng.uniform(1, 8), 0, 1).astype(np.float32)
    if rng.uniform() < 0.5:
        cover = cover[:, ::-1]
    hair = np.clip(rng.uniform(15, 150) + strands, 0, 255)
    return (crop * (1 - cover) + hair * cover).astype(np.uint8)


def camera(rng, crop, unit=1.0):
    """The look of cheap cameras and bad light: size, blur, contrast, gradient, noise, JPEG, limited range. unit: pixels of
    the crop in which blur is told; its noise is the mean of more pixels' where it is below 1."""
    n = crop.shape[0]
    if rng.uniform() < 0.3:
        small = int(n * rng.uniform(0.2, 0.7))
        crop = cv2.resize(cv2.resize(crop, (small, small), interpolation=cv2.INTER_AREA), (n, n),
                          interpolation=cv2.INTER_LINEAR if rng.uniform() < 0.7 else cv2.INTER_CUBIC)
    if rng.uniform() < 0.2:
        crop = cv2.GaussianBlur(crop, (0, 0), unit * rng.uniform(0.4, 1.8))
    if rng.uniform() < 0.08:
        crop = cv2.filter2D(crop, -1, _streak(rng, unit))
    x = crop.astype(np.float32) * (1 / 255.0)
    if rng.uniform() < 0.35:
        a = rng.uniform(0, 2 * np.pi)
        t = np.linspace(-1, 1, n, dtype=np.float32)
        x *= np.exp(rng.uniform(0, 0.9) * (np.cos(a) * t[None, :] + np.sin(a) * t[:, None]))
    if rng.uniform() < 0.8:
        x = np.power(np.clip(x, 1e-4, 4), np.float32(np.exp(rng.normal(0, 0.3))))
        x = rng.uniform(0.35, 1.25) * x + rng.uniform(-0.1, 0.15)
    if rng.uniform() < 0.6:
        start = rng.randint(0, len(_NOISE) - n * n)
        x = x + _NOISE[start:start + n * n].reshape(n, n) * np.float32(unit * abs(rng.normal(0, 0.03)))
    if rng.uniform() < 0.4:
        x = x * np.float32(219 / 255.0) + np.float32(16 / 255.0)
    crop = np.clip(x * 255, 0, 255).astype(np.uint8)
    if rng.uniform() < 0.12:
        crop = cv2.imdecode(cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(20, 80)])[1], 0)
    return crop


def dusk(rng, crop, side):
    """The look of little light: a fiftieth to a half of it, the noise of the sensor's own pixels, of which the crop has
    `side` by `side`; now and then the camera makes it brighter again, its noise too."""
    n, grain = crop.shape[0], rng.uniform(1.5, 7.0)
    darker = np.exp(rng.uniform(np.log(0.02), np.log(0.6))) ** (1 / 2.2)
    cells = int(np.clip(side, 8, 2 * n))
    start = rng.randint(0, len(_NOISE) - cells * cells)
    noise = cv2.resize(_NOISE[start:start + cells * cells].reshape(cells, cells), (n, n), interpolation=cv2.INTER_LINEAR)
    x = crop * np.float32(darker) + np.float32(grain) * noise
    if rng.uniform() < 0.4:
        x = x * np.float32(rng.uniform(1.0, min(3.0, 1 / darker)))
    return np.clip(x + 0.5, 0, 255).astype(np.uint8)


def _streak(rng, unit):
    k = np.zeros((9, 9), np.float32)
    a, r = rng.uniform(0, np.pi), max(1.0, unit * rng.uniform(1, 4))
    d = np.array([np.cos(a), np.sin(a)]) * r
    cv2.line(k, tuple(int(v) for v in np.round(4 - d)), tuple(int(v) for v in np.round(4 + d)), 1.0)
    return k / k.sum()
