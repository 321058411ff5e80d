"""A prepared material folder in, a training of one network out, with its validation line.

    landmarks(material, folder, minutes)    and likewise fine, iris, detector, expression, brows

`folder` keeps checkpoint.pt: the same call goes on where it stopped, more minutes included. Pictures are augmented in
`workers` processes of their own. `samples` are files of one's own, or "FILE.h5:SHARE", drawn from beside the portraits
(see `mixture`); landmarks and detector do with these alone, material None, and with `backgrounds`, a folder of pictures
without faces, or patterns.
"""
import os
from functools import partial

import cv2
import numpy as np
import torch

from appliance.backends import manifest
from engines.training import evaluate, expressions, eyes, faces, mixture, pictures, shards, transfer
from engines.training.nets import INPUTS
from engines.training.train import Training

# The processes that make crops are forked: OpenCV's pool would not survive that.
cv2.setNumThreads(1)

RENDERS = ("faces_*.npz", "turned_*.npz")
ALL_ROUND = RENDERS + ("profiles_*.npz",)       # turned beyond 90 degrees too
UPPER = ("brows_*.npz",)
LOOKS = ("looks_*.npz",)
FEW_RENDERS = 2500      # below this many the same heads would come too often
RATE = 2e-3
EXPRESSION_RATE = 1.2e-3
FINE_RATE = 1e-3
GO_ON_RATE = 5e-4       # more shakes off what pictures that are not here have taught


def landmarks(material, folder, minutes, renders=ALL_ROUND, workers=1, batch=64, checks=400, go_on=False, samples=(),
              backgrounds=None):
    """Train the landmarks network; returns its averaged weights. checks: negatives shown at each validation. go_on: begin
    as the exported one."""
    make, validate = _faces(_Own(folder, samples, backgrounds), material, renders, batch, checks, "landmarks")
    mean = torch.from_numpy(validate.mean_points())
    start = partial(_exported, "landmarks", make) if go_on else lambda net: net.start_from(mean)
    rate = GO_ON_RATE if go_on else RATE
    return Training("landmarks", make, folder, minutes, rate, workers=workers, start=start).run(validate)


def fine(material, folder, minutes, renders=ALL_ROUND, workers=1, batch=64, checks=400, samples=(), backgrounds=None):
    """Train the finer one from the landmarks network that is exported; returns its averaged weights."""
    make, validate = _faces(_Own(folder, samples, backgrounds), material, renders, batch, checks, "fine")
    start = partial(_exported, "landmarks", make)
    return Training("fine", make, folder, minutes, FINE_RATE, workers=workers, start=start).run(validate)


def _exported(name, make, net):
    """Begin a network as the exported one of a name; make: gives the source of what it will see."""
    transfer.take(net, manifest.read()[name].path, torch.from_numpy(make().batch()["image"])[..., None])


def _faces(own, material, renders, batch, checks, name):
    """(source of batches, validation) of crops as large as the named network sees."""
    portraits, drawn, backgrounds = own.load(material, renders)
    unseen, unseen_drawn, _ = own.load(material, ("val_faces.npz",), validation=True)
    more, held = own.both(mixture.heads, "all 68 points")
    hard, twice, unseen_twice = _hard(material), _twice(material, "pairs_*.npz"), _twice(material, "val_pairs.npz")
    count, size = sum(len(source["luma"]) for source in (drawn, twice) if source), INPUTS[name]["image"][1]
    print("%s: %d portraits, %d renders, %d backgrounds" % (
        name, sum(len(s["luma"]) for s, _ in faces.several(portraits) + more), count, len(backgrounds)))
    validate = evaluate.Landmarks(unseen, unseen_drawn, backgrounds, checks, hard=hard[::10], size=size, samples=held,
                                  twice=unseen_twice)
    hard = [crop for i, crop in enumerate(hard) if i % 10]
    return partial(faces.Faces, faces.several(portraits) + more, drawn, backgrounds, shares(count, batch), hard=hard,
                   size=size, twice=twice), validate


class _Own:
    """What a trainer takes beside, or instead of, the material. folder: of the run."""

    def __init__(self, folder, samples, backgrounds=None):
        self.folder, self.files, self.backgrounds = folder, mixture.given(samples), backgrounds

    def load(self, material, renders, validation=False):
        """As `faces.load`; without a material folder backgrounds alone."""
        if material is None:
            return None, None, mixture.backgrounds(self.backgrounds)
        portraits, drawn, found = faces.load(material, renders, validation)
        return portraits, drawn, mixture.backgrounds(self.backgrounds) if self.backgrounds else found

    def both(self, make, what):
        """([(source, share)] to train on, those kept out, or where nothing is kept out the same)."""
        seen = mixture.wanted(make(self.files, self.folder), self.files, what)
        return seen, make(self.files, self.folder, held=True) or seen


def _twice(material, pattern):
    """The heads that are drawn twice, or None."""
    return faces.twice(shards.find(material, (pattern,))) if material else None


def _hard(material):
    """What the detector took for faces (see `mistakes`), or nothing."""
    path = os.path.join(material or "", "hard.npz")
    return np.load(path)["crops"] if material and os.path.exists(path) else np.zeros((0, 1, 1), np.uint8)


def shares(renders, batch=64):
    """(portraits, renders, negatives) in a batch, by how many renders there are."""
    negatives = batch * 3 // 16
    drawn = 0 if not renders else batch * 7 // 16 if renders > FEW_RENDERS else batch * 3 // 16
    return batch - negatives - drawn, drawn, negatives


def iris(material, folder, minutes, renders=("eyes_*.npz",), heads=(RENDERS, LOOKS), workers=1, batch=64, go_on=False,
         samples=()):
    """Train the iris network; returns its averaged weights. heads: kinds of shards of faces whose eyes are shown too. go_on:
    begin as the exported one."""
    heads = [eyes.of_heads(parts) for parts in (shards.find(material, kind) for kind in heads) if parts]
    seen = [eyes.drawn(shards.find(material, renders))] + heads
    held = [eyes.drawn([os.path.join(material, "val_eyes.npz")]), eyes.of_heads([os.path.join(material, "val_faces.npz")])]
    labels = np.load(os.path.join(material, "portrait_labels.npz"))
    luma = np.load(os.path.join(material, "portraits_luma.npz"))["luma"]
    for sources, kept in ((seen, False), (held, True)):
        rows = np.where((labels["quality"] >= 1) & (labels["val"] == kept))[0]
        sources.append(eyes.portrait_eyes(luma[rows], *(labels[k][rows] for k in ("mesh", "points", "rotation"))))
    counts = [len(s["openness"]) for s in seen]
    print("iris: %d eyes drawn, %d of drawn heads, %d photographed" % (counts[0], sum(counts[1:-1]), counts[-1]))
    more, kept = _Own(folder, samples).both(mixture.looking, "gaze, rotation and the corners of the eyes")
    mix = [batch * 3 // 16] + _split(batch * 9 // 16, counts[1:-1]) + _split(batch // 4, [1.0] + [share for _, share in more])
    make = partial(eyes.Eyes, seen + [source for source, _ in more], mix)
    start = partial(_exported, "iris", make) if go_on else None
    validate = evaluate.Iris(*held, samples=kept)
    return Training("iris", make, folder, minutes, RATE, workers=workers, start=start).run(validate)


def _split(count, shares):
    """A number of rows in parts by their shares, each at least one."""
    ends = np.round(np.cumsum(shares) / sum(shares) * count).astype(int)
    return np.maximum(1, np.diff(np.append(0, ends))).tolist()


def detector(material, folder, minutes, renders=ALL_ROUND, workers=1, batch=16, checks=160, go_on=False, samples=(),
             backgrounds=None):
    """Train the detector; returns its averaged weights. checks: pictures shown at each validation. go_on: begin as the
    exported one."""
    own = _Own(folder, samples, backgrounds)
    portraits, drawn, backgrounds = own.load(material, renders)
    unseen, _, _ = own.load(material, (), validation=True)
    heads, scenes = (make(own.files, folder) for make in (mixture.heads, mixture.scenes))
    mixture.wanted(heads + scenes, own.files, "faces or all 68 points")
    held, held_scenes = (make(own.files, folder, held=True) for make in (mixture.heads, mixture.scenes))
    heads, held = faces.several(portraits) + heads, faces.several(unseen) + held
    print("detector: %d portraits, %d renders, %d scenes, %d backgrounds" % (
        sum(len(s["luma"]) for s, _ in heads), len(drawn["luma"]) if drawn else 0, sum(len(s) for s, _ in scenes),
        len(backgrounds)))
    make = partial(pictures.Pictures, heads, drawn, backgrounds, batch, scenes=scenes)
    if not held + held_scenes:
        held, held_scenes = heads, scenes
    validate = evaluate.Detector(held, backgrounds, checks, held_scenes)
    start = partial(_exported, "detector", make) if go_on else None
    rate = FINE_RATE if go_on else RATE
    return Training("detector", make, folder, minutes, rate, workers=workers, start=start).run(validate)


def expression(material, folder, minutes, renders=RENDERS, workers=1, batch=64, go_on=False, samples=()):
    """Train the network of mouth and jaw; returns its averaged weights. go_on: begin as the exported one."""
    def start(net, make):
        if go_on:
            _exported("expression", make, net)
    return _closeup("expression", material, folder, minutes, renders, workers, batch, start, samples)


def brows(material, folder, minutes, renders=UPPER, workers=1, batch=64, samples=()):
    """Train the network of the upper face from the landmarks network that is exported; returns its averaged weights."""
    def start(net, make):
        image = torch.from_numpy(make().batch()["image"])[..., None]
        transfer.begin(net, manifest.read()["landmarks"].path, net.LANDMARKS, image)
    return _closeup("brows", material, folder, minutes, renders, workers, batch, start, samples)


def _closeup(name, material, folder, minutes, renders, workers, batch, start, samples):
    """Train one of `closeup.VIEWS`; start: called with the new network and what makes its source of batches."""
    portraits, drawn, _ = faces.load(material, renders)
    unseen, unseen_drawn, _ = faces.load(material, ("val_faces.npz",), validation=True)
    more, held = _Own(folder, samples).both(mixture.shaped, "points, rotation and blendshapes")
    photographs = batch * 3 // 16
    make = partial(expressions.Expressions, name, drawn, faces.several(expressions.with_teacher(portraits)) + more,
                   (batch - photographs, photographs))
    print("%s: %d renders, %d portraits" % (name, len(drawn["luma"]), len(portraits["luma"])))

    def begin(net):
        net.start_from(*[torch.from_numpy(v) for v in make().statistics()])
        start(net, make)
    validate = evaluate.Expression(name, unseen_drawn, expressions.with_teacher(unseen), samples=held)
    return Training(name, make, folder, minutes, EXPRESSION_RATE, workers=workers, start=begin).run(validate)


TRAINERS = {"landmarks": landmarks, "fine": fine, "iris": iris, "detector": detector,
            "expression": expression, "brows": brows}
