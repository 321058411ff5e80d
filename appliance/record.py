"""Frames with their faces come in, text goes out: the lines of `track --json` and the rows of
`track --csv`.

Names and units are those of face.py. Pixels and angles are rounded to 0.01, blendshapes, vowels
and shares to 0.001.
"""
import json

import numpy as np

from appliance.face import ARKIT_NAMES

_PIXELS, _DEGREES, _SHARE, _UNIT = 2, 2, 3, 6      # digits kept

_EYE = (["iris_%s_%s" % (part, axis) for part in ("centre", "nose", "up", "ear", "down")
         for axis in "xy"] + ["openness", "gaze_yaw", "gaze_pitch", "score"])
COLUMNS = (
    ["frame", "time", "faces", "id", "state", "score", "box_x0", "box_y0", "box_x1", "box_y1",
     "rotation_w", "rotation_x", "rotation_y", "rotation_z", "yaw", "pitch", "roll", "x", "y", "z",
     "rotation_sigma", "x_sigma", "y_sigma", "z_sigma"]
    + ["%s_%s" % (side, name) for side in ("left", "right") for name in _EYE]
    + list(ARKIT_NAMES)
    + ["landmark_%d_%s" % (i, axis) for i in range(68) for axis in "xy"]
    + ["sigma_%d" % i for i in range(68)])


def line(number, time, faces):
    """One frame as a line of JSON; `faces` is an empty list where there is none."""
    record = {"frame": number, "time": _rounded(time, _UNIT), "faces": [as_dict(f) for f in faces]}
    return json.dumps(record, allow_nan=False)


def row(number, time, faces):
    """One frame as the values of COLUMNS: the first face's, empty where there is none."""
    head = [number, _rounded(time, _UNIT), len(faces)]
    if not faces:
        return head + [""] * (len(COLUMNS) - len(head))
    face = as_dict(faces[0])
    out = head + [face["id"], face["state"], face["score"]]
    out += face["box"] + face["rotation"] + face["angles"] + face["translation"]
    out += [face["rotation_sigma"]] + face["translation_sigma"]
    for eye in (face["left"], face["right"]):
        out += _flat(eye["iris"]) + [eye["openness"]] + eye["gaze"] + [eye["score"]]
    return out + face["blendshapes"] + _flat(face["landmarks"]) + face["sigma"]


def as_dict(face):
    """A Face as plain lists and numbers under its own names, with `angles` beside `rotation`."""
    return {"id": int(face.id),
            "score": _rounded(face.score, _SHARE),
            "box": _rounded(face.box, _PIXELS),
            "landmarks": _rounded(face.landmarks, _PIXELS),
            "sigma": _rounded(face.sigma, _PIXELS),
            "rotation": _rounded(face.rotation, _UNIT),
            "angles": _rounded(face.angles, _DEGREES),
            "translation": _rounded(face.translation, _PIXELS),
            "rotation_sigma": _rounded(face.rotation_sigma, _DEGREES),
            "translation_sigma": _rounded(face.translation_sigma, _PIXELS),
            "left": _eye(face.left),
            "right": _eye(face.right),
            "blendshapes": _rounded(face.blendshapes, _SHARE),
            "vowels": face.vowels if face.vowels is None else _rounded(face.vowels, _SHARE),
            "state": face.state,
            "taught": {name: _rounded(value, _SHARE) for name, value in face.taught.items()}}


def _eye(eye):
    return {"iris": _rounded(eye.iris, _PIXELS),
            "openness": _rounded(eye.openness, _SHARE),
            "gaze": _rounded(eye.gaze, _DEGREES),
            "score": _rounded(eye.score, _SHARE)}


def _rounded(values, digits):
    # + 0.0 makes a plain zero of -0.0
    return (np.round(np.asarray(values, np.float64), digits) + 0.0).tolist()


def _flat(pairs):
    return [value for pair in pairs for value in pair]
