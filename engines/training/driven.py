"""Which shapes may be sent: the shipped networks and drawn heads kept out of training in, the manifest's `driven` out.

The whole tracker is asked, each head as it is and mirrored, so that a left shape is as good as its right one.
"""
import os

import numpy as np

from appliance.backends import manifest
from appliance.backends.onnxruntime import OnnxRuntime
from appliance.face import ARKIT, ARKIT_MIRROR, ARKIT_NAMES, LANDMARK_MIRROR
from appliance.tracker import Tracker
from benchmarks.renders import of_shapes
from engines.training import faces

LEAST = 0.7         # correlation from which a shape is driven
# It has to be reached by nearly every sample of so many heads: a shape that passes by luck is not driven
HEADS, SAMPLES, NEARLY = 500, 200, 0.95
# Right on drawn heads, yet on photographs of open mouths one in ten has a tongue that is not there
UNTRUE = ("tongueOut",)
GAZE = [i for i, name in enumerate(ARKIT_NAMES) if name.startswith("eyeLook")]


class Everything(OnnxRuntime):
    """Backend whose networks may drive every shape."""

    def load(self, name):
        """Engine of a section of the manifest."""
        engine = super().load(name)
        engine.network = engine.network._replace(driven=ARKIT_NAMES)
        return engine


def answers(heads, path=manifest.MANIFEST):
    """Found and true (2 N, 52) of N heads (see `faces.drawn`) and their mirror images."""
    tracker, found, true = Tracker(backend=Everything(path)), [], []
    for luma, points, shapes in zip(heads["luma"], heads["points"], heads["blendshapes"]):
        other = (points * [-1, 1] + [luma.shape[1] - 1, 0])[LANDMARK_MIRROR]
        for picture, marks, truth in ((luma, points, shapes), (luma[:, ::-1], other, shapes[ARKIT_MIRROR])):
            box = np.r_[marks.min(axis=0), marks.max(axis=0)]
            found.append(tracker(np.ascontiguousarray(picture), rois=[box])[0].blendshapes)
            true.append(truth)
    return np.array(found), np.array(true)


def surely(found, true):
    """(52,) the correlation that NEARLY all samples of HEADS heads reach; a pair's mean, and that of all directions of
    the gaze: eyes that look up and never down would be worse than eyes at rest; 0 for the UNTRUE."""
    rng = np.random.RandomState(0)
    picks = (rng.randint(len(found), size=HEADS) for _ in range(SAMPLES))
    r = np.quantile([of_shapes(found[pick], true[pick]) for pick in picks], 1 - NEARLY, axis=0)
    r = 0.5 * (r + r[ARKIT_MIRROR])
    r[GAZE] = r[GAZE].mean()
    r[[ARKIT[name] for name in UNTRUE]] = 0
    return r


def record(material, path=manifest.MANIFEST, least=LEAST):
    """Measure on the material's val_faces.npz and write the manifest's line; returns {shape: r}, see `surely`."""
    r = surely(*answers(faces.drawn([os.path.join(material, "val_faces.npz")]), path))
    network = manifest.read(path)["expression"]
    manifest.record("expression", os.path.basename(network.path), network.inputs, network.outputs, path,
                    driven=" ".join(name for name, value in zip(ARKIT_NAMES, r) if value >= least))
    return dict(zip(ARKIT_NAMES, r.tolist()))
