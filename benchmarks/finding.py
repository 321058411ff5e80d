"""The whole pipeline finding faces by itself, as shipped: a fresh look at each picture, no box.

False faces on photographs without people, pasted faces by size, profiles. One table.
"""
import glob
import os

import cv2
import numpy as np

from appliance import geometry
from appliance.errors import KagamiError
from benchmarks import peers, report
from benchmarks.pasted import Faces, cover

PICTURE = (320, 192)        # what the detector sees: a pixel of the face is one of the network's
WIDTHS = (24, 48, 96)
FOUND = 0.5                 # overlap with the true box
PROFILE = 60.0              # degrees of yaw
PLACE, GROUNDS = "aflw_dev", "backgrounds_test"


def fresh(tracker, luma):
    """[Face] of a picture that follows on nothing."""
    tracker.reset()
    return tracker(luma)


def false_faces(tracker, data, limit=0):
    """(pictures, how many of them have a face) of the backgrounds; None where none are."""
    paths = sorted(glob.glob(os.path.join(data, GROUNDS, "*.jpg")))[:limit or None]
    if not paths:
        return None
    return len(paths), sum(bool(fresh(tracker, cover(cv2.imread(path, cv2.IMREAD_GRAYSCALE),
                                                     PICTURE))) for path in paths)


def pasted(tracker, data, count):
    """{width: (pictures, found, with a further face)}; None where there are no portraits."""
    try:
        faces = Faces(data)
    except KagamiError as why:
        print("pasted faces: not measured: %s" % why)
        return None
    rows = {}
    for width in WIDTHS:
        answers = [(fresh(tracker, picture), box)
                   for picture, box in faces.pictures(width, count, PICTURE)]
        right = [[geometry.overlap(face.box, box) >= FOUND for face in found]
                 for found, box in answers]
        rows[str(width)] = (len(right), sum(any(one) for one in right),
                            sum(not all(one) for one in right))
    return rows


def profiles(tracker, data, limit=0):
    """(pictures, found) of the turned photographs whose rotation is sure; None without them."""
    path = os.path.join(data, PLACE, "labels.npz")
    if not os.path.exists(path):
        return None
    labels = np.load(path)
    turned = labels["pose_ok"] & (np.abs(labels["angles"][:, 0]) >= PROFILE)
    found = []
    for i in np.flatnonzero(turned)[:limit or None]:
        luma = cv2.imread(os.path.join(data, PLACE, str(labels["names"][i])),
                          cv2.IMREAD_GRAYSCALE)
        points = labels["points"][i]
        true = np.concatenate([points.min(axis=0), points.max(axis=0)])
        found.append(any(geometry.overlap(face.box, true) >= FOUND
                         for face in fresh(tracker, luma)))
    return len(found), sum(found)


def measure(tracker, data, limit=0, count=200):
    """{"backgrounds": {"pictures", "false", "share"}, "pasted": {width: {"pictures", "found",
    "share", "extra"}}, "profile": {"pictures", "found", "share"}} of what is here, shares in %."""
    found = {}
    false = false_faces(tracker, data, limit)
    if false:
        found["backgrounds"] = {"pictures": false[0], "false": false[1],
                                "share": 100.0 * false[1] / false[0]}
    rows = pasted(tracker, data, limit or count)
    if rows:
        found["pasted"] = {width: {"pictures": n, "found": hit, "extra": extra,
                                   "share": 100.0 * hit / n}
                           for width, (n, hit, extra) in rows.items()}
    turned = profiles(tracker, data, limit)
    if turned and turned[0]:
        found["profile"] = {"pictures": turned[0], "found": turned[1],
                            "share": 100.0 * turned[1] / turned[0]}
    return found


def table(found, data):
    """Markdown, the peers' detectors below ours."""
    shares = found.get("pasted", {})
    rows = [["**Kagami**, whole pipeline"] + [found.get(k, {}).get("share")
                                              for k in ("backgrounds", "profile")]
            + [shares.get(str(width), {}).get("share") for width in WIDTHS]]
    for name, result in peers.results(data, "detect").items():
        for kind, one in result["detectors"].items():
            rows.append(["%s, %s" % (name, kind), _false(one), _turned(one)]
                        + [None] * len(WIDTHS))
    return report.markdown(["finding by itself, %", "backgrounds with a false face",
                            "profiles found"]
                           + ["faces %d px wide found" % width for width in WIDTHS], rows)


def _false(one):
    part = one.get("backgrounds_test")
    return part and 100.0 * part["images_with_false_face"] / part["images"]


def _turned(one):
    part = one.get("aflw_dev")
    return part and 100.0 * (1 - part["missed_wide"] / float(part["wide"]))
