"""Prepared material in, a samples file out: drawn heads whose every label is exact, so that a stranger can try the trainers
for one's own data before labelling anything."""
import cv2
import numpy as np

from appliance import geometry
from appliance.errors import InputMissing
from appliance.stages.pose import MODEL, STABLE
from engines.training import eye_line, shards
from engines.training.samples import Writer

LICENCE = "that of the material: docs/licences.md"
RADIUS = 100.0          # mm, of every head: its circle tells how near it is
OPEN = 0.25             # openness from which an eye's gaze can be seen
TURNED = 45.0           # degrees of yaw beyond which the far eye is no measure of how large a face is


def add(commands):
    """The parser of `samples from-material`."""
    parser = commands.add_parser("from-material", help="drawn heads as a file of samples, to try trainers with")
    parser.add_argument("material", metavar="MATERIAL", help="folder of prepared shards")
    parser.add_argument("file", metavar="FILE.h5", help="what is written")
    parser.add_argument("--shards", nargs="+", metavar="PATTERN", default=["faces_*.npz"], help="which (default faces_*.npz)")
    parser.add_argument("--most", type=int, metavar="N", help="pictures at most")
    parser.add_argument("--people", type=int, metavar="N",
                        help="number the pictures as if they were of N people, to try what wants people")
    parser.set_defaults(step=drawn)


def drawn(args):
    """Write a file of samples from prepared material."""
    print("%s: %d rows" % (args.file, write(args.material, args.file, args.shards, args.most, args.people)))


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
    """(3,) x, y between the eyeballs and radius of a head with (68, 2) points, turned by (3, 3); pixels. The rigid points of the
    appliance's mean face are laid over those seen, as from afar."""
    seen, model = points[STABLE], MODEL.dot(rotation.T)[:, :2]
    a, b = model - model.mean(0), seen - seen.mean(0)
    scale = max(1e-6, float((a * b).sum() / (a * a).sum()))
    return np.append(seen.mean(0) - scale * model.mean(0), scale * RADIUS)


def seen_gaze(shard, i, rotation):
    """(2,) yaw, pitch in the crop's camera of both eyes' mean direction, or None where neither is open and seen, or the head
    is turned far."""
    if abs(geometry.angles_from_matrix(rotation)[0]) > TURNED:
        return None
    seen = (np.asarray(shard["openness"][i]) > OPEN) & np.asarray(shard["eye_visible"][i], bool)
    if not seen.any():
        return None
    ways = eye_line.vectors(shard["gaze"][i][seen]).dot(rotation.T)
    return eye_line.angles(ways.mean(0, keepdims=True))[0]
