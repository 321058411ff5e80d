"""A moment becomes the same moment with parts of the face at rest: for a target that another
sender tells of them.
"""
import numpy as np

from appliance.face import ARKIT_NAMES
from appliance.outputs.moment import NEUTRAL
from appliance.outputs.sketch import FAR, seen

PARTS = ("head", "eyes", "mouth")
_PLACE = np.array([0.0, 0.0, FAR])
_BEGINS = (("head", ("head", "neck", "root", "face", "pose")),
           ("eyes", ("eye", "brow", "lefteye", "righteye", "blink", "look", "angry")))


def part_of(name):
    """Which of PARTS a value is, by its name in any spelling: what is neither the head's nor of
    eyes and brows is the mouth's, with jaw, cheeks and nose."""
    lower = name.lower()
    return next((part for part, begins in _BEGINS if lower.startswith(begins)), "mouth")


class Parted:
    """Call with a Moment; parts: those of PARTS that are told as measured.

    Without the head it looks straight ahead from the middle of the picture. Points, box and irises
    are a mean face's, turned as the head is told: measured ones would tell the rest.
    """

    def __init__(self, parts):
        self._head, self._eyes, self._mouth = [part in parts for part in PARTS]
        self._weights = np.array([float(part_of(name) in parts) for name in ARKIT_NAMES])

    def __call__(self, moment):
        slots = tuple(s._replace(face=s.face and self._told(s.face, moment)) for s in moment.slots)
        return moment._replace(face=moment.face and self._told(moment.face, moment), slots=slots)

    def _told(self, face, moment):
        if not self._head:
            face = face._replace(rotation=NEUTRAL.rotation, translation=_PLACE)
        box, points, *irises = seen(face.matrix, face.translation, moment)
        left, right = [self._eye(*pair) for pair in zip((face.left, face.right), irises)]
        vowels = face.vowels if face.vowels is None else face.vowels * self._mouth
        return face._replace(box=box, landmarks=points, left=left, right=right, vowels=vowels,
                             blendshapes=face.blendshapes * self._weights)

    def _eye(self, eye, iris):
        if self._eyes:
            return eye._replace(iris=iris)
        return eye._replace(iris=iris, openness=NEUTRAL.left.openness, gaze=NEUTRAL.left.gaze)
