"""What a gaze network says and what is true in, angles between them out; and the test that counts for gaze: one training for
each person, without that person, scored on them."""
import os

import numpy as np

from appliance.errors import DataError
from engines.training import eye_line
from engines.training.evaluate import correlations
from engines.training.samples import DOCUMENT


def measure(answer, gazes, rows):
    """{"error" mean degrees, "median", "middle": error of always saying the mean of the truth, "yaw", "pitch" mean absolute
    degrees, "r" correlations, "sigma", "pictures"} over rows; answer: images to {part: array}."""
    seen = [gazes.row(i, plain=True) for i in rows]
    answers = answer([row["image"] for row in seen])
    found = np.stack([gazes.in_camera(i, gaze) for i, gaze in zip(rows, answers["gaze"])])
    truth = gazes.gaze[rows]
    away = eye_line.error(found, truth)
    sigma = np.exp(answers["log_sigma"][:, 0].astype(float))
    return {"error": float(away.mean()), "median": float(np.median(away)), "pictures": len(rows),
            "middle": float(eye_line.error(np.tile(truth.mean(0), (len(truth), 1)), truth).mean()),
            "yaw": float(np.abs(found[:, 0] - truth[:, 0]).mean()),
            "pitch": float(np.abs(found[:, 1] - truth[:, 1]).mean()),
            "r": correlations(found, truth).tolist(), "sigma": float(np.sqrt(np.mean((away / sigma) ** 2) / 2))}


def table(scores):
    """Lines of {name: score}: each person, and the mean of people."""
    lines = ["%-12s %8s %8s %8s %8s %8s %10s" % ("person", "pictures", "error", "median", "yaw", "pitch", "always mean")]
    keys = ("error", "median", "yaw", "pitch", "middle")
    for name, score in scores.items():
        lines.append("%-12s %8d %8.2f %8.2f %8.2f %8.2f %10.2f" % ((name, score["pictures"]) + tuple(score[k] for k in keys)))
    means = tuple(float(np.mean([score[k] for score in scores.values()])) for k in keys)
    lines.append("%-12s %8d %8.2f %8.2f %8.2f %8.2f %10.2f" % (
        ("mean", sum(s["pictures"] for s in scores.values())) + means))
    return lines


def by_person(answer, gazes, rows):
    """{person: score} of one network over rows; "-" for those that name nobody."""
    persons = gazes.collection.persons()
    return {("%d" % p if p >= 0 else "-"): measure(answer, gazes, rows[persons[rows] == p]) for p in np.unique(persons[rows])}


def people(gazes):
    """The numbers of all people among the usable rows; DataError where they are fewer than two."""
    persons = gazes.collection.persons()[gazes.rows]
    found = np.unique(persons[persons >= 0])
    if len(found) < 2:
        raise DataError(gazes.collection.readers[0].path, "names %d people" % len(found),
                        "leaving one out wants two: the dataset person, " + DOCUMENT)
    return found


def fold(gazes, person):
    """(rows of everybody else, rows of the person); rows that name nobody are in neither."""
    persons = gazes.collection.persons()[gazes.rows]
    return gazes.rows[(persons != person) & (persons >= 0)], gazes.rows[persons == person]


def fold_folder(folder, person):
    """Where the training without a person lies."""
    return os.path.join(folder, "without_%d" % person)


class Check:
    """A line for the log of a training, on rows kept out of it."""

    def __init__(self, gazes, rows, most=400):
        self.gazes, self.rows = gazes, rows[:most]

    def __call__(self, net):
        """net: in evaluation mode."""
        from engines.training.runs import asked
        score = measure(asked(net), self.gazes, self.rows)
        return "kept out: error %.2f degrees (always the mean: %.2f), yaw %.2f pitch %.2f" % tuple(
            score[k] for k in ("error", "middle", "yaw", "pitch"))
