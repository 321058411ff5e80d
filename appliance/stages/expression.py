"""What close-ups and eyes of a face say comes in, its 52 ARKit blendshapes and vowels go out.

Each shape is told by one alone: a close-up tells those of its own that its section of the manifest
calls driven, the irises tell lids and looks that [expression] calls driven. eyeWide, which both
could tell, is the close-up's where that drives it. What is driven nowhere stays 0: what cannot be
told yet is not guessed.
"""
import numpy as np

from appliance.face import ARKIT, ARKIT_NAMES

LOOK_FULL = 30.0        # degrees of gaze at which an eyeLook shape is 1
WIDE_FULL = 0.3         # openness beyond 1 at which eyeWide is 1
BLINK = (ARKIT["eyeBlinkLeft"], ARKIT["eyeBlinkRight"])
WIDE = (ARKIT["eyeWideLeft"], ARKIT["eyeWideRight"])
# For each eye the shape of a gaze to the subject's left, to the right, up, down.
LOOK = tuple([ARKIT["eyeLook" + way + side] for way in ways] for side, ways in (
    ("Left", ("Out", "In", "Up", "Down")), ("Right", ("In", "Out", "Up", "Down"))))
EYES = np.zeros(len(ARKIT_NAMES), bool)         # what irises and lids can tell
EYES[list(BLINK + WIDE) + LOOK[0] + LOOK[1]] = True


class Expression:
    """The words of close-ups and eyes put together.

    network: the record of [expression], whose `driven` holds for the eyes too. closeups: in the
    order of their words. `driven`: (52,) bool, what is told at all. `fading`: of that, what is
    told of a face from the front alone. `by_eyes`: (52,) bool, what the irises tell.
    """

    def __init__(self, network, closeups):
        self._places = [closeup.places for closeup in closeups]
        others = np.zeros(len(ARKIT_NAMES), bool)
        for places in self._places:
            others[places] = True
        self.by_eyes = EYES & np.isin(ARKIT_NAMES, network.driven) & ~others
        self.driven, self.fading = others | self.by_eyes, np.zeros_like(others)
        for closeup in closeups:
            self.fading[closeup.places] = closeup.fading

    def __call__(self, eyes, words):
        """((52,) in the order of ARKIT_NAMES, 0 to 1; (5,) vowels, None where no close-up tells
        any). eyes: (left, right) Eye. words: the Word of each close-up."""
        shapes = with_eyes(np.zeros(len(ARKIT_NAMES)), *eyes)
        shapes *= self.by_eyes
        for places, word in zip(self._places, words):
            shapes[places] = word.shapes
        return shapes, next((word.vowels for word in words if word.vowels is not None), None)


def with_eyes(shapes, left, right):
    """The shapes with what the Eyes tell: eyeBlink is 1 - openness, eyeWide what is beyond 1,
    eyeLook the gaze, 30 degrees is 1."""
    for side, eye in enumerate((left, right)):
        yaw, pitch = eye.gaze.tolist()
        yaw, pitch = yaw / LOOK_FULL, pitch / LOOK_FULL
        shapes[BLINK[side]] = _unit(1.0 - eye.openness)
        shapes[WIDE[side]] = _unit((eye.openness - 1.0) / WIDE_FULL)
        for index, value in zip(LOOK[side], (yaw, -yaw, pitch, -pitch)):
            shapes[index] = _unit(value)
    return shapes


def _unit(value):
    return min(1.0, max(0.0, value))
