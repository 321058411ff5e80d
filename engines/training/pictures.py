"""Training pictures for the detector: heads pasted into backgrounds at the sizes a room shows, with cell targets."""
import cv2
import numpy as np

from appliance import geometry
from engines.training.faces import drawn_from, several
from engines.training.scenes import Mark

WIDTH, HEIGHT = 320, 192
# Which sqrt(w h) of the 68-point box, in pixels of the network's picture, each stride answers for; they overlap
RANGES = {8: (10, 60), 16: (44, 230)}
CROWDS = 0.4        # share of pictures
REACH = 0.3         # cells whose centre is within this share of the box's size from the box's centre are positive
AROUND = 0.4        # and within this they may say what they like; further out in the face there is none
LEEWAY = 1.25       # factor beyond its range up to which a stride may find a face or not
WHOLE = 0.4         # share of backgrounds that are shown as they are, not a part
STRANGE = 0.35      # and of those that stand on their head, are inverted, or mixed with another: not known by heart
GRAIN = np.random.RandomState(0).normal(0, 1, (2 * HEIGHT, 2 * WIDTH)).astype(np.float32)     # noise, cut anywhere


def five(points):
    """(5, 2): eye on the left of the picture, eye on its right, nose, mouth corners, from (68, 2) points."""
    return np.stack([points[36:42].mean(0), points[42:48].mean(0), points[30], points[48], points[54]])


FIVE_MIRROR = [1, 0, 2, 4, 3]


class Pictures:
    """A source of batches. portraits, renders: dicts with luma and points, the first also [(dict, share)], drawn by their
    shares; backgrounds: list of luma; scenes: [(scenes.Scenes, share)], pictures that have their faces already."""

    def __init__(self, portraits, renders, backgrounds, batch=16, seed=0, scenes=()):
        self.sources, self.backgrounds = several(portraits) + several(renders), backgrounds
        self.scenes, total = list(scenes), [sum(share for _, share in s) for s in (self.sources, scenes)]
        self.scenic = total[1] / float(sum(total))      # share of the pictures
        self.size, self.rng = batch, np.random.RandomState(seed)

    def batch(self):
        """image (B, 192, 320) uint8 and per stride: positive, ignore, pointed (B, h, w), box (B, h, w, 4), points
        (B, h, w, 10)."""
        rows = [self.row() for _ in range(self.size)]
        return {k: np.stack([r[k] for r in rows]) for k in rows[0]}

    def row(self):
        """One picture and its targets."""
        picture, marks = self._scene() if self.rng.uniform() < self.scenic else self._pasted()
        if self.rng.uniform() < 0.5:
            picture, marks = np.ascontiguousarray(picture[:, ::-1]), [_mirrored(mark) for mark in marks]
        out = {"image": _look(self.rng, picture)}
        out.update(targets(marks))
        return out

    def _scene(self):
        scenes = drawn_from(self.rng, self.scenes)
        wanted = _small_size(self.rng) if self.rng.uniform() < CROWDS else _any_size(self.rng)
        return scenes.draw(self.rng, (WIDTH, HEIGHT), wanted)

    def _pasted(self):
        """None to three faces, or a crowd of small ones, which are the hard ones to find."""
        rng = self.rng
        picture = self._background()
        faces = []
        crowd = rng.uniform() < CROWDS
        count = rng.randint(3, 9) if crowd else rng.choice([0, 1, 2, 3], p=[0.2, 0.5, 0.2, 0.1])
        for _ in range(count):
            picture, points = self._paste(picture, faces, _small_size(rng) if crowd else _any_size(rng))
            if points is not None:
                faces.append(points)
        if rng.uniform() < 0.35:
            picture, faces = _letterbox(rng, picture, faces)
        return picture, [Mark(tuple(f.min(0)) + tuple(f.max(0)), five(f)) for f in faces]

    def _background(self):
        picture, rng = self._part(), self.rng
        if rng.uniform() < STRANGE:
            way = rng.randint(3)
            return picture[::-1].copy() if way == 0 else 255 - picture if way == 1 else cv2.addWeighted(
                picture, 0.5, self._part(), 0.5, 0)
        return picture

    def _part(self):
        rng = self.rng
        b = self.backgrounds[rng.randint(len(self.backgrounds))]
        k = max(WIDTH / b.shape[1], HEIGHT / b.shape[0])
        side = 1.0 if rng.uniform() < WHOLE else rng.uniform(0.3, 1.0)
        w, h = int(WIDTH / k * side), int(HEIGHT / k * side)
        x, y = rng.randint(0, b.shape[1] - w + 1), rng.randint(0, b.shape[0] - h + 1)
        return cv2.resize(b[y:y + h, x:x + w], (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)

    def _paste(self, picture, others, wanted):
        """A head `wanted` pixels large, soft-edged or as a whole square cut, where no other face lies."""
        rng = self.rng
        s = drawn_from(rng, self.sources)
        i = rng.randint(len(s["luma"]))
        luma, points = s["luma"][i], s["points"][i]
        low, high = points.min(0), points.max(0)
        size = float(np.sqrt(np.prod(high - low)))
        k = wanted / size
        centre = np.array([rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT)])
        if wanted < 90:
            centre = np.clip(centre, wanted * 0.6, [WIDTH - wanted * 0.6, HEIGHT - wanted * 0.6])
        there = _similarity((low + high) / 2, centre, k, rng.normal(0, 12))
        placed = geometry.apply(there, points)
        for o in others:
            if np.abs(o.mean(0) - placed.mean(0)).max() < (np.ptp(o, 0).max() + wanted) * 0.8:
                return picture, None
        if k < 0.5:         # shrink first, else the warp skips pixels
            n = int(np.ceil(luma.shape[0] * k * 1.3))
            f = n / luma.shape[0]
            luma = cv2.resize(luma, (n, n), interpolation=cv2.INTER_AREA)
            there = there.dot(np.array([[1 / f, 0, 0.5 / f - 0.5], [0, 1 / f, 0.5 / f - 0.5], [0, 0, 1]]))
        mask = _mask(rng, luma.shape, (points - (-0.5)) * (luma.shape[0] / s["luma"][i].shape[0]) - 0.5)
        _mix(picture, luma, mask, there, rng.uniform(0.5, 1.15))
        return picture, placed


def _small_size(rng):
    return np.exp(rng.uniform(np.log(12), np.log(40)))


def _any_size(rng):
    low, high = (14, 60) if rng.uniform() < 0.6 else (50, 200)
    return np.exp(rng.uniform(np.log(low), np.log(high)))


def _mix(picture, luma, mask, there, gain):
    """Lay `luma` times gain over the picture, in place, where its mask comes to lie."""
    h, w = luma.shape
    corners = geometry.apply(there, np.array([[0, 0], [w, 0], [0, h], [w, h]], float))
    x0, y0 = np.maximum(np.floor(corners.min(0)).astype(int), 0)
    x1, y1 = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, (WIDTH, HEIGHT))
    if x1 <= x0 or y1 <= y0:
        return
    there = there - [[0, 0, x0], [0, 0, y0]]
    part = picture[y0:y1, x0:x1]
    warped, m = (cv2.warpAffine(p, there, (int(x1 - x0), int(y1 - y0)), flags=cv2.INTER_LINEAR, borderMode=border)
                 for p, border in ((luma, cv2.BORDER_REPLICATE), (mask, cv2.BORDER_CONSTANT)))
    m = m.astype(np.float32) / 255
    part[:] = np.clip(warped * gain * m + part * (1 - m), 0, 255).astype(np.uint8)


def _similarity(a, b, k, degrees):
    """(2, 3) matrix that scales by k, turns by degrees and carries the point a to b."""
    c, s = k * np.cos(np.radians(degrees)), k * np.sin(np.radians(degrees))
    m = np.array([[c, -s, 0], [s, c, 0]])
    m[:, 2] = b - m[:, :2].dot(a)
    return m


def _mask(rng, shape, points):
    mask = np.zeros(shape, np.uint8)
    low, high = points.min(0), points.max(0)
    w, h = high - low
    centre = (low + high) / 2 - [0, 0.12 * h]
    if rng.uniform() < 0.55:
        grow = rng.uniform(0.62, 0.95)
        cv2.ellipse(mask, (int(centre[0]), int(centre[1])), (int(grow * max(w, 0.7 * h)) + 1, int(grow * 1.15 * h) + 1),
                    0, 0, 360, 255, -1)
    else:
        mask[:] = 255
    if rng.uniform() < 0.7:
        mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.01, 0.08) * float(h) + 0.3)
    return mask


def _letterbox(rng, picture, faces):
    """Shrunk into the upper left, the rest one value: what pictures of other shapes look like to the network."""
    if rng.uniform() < 0.7:
        w, h = int(rng.uniform(0.5, 1.0) * WIDTH), HEIGHT
    else:
        w, h = WIDTH, int(rng.uniform(0.5, 1.0) * HEIGHT)
    out = np.zeros_like(picture)
    out[:h, :w] = picture[:h, :w]
    inside = [f for f in faces if (f.min(0) > 0).all() and (f.max(0) < [w - 1, h - 1]).all()]
    for f in faces:
        if not any(f is g for g in inside):
            x0, y0 = np.maximum(f.min(0).astype(int) - 4, 0)
            x1, y1 = f.max(0).astype(int) + 5
            out[y0:y1, x0:x1] = 0
    return out, inside


def _look(rng, picture):
    if rng.uniform() < 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.0))
    tones = 255 * np.power(np.arange(256) / 255, np.exp(rng.normal(0, 0.3)))
    tones = (tones * rng.uniform(0.35, 1.2) + rng.uniform(-15, 30)).clip(0, 255)
    if rng.uniform() < 0.5:
        return cv2.LUT(picture, tones.astype(np.uint8))
    x, y = rng.randint(0, WIDTH), rng.randint(0, HEIGHT)
    grain = GRAIN[y:y + HEIGHT, x:x + WIDTH]
    return cv2.addWeighted(cv2.LUT(picture, tones.astype(np.float32)), 1, grain, abs(rng.normal(0, 6)), 0,
                           dtype=cv2.CV_8U)


def _mirrored(mark):
    x0, y0, x1, y1 = mark.box
    points = mark.five if mark.five is None else (mark.five * [-1, 1] + [WIDTH - 1, 0])[FIVE_MIRROR]
    return mark._replace(box=(WIDTH - 1 - x1, y0, WIDTH - 1 - x0, y1), five=points)


def _anyones(stride, size):
    """Whether a face beyond a stride's range may be found by it: nearly of its range, or of none."""
    (least, _), (_, most) = RANGES[8], RANGES[16]
    small, large = RANGES[stride]
    return small / LEEWAY <= size <= large * LEEWAY or not least <= size <= most


def targets(marks):
    """Per stride the cells' labels for a list of `scenes.Mark`."""
    out = {}
    for stride, (small, large) in RANGES.items():
        h, w = HEIGHT // stride, WIDTH // stride
        y, x = np.mgrid[:h, :w] * float(stride) + (stride - 1) / 2
        ignore = np.zeros((h, w), bool)
        positive, pointed = (np.zeros((h, w), np.float32) for _ in range(2))
        box, points, best = np.zeros((h, w, 4), np.float32), np.zeros((h, w, 10), np.float32), np.full((h, w), 1e9)
        for mark in marks:
            low, high = np.array(mark.box[:2]), np.array(mark.box[2:])
            size = float(np.sqrt(np.prod(high - low)))
            cx, cy = (low + high) / 2
            away = np.hypot(x - cx, y - cy)
            if mark.ignored or not small <= size <= large:
                ignore[away < 0.75 * size] |= mark.ignored or _anyones(stride, size)
                continue
            ignore[away < max(AROUND * size, stride)] = True
            near = (away < max(REACH * size, 0.71 * stride)) & (away < best)
            best[near] = away[near]
            positive[near] = 1
            box[near] = np.stack([x - low[0], y - low[1], high[0] - x, high[1] - y], -1)[near] / stride
            pointed[near] = mark.five is not None
            if mark.five is not None:
                points[near] = ((mark.five[None, None] - np.stack([x, y], -1)[:, :, None]) / stride).reshape(h, w, 10)[near]
        out.update({"positive%d" % stride: positive, "ignore%d" % stride: ignore * (1 - positive), "pointed%d" % stride: pointed,
                    "box%d" % stride: np.maximum(box, 0), "points%d" % stride: points})
    return out
