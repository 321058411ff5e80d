"""Faces at rest in, the same faces on the move out, each quantity in a way that is known; and how
late a filter shows it.

A head turns with its points, gazes sway as far, a jaw opens: as a sine, or all at once.
"""
from typing import NamedTuple

import numpy as np

from appliance import geometry
from appliance.face import ARKIT
from appliance.mean_face import MODEL
from appliance.stages.smoothing import Smoothing

HERTZ, DEGREES = 2.0, 10.0      # of the sine; its amplitude, and the height of the step
JAW = ARKIT["jawOpen"]
SECONDS, SETTLED = 4.0, 1.0     # of a run; after so many it counts
SHOWN = 0.9                     # share of a step that counts as there
FOCAL = 554.0                   # pixels, of the camera before which the head turns
KINDS = ("head", "points", "eyes", "expression")


class Moved(NamedTuple):
    """How far a kind has moved, as a share of the way: one number a picture."""

    head: np.ndarray
    points: np.ndarray
    eyes: np.ndarray
    expression: np.ndarray


def moved(face, share):
    """The face, turned by `share` of DEGREES, its gaze as far, its jaw opened by 0.4 and as much
    more."""
    turn = geometry.matrix_from_angles(share * DEGREES, 0, 0)
    way = _seen(turn.dot(face.matrix), face) - _seen(face.matrix, face)
    eyes = [eye._replace(gaze=eye.gaze + (share * DEGREES, 0.0),
                         iris=eye.iris + way[slice(*where)].mean(0))
            for eye, where in ((face.left, (42, 48)), (face.right, (36, 42)))]
    shapes = face.blendshapes.copy()
    shapes[JAW] = 0.4 + 0.4 * share + face.blendshapes[JAW]
    points = face.landmarks + way
    return face._replace(
        landmarks=points, box=geometry.tight_box(points), left=eyes[0], right=eyes[1],
        blendshapes=shapes, rotation=geometry.quaternion_from_matrix(turn.dot(face.matrix)))


def _seen(rotation, face):
    """(68, 2) pixels of the mean head, turned, where the face is."""
    there = MODEL.dot(rotation.T) + face.translation
    return there[:, :2] / there[:, 2:] * FOCAL


def run(faces, settings, rate, share_at):
    """(times, Moved) that a filter shows of faces, over and over, moved by share_at(seconds)."""
    smooth, times = Smoothing(settings), np.arange(int(SECONDS * rate)) / rate
    still = [faces[i % len(faces)] for i in range(len(times))]
    shown = [smooth(moved(face, share_at(t)), t) for face, t in zip(still, times)]
    return times, _ways(shown, faces)


def _ways(shown, faces):
    """Moved of what was shown, against the mean of the faces at rest."""
    ends = [moved(face, 1.0) for face in faces], [moved(face, 0.0) for face in faces]
    way = np.mean([a.landmarks - b.landmarks for a, b in zip(*ends)], axis=0)
    rest = np.mean([face.landmarks for face in ends[1]], axis=0)
    return Moved(*(np.array(values) for values in zip(*(
        (_turn(face, ends[1]), ((face.landmarks - rest) * way).sum() / (way * way).sum(),
         _gaze(face, ends[1]), (face.blendshapes[JAW] - _jaw(ends[1])) / 0.4)
        for face in shown))))


def _turn(face, rest):
    return (face.angles[0] - np.mean([one.angles[0] for one in rest])) / DEGREES


def _gaze(face, rest):
    return (face.left.gaze[0] - np.mean([one.left.gaze[0] for one in rest])) / DEGREES


def _jaw(rest):
    return np.mean([one.blendshapes[JAW] for one in rest])


def lag(times, values):
    """Milliseconds by which values come after sin(2 pi HERTZ t): of the sine that fits best."""
    times, values = times[times >= SETTLED], values[times >= SETTLED]
    angle = 2 * np.pi * HERTZ * times
    a, b, _ = np.linalg.lstsq(np.stack([np.sin(angle), np.cos(angle), np.ones(len(angle))], 1),
                              values, rcond=None)[0]
    return float(-np.arctan2(b, a) / (2 * np.pi * HERTZ) * 1e3)


def reached(times, values, start=SETTLED):
    """Milliseconds from the picture of a step to SHOWN of it, straight between pictures."""
    after = times >= start - 1e-9
    times, values = times[after] - times[after][0], values[after]
    there = int(np.argmax(values >= SHOWN))
    if values[there] < SHOWN:
        return float("nan")
    if there == 0:
        return 0.0
    low, high = values[there - 1], values[there]
    part = (SHOWN - low) / (high - low)
    return float(1e3 * (times[there - 1] + part * (times[there] - times[there - 1])))


def lags(faces, settings, rate):
    """{kind: ms} of a turn of HERTZ."""
    times, shown = run(faces, settings, rate, lambda t: np.sin(2 * np.pi * HERTZ * t))
    return {kind: lag(times, values) for kind, values in shown._asdict().items()}


def steps(faces, settings, rate):
    """{kind: ms} until nine tenths of a step are shown."""
    times, shown = run(faces, settings, rate, lambda t: float(t >= SETTLED - 1e-9))
    return {kind: reached(times, values) for kind, values in shown._asdict().items()}
