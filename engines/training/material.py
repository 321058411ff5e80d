"""The given data in, a folder of training material out: fits, labels, renders, turned portraits.

Every step writes its own files and is passed over where they are there, so that a run that was stopped goes on.
What the folder then holds (see `faces.load`, `trainers`):

    fits.npz, portraits_luma.npz, portrait_labels.npz      the portraits
    backgrounds/                                           pictures without faces (a link)
    faces_*.npz, turned_*.npz, profiles_*.npz, pairs_*.npz, eyes_*.npz, looks_*.npz, brows_*.npz, speakers_*.npz
                                                           drawn samples to train on
    val_faces.npz, val_eyes.npz, val_pairs.npz             drawn from seeds that training never sees
"""
import os
import time

import numpy as np

from appliance.errors import InputMissing
from appliance.face import LANDMARK_MIRROR
from engines.training import definition, shards
from engines.training.fit import IDENTITIES, Fitter
from engines.training.portraits import Portraits

HELD_OUT = 900000       # seeds from here on are for measuring and never trained on: faces, eyes, pairs
# The seeds of what is trained on; files are named by kind and seed.
SEEDS = {"faces": 1, "eyes": 2, "turned": 3, "profiles": 4, "brows": 5, "pairs": 6, "looks": 6, "speakers": 7310}
PORTRAITS = ("fits.npz", "portraits_luma.npz", "portrait_labels.npz")
# Which source makes which file of the data folder.
MADE_FROM = {"ict_face.npz": "--face-model", "portraits.npz": "--portraits", "backgrounds": "--backgrounds",
             "env_hdri.npz": "--light"}
# The face model's axes (y up, z to the viewer) against ours (y down, z away)
FLIP = np.diag([1.0, -1, -1])


def prepare(data, out, counts, shard=1000):
    """Fill the folder `out` from `data` (face model, portraits, backgrounds, light).

    counts: how many samples of each kind: {"faces": n, "turned": n, "profiles": n, "pairs": n, "eyes": n, "looks": n,
    "brows": n, "speakers": n, "held_out": n}.
    shard: samples a file.
    """
    os.makedirs(out, exist_ok=True)
    _portraits(data, out)
    if not os.path.lexists(os.path.join(out, "backgrounds")):
        os.symlink(os.path.abspath(os.path.join(data, "backgrounds")), os.path.join(out, "backgrounds"))
    pen = Draughtsman(data, out)
    if counts.get("held_out"):
        for name, seed, count in (("faces", HELD_OUT, counts["held_out"]), ("eyes", HELD_OUT + 1, counts["held_out"]),
                                  ("pairs", HELD_OUT + 2, max(1, counts["held_out"] // 5))):
            pen.draw(os.path.join(out, "val_%s.npz" % name), name, seed, 0, count)
    for name, seed in SEEDS.items():
        for start in range(0, counts.get(name, 0), shard):
            path = os.path.join(out, "%s_%d_%06d.npz" % (name, seed, start))
            pen.draw(path, name, seed, start, min(shard, counts[name] - start))


def forget_portraits(out):
    """Take away what was made of portraits that are others now."""
    for name in PORTRAITS:
        if os.path.exists(os.path.join(out, name)):
            os.unlink(os.path.join(out, name))


def _portraits(data, out):
    paths = [os.path.join(out, n) for n in PORTRAITS]
    if all(os.path.exists(p) for p in paths):
        return
    _needed(data, ("ict_face.npz", "portraits.npz"))
    portraits = Portraits(data)
    ict = np.load(os.path.join(data, "ict_face.npz"))
    if not os.path.exists(paths[0]):
        _save(paths[0], fitted(portraits, ict))
    if not os.path.exists(paths[1]):
        _save(paths[1], {"luma": portraits.luma})
    if not os.path.exists(paths[2]):
        ypr = np.load(os.path.join(data, "portraits.npz"), allow_pickle=True)["ypr"]
        _save(paths[2], labelled(portraits, np.load(paths[0]), ict, ypr))


def fitted(portraits, ict, say=print):
    """The face model laid over each portrait: identity, weights, R, scale, offset, rms and its own 68 points."""
    fit, began = Fitter(ict), time.time()
    rows = []
    neutral, identity, expression = _landmark_shape(ict)
    for i, mesh in enumerate(portraits.mesh):
        a, w, r, scale, offset, rms = fit(mesh[:, :2] * [1, -1], portraits.rotation[i])
        shape = neutral + np.tensordot(a, identity, 1) + np.tensordot(w, expression, 1)
        at = scale * shape.dot(r.T)
        at[:, :2] += offset
        at[:, 1] *= -1
        rows.append((a, w, r, scale, offset, rms, at))
        if (i + 1) % 500 == 0 or i + 1 == len(portraits.mesh):
            say("portraits fitted %d/%d, %.0f s" % (i + 1, len(portraits.mesh), time.time() - began))
    names = ("identity", "weights", "R", "scale", "offset", "rms", "ict68")
    return {name: np.array(values, np.float32) for name, values in zip(names, zip(*rows))}


def _landmark_shape(ict):
    """Neutral, identity and ARKit shapes of the face model's 68 vertices, in its own unit."""
    lm = ict["lm68"]
    expression = np.tensordot(ict["arkit_to_ict"], ict["ex_q"][:, lm] * float(ict["ex_step"]), 1)
    return ict["verts"][lm].astype(float), ict["id_q"][:IDENTITIES, lm] * float(ict["id_step"]), expression


def labelled(portraits, fits, ict, ypr, say=print):
    """The portraits' labels after our definition of the 68 points; says where the model's vertices moved."""
    rotation = np.einsum("ij,njk,kl->nil", FLIP, fits["R"], FLIP)
    to_ours, model_to_ours = definition.offsets(portraits, ypr, fits["ict68"][:, :, :2], rotation, LANDMARK_MIRROR)
    size, jaw = definition.box_size(portraits.points), definition.JAW
    points = definition.move(portraits.points, to_ours, rotation, size)
    # the mesh's jaw slides over the skin when a head turns, the fitted model's does not; the mesh knows the person better
    fitted = definition.move(fits["ict68"][:, :, :2], model_to_ours, rotation, size)
    share = 0.5 * np.clip((np.abs(np.degrees(np.arcsin(np.clip(rotation[:, 0, 2], -1, 1)))) - 10) / 20, 0, 1)[:, None, None]
    points[:, jaw] += share * (fitted[:, jaw] - points[:, jaw])
    front = ict["verts"][ict["lm68"]][:, :2]
    size_cm = float(np.sqrt(np.prod(front.max(0) - front.min(0))))
    moved, rest = definition.vertices(ict, model_to_ours, size_cm)
    if tuple(moved) != definition.LANDMARK_VERTICES or np.abs(rest - definition.JAW_REST).max() > 0.1:
        say("definition.LANDMARK_VERTICES would now be %s" % list(map(int, moved)))
        say("definition.JAW_REST would now be %s" % rest.round(1).tolist())
    return dict(points=points.astype(np.float32), rotation=rotation.astype(np.float32), iris=portraits.iris,
                mesh=portraits.mesh.astype(np.float32), blend=portraits.blend, quality=portraits.quality,
                val=portraits.validation, valid=portraits.valid, sets=portraits.sets,
                rms=fits["rms"] / fits["scale"], to_ours=to_ours, model_to_ours=model_to_ours)


def _needed(data, names):
    for name in names:
        if not os.path.exists(os.path.join(data, name)):
            raise InputMissing(os.path.join(data, name), "it is not there", "give its source with " + MADE_FROM[name])


class Draughtsman:
    """Draws what is missing; the studio (OpenGL, face model) is opened only when there is something to draw."""

    def __init__(self, data, out):
        self.data, self.out, self._studio, self._skins = data, out, None, None

    def draw(self, path, name, seed, start, count):
        """Samples start .. start + count of a kind of SEEDS, unless they are there."""
        if os.path.exists(path):
            return
        from engines.training import looks, pairs, speakers, turned, upper
        from engines.training.render import dataset
        studio, alone = self._opened(), {"looks": looks.draw, "pairs": pairs.draw}
        skinned = {"turned": turned.draw, "brows": upper.draw, "speakers": speakers.draw}
        if name in alone:
            shards.write(path, alone[name](studio, seed, start, count))
        elif name in skinned:       # what takes the portraits' skins
            self._skins = self._skins or turned.Skins(self.data, os.path.join(self.out, "fits.npz"), studio.world)
            shards.write(path, skinned[name](studio, self._skins, seed, start, count))
        else:
            dataset.write(path, self.data, {"faces": "face", "profiles": "profile", "eyes": "eyes"}[name], seed, start, count,
                          studio)

    def _opened(self):
        if self._studio is None:
            _needed(self.data, ("ict_face.npz", "env_hdri.npz", "backgrounds"))
            from engines.training.render import dataset
            self._studio = dataset.Studio(self.data)
        return self._studio


def _save(path, arrays):
    np.savez(path + ".part.npz", **arrays)
    os.replace(path + ".part.npz", path)
