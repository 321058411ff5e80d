"""Prepared material in, a samples file out: drawn heads whose every label is exact, so that a stranger can try the trainers
for one's own data before labelling anything."""
import cv2
import numpy as np

from appliance.errors import InputMissing
from engines.training import eye_line, shards
from engines.training.samples import Writer

LICENCE = "MIT (drawn)"
# The circle of a head: around a point behind the eyes' middle, as wide as a head is long, as a share of the distance of the
# eyeballs (63 mm): 0, 10, 75 mm, radius 100 mm. Head frame: X to the subject's left, Y down, Z to the back
CENTRE, RADIUS, EYES = np.array([0, 10.0, 75.0]) / 63, 100.0 / 63, 63.0
OPEN = 0.25             # openness from which an eye's gaze can be seen


def write(material, out, patterns=("faces_*.npz",), most=None, people=None):
    """Write the shards of a folder that match; returns how many samples. most: samples. people: number them 0 to people - 1 in
    turn (each drawn head is another's; for trying what wants people)."""
    found = shards.find(material, patterns)
    if not found:
        raise InputMissing(material, "no %s in it" % " nor ".join(patterns), "run `prepare` first: docs/training.md")
    with Writer(out, "drawn by engines/training/render", LICENCE) as writer:
        for path in found:
            shard = dict(np.load(path))
            for i in range(len(shard["points"])):
                if most and len(writer) >= most:
                    break
                labels = labelled(shard, i)
                if people:
                    labels["person"] = len(writer) % people
                picture = shard.get("pictures", shard.get("picture"))[i]
                writer.add(cv2.imencode(".png", picture)[1].tobytes(), **labels)
        return len(writer)


def labelled(shard, i):
    """{label: array} of sample i of a shard, as a samples file calls them."""
    points, rotation = shard["points"][i].astype(float), shard["rotation_crop"][i].astype(float)
    labels = {"points": points, "box": np.r_[points.min(0), points.max(0)], "rotation": rotation,
              "head": circle(points, rotation), "eyes": points[list(eye_line.CORNERS)], "blendshapes": shard["blendshapes"][i]}
    gaze = seen_gaze(shard, i, rotation)
    return dict(labels, gaze=gaze) if gaze is not None else labels


def circle(points, rotation):
    """(3,) x, y and radius of the head around (68, 2) points turned by (3, 3); pixels. The rigid points of the appliance's
    mean face are laid over those seen, seen from afar."""
    from appliance.stages.pose import MODEL, STABLE
    seen, model = points[STABLE], MODEL.dot(rotation.T)[:, :2]
    a, b = model - model.mean(0), seen - seen.mean(0)
    scale = max(1e-6, float((a * b).sum() / (a * a).sum()))
    origin = seen.mean(0) - scale * model.mean(0)
    at = origin + scale * EYES * rotation.dot(CENTRE)[:2]
    return np.append(at, scale * EYES * RADIUS)


def seen_gaze(shard, i, rotation):
    """(2,) yaw, pitch in the crop's camera of both eyes' mean direction, or None where neither is open and seen."""
    seen = (np.asarray(shard["openness"][i]) > OPEN) & np.asarray(shard["eye_visible"][i], bool)
    if not seen.any():
        return None
    ways = eye_line.vectors(shard["gaze"][i][seen]).dot(rotation.T)
    return eye_line.angles(ways.mean(0, keepdims=True))[0]
