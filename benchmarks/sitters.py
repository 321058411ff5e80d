"""People drawn again and again, one thing changed from picture to picture, all else the same.

Tone of skin, spectacles, lids, one shape alone, vowels. Rows are person by person; the seeds are
kept out of training.
"""
import numpy as np

from appliance.face import ARKIT, ARKIT_NAMES
from benchmarks import drawings

TONES = (0.06, 0.12, 0.22, 0.38, 0.54)      # linear luma of the skin: the renderer's range
LIDS = (("open", ()), ("wink left", ("Left",)), ("wink right", ("Right",)),
        ("blink", ("Left", "Right")))
LEVELS = (0.5, 1.0)         # of a shape that moves alone
FULL_LOOK = 30.0            # degrees of gaze at which an eyeLook shape is 1
AT_EASE = (8.0, 6.0, 4.0)   # degrees, spread of yaw, pitch and roll of who looks about ahead
TALKING = ("neutral", "A", "I", "U", "E", "O")


def tones(data, cache, people):
    """Each person in every one of TONES."""
    return drawings.kept(data, cache, "tones", people, _tones)


def spectacles(data, cache, people):
    """Each person without and with glasses; light and background are others with them."""
    return drawings.kept(data, cache, "spectacles", people, _spectacles)


def lids(data, cache, people):
    """Each person with lids as in LIDS, the rest of the face at its own expression."""
    return drawings.kept(data, cache, "lids", people, _lids)


def alone(data, cache, people):
    """Each person at rest, then with each of the 52 shapes alone at LEVELS."""
    return drawings.kept(data, cache, "alone", people, _alone)


def talking(data, cache, people):
    """Each person at rest and saying each vowel: TALKING."""
    return drawings.kept(data, cache, "talking", people, _talking)


def weights(shapes):
    """(52,) of {ARKit name, or one without its side for both: value}."""
    w = np.zeros(len(ARKIT_NAMES), np.float32)
    for name, value in shapes.items():
        for full in (name,) if name in ARKIT else (name + "Left", name + "Right"):
            w[ARKIT[full]] = value
    return w


def gaze_of(name, level):
    """(2, 2) degrees, (yaw, pitch) of both eyes, that move an eyeLook shape to a level."""
    way, right = name[len("eyeLook"):].replace("Left", "").replace("Right", ""), "Right" in name
    yaw = {"Out": 1, "In": -1}.get(way, 0) * (-1 if right else 1)
    pitch = {"Up": 1, "Down": -1}.get(way, 0)
    return np.array([[yaw, pitch]] * 2, np.float32) * level * FULL_LOOK


def at_ease(seed, k):
    """A person with a face at rest, the head turned by a little."""
    one = drawings.person(seed, k)
    turn = np.random.default_rng([seed, k, 1]).normal(0, AT_EASE)
    one.angles, one.body = tuple(float(a) for a in turn), None
    return at_rest(one)


def at_rest(one):
    """The Scene with no shape at work and the eyes straight ahead."""
    one.gaze, one.blendshapes = np.zeros((2, 2), np.float32), weights({})
    return one


def _tones(studio, k):
    for tone in TONES:
        one = drawings.person(drawings.SEED + 3, k, tone=tone)
        dark = {"hair": 0.04 if tone < 0.14 else 1.0, "brow": 0.8 * tone}   # as nature has it
        one.look.update({name: min(one.look[name], most) for name, most in dark.items()})
        yield _with(studio.face(one), tone=tone)


def _spectacles(studio, k):
    for glasses in (False, True):
        yield studio.face(drawings.person(drawings.SEED + 4, k, glasses=glasses))


def _lids(studio, k):
    for state, (_, sides) in enumerate(LIDS):
        one = drawings.person(drawings.SEED + 5, k)
        rng = np.random.default_rng([drawings.SEED + 5, k, 1])
        one.angles = tuple(float(a) for a in (rng.uniform(-30, 30), rng.normal(0, 8),
                                              rng.normal(0, 6)))
        one.blendshapes[[ARKIT[name + side] for name in ("eyeBlink", "eyeWide", "eyeSquint")
                         for side in ("Left", "Right")]] = 0
        squint = rng.uniform(0, 0.8, 2) if len(sides) == 1 else np.zeros(2)
        for side in sides:
            one.blendshapes[ARKIT["eyeBlink" + side]] = 1
            one.blendshapes[ARKIT["eyeSquint" + side]] = squint[0]
            one.blendshapes[ARKIT["cheekSquint" + side]] = squint[1]
        yield _with(studio.face(one), state=state)


def _alone(studio, k):
    yield _with(studio.face(at_ease(drawings.SEED + 6, k)), shape=-1, level=0.0)
    for shape, name in enumerate(ARKIT_NAMES):
        for level in LEVELS:
            yield _with(studio.face(_moved(at_ease(drawings.SEED + 6, k), name, level)),
                        shape=shape, level=level)


def _moved(one, name, level):
    from engines.training.render.face_model import look_weights
    one.blendshapes[ARKIT[name]] = level
    if name == "mouthClose":        # it closes what the jaw has opened
        one.blendshapes[ARKIT["jawOpen"]] = level
    if name.startswith("eyeLook"):
        one.gaze = gaze_of(name, level)
        one.blendshapes = weights(look_weights(one.gaze))
    return one


def _talking(studio, k):
    from engines.training.render.clip import VOWELS
    said = dict(VOWELS, neutral={})
    for number, name in enumerate(TALKING):
        one = at_ease(drawings.SEED + 7, k)
        one.blendshapes = weights(said[name])
        yield _with(studio.face(one), said=number)


def _with(drawn, **more):
    picture, labels = drawn
    return picture, dict(labels, **more)
