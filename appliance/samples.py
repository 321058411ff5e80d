"""Pictures of a face over a short while come in, the middle of what was seen goes out, without its
outliers."""
import numpy as np

from appliance.face import SILENT

LEAST = 3               # pictures without which nothing is believed
PATIENCE = 5.0          # seconds more that a face may be away
KEPT = 0.5              # share of the pictures that count: those nearest to the median


class Samples:
    """What is seen of a face from the first picture on, for `seconds`; name: in words; use: what
    is called with it afterwards."""

    def __init__(self, name, seconds, use):
        self.name, self.use = name, use
        self._seconds, self._began, self._faces, self._first = seconds, None, [], None

    @property
    def enough(self):
        """Whether anything can be told from it."""
        return len(self._faces) >= LEAST

    def add(self, face, time):
        """One picture more, at `time` seconds."""
        self._began = time if self._began is None else self._began
        self._faces.append({"rotation": face.rotation, "blendshapes": face.blendshapes,
                            "vowels": SILENT if face.vowels is None else face.vowels,
                            "openness": (face.left.openness, face.right.openness),
                            "gaze": np.concatenate((face.left.gaze, face.right.gaze))})

    def over(self, time):
        """Whether the time is up: of looking, or of waiting for a face."""
        self._first = time if self._first is None else self._first
        seen = self._began is not None and time - self._began >= self._seconds and self.enough
        return seen or time - self._first >= self._seconds + PATIENCE

    def of(self, name):
        """(n, ...) of rotation, blendshapes, vowels, openness (left, right) or gaze (left, right).
        """
        return np.array([face[name] for face in self._faces])


def middle(samples):
    """(k,) the mean, for each of k numbers, of that half of (n, k) which lies nearest to the
    median."""
    far = np.argsort(np.abs(samples - np.median(samples, axis=0)), axis=0, kind="stable")
    kept = far[:max(1, int(round(KEPT * len(samples))))]
    return np.take_along_axis(samples, kept, axis=0).mean(axis=0)


def middle_rotation(samples):
    """(4,) the mean rotation of that half of (n, 4) quaternions which lies nearest to the mean of
    all, w >= 0."""
    near = np.argsort(-np.abs(samples.dot(_mean(samples))), kind="stable")
    return _mean(samples[near[:max(1, int(round(KEPT * len(samples))))]])


def _mean(samples):
    """The quaternion that is nearest to all: largest eigenvector of their outer products (Markley
    et al. 2007)."""
    mean = np.linalg.eigh(samples.T.dot(samples))[1][:, -1]
    return -mean if mean[0] < 0 else mean
