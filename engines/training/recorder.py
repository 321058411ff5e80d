"""`python -m engines.training.recorder`: appliance/demo.mp4 in, engines/recorded.npz out.

What each network is shown while the tracker follows the drawn head, at the moments whose answers differ most
before a hand covers the face. To be run again when the inputs of a network change, or one comes to the manifest.
"""
import os

import cv2
import numpy as np

import appliance
from appliance import config, files, quality
from appliance.backends import manifest
from appliance.backends.onnxruntime import OnnxRuntime
from appliance.stages.detector import Detector
from appliance.tracker import Tracker
from engines import recorded

FRAMES = 460            # of the clip: then the hand comes
MOMENTS = {"detector": 4, "landmarks": 12, "fine": 6, "iris": 12, "expression": 12, "brows": 12}


class Listening:
    """An engine that keeps what it is shown and what it answers."""

    def __init__(self, engine):
        self._engine, self.network, self.inputs = engine, engine.network, engine.inputs
        self.heard, self.said = [], []

    def infer(self):
        """The engine's own answer."""
        shown = {name: value.copy() for name, value in self.inputs.items()}
        out = self._engine.infer()
        self.heard.append(shown)
        self.said.append(np.concatenate([value.ravel() for value in out.values()]))
        return out


class Backend:
    """ONNX Runtime with an ear."""

    def __init__(self):
        self._backend, self.engines = OnnxRuntime(), {}
        self.networks = self._backend.networks

    def load(self, name):
        """The engine of a network, listened to."""
        self.engines[name] = Listening(self._backend.load(name))
        return self.engines[name]


def spread(said, count):
    """Indices of `count` answers, each as far as can be from those before it; the first is the first."""
    said = np.array(said)
    said = (said - said.mean(0)) / (said.std(0) + 1e-6)
    chosen, far = [0], np.linalg.norm(said - said[0], axis=1)
    while len(chosen) < count:
        chosen.append(int(far.argmax()))
        far = np.minimum(far, np.linalg.norm(said - said[chosen[-1]], axis=1))
    return sorted(chosen)


def follow(word):
    """{network: Listening} of following the clip at a quality."""
    clip = cv2.VideoCapture(os.path.join(os.path.dirname(appliance.__file__), "demo.mp4"))
    backend = Backend()
    tracker = Tracker(config.load(config.DEFAULTS, ["tracker.quality=" + word]), backend=backend)
    detect = Detector(backend.load("detector"))     # the tracker needs its own but once
    for frame in range(FRAMES):
        luma = cv2.cvtColor(clip.read()[1], cv2.COLOR_BGR2GRAY)
        tracker(luma)
        if frame % 10 == 0:
            detect(luma)
    return backend.engines


def main():
    """Follow the clip at each quality, write the file."""
    engines, arrays = follow(quality.STANDARD), {}
    for word in quality.known(manifest.read()):
        if quality.NETWORKS[word] not in engines:
            engines[quality.NETWORKS[word]] = follow(word)[quality.NETWORKS[word]]
    for name, engine in engines.items():
        chosen = spread(engine.said, MOMENTS[name])
        for key in engine.inputs:
            values = np.stack([engine.heard[i][key] for i in chosen])
            arrays[recorded.key(name, key)] = values.astype(np.uint8) if key == "image" else values
    with files.whole(recorded.FILE) as temporary:
        np.savez_compressed(temporary, **arrays)
    print("%s: %d bytes" % (recorded.FILE, os.path.getsize(recorded.FILE)))


if __name__ == "__main__":
    main()
