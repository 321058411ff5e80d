"""Mouths drawn to tell vowels from: rows of pictures, exact labels and how much of each vowel is said out.

Each picture is somebody else's. Half of them say a vowel, faintly or with effort; the others are at rest, smile, are
moved in other ways, or open the jaw a little, which an avatar's mouth must not be moved by. Half of all wear a photographed
skin: else what is photographed would be told from what is drawn, and nobody in a room would ever be heard.
"""
import time

import numpy as np

from appliance.face import ARKIT, VOWELS
from engines.training import upper
from engines.training.render import clip, scene as scenes
from engines.training.render.expression import MOODS, _possible
from engines.training.render.face_model import settle

# What the pictures show in turn
KINDS = ("rest", "smile", "grin", "none", "jaw") + VOWELS + VOWELS + ("mix", "mix")
# Of MOODS, what no vowel is told of
SILENT = ("anger", "disgust", "sad", "think", "shrug", "m", "f", "puff")
JAW = ARKIT["jawOpen"]
# How far the jaw is open where A begins, and how much further it is whole: an open mouth alone is an A
AJAR, OPEN = 0.04, 0.5
LAUGHING = 0.1          # the same of whoever laughs, who shows teeth before anything is said
NEAR, FAR = 40.0, 85.0  # degrees of yaw: within the one most of the time, never beyond the other


def sample(seed, k, skins=None):
    """(Scene, (5,) how much of each vowel it says) of person k of a seed; skins: see `turned.Skins`."""
    one = scenes.sample(np.random.default_rng([seed, k]), (seed, k))
    one.look.update(occluder="", worn="")
    rng = np.random.default_rng([seed, k, 1])
    one.blendshapes, said = expression(rng, KINDS[k % len(KINDS)])
    yaw = rng.uniform(-NEAR, NEAR) if rng.random() < 0.85 else rng.uniform(NEAR, FAR) * rng.choice([-1, 1])
    one.angles = (float(yaw), float(np.clip(rng.normal(0, 12), -35, 35)), float(rng.normal(0, 7)))
    one.body = None
    if skins is not None:
        _wear(np.random.default_rng([seed, k, 2]), one, skins)
    return one, said


def _wear(rng, one, skins):
    """In half of the pictures the skin of somebody whose mouth is at rest: no lips are drawn over teeth."""
    if rng.random() < 0.5:
        return
    for _ in range(30):
        own = upper.wear(rng, one, skins)
        if own[JAW] < 0.08 and own[_both("mouthSmile")].sum() < 0.5:
            return


def expression(rng, kind):
    """((52,) weights, (5,) of each vowel) of one of KINDS."""
    w, said = np.zeros(len(ARKIT), np.float32), np.zeros(len(VOWELS), np.float32)
    if kind == "rest" and rng.random() < 0.5:
        w[JAW] = rng.uniform(0, AJAR)
    elif kind in ("smile", "grin"):
        _smile(rng, w, said, kind)
    elif kind == "none":
        _mood(rng, w, SILENT[rng.integers(len(SILENT))], rng.uniform(0.4, 1.1))
    elif kind == "jaw":
        w[JAW] = rng.uniform(0, 0.8)
        said[0] = np.clip((w[JAW] - AJAR) / OPEN, 0, 1)
    elif kind == "mix":
        a, b = rng.choice(len(VOWELS), 2, replace=False)
        strength, share = rng.uniform(0.5, 1.1), rng.uniform(0.2, 0.8)
        for one, part in ((a, share), (b, 1 - share)):
            _say(rng, w, VOWELS[one], strength * part)
            said[one] = min(1, strength) * part
    elif kind in VOWELS:
        strength = rng.uniform(0.3, 1.15)
        _say(rng, w, kind, strength)
        said[VOWELS.index(kind)] = min(1, strength)
        if rng.random() < 0.2:
            for i in _both("mouthSmile"):
                w[i] = min(1, w[i] + rng.uniform(0, 0.35))
    return _possible(settle(w)), said


def _smile(rng, w, said, kind):
    """A grin shows teeth between jaws that hardly part, unless it is a laugh."""
    _mood(rng, w, kind, rng.uniform(0.3, 1.15))
    if kind == "grin":
        w[JAW] = min(w[JAW], rng.uniform(0, 0.12))
        if rng.random() < 0.3:
            _mood(rng, w, "laugh", rng.uniform(0.4, 1.1))
            said[0] = np.clip((w[JAW] - LAUGHING) / OPEN, 0, 1)


def _say(rng, w, vowel, strength):
    """Add a vowel as the demo's clip says it, or as the renderer's moods do."""
    shape = dict(clip.VOWELS)[vowel] if rng.random() < 0.6 else MOODS[vowel.lower()]
    for name, value in shape.items():
        step = value * strength * rng.uniform(0.8, 1.2)
        for i in _both(name):
            w[i] = min(1.0, w[i] + step)


def _mood(rng, w, name, strength):
    for shape, value in MOODS[name].items():
        for i in _both(shape):
            w[i] = max(w[i], min(1, value * strength * rng.uniform(0.7, 1.3)))


def _both(name):
    return [ARKIT[name]] if name in ARKIT else [ARKIT[name + "Left"], ARKIT[name + "Right"]]


def draw(studio, skins, seed, start, count):
    """Samples start .. start + count of a seed as a list of dicts: pictures, the renderer's labels, `said` (5,)."""
    rows, began = [], time.time()
    for k in range(start, start + count):
        one, said = sample(seed, k, skins)
        picture, labels = studio.face(one)
        rows.append(dict(labels, pictures=picture, said=said))
        if len(rows) % 200 == 0 or len(rows) == count:
            print("speakers %d/%d, %.1f a second" % (len(rows), count, len(rows) / (time.time() - began)), flush=True)
    return rows
