"""A prepared material folder in, a training of one network out, with its validation line.

    landmarks(material, folder, minutes)    and likewise iris, detector

`folder` keeps checkpoint.pt: the same call goes on where it stopped, more minutes included. Pictures are augmented in
`workers` processes of their own.
"""
import os
from functools import partial

import cv2
import numpy as np
import torch

from engines.training import evaluate, eyes, faces, heads, pictures, shards
from engines.training.nets import NETS
from engines.training.train import Training

# The processes that make crops are forked: OpenCV's pool would not survive that.
cv2.setNumThreads(1)

RENDERS = ("faces_*.npz", "turned_*.npz")
HEADS = (12, 40, 12)    # portraits, renders, negatives in a batch of what expression and score are fitted on
FEW_RENDERS = 2500      # below this many the same heads would come too often
RATE = 2e-3


def landmarks(material, folder, minutes, renders=RENDERS, workers=1, batch=64, checks=400):
    """Train the landmarks network; returns its averaged weights. checks: negatives shown at each validation."""
    portraits, drawn, backgrounds = faces.load(material, renders)
    unseen, unseen_drawn, _ = faces.load(material, ("val_faces.npz",), validation=True)
    count = len(drawn["luma"]) if drawn else 0
    print("landmarks: %d portraits, %d renders, %d backgrounds" % (len(portraits["luma"]), count, len(backgrounds)))
    hard = _hard(material)
    validate = evaluate.Landmarks(unseen, unseen_drawn, backgrounds, checks, hard=hard[::10])
    mean = torch.from_numpy(validate.mean_points())
    hard = [crop for i, crop in enumerate(hard) if i % 10]
    make = partial(faces.Faces, portraits, drawn, backgrounds, shares(count, batch), hard=hard)
    training = Training("landmarks", make, folder, minutes, RATE, workers=workers, start=lambda net: net.start_from(mean))
    return training.run(validate)


def _hard(material):
    """What the detector took for faces (see `mistakes`), or nothing."""
    path = os.path.join(material, "hard.npz")
    return np.load(path)["crops"] if os.path.exists(path) else np.zeros((0, 1, 1), np.uint8)


def shares(renders, batch=64):
    """(portraits, renders, negatives) in a batch, by how many renders there are."""
    negatives = batch * 3 // 16
    drawn = 0 if not renders else batch * 7 // 16 if renders > FEW_RENDERS else batch * 3 // 16
    return batch - negatives - drawn, drawn, negatives


def refit(material, folder, batches=400, epochs=12, renders=RENDERS, checks=400):
    """Fit the landmarks network's expression and score anew on its finished body (see `heads`): heads.pt beside the
    checkpoint, which `export` prefers."""
    net = NETS["landmarks"]()
    net.load_state_dict(torch.load(os.path.join(folder, "checkpoint.pt"), weights_only=True)["average"])
    net.eval()
    torch.set_num_threads(1)
    portraits, drawn, backgrounds = faces.load(material, renders)
    unseen, unseen_drawn, _ = faces.load(material, ("val_faces.npz",), validation=True)
    hard = _hard(material)
    validate = evaluate.Landmarks(unseen, unseen_drawn, backgrounds, checks, hard=hard[::10])
    print("before: " + validate(net), flush=True)
    source = faces.Faces(portraits, drawn, backgrounds, HEADS, 7, [c for i, c in enumerate(hard) if i % 10])
    features, labels = heads.collect(net, source, batches)
    heads.fit(net, features, labels, epochs)
    print("after: " + validate(net), flush=True)
    path = os.path.join(folder, "heads.pt")
    torch.save({"average": net.state_dict()}, path + ".part")
    os.replace(path + ".part", path)


def iris(material, folder, minutes, renders=("eyes_*.npz",), workers=1, batch=64):
    """Train the iris network; returns its averaged weights."""
    drawn = eyes.drawn(shards.find(material, renders))
    unseen = eyes.drawn([os.path.join(material, "val_eyes.npz")])
    labels = np.load(os.path.join(material, "portrait_labels.npz"))
    luma = np.load(os.path.join(material, "portraits_luma.npz"))["luma"]
    good, mesh, points, kept = labels["quality"] >= 1, labels["mesh"], labels["points"], labels["val"]
    seen, held = (eyes.portrait_eyes(luma, mesh, points, np.where(good & (kept == k))[0]) for k in (False, True))
    print("iris: %d rendered eyes, %d photographed" % (len(drawn["luma"]), len(seen["luma"])))
    photographs = batch * 5 // 16
    make = partial(eyes.Eyes, drawn, seen, (batch - photographs, photographs))
    return Training("iris", make, folder, minutes, RATE, workers=workers).run(evaluate.Iris(unseen, held))


def detector(material, folder, minutes, renders=RENDERS, workers=1, batch=16, checks=160):
    """Train the detector; returns its averaged weights. checks: pictures shown at each validation."""
    portraits, drawn, backgrounds = faces.load(material, renders)
    unseen, _, _ = faces.load(material, (), validation=True)
    print("detector: %d portraits, %d renders, %d backgrounds" % (
        len(portraits["luma"]), len(drawn["luma"]) if drawn else 0, len(backgrounds)))
    make = partial(pictures.Pictures, portraits, drawn, backgrounds, batch)
    validate = evaluate.Detector(unseen, backgrounds, checks)
    return Training("detector", make, folder, minutes, RATE, workers=workers).run(validate)


TRAINERS = {"landmarks": landmarks, "iris": iris, "detector": detector}
