"""Drawn samples as npz shards: rows of labels in, whole files out; several files in, one dict out."""
import glob
import os

import numpy as np

from appliance import files
from appliance.errors import InputMissing


def find(folder, patterns):
    """The shards of a folder whose names match any of the patterns, in order."""
    return sorted(f for p in patterns for f in glob.glob(os.path.join(folder, p)) if ".part" not in f)


def read(parts, names):
    """Arrays of the given names over all `parts` (paths or dicts), stacked; "trust" is 1 unless a shard says else.
    InputMissing."""
    parts = [_loaded(p) if isinstance(p, str) else p for p in parts]
    return {name: np.concatenate([_array(part, name) for part in parts]) for name in names}


def _loaded(path):
    try:
        return dict(np.load(path))
    except FileNotFoundError as why:
        raise InputMissing(path, "it is not there", "make it with: python -m engines.training prepare") from why


def _array(part, name):
    if name == "pictures" and name not in part:
        return part["picture"]          # the name that the renderer's own shards have it under
    if name == "trust" and name not in part:
        return np.ones(part["blendshapes"].shape, np.float32)
    return part[name]


def write(path, rows):
    """Write a list of dicts as one shard, none for no rows; the file is whole or not there."""
    if not rows:
        return
    partial = path[:-len(".npz")] + ".part.npz"
    np.savez_compressed(partial, **{k: np.stack([np.asarray(r[k]) for r in rows]) for k in rows[0]})
    os.replace(partial, path)


def save(path, arrays):
    """Write {name: array} as one compressed file that is whole or not there; OutputError where it cannot be written."""
    with files.whole(path) as partial:
        np.savez_compressed(partial, **arrays)
