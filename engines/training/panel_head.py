"""The face model comes in, the small head of the panel's Mirror view goes out: one file of a few
hundred kilobytes with the 52 shapes.

    python -m engines.training.panel_head ../shared/data/train/ict_face.npz

The file: b"KGHD", the length of a JSON text as u32, the text, then arrays, each at the offset from
the arrays' begin that the text gives. All little endian. `positions` (N, 3) int16 in units of
`step` mm in the head frame (x to the subject's left, y down, z to the back, origin between the
eyeballs), `triangles` (T, 3) uint16, `colours` (N, 3) uint8, and for each of `shapes` {name:
[first, count, step]}: so many rows from there of `moved` (vertex) and `deltas` (x, y, z, int8 in
units of that shape's step, mm).
"""
import json
import os
import sys

import numpy as np

from appliance.face import ARKIT_NAMES
from engines.training.render.face_model import EYE_DISTANCE, PARTS, FaceModel
from engines.training.simplify import Mesh

HERE = os.path.dirname(os.path.abspath(__file__))
TO = os.path.join(HERE, "..", "..", "appliance", "panel", "static", "head.bin")
POSED = ("eyeBlinkLeft", "jawOpen", "mouthSmileLeft", "mouthPucker", "browInnerUp")
STEP = 0.01             # mm, of positions
LEAST = 0.08            # mm: who moves less does not move
NECK, FLARE = 122.0, 8.0    # mm under the eyes, where the head ends; what is cut straight there
# Vertices that stay of the left half, and parts of the face model, of each piece.
PIECES = ((1180, ("face_narrow", "face_outer", "head_neck", "mouth_socket")),
          (60, ("teeth_upper",)), (50, ("teeth_lower",)), (70, ("gums_tongue",)))
SKIN, LIPS, BROWS = (214, 190, 172), (190, 130, 122), (92, 78, 72)
INSIDE, TEETH = (96, 48, 50), (236, 232, 222)
TONGUE_OUT = np.array([0.0, 9.0, -30.0])


def main(words):
    """Make the file."""
    document, arrays = description(FaceModel(words[0]))
    data = packed(document, arrays)
    with open(words[1] if len(words) > 1 else TO, "wb") as f:
        f.write(data)
    print("%d vertices, %d triangles, %d bytes"
          % (document["vertices"], document["triangles"], len(data)))


def description(model):
    """(document, {name: array}) of the file."""
    neutral, shapes = shaped(model)
    triangles = np.concatenate([piece(model, neutral, shapes, count, [PARTS[p] for p in parts])
                                for count, parts in PIECES])
    kept, triangles = np.unique(triangles, return_inverse=True)
    arrays = {"positions": np.rint(neutral[kept] / STEP).astype("<i2"),
              "triangles": triangles.reshape(-1, 3).astype("<u2"),
              "colours": colours(model)[kept]}
    arrays["positions"][:, 1] = np.minimum(arrays["positions"][:, 1], NECK / STEP)
    rows, moved, deltas = {}, [], []
    for name, shape in zip(ARKIT_NAMES, shapes):
        index, values, step = sparse(shape[kept])
        rows[name] = [sum(map(len, moved)), len(index), step]
        moved.append(index)
        deltas.append(values)
    arrays.update(moved=np.concatenate(moved), deltas=np.concatenate(deltas))
    half = EYE_DISTANCE / 2
    return {"vertices": len(kept), "triangles": len(arrays["triangles"]), "step": STEP,
            "eyes": [[half, 0, 0], [-half, 0, 0]], "eye_radius": 15.4, "shapes": rows}, arrays


def shaped(model):
    """The mean head at rest (N, 3), and by how much each shape moves it (52, N, 3), mm."""
    mean, unit = np.zeros(1), np.eye(len(ARKIT_NAMES))
    neutral = model.vertices(mean, np.zeros(len(unit)))
    shapes = np.stack([model.vertices(mean, one) for one in unit]) - neutral
    jaw, close = ARKIT_NAMES.index("jawOpen"), ARKIT_NAMES.index("mouthClose")
    both = model.vertices(mean, unit[jaw] + unit[close])
    shapes[close] = both - neutral - shapes[jaw]        # it closes what the jaw has opened
    shapes[ARKIT_NAMES.index("tongueOut")] = tongue(model, neutral)
    return neutral, shapes


def tongue(model, neutral):
    """The face model has no tongueOut: what lies in the middle of the mouth is drawn forwards, the
    tip most."""
    mine = (model.part == PARTS["gums_tongue"]) & (np.abs(neutral[:, 0]) < 19)
    mine &= neutral[:, 1] > np.median(neutral[mine, 1]) - 6
    z = neutral[:, 2]
    share = np.clip((z[mine].max() - z) / np.ptp(z[mine]), 0, 1) * mine
    return (share ** 2)[:, None] * TONGUE_OUT


def piece(model, neutral, shapes, count, parts):
    """(T, 3) triangles of both halves of some parts, `count` vertices a half."""
    inside = np.isin(model.part, parts) & (neutral[:, 1] < NECK + FLARE)
    t = model.triangles[inside[model.triangles].all(1)]
    middle = model.mirror == np.arange(len(neutral))
    left = t[(neutral[t, 0] > -1e-3).all(1)]
    poses = np.stack([neutral] + [neutral + shapes[ARKIT_NAMES.index(name)] for name in POSED])
    mine = Mesh(poses, left, importance(model), middle).simplified(count)
    return np.concatenate((mine, model.mirror[mine][:, ::-1]))


def importance(model):
    """(N,) lids, lips, brows and nose are looked at, skull and mouth's inside are not."""
    x, y, z = model.rest.T
    weights = np.where(model.part == PARTS["face_narrow"], 1.0, 0.25)
    weights[model.part == PARTS["mouth_socket"]] = 0.05
    weights[(np.abs(x) < 2) & (y > -1.5) & (y < 4) & (z > 8)] = 2.0
    weights[model.brow_distance < 0.6] = 8.0
    weights[(model.lips > 0) | (model.lid_rim < 0.6)] = 6.0
    return weights


def colours(model):
    """(N, 3) uint8."""
    out = np.full((len(model.part), 3), SKIN, np.uint8)
    out[model.brow_distance < 0.22] = BROWS
    out[model.lips > 0] = LIPS
    out[np.isin(model.part, [PARTS["mouth_socket"], PARTS["gums_tongue"]])] = INSIDE
    out[np.isin(model.part, [PARTS["teeth_upper"], PARTS["teeth_lower"]])] = TEETH
    return out


def sparse(shape):
    """(vertices, int8 deltas, step) of those that move."""
    index = np.flatnonzero(np.abs(shape).max(1) > LEAST)
    step = round(float(np.abs(shape).max()) / 127, 6) or 1.0
    return index.astype("<u2"), np.rint(shape[index] / step).clip(-127, 127).astype("i1"), step


def packed(document, arrays):
    """The bytes of the file."""
    blobs, offset, table = [], 0, {}
    for name, array in arrays.items():
        blob = np.ascontiguousarray(array).tobytes()
        blob += b"\0" * (-len(blob) % 4)
        table[name] = [array.dtype.name, offset, int(array.size)]
        offset += len(blob)
        blobs.append(blob)
    text = json.dumps(dict(document, arrays=table), separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    return b"KGHD" + len(text).to_bytes(4, "little") + text + b"".join(blobs)


if __name__ == "__main__":
    main(sys.argv[1:])
