"""What other trackers reached on the same sets, read from the folder of their results."""
import json
import os
from collections import OrderedDict

PEERS = OrderedDict([
    ("mediapipe", "MediaPipe FaceMesh refined"), ("openseeface0", "OpenSeeFace model 0"),
    ("openseeface1", "OpenSeeFace model 1"), ("opentrack", "opentrack 0.4 small")])
# Where a peer's file has the parts of a set; the first that is there counts.
PARTS = {"yaw>=60": ("yaw>=60", "yaw60-99")}


def results(data, kind):
    """{peer's name: its results}, empty where none are; kind: "accuracy_helen_test", "jitter"."""
    found = OrderedDict()
    for key, name in PEERS.items():
        path = os.path.join(data, "peers", "%s_%s.json" % (kind, key))
        if os.path.exists(path):
            with open(path) as f:
                found[name] = json.load(f)
    return found


def points(result, part):
    """(pictures, missed, {group: mean % of the box}) with the box given, or None."""
    given = result["given_box"]
    block = given if part == "all" else given.get(part)
    if not block or "misses" not in block:
        return None
    groups = block["groups"] if part == "all" else block
    means = {name: g["mean"] for name, g in groups.items() if isinstance(g, dict) and "mean" in g}
    return block["images"], block["misses"], means


def rotation(result, part):
    """The columns of benchmarks.rotation with the box given, or None."""
    given = result.get("given_box_2", result["given_box"])
    given = given.get("rotation", given)
    for name in PARTS.get(part, (part,)):
        one = given.get(name, {})
        if "raw" in one:
            return dict(one["raw"], n=one["n"],
                        centred=one.get("offset_removed", {}).get("mae"))
    return None
