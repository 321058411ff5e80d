"""A made-up samples file of a few drawn dots for faces: enough to take steps, not to learn."""
import cv2
import numpy as np

from appliance import geometry
from engines.training import drawn_samples
from engines.training.samples import Writer
from tests.fakes.dots import face_points, picture

PEOPLE = 3


def write(path, count=24, people=PEOPLE, **left_out):
    """`count` pictures of 160 x 120, of `people` in turn; left_out: label=True leaves it out."""
    rng = np.random.RandomState(3)
    with Writer(path, "made up", "none") as out:
        for i in range(count):
            x, y, size = 80 + rng.uniform(-15, 15), 50.0, rng.uniform(0.45, 0.6)
            roll = 20.0 * (i // 3 % 3 - 1)
            luma = picture((x, y, size, roll), width=160, height=120)
            labels = dict(drawn_labels(x, y, size, roll), person=i % people,
                          gaze=(rng.uniform(-20, 20), rng.uniform(-10, 10)))
            labels = {key: value for key, value in labels.items() if not left_out.get(key)}
            out.add(cv2.imencode(".png", luma)[1].tobytes(), **labels)
    return path


def drawn_labels(x, y, size, roll):
    """points, box, rotation, head of such a face."""
    points = face_points(x, y, size, roll)
    rotation = geometry.matrix_from_angles(0, 0, roll)
    return {"points": points, "box": np.r_[points.min(0), points.max(0)], "rotation": rotation,
            "head": drawn_samples.circle(points, rotation)}
