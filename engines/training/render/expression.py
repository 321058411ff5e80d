"""Random expressions and gazes that look like people, with every shape shown often and pairs also
one by one."""
import numpy as np

from appliance.face import ARKIT, ARKIT_NAMES
from engines.training.render.face_model import look_weights, settle

# One entry per shape or pair that a face moves by will; the eyeLook shapes follow the gaze.
UNITS = [n for n in ARKIT_NAMES
         if not n.endswith("Right") and not n.startswith("eyeLook") and n != "tongueOut"]
UNITS += ["jawRight", "mouthRight"]

# What goes together in people: {name without side: share}. Each is drawn with its own strength.
MOODS = {
    "neutral": {},
    "smile": {"mouthSmile": 0.8, "cheekSquint": 0.4, "eyeSquint": 0.2, "mouthDimple": 0.2},
    "grin": {"mouthSmile": 0.9, "cheekSquint": 0.6, "eyeSquint": 0.4, "mouthUpperUp": 0.4,
             "mouthStretch": 0.2, "jawOpen": 0.2},
    "laugh": {"mouthSmile": 0.9, "cheekSquint": 0.7, "eyeSquint": 0.6, "jawOpen": 0.6,
              "mouthUpperUp": 0.4, "mouthLowerDown": 0.3},
    "surprise": {"browInnerUp": 0.8, "browOuterUp": 0.8, "eyeWide": 0.8, "jawOpen": 0.5},
    "anger": {"browDown": 0.9, "eyeSquint": 0.4, "noseSneer": 0.6, "mouthPress": 0.5,
              "mouthFrown": 0.3},
    "disgust": {"noseSneer": 0.9, "mouthUpperUp": 0.5, "browDown": 0.4, "eyeSquint": 0.4,
                "mouthShrugLower": 0.2},
    "sad": {"browInnerUp": 0.8, "mouthFrown": 0.8, "mouthShrugLower": 0.4},
    "pucker": {"mouthPucker": 0.9, "mouthFunnel": 0.1},
    "puff": {"cheekPuff": 0.9, "mouthPucker": 0.3, "mouthPress": 0.2},
    "a": {"jawOpen": 0.6, "mouthLowerDown": 0.3, "mouthUpperUp": 0.1},
    "i": {"jawOpen": 0.15, "mouthStretch": 0.5, "mouthSmile": 0.3, "mouthLowerDown": 0.4},
    "u": {"mouthPucker": 0.7, "mouthFunnel": 0.4, "jawOpen": 0.1},
    "e": {"jawOpen": 0.3, "mouthStretch": 0.3, "mouthUpperUp": 0.3, "mouthLowerDown": 0.4},
    "o": {"jawOpen": 0.4, "mouthFunnel": 0.7, "mouthPucker": 0.2},
    "m": {"jawOpen": 0.2, "mouthClose": 0.2, "mouthPress": 0.5, "mouthRollLower": 0.4,
          "mouthRollUpper": 0.3},
    "f": {"mouthRollLower": 0.7, "mouthUpperUp": 0.3, "jawOpen": 0.1},
    "think": {"mouthLeft": 0.5, "mouthPress": 0.3, "browDown": 0.2},
    "shrug": {"mouthShrugLower": 0.8, "mouthShrugUpper": 0.6, "mouthFrown": 0.3,
              "browInnerUp": 0.3},
    "squint": {"eyeSquint": 0.9, "cheekSquint": 0.3, "browDown": 0.3},
}
# Nobody does both at once, and the mesh folds when it is asked to.
OPPOSITES = (
    ("jawLeft", "jawRight"), ("mouthLeft", "mouthRight"), ("eyeBlinkLeft", "eyeWideLeft"),
    ("eyeBlinkRight", "eyeWideRight"), ("mouthSmileLeft", "mouthFrownLeft"),
    ("mouthSmileRight", "mouthFrownRight"), ("mouthPucker", "mouthStretchLeft"),
    ("mouthPucker", "mouthStretchRight"), ("browDownLeft", "browOuterUpLeft"),
    ("browDownRight", "browOuterUpRight"), ("mouthFunnel", "mouthRollLower"),
    ("mouthFunnel", "mouthRollUpper"))
# The shapes and pairs of the upper face that are moved by will
UPPER = ("browDown", "browInnerUp", "browOuterUp", "cheekSquint", "eyeSquint", "eyeWide",
         "noseSneer")
_SHARES = {"neutral": 5, "smile": 3, "a": 2, "i": 2, "u": 2, "e": 2, "o": 2, "m": 2}


def _add(w, name, value, left=1.0, right=1.0):
    if name in ARKIT:
        w[ARKIT[name]] = max(w[ARKIT[name]], value)
    else:
        for side, share in (("Left", left), ("Right", right)):
            i = ARKIT[name + side]
            w[i] = max(w[i], value * share)


def _sides(rng):
    """How strongly each side takes part: mostly alike, a third of the time one-sided."""
    draw = rng.random()
    if draw < 0.5:
        return rng.uniform(0.9, 1.0, 2)
    if draw < 0.7:
        return rng.uniform(0.3, 1.0, 2)
    one = np.array([1.0, rng.choice([0, 0, rng.uniform(0, 0.4)])])
    return one if rng.random() < 0.5 else one[::-1]


def _mood(rng, w):
    names = list(MOODS)
    shares = np.array([_SHARES.get(n, 1) for n in names], float)
    strength = rng.uniform(0.3, 1.15)
    sides = _sides(rng) if rng.random() < 0.5 else (1.0, 1.0)
    for name, value in MOODS[names[rng.choice(len(names), p=shares / shares.sum())]].items():
        _add(w, name, min(1.0, value * strength * rng.uniform(0.7, 1.3)), *sides)


def _sparse(rng, w, count):
    for name in rng.choice(UNITS, count, replace=False):
        value = rng.uniform(0.3, 1.0)
        if name.endswith("Left") and name not in ("jawLeft", "mouthLeft"):
            _add(w, name[:-4], value, *_sides(rng))
        else:
            _add(w, name, value)
        if name == "mouthClose":
            _add(w, "jawOpen", min(1.0, value * rng.uniform(1.0, 1.3)))


def _tongue(rng, w):
    """The tongue out, between lips that are open enough for it."""
    w[ARKIT["tongueOut"]] = rng.uniform(0.4, 1.0)
    _add(w, "jawOpen", rng.uniform(0.2, 0.7))
    for name in ("mouthClose", "mouthRollLower", "mouthRollUpper", "mouthPressLeft",
                 "mouthPressRight", "mouthShrugLower", "mouthPucker", "mouthFunnel"):
        w[ARKIT[name]] = 0


def _eyes(rng, w):
    """Blinks of every depth, winks, and now and then wide eyes, over whatever else the face
    does."""
    draw = rng.random()
    if draw < 0.20:
        _add(w, "eyeBlink", rng.choice([1.0, rng.uniform(0.2, 1.0)]))
    elif draw < 0.30:
        side = rng.choice(["Left", "Right"])
        _add(w, "eyeBlink" + side, rng.uniform(0.6, 1.0))
        _add(w, "eyeSquint" + side, rng.uniform(0.0, 0.8))
        _add(w, "cheekSquint" + side, rng.uniform(0.0, 0.8))
    elif draw < 0.36:
        _add(w, "eyeWide", rng.uniform(0.3, 1.0))
    elif draw < 0.6:
        _add(w, "eyeBlink", rng.uniform(0.0, 0.25))


def sample_gaze(rng, distance):
    """(2, 2) degrees, (yaw, pitch) of the left and the right eye, turned in towards a point
    `distance` mm away; once in fifty the eyes are crossed or apart by some degrees more."""
    wide = rng.random() < 0.6
    yaw = rng.uniform(-35, 35) if wide else rng.normal(0, 6)
    pitch = rng.uniform(-25, 25) if wide else rng.normal(-3, 5)
    turn = np.degrees(31.5 / max(distance * rng.uniform(0.5, 2.0), 250))
    if rng.random() < 0.02:
        turn += rng.normal(0, 4)
    lift = rng.normal(0, 0.4)
    return np.array([[yaw - turn, pitch + lift], [yaw + turn, pitch - lift]], np.float32)


def sample_expression(rng, gaze):
    """(52,) float32 ARKit weights; the eyeLook shapes follow the gaze."""
    w = np.zeros(len(ARKIT_NAMES), np.float32)
    draw = rng.random()
    if draw < 0.5:
        _mood(rng, w)
    if draw > 0.35:
        _sparse(rng, w, rng.integers(1, 8))
    if rng.random() < 0.06:
        _tongue(rng, w)
    _eyes(rng, w)
    for name, value in look_weights(gaze).items():
        w[ARKIT[name]] = np.clip(value * rng.uniform(0.9, 1.1), 0, 1)
    return _possible(settle(w))


def with_brows(rng, w):
    """The weights with the upper face at work besides in seven of ten: one to three of its shapes,
    half of the time on one side more than on the other."""
    if rng.random() < 0.3:
        return w
    w = w.copy()
    for name in rng.choice(UPPER, rng.integers(1, 4), replace=False):
        _add(w, name, rng.choice([1.0, rng.uniform(0.1, 1.0)], p=[0.15, 0.85]), *_sides(rng))
    return _possible(settle(w))


def _possible(w):
    """The weights with opposites held apart."""
    for a, b in OPPOSITES:
        i, j = ARKIT[a], ARKIT[b]
        small = i if w[i] < w[j] else j
        w[small] *= 1 - 0.8 * max(w[i], w[j])
    return w
