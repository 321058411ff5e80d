"""Which shapes may be sent, and by whom: the shipped networks and drawn heads kept out of training in, the manifest's
lines `driven` and `fading` out.

The whole tracker is asked, each head as it is and mirrored, so that a left shape is as good as its right one. A shape
that proves right on heads seen from the front, yet not on all, is told of those and fades beyond.
"""
import os

import numpy as np

from appliance import geometry
from appliance.backends import manifest
from appliance.backends.onnxruntime import OnnxRuntime
from appliance.face import ARKIT, ARKIT_MIRROR, ARKIT_NAMES, LANDMARK_MIRROR
from appliance.stages.closeup import FRONT, SIDE, VIEWS
from appliance.stages.expression import EYES, with_eyes
from appliance.tracker import Tracker
from benchmarks.renders import of_shapes
from engines.training import faces

LEAST = 0.7         # correlation from which a shape is driven
# It has to be reached by nearly every sample of so many heads: a shape that passes by luck is not driven
HEADS, SAMPLES, NEARLY = 500, 200, 0.95
# Right on drawn heads, yet on photographs of open mouths one in ten has a tongue that is not there
UNTRUE = ("tongueOut",)
FADING = ("told in full up to %g degrees of yaw, from there to %g degrees they fade to 0: r of %g or more in %g %% of "
          "samples of %d drawn heads turned no further, not of all" % (FRONT, SIDE, LEAST, 100 * NEARLY, HEADS))
GAZE = [i for i, name in enumerate(ARKIT_NAMES) if name.startswith("eyeLook")]


class Everything(OnnxRuntime):
    """Backend whose networks may drive every shape."""

    def __init__(self, path):
        super().__init__(path)
        self.networks = {name: network._replace(driven=ARKIT_NAMES, fading=()) for name, network in self.networks.items()}


def answers(heads, path=manifest.MANIFEST):
    """({section: (2 N, 52)} of what each can tell, 0 elsewhere; true (2 N, 52)) of N heads (see `faces.drawn`) and
    their mirror images, which come right behind."""
    backend = Everything(path)
    tracker, found, true = Tracker(backend=backend), [], []
    for luma, points, shapes in zip(heads["luma"], heads["points"], heads["blendshapes"]):
        other = (points * [-1, 1] + [luma.shape[1] - 1, 0])[LANDMARK_MIRROR]
        for picture, marks, truth in ((luma, points, shapes), (luma[:, ::-1], other, shapes[ARKIT_MIRROR])):
            box = np.r_[marks.min(axis=0), marks.max(axis=0)]
            found.append(tracker(np.ascontiguousarray(picture), rois=[box])[0])
            true.append(truth)
    shapes, said = np.array([face.blendshapes for face in found]), {}
    for name in [name for name in VIEWS if name in backend.networks]:
        said[name] = np.zeros_like(shapes)
        said[name][:, VIEWS[name].shapes] = shapes[:, VIEWS[name].shapes]
    # Where both could tell a shape, the tracker has the close-up's word for it
    eyes = np.array([with_eyes(np.zeros(len(ARKIT_NAMES)), face.left, face.right) for face in found])
    said["expression"][:, EYES] = eyes[:, EYES]
    return said, np.array(true)


def surely(found, true):
    """(52,) the correlation that NEARLY all samples of HEADS heads reach; a pair's mean, and that of all directions of
    the gaze: eyes that look up and never down would be worse than eyes at rest; 0 for the UNTRUE."""
    rng = np.random.RandomState(0)
    picks = (rng.randint(len(found), size=HEADS) for _ in range(SAMPLES))
    r = np.quantile([of_shapes(found[pick], true[pick]) for pick in picks], 1 - NEARLY, axis=0)
    r = 0.5 * (r + r[ARKIT_MIRROR])
    r[GAZE] = r[GAZE].mean()
    r[[ARKIT[name] for name in UNTRUE]] = 0
    return np.nan_to_num(r)


def record(material, path=manifest.MANIFEST, least=LEAST):
    """Measure on the material's val_faces.npz and write the manifest's lines: a shape is driven by the section that
    tells it best. Returns {shape: (r, section, whether it fades)}, r as in `surely`."""
    heads = faces.drawn([os.path.join(material, "val_faces.npz")])
    turned = np.repeat([abs(geometry.angles_from_matrix(one.astype(float))[0]) for one in heads["rotation"]], 2)
    said, true = answers(heads, path)
    told = {name: _told(found, true, turned <= FRONT, EYES & (name == "expression"), least)
            for name, found in said.items()}
    best = {shape: max((told[name][0][i], name, told[name][1][i]) for name in told)
            for i, shape in enumerate(ARKIT_NAMES)}
    for name in told:
        driven = [shape for shape, (r, who, _) in best.items() if who == name and r >= least]
        _write(name, path, driven, [shape for shape in driven if best[shape][2]])
    return best


def _told(found, true, front, always, least):
    """((52,) r, (52,) whether on heads of the front alone) of what a section tells; always: shapes that cannot fade."""
    everywhere, near = surely(found, true), surely(found[front], true[front])
    fading = (everywhere < least) & (near >= least) & ~always
    return np.where(fading, near, everywhere).tolist(), fading.tolist()


def _write(name, path, driven, fading):
    network = manifest.read(path)[name]
    notes = {"driven": " ".join(driven), "fading": " ".join(fading), "fading_why": FADING}
    manifest.record(name, os.path.basename(network.path), network.inputs, network.outputs, path, **notes)
