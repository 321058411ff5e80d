"""A folder for each training on samples of one's own: what was asked for (run.json), how far it is (checkpoint.pt), and at
its end the network (NETWORK.onnx) with its manifest.ini.

    run = Run.make(folder, "head", {"rotation": "6d"}, {"files": ["mine.h5"]})
    run.train(Heads(...), minutes, validate)
    run.export()
    Exported(folder, "head")(images)    # what the exported network says, also on Python 3.6: see docs/own_networks.md
"""
import json
import os
from functools import partial

import cv2
import numpy as np
import torch

from appliance import files
from appliance.backends.onnxruntime import OnnxRuntime
from appliance.errors import DataError, InputMissing, UsageError
from engines.training import export, face_gaze, head_pose, nets
from engines.training.train import Training

NETS = {"head": head_pose.HeadPose, "gaze": face_gaze.FaceGaze}
LOSSES = {"head": head_pose.loss, "gaze": face_gaze.loss}
SIZES = {"head": head_pose.SIZE, "gaze": face_gaze.SIZE}
RATE = 2e-3
# Largest difference between backends, of the largest answer: pixels and degrees
TOLERANCE = 0.5
RECORD = "run.json"

# The processes that make crops are forked: OpenCV's pool would not survive that.
cv2.setNumThreads(1)


class Run:
    """name: of the network. options: of its class. about: what else is to be remembered, files above all."""

    def __init__(self, folder, name, options, about):
        self.folder, self.name, self.options, self.about = folder, name, options, about
        self.checkpoint = os.path.join(folder, "checkpoint.pt")

    @classmethod
    def make(cls, folder, name, options, about):
        """A new run, or the one that is there, which goes on: UsageError where that was asked for with other options. Its record
        keeps the licences of all that it ever learned from."""
        if os.path.exists(os.path.join(folder, RECORD)):
            there = cls.read(folder)
            if (there.name, there.options) != (name, options):
                raise UsageError(folder, "a run of %s (%s) is there" % (there.name, _spelt(there.options)),
                                 "name another folder with --run")
            about = dict(about, licences=sorted(set(about["licences"] + there.about["licences"])))
        os.makedirs(folder, exist_ok=True)
        files.write(os.path.join(folder, RECORD),
                    json.dumps({"network": name, "options": options, "about": about}, indent=1) + "\n")
        return cls(folder, name, options, about)

    @classmethod
    def read(cls, folder):
        """The run of a folder; InputMissing, DataError."""
        path = os.path.join(folder, RECORD)
        try:
            with open(path) as f:
                said = json.load(f)
            return cls(folder, said["network"], said["options"], said["about"])
        except OSError as why:
            raise InputMissing(folder, "no training began there (%s)" % why.strerror, "name its --run") from why
        except (ValueError, KeyError) as why:
            raise DataError(path, "not what a training wrote (%s)" % why, "train again into another folder") from why

    def train(self, source, minutes, validate=None, start=None, workers=1):
        """Train until the minutes are spent, earlier ones included; then export. Of several processes that torchrun started the
        first goes on, the others end here."""
        torch.manual_seed(0)
        training = Training(self.name, partial(_seeded, source), self.folder, minutes, RATE, start=start, workers=workers,
                            net=self.net(), loss=LOSSES[self.name])
        try:
            training.run(validate)
        finally:
            for worker in training.workers:
                worker.terminate()
        if os.environ.get("RANK", "0") != "0":
            raise SystemExit(0)
        return self.export()

    def net(self):
        """A new network."""
        return NETS[self.name](**self.options)

    def trained(self):
        """The network with the averaged weights of the checkpoint, in evaluation mode; InputMissing."""
        net = self.net()
        net.load_state_dict(self.state()["average"])
        return net.eval()

    def state(self):
        """The checkpoint; InputMissing where none was written yet."""
        if not os.path.exists(self.checkpoint):
            raise InputMissing(self.checkpoint, "no weights yet", "train for a minute or more")
        return torch.load(self.checkpoint, weights_only=True, map_location="cpu")

    def minutes(self):
        """How long it trained."""
        return self.state()["spent"] / 60 if os.path.exists(self.checkpoint) else 0.0

    def keep(self, state):
        """Write a checkpoint."""
        torch.save(state, self.checkpoint + ".part")
        os.replace(self.checkpoint + ".part", self.checkpoint)

    def export(self):
        """Write the ONNX file and its manifest row into the folder; returns the largest difference to torch."""
        size, net = SIZES[self.name], nets.deploy(self.trained())
        parts = {key: (1,) + shape for key, shape in net.parts.items()}
        return export.save(self.name, net, self.folder, {"image": (1, size, size, 1)}, parts, TOLERANCE, **self._notes())

    def _notes(self):
        names = " ".join(os.path.basename(path) for path in self.about["files"])
        return {"licence": " + ".join(self.about["licences"]).replace("\n", " ") or "unknown",
                "trained_with": "python -m engines.training %s %s" % (self.name, names), "options": _spelt(self.options)}


class Exported:
    """What the exported network of a folder says of pictures: what is scored is what will be used."""

    def __init__(self, folder, name):
        run = Run.read(folder)
        if run.name != name:
            raise UsageError(folder, "a run of %s, not of %s" % (run.name, name), "name another with --run")
        self._engine = OnnxRuntime(os.path.join(folder, "manifest.ini")).load(name)

    def __call__(self, images):
        """{part: array over (N, S, S) uint8}"""
        found = []
        for image in images:
            self._engine.inputs["image"][0, :, :, 0] = image
            found.append({key: value[0].copy() for key, value in self._engine.infer().items()})
        return {key: np.stack([f[key] for f in found]) for key in found[0]}


def asked(net):
    """The same function of pictures as Exported, for a torch network in evaluation mode."""
    def answer(images):
        found = []
        device = next(net.parameters()).device
        with torch.no_grad():
            for first in range(0, len(images), 64):
                some = torch.from_numpy(np.stack(images[first:first + 64])).to(device)
                found.append({key: value.cpu().numpy() for key, value in net(some[..., None].float()).items()})
        return {key: np.concatenate([f[key] for f in found]) for key in found[0]}
    return answer


def _seeded(source, seed):
    source.rng = np.random.RandomState(seed % 2 ** 32)
    return source


def _spelt(options):
    return " ".join("%s=%s" % pair for pair in sorted(options.items())) or "no options"
