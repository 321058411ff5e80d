"""Frames with their faces come in, text goes out: the lines of `track --json` and the rows of
`track --csv`.

Names and units are those of face.py. Pixels and angles are rounded to 0.01, blendshapes and shares
to 0.001.
"""
import json

import numpy as np

from appliance.face import ARKIT_NAMES

_EYE = (["iris_%s_%s" % (part, axis) for part in ("centre", "nose", "up", "ear", "down") for axis in "xy"]
        + ["openness", "gaze_yaw", "gaze_pitch", "score"])
COLUMNS = (["frame", "time", "faces", "id", "state", "score", "box_x0", "box_y0", "box_x1", "box_y1", "rotation_w",
            "rotation_x", "rotation_y", "rotation_z", "yaw", "pitch", "roll", "x", "y", "z"]
           + ["%s_%s" % (side, name) for side in ("left", "right") for name in _EYE] + list(ARKIT_NAMES)
           + ["landmark_%d_%s" % (i, axis) for i in range(68) for axis in "xy"] + ["sigma_%d" % i for i in range(68)])


def line(number, time, faces):
    """One frame as a line of JSON; `faces` is an empty list where there is none."""
    return json.dumps({"frame": number, "time": round(float(time), 6), "faces": [as_dict(face) for face in faces]},
                      allow_nan=False)


def row(number, time, faces):
    """One frame as the values of COLUMNS: the first face's, empty where there is none."""
    head = [number, round(float(time), 6), len(faces)]
    if not faces:
        return head + [""] * (len(COLUMNS) - len(head))
    face = as_dict(faces[0])
    flat = [face["id"], face["state"], face["score"]] + face["box"] + face["rotation"] + face["angles"]
    flat += face["translation"]
    for eye in (face["left"], face["right"]):
        flat += _flat(eye["iris"]) + [eye["openness"]] + eye["gaze"] + [eye["score"]]
    return head + flat + face["blendshapes"] + _flat(face["landmarks"]) + face["sigma"]


def as_dict(face):
    """A Face as plain lists and numbers under its own names, with `angles` beside `rotation`."""
    return {"id": int(face.id), "score": _rounded(face.score, 3), "box": _rounded(face.box, 2),
            "landmarks": _rounded(face.landmarks, 2), "sigma": _rounded(face.sigma, 2),
            "rotation": _rounded(face.rotation, 6), "angles": _rounded(face.angles, 2),
            "translation": _rounded(face.translation, 2), "left": _eye(face.left), "right": _eye(face.right),
            "blendshapes": _rounded(face.blendshapes, 3), "state": face.state}


def _eye(eye):
    return {"iris": _rounded(eye.iris, 2), "openness": _rounded(eye.openness, 3), "gaze": _rounded(eye.gaze, 2),
            "score": _rounded(eye.score, 3)}


def _rounded(values, digits):
    return (np.round(np.asarray(values, np.float64), digits) + 0.0).tolist()      # + 0.0 makes -0.0 plain


def _flat(pairs):
    return [value for pair in pairs for value in pair]
