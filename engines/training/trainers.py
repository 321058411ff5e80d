"""A prepared material folder in, a training of one network out, with its validation line.

    landmarks(material, folder, minutes)    and likewise fine, iris, detector, expression, brows

`folder` keeps checkpoint.pt: the same call goes on where it stopped, more minutes included. Pictures are augmented in
`workers` processes of their own.
"""
import os
from functools import partial

import cv2
import numpy as np
import torch

from appliance.backends import manifest
from engines.training import evaluate, expressions, eyes, faces, pictures, shards, transfer
from engines.training.nets import INPUTS
from engines.training.train import Training

# The processes that make crops are forked: OpenCV's pool would not survive that.
cv2.setNumThreads(1)

RENDERS = ("faces_*.npz", "turned_*.npz")
ALL_ROUND = RENDERS + ("profiles_*.npz",)       # turned beyond 90 degrees too
UPPER = ("brows_*.npz",)
FEW_RENDERS = 2500      # below this many the same heads would come too often
RATE = 2e-3
EXPRESSION_RATE = 1.2e-3
FINE_RATE = 1e-3


def landmarks(material, folder, minutes, renders=ALL_ROUND, workers=1, batch=64, checks=400, go_on=False):
    """Train the landmarks network; returns its averaged weights. checks: negatives shown at each validation. go_on: begin
    as the exported one."""
    make, validate = _faces(material, renders, batch, checks, "landmarks")
    mean = torch.from_numpy(validate.mean_points())
    start = partial(_exported, "landmarks", make) if go_on else lambda net: net.start_from(mean)
    return Training("landmarks", make, folder, minutes, RATE, workers=workers, start=start).run(validate)


def fine(material, folder, minutes, renders=ALL_ROUND, workers=1, batch=64, checks=400):
    """Train the finer one from the landmarks network that is exported; returns its averaged weights."""
    make, validate = _faces(material, renders, batch, checks, "fine")
    start = partial(_exported, "landmarks", make)
    return Training("fine", make, folder, minutes, FINE_RATE, workers=workers, start=start).run(validate)


def _exported(name, make, net):
    """Begin a network as the exported one of a name; make: gives the source of what it will see."""
    transfer.take(net, manifest.read()[name].path, torch.from_numpy(make().batch()["image"])[..., None])


def _faces(material, renders, batch, checks, name):
    """(source of batches, validation) of crops as large as the named network sees."""
    portraits, drawn, backgrounds = faces.load(material, renders)
    unseen, unseen_drawn, _ = faces.load(material, ("val_faces.npz",), validation=True)
    count, size = len(drawn["luma"]) if drawn else 0, INPUTS[name]["image"][1]
    print("%s: %d portraits, %d renders, %d backgrounds" % (name, len(portraits["luma"]), count, len(backgrounds)))
    hard = _hard(material)
    validate = evaluate.Landmarks(unseen, unseen_drawn, backgrounds, checks, hard=hard[::10], size=size)
    hard = [crop for i, crop in enumerate(hard) if i % 10]
    return partial(faces.Faces, portraits, drawn, backgrounds, shares(count, batch), hard=hard, size=size), validate


def _hard(material):
    """What the detector took for faces (see `mistakes`), or nothing."""
    path = os.path.join(material, "hard.npz")
    return np.load(path)["crops"] if os.path.exists(path) else np.zeros((0, 1, 1), np.uint8)


def shares(renders, batch=64):
    """(portraits, renders, negatives) in a batch, by how many renders there are."""
    negatives = batch * 3 // 16
    drawn = 0 if not renders else batch * 7 // 16 if renders > FEW_RENDERS else batch * 3 // 16
    return batch - negatives - drawn, drawn, negatives


def iris(material, folder, minutes, renders=("eyes_*.npz",), heads=RENDERS, workers=1, batch=64, go_on=False):
    """Train the iris network; returns its averaged weights. heads: shards of faces whose eyes are shown too. go_on: begin
    as the exported one."""
    seen = [eyes.drawn(shards.find(material, renders)), eyes.of_heads(shards.find(material, heads))]
    held = [eyes.drawn([os.path.join(material, "val_eyes.npz")]), eyes.of_heads([os.path.join(material, "val_faces.npz")])]
    labels = np.load(os.path.join(material, "portrait_labels.npz"))
    luma = np.load(os.path.join(material, "portraits_luma.npz"))["luma"]
    for sources, kept in ((seen, False), (held, True)):
        rows = np.where((labels["quality"] >= 1) & (labels["val"] == kept))[0]
        sources.append(eyes.portrait_eyes(luma[rows], *(labels[k][rows] for k in ("mesh", "points", "rotation"))))
    print("iris: %d eyes drawn, %d of drawn heads, %d photographed" % tuple(len(s["openness"]) for s in seen))
    mix = (batch * 5 // 16, batch * 7 // 16, batch // 4)
    make = partial(eyes.Eyes, seen, mix)
    start = partial(_exported, "iris", make) if go_on else None
    return Training("iris", make, folder, minutes, RATE, workers=workers, start=start).run(evaluate.Iris(*held))


def detector(material, folder, minutes, renders=RENDERS, workers=1, batch=16, checks=160):
    """Train the detector; returns its averaged weights. checks: pictures shown at each validation."""
    portraits, drawn, backgrounds = faces.load(material, renders)
    unseen, _, _ = faces.load(material, (), validation=True)
    print("detector: %d portraits, %d renders, %d backgrounds" % (
        len(portraits["luma"]), len(drawn["luma"]) if drawn else 0, len(backgrounds)))
    make = partial(pictures.Pictures, portraits, drawn, backgrounds, batch)
    validate = evaluate.Detector(unseen, backgrounds, checks)
    return Training("detector", make, folder, minutes, RATE, workers=workers).run(validate)


def expression(material, folder, minutes, renders=RENDERS, workers=1, batch=64, go_on=False):
    """Train the network of mouth and jaw; returns its averaged weights. go_on: begin as the exported one."""
    def start(net, make):
        if go_on:
            _exported("expression", make, net)
    return _closeup("expression", material, folder, minutes, renders, workers, batch, start)


def brows(material, folder, minutes, renders=UPPER, workers=1, batch=64):
    """Train the network of the upper face from the landmarks network that is exported; returns its averaged weights."""
    def start(net, make):
        image = torch.from_numpy(make().batch()["image"])[..., None]
        transfer.begin(net, manifest.read()["landmarks"].path, net.LANDMARKS, image)
    return _closeup("brows", material, folder, minutes, renders, workers, batch, start)


def _closeup(name, material, folder, minutes, renders, workers, batch, start):
    """Train one of `closeup.VIEWS`; start: called with the new network and what makes its source of batches."""
    portraits, drawn, _ = faces.load(material, renders)
    unseen, unseen_drawn, _ = faces.load(material, ("val_faces.npz",), validation=True)
    photographs = batch * 3 // 16
    make = partial(expressions.Expressions, name, drawn, expressions.with_teacher(portraits),
                   (batch - photographs, photographs))
    print("%s: %d renders, %d portraits" % (name, len(drawn["luma"]), len(portraits["luma"])))

    def begin(net):
        net.start_from(*[torch.from_numpy(v) for v in make().statistics()])
        start(net, make)
    validate = evaluate.Expression(name, unseen_drawn, expressions.with_teacher(unseen))
    return Training(name, make, folder, minutes, EXPRESSION_RATE, workers=workers, start=begin).run(validate)


TRAINERS = {"landmarks": landmarks, "fine": fine, "iris": iris, "detector": detector,
            "expression": expression, "brows": brows}
