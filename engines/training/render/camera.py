"""A clean luma picture in, the same as a webcam would have delivered it out; for renders and
photographs alike."""
import cv2
import numpy as np


def look(picture, rng, strength=1.0):
    """(H, W) uint8 with a random lens, sensor, exposure and coder; the geometry stays.

    rng: numpy Generator. strength: 0 hardly anything to 1 as bad as webcams get.
    """
    x = picture.astype(np.float32) / 255
    x = _light(x, rng, strength)
    x = _lens(x, rng, strength)
    x = _resolution(x, rng, strength)
    x = _sensor(x, rng, strength)
    out = np.clip(x * 255 + 0.5, 0, 255).astype(np.uint8)
    if rng.random() < 0.6 * strength:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 95))]
        out = cv2.imdecode(cv2.imencode(".jpg", out, quality)[1], cv2.IMREAD_GRAYSCALE)
    return limited(out) if rng.random() < 0.5 else out


def limited(picture):
    """Full-range luma squeezed into 16..235, as most cameras send it."""
    return (16 + picture.astype(np.float32) * (219 / 255) + 0.5).astype(np.uint8)


def _light(x, rng, strength):
    """Exposure, contrast, gamma, and a shade that runs across the picture."""
    x = np.power(x, np.exp(rng.normal(0, 0.30 * strength)))
    middle = x.mean()
    x = middle + (x - middle) * np.exp(rng.normal(-0.05, 0.30 * strength))
    x = x * np.exp(rng.normal(0, 0.25 * strength)) + rng.normal(0, 0.05 * strength)
    if rng.random() < 0.3 * strength:
        h, w = x.shape
        yy, xx = np.mgrid[-1:1:h * 1j, -1:1:w * 1j].astype(np.float32)
        a = rng.uniform(0, 2 * np.pi)
        fall = rng.uniform(0, 0.35)
        slope = fall * (np.cos(a) * xx + np.sin(a) * yy)
        x = x * (1 + slope - rng.uniform(0, 0.2) * (xx * xx + yy * yy))
    return np.clip(x, 0, 1)


def _lens(x, rng, strength):
    """Out of focus, moved while exposed, or sharpened by the camera."""
    draw = rng.random()
    if draw < 0.35 * strength:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 2.2))
    elif draw < 0.55 * strength:
        length, a = rng.uniform(2, 9), rng.uniform(0, np.pi)
        kernel = np.zeros((11, 11), np.float32)
        way = np.array([np.cos(a), np.sin(a)]) * length / 2
        ends = [tuple(int(v) for v in np.rint((5 + s * way) * 16)) for s in (-1, 1)]
        cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, 4)
        x = cv2.filter2D(x, -1, kernel / max(kernel.sum(), 1e-3), borderType=cv2.BORDER_REPLICATE)
    elif draw < 0.75:
        x = x + rng.uniform(0, 0.8) * (x - cv2.GaussianBlur(x, (0, 0), 1.2))
    return x


def _resolution(x, rng, strength):
    """The face was small in the picture: fewer pixels than the crop has."""
    if rng.random() < 0.35 * strength:
        h, w = x.shape
        k = rng.uniform(0.25, 0.9)
        small = cv2.resize(x, (max(8, int(w * k)), max(8, int(h * k))),
                           interpolation=cv2.INTER_AREA)
        x = cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR)
    return x


def _sensor(x, rng, strength):
    """Photon and read noise, sometimes coarse-grained as after a camera's own denoising."""
    level = strength * rng.choice([rng.uniform(0, 0.02), rng.uniform(0, 0.08)])
    noise = rng.standard_normal(x.shape, dtype=np.float32)
    if rng.random() < 0.5:
        noise = cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.5, 1.2)) * 1.6
    return x + level * np.sqrt(0.25 + np.clip(x, 0, 1)) * noise
