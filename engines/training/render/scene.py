"""One random person in front of one random camera, as plain numbers: what a picture is to show."""
from dataclasses import dataclass, field
from typing import Optional

import numpy as np

from appliance import geometry
from engines.training.render.expression import sample_expression, sample_gaze
from engines.training.render.face_model import IRIS_ANGLE

PICTURE = (640, 480)


@dataclass
class Scene:
    """What one picture shows.

    angles (yaw, pitch, roll) and translation: camera_from_head, degrees and mm. gaze (2, 2) and
    fov: degrees. albedo: (N,) linear luma per vertex of a photographed skin, NaN where the
    photograph shows none. body: the angles of the shoulders, None: they turn with the head.
    """

    seed: tuple
    identity: np.ndarray
    blendshapes: np.ndarray
    gaze: np.ndarray
    angles: tuple
    translation: np.ndarray
    fov: float
    look: dict = field(default_factory=dict)
    albedo: Optional[np.ndarray] = None
    body: Optional[tuple] = None

    @property
    def rotation(self):
        """(3, 3) camera_from_head."""
        return geometry.matrix_from_angles(*self.angles)

    @property
    def focal(self):
        """Focal length in pixels of the whole picture."""
        return geometry.focal_length(PICTURE[0], self.fov)


def _yaw(rng):
    draw = rng.random()
    if draw < 0.5:
        size = abs(rng.normal(0, 14))
    else:
        size = rng.uniform(30, 60) if draw < 0.82 else rng.uniform(60, 90)
    return min(size, 90) * rng.choice([-1, 1])


def sample(rng, seed=()):
    """A Scene. rng: numpy Generator; everything about the picture follows from it."""
    distance = np.exp(rng.uniform(np.log(300), np.log(1500)))
    fov = rng.uniform(50, 80)
    angles = (_yaw(rng), np.clip(rng.normal(0, 17), -45, 45), np.clip(rng.normal(0, 12), -30, 30))
    gaze = sample_gaze(rng, distance)
    blendshapes = sample_expression(rng, gaze)
    identity = np.zeros(100, np.float32)
    identity[:60] = 0.8 * rng.normal(size=60)
    identity[60:] = 0.8 * rng.normal(size=40)
    reach = np.tan(np.radians(fov / 2)) * distance
    place = np.array([rng.uniform(-0.6, 0.6) * reach, rng.uniform(-0.4, 0.4) * reach, distance])
    body = tuple(np.array(angles) * rng.uniform(0.2, 0.9))
    return Scene(seed, identity, blendshapes, gaze, angles, place, fov, _look(rng), None, body)


def profile(rng, seed=()):
    """A Scene of a head turned 70 to 115 degrees to a side, a hand or another thing before half of them."""
    scene = sample(rng, seed)
    _, pitch, roll = scene.angles
    scene.angles = (rng.uniform(70, 115) * rng.choice([-1, 1]), pitch, roll)
    scene.body = tuple(np.array(scene.angles) * rng.uniform(0.2, 0.9))
    if rng.random() < 0.5:
        scene.look["occluder"] = rng.choice(["hand", "hand", "hand", "microphone", "mug"])
    return scene


def _look(rng):
    """Everything random about light, skin, hair and things worn, as plain numbers."""
    female = rng.random() < 0.5
    look = dict(_skin(rng, female), female=float(female))
    look.update(_hair(rng, female, look["tone"]), **_eyes(rng, female))
    look.update(
        glasses=rng.random() < 0.2, cloth=_between(rng, 0.01, 0.6),
        occluder=rng.choice(["hand", "microphone", "mug"]) if rng.random() < 0.12 else "",
        worn=rng.choice(["", "headset", "band", "cap", "hood"], p=[0.88, 0.04, 0.02, 0.04, 0.02]),
        seed=int(rng.integers(2 ** 31)))
    return look


def _between(rng, low, high):
    """A number whose logarithm is uniform."""
    return np.exp(rng.uniform(np.log(low), np.log(high)))


def _skin(rng, female):
    freckles = rng.uniform(0, 0.3) if rng.random() < 1 / 3 else 0.0
    return dict(tone=_between(rng, 0.05, 0.55), makeup=float(female and rng.random() < 0.5),
                skin=(rng.uniform(0.02, 0.14), rng.uniform(0.01, 0.10), freckles,
                      rng.uniform(0, 50)))


def _hair(rng, female, tone):
    hair = _between(rng, 0.008, 0.35)
    if tone < 0.14:
        hair = min(hair, 0.04)
    bearded = not female and rng.random() < 0.55
    beard = rng.uniform(0.15, 0.4) if rng.random() < 0.5 else rng.uniform(0.4, 1)
    return dict(hair=hair, beard=beard if bearded else 0.0,
                brow=min(hair * rng.uniform(0.5, 1.0), 0.8 * tone),
                brow_width=rng.uniform(0.30, 0.6), brow_strength=rng.uniform(0.25, 1.0),
                bald=rng.random() < (0.02 if female else 0.18),
                hairline=rng.normal(0, 6) + (0 if female else 3),
                bangs=rng.random() < (0.3 if female else 0.12),
                volume=rng.uniform(3, 26 if female else 16), long=female and rng.random() < 0.6,
                curl=rng.choice([0.0, rng.uniform(0, 1)]))


def _eyes(rng, female):
    glint = rng.uniform(0.5, 4) if rng.random() < 0.85 else 0.0
    return dict(lashes=rng.choice([0.0, rng.uniform(0.25, 0.6) + 0.15 * female]),
                iris=(_between(rng, 0.02, 0.3), np.cos(np.radians(rng.uniform(6.5, 12))),
                      np.cos(np.radians(IRIS_ANGLE)), glint))
