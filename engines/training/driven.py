"""Which shapes may be sent: the shipped networks and drawn heads kept out of training in, the manifest's `driven` out.

The whole tracker is asked, each head as it is and mirrored, so that a left shape is as good as its right one.
"""
import os

import numpy as np

from appliance.backends import manifest
from appliance.backends.onnxruntime import OnnxRuntime
from appliance.face import ARKIT, ARKIT_MIRROR, LANDMARK_MIRROR
from appliance.stages.expression import SHAPES
from appliance.tracker import Tracker
from engines.training import faces
from engines.training.evaluate import correlations

LEAST = 0.7         # correlation from which a shape is driven


class Everything(OnnxRuntime):
    """Backend whose expression networks may drive all that they answer."""

    def load(self, name):
        """Engine of a section of the manifest."""
        engine = super().load(name)
        engine.network = engine.network._replace(driven=SHAPES.get(name, ()))
        return engine


def measure(heads, path=manifest.MANIFEST):
    """(52,) correlation of each shape with the truth over heads (see `faces.drawn`) and their mirror images."""
    tracker, found, true = Tracker(backend=Everything(path)), [], []
    for luma, points, shapes in zip(heads["luma"], heads["points"], heads["blendshapes"]):
        other = (points * [-1, 1] + [luma.shape[1] - 1, 0])[LANDMARK_MIRROR]
        for picture, marks, truth in ((luma, points, shapes), (luma[:, ::-1], other, shapes[ARKIT_MIRROR])):
            box = np.r_[marks.min(axis=0), marks.max(axis=0)]
            found.append(tracker(np.ascontiguousarray(picture), rois=[box])[0].blendshapes)
            true.append(truth)
    return correlations(np.array(found), np.array(true))


def record(material, path=manifest.MANIFEST, least=LEAST):
    """Measure on the material's val_faces.npz and write each network's line; returns {shape: r}."""
    r = measure(faces.drawn([os.path.join(material, "val_faces.npz")]), path)
    for part, names in SHAPES.items():
        places = [ARKIT.get(name, ARKIT.get(name + "Left")) for name in names]
        network = manifest.read(path)[part]
        manifest.record(part, os.path.basename(network.path), network.inputs, network.outputs, path,
                        driven=" ".join(name for name, place in zip(names, places) if r[place] >= least))
    return {name: float(r[place]) for name, place in ARKIT.items()}
