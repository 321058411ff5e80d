"""Faces as they are measured, with gaps, become faces as they are shown: held, eased to neutral,
found again.

    tracked --no face--> held --hold--> returning --back--> lost

A face again goes on at once from held, and blends in from returning and lost.
One machine serves all targets. Time comes with the frames; nothing here looks at a clock.
"""
from math import cos, isfinite, pi

import numpy as np

from appliance import geometry
from appliance.face import SILENT
from appliance.outputs.moment import NEUTRAL

_GROUPS = ("box", "landmarks", "rotation", "translation", "blendshapes", "vowels")


class Loss:
    """Call with the faces and the time of each frame, and with none while no frame comes.

    A face that the tracker itself only holds was not seen: every time counts from the last picture
    that showed it. hold, back, blend: seconds. `face` afterwards is what to show, its state
    "tracked", "held" or "returning", or None while lost. `id` is its id, while lost the last
    one's; `age` the seconds since it was found, while lost since it was last seen; `fresh` is True
    when the state is another one than after the call before.
    """

    def __init__(self, hold=0.25, back=0.5, blend=0.15):
        self.set_times(hold, back, blend)
        self._time = self._seen = self._found = self._blending = None
        self._last = self._from = None
        self.face, self.id, self.age, self.fresh = None, 0, 0.0, True
        self._state = None

    def set_times(self, hold, back, blend):
        """Other times from now on, in seconds."""
        self._hold, self._back, self._blend = hold, back, blend

    def __call__(self, faces, time):
        """The face to show at `time`; times that run backwards count as standing still."""
        self._time = time = time if self._time is None else max(time, self._time)
        self._seen = time if self._seen is None else self._seen
        face = self._followed(faces)
        if face is None or face.state != "tracked":
            self.face = self._missing(time - self._seen)
        else:
            self.face = self._measured(_sound(face, self._last), time)
        state = self.face.state if self.face is not None else "lost"
        self.age = time - (self._seen if state == "lost" else self._found)
        self.fresh, self._state = state != self._state, state
        return self.face

    def _followed(self, faces):
        """The face that is shown already, else the first."""
        for face in faces:
            if face.id == self.id and self._last is not None:
                return face
        return faces[0] if faces else None

    def _measured(self, face, time):
        if self._found is None or face.id != self.id:
            self._found = time
        if self._state in ("lost", "returning"):
            self._from, self._blending = self.face or NEUTRAL, time
        self.id, self._seen = face.id, time
        if self._from is not None:
            share = _eased(time - self._blending, self._blend)
            face = _between(self._from, face, share)
            self._from = self._from if share < 1 else None
        self._last = face
        return face

    def _missing(self, gone):
        if self._last is None or gone >= self._hold + self._back:
            self._last = self._from = None
            return None
        if gone < self._hold:
            return self._last._replace(state="held")
        return _between(self._last, _resting(self._last), _eased(gone - self._hold, self._back))


def _eased(passed, whole):
    """0 to 1 along half a cosine, 1 from `whole` seconds on."""
    return 0.5 - 0.5 * cos(pi * passed / whole) if passed < whole else 1.0


def _between(a, b, share):
    """`b` with its pose, gaze, openness, blendshapes and vowels moved back towards `a`: share 0 is
    a's, 1 is b's.
    """
    if share >= 1:
        return b
    return b._replace(rotation=geometry.slerp(a.rotation, b.rotation, share),
                      blendshapes=a.blendshapes + share * (b.blendshapes - a.blendshapes),
                      vowels=_vowels_between(a.vowels, b.vowels, share),
                      left=_eye_between(a.left, b.left, share),
                      right=_eye_between(a.right, b.right, share),
                      taught=_taught_between(a.taught, b.taught, share))


def _vowels_between(a, b, share):
    """Of a face of which nothing tells vowels it is taken that it says none."""
    if b is None:
        return None
    return share * b if a is None else a + share * (b - a)


def _taught_between(a, b, share):
    return {name: a.get(name, 0.0) + share * (value - a.get(name, 0.0))
            for name, value in b.items()}


def _eye_between(a, b, share):
    return b._replace(openness=a.openness + share * (b.openness - a.openness),
                      gaze=a.gaze + share * (b.gaze - a.gaze))


def _resting(face):
    """The neutral pose where `face` is in the picture."""
    eyes = [eye._replace(openness=NEUTRAL.left.openness, gaze=NEUTRAL.left.gaze)
            for eye in (face.left, face.right)]
    return face._replace(rotation=NEUTRAL.rotation, blendshapes=NEUTRAL.blendshapes,
                         vowels=None if face.vowels is None else SILENT,
                         left=eyes[0], right=eyes[1], state="returning",
                         taught=dict.fromkeys(face.taught, 0.0))


def _sound(face, last):
    """`face` with every group of numbers that is not finite taken whole from the last one (at
    first: neutral).

    A single wrong component must not be patched by itself: three new ones and an old one are no
    rotation.
    """
    if isfinite(_total(face)):
        return face
    last = last or NEUTRAL
    fields = {name: _finite(getattr(face, name), getattr(last, name))
              for name in _GROUPS + ("score",)}
    return face._replace(left=_sound_eye(face.left, last.left),
                         right=_sound_eye(face.right, last.right), **fields)


def _total(face):
    """A sum over all numbers, not finite where one of them is; squared, the cheapest way."""
    left, right = face.left, face.right
    numbers = np.concatenate((face.box, face.landmarks, face.rotation, face.translation,
                              face.blendshapes, left.iris, left.gaze, right.iris, right.gaze,
                              () if face.vowels is None else face.vowels), axis=None)
    singles = face.score + left.openness + left.score + right.openness + right.score
    return singles + np.vdot(numbers, numbers)


def _sound_eye(eye, last):
    return type(eye)(*[_finite(value, before) for value, before in zip(eye, last)])


def _finite(value, before):
    return value if value is None or np.all(np.isfinite(value)) else before
