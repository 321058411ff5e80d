"""The still sets with the box given: where the 68 points lie, by group and by yaw. One table."""
import os
from typing import NamedTuple

import cv2
import numpy as np

from benchmarks import peers, report, sheets

SETS = ("helen_test", "aflw_dev")
GROUPS = {"all68": range(68), "shared66": [i for i in range(68) if i not in (48, 54)],
          "inner49": [i for i in range(17, 68) if i not in (48, 54)], "eyes12": range(36, 48),
          "mouth18": [i for i in range(49, 68) if i != 54], "nose9": range(27, 36),
          "brows10": range(17, 27), "jaw17": range(17)}
BELIEVED = 0.5      # a lower score is a miss


class Answers(NamedTuple):
    """What was measured on one set, a row a picture.

    error: (N, 68) % of the true box. off: (N, 68, 2) the same by axis, sigma: (N, 68) as it was
    predicted. score: (N,). found, true: (N, 3, 3) camera_from_head, true NaN where it is not
    known. yaw: (N,) absolute, degrees, NaN where it is not known. points: (N, 68, 2) pixels.
    """

    error: np.ndarray
    off: np.ndarray
    sigma: np.ndarray
    score: np.ndarray
    found: np.ndarray
    true: np.ndarray
    yaw: np.ndarray
    points: np.ndarray


def size(points):
    """sqrt(w h) of the tight box of (68, 2) points."""
    return float(np.sqrt(np.prod(points.max(axis=0) - points.min(axis=0))))


def distances(found, true):
    """(68,) distances of (68, 2) points, % of the true box's size."""
    return np.linalg.norm(found - true, axis=1) / size(true) * 100


def box(points):
    """(x0, y0, x1, y1), tight."""
    return tuple(points.min(axis=0)) + tuple(points.max(axis=0))


def measure(tracker, folder, limit=0):
    """Answers of the tracker on a folder with labels.npz; None where there is none."""
    path = os.path.join(folder, "labels.npz")
    if not os.path.exists(path):
        return None
    labels = np.load(path)
    count = limit or len(labels["names"])
    rows = []
    for i, name in enumerate(labels["names"][:count]):
        true = labels["points"][i].astype(float)
        luma = cv2.imread(os.path.join(folder, str(name)), cv2.IMREAD_GRAYSCALE)
        face = tracker(luma, rois=[box(true)])[0]
        unit = 100 / size(true)
        rows.append((distances(face.landmarks, true), (face.landmarks - true) * unit,
                     face.sigma * unit, face.score, face.matrix, face.landmarks))
    error, off, sigma, score, found, points = (np.array(column) for column in zip(*rows))
    true, yaw = np.full(found.shape, np.nan), np.full(count, np.nan)
    if "rotation" in labels:
        known = labels["pose_ok"][:count]
        true[known] = labels["rotation"][:count][known]
        yaw = np.abs(labels["angles"][:count, 0])
    return Answers(error, off, sigma, score, found, true, yaw, points)


def worst(answers, folder):
    """[(luma, true points, ours, words)] of the worst cases of a set, for a sheet."""
    labels, mean = np.load(os.path.join(folder, "labels.npz")), answers.error.mean(axis=1)
    return [(cv2.imread(os.path.join(folder, str(labels["names"][i])), cv2.IMREAD_GRAYSCALE),
             labels["points"][i].astype(float), answers.points[i],
             "%s %.1f %%" % (labels["names"][i], mean[i])) for i in sheets.worst(mean)]


def parts(answers):
    """{part: mask} of the pictures: all, and by yaw where it is known."""
    yaw = answers.yaw
    found = {"all": np.ones(len(yaw), bool)}
    if np.isfinite(yaw).any():
        found.update({"yaw<30": yaw < 30, "yaw30-60": (yaw >= 30) & (yaw < 60),
                      "yaw>=60": yaw >= 60})
    return {name: mask for name, mask in found.items() if mask.any()}


def figures(answers):
    """{part: {"pictures", "missed", group: mean error}}; what was missed counts in the means."""
    return {name: dict({group: float(answers.error[mask][:, list(ids)].mean())
                        for group, ids in GROUPS.items()},
                       pictures=int(mask.sum()),
                       missed=int((answers.score[mask] < BELIEVED).sum()))
            for name, mask in parts(answers).items()}


def table(found, data):
    """Markdown of {set: figures}, the peers' rows below ours."""
    rows = []
    for place, by_part in found.items():
        theirs = peers.results(data, "accuracy_" + place)
        for part, f in by_part.items():
            ours = f["pictures"], f["missed"], f
            rows.append(_row(place, part, "**Kagami**", ours))
            for name, result in theirs.items():
                their = peers.points(result, part)
                if their:
                    rows.append(_row(place, part, name, their))
    return report.markdown(("set", "part", "tracker", "pictures", "missed") + tuple(GROUPS), rows)


def _row(place, part, name, answer):
    pictures, missed, means = answer
    return [place, part, name, pictures, missed] + [means.get(group) for group in GROUPS]
