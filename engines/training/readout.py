"""The exported network of mouth and jaw and speakers drawn for it in, the same network with the vowels among its answers
out.

What its features know of a mouth as a whole is more than its single shapes: stretch and pucker, too weak to be sent, tell
I and U all the same. So five rows more of its last layer say of each vowel the logarithm of what it is worth beside a
mouth that says none (`appliance.stages.closeup.spoken`): a logistic regression on shares, at no cost worth naming.

    python -m engines.training readout --material MATERIAL      with expression exported, before `driven`
"""
import os

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper

from appliance.backends import manifest
from appliance.face import ARKIT, VOWELS
from appliance.stages.closeup import VIEWS
from engines.training import expressions, faces, shards

NAME, SHAPES = "expression", len(VIEWS["expression"].shapes)
FEATURES = "/net/Relu_output_0"     # what the last layer reads
LOOKS = {"speakers": 3, "silent portraits": 1}      # crops of a picture, each with other errors of points and camera
SMOOTH = 1e-3           # of a squared weight on a standardised feature
QUIET = 3.0             # what a mouth that says nothing counts: most of the time nobody speaks
STILL = 0.05            # teacher's word for an open or round mouth up to which a portrait says nothing
HELD = 8                # every so many pictures are kept out to tell how good it is


class Source:
    """Crops and features of the exported network at a path; `last`: weight (K, F) and bias (K,) of its last layer."""

    def __init__(self, path):
        self.model = onnx.load(path)
        weights = {t.name: numpy_helper.to_array(t) for t in self.model.graph.initializer}
        self.last = weights["net.out.weight"], weights["net.out.bias"]
        seen = onnx.ModelProto()
        seen.CopyFrom(self.model)
        seen.graph.output.append(onnx.helper.make_tensor_value_info(FEATURES, 1, [1, self.last[0].shape[1]]))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(seen.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def __call__(self, rows):
        """(N, F) features of rows of `expressions.Expressions`."""
        return np.stack([self._session.run([FEATURES], {"image": row["image"][None, :, :, None].astype(np.float32),
                                                        "turn": row["turn"][None]})[0][0] for row in rows])


def crops(source, looks, seed=0):
    """[row] of a dict of arrays as `faces` has them, so many looks at each in turn; 0: one, as it is."""
    make = expressions.Expressions(NAME, source, source, seed=seed)
    return [make.row(source, i, not looks) for i in range(len(source["luma"])) for _ in range(max(1, looks))]


def speakers(files):
    """The shards of `speakers` as a source, with `said`."""
    return dict(faces.drawn(files), said=shards.read(files, ("said",))["said"])


def silent(portraits):
    """Those of the portraits that say nothing, as a source: lips together or smiling, as the teacher sees them."""
    names = expressions.with_teacher(portraits)
    score = portraits["teacher"]
    still = np.all([score[:, 1 + ARKIT[name]] < STILL for name in ("jawOpen", "mouthPucker", "mouthFunnel")], axis=0)
    kept = {k: v[still] for k, v in names.items()}
    return dict(kept, said=np.zeros((len(kept["luma"]), len(VOWELS)), np.float32))


def regression(features, said, weight, smooth=SMOOTH):
    """(5, F) and (5,): the layer whose answers `spoken` makes shares that are nearest to said (N, 5) in relative entropy."""
    x, t, much = (torch.from_numpy(np.asarray(a, np.float64)) for a in (features, said, weight))
    mean, deviation = x.mean(0), x.std(0) + 1e-3
    x = (x - mean) / deviation
    whole = torch.cat([1 - t.sum(1, keepdim=True), t], 1)
    rows, bias = torch.zeros(t.shape[1], x.shape[1], dtype=x.dtype), torch.zeros(t.shape[1], dtype=x.dtype)
    best = torch.optim.LBFGS([rows.requires_grad_(), bias.requires_grad_()], max_iter=500, history_size=20,
                             line_search_fn="strong_wolfe")

    def loss():
        best.zero_grad()
        odds = torch.nn.functional.pad(x @ rows.T + bias, (1, 0))
        apart = -(whole * torch.log_softmax(odds, 1)).sum(1)
        total = (apart * much).sum() / much.sum() + smooth * (rows ** 2).sum()
        total.backward()
        return total
    best.step(loss)
    rows = rows.detach() / deviation
    return rows.numpy(), (bias.detach() - rows @ mean).numpy()


def shares(odds):
    """(N, 5) of (N, 5): `spoken`, row by row."""
    worth = np.exp(np.minimum(odds, 50.0))
    return worth / (1 + worth.sum(1, keepdims=True))


def write(model, weight, bias, path):
    """Write the network with another last layer, (K, F) and (K,), and its row in the manifest at `path`: the shapes and,
    where there are more answers, the vowels."""
    for tensor in model.graph.initializer:
        given = {"net.out.weight": weight, "net.out.bias": bias}.get(tensor.name)
        if given is not None:
            tensor.CopyFrom(numpy_helper.from_array(given.astype(np.float32), tensor.name))
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = len(weight)
    onnx.checker.check_model(model)
    network = manifest.read(path)[NAME]
    onnx.save(model, network.path + ".part")
    os.replace(network.path + ".part", network.path)
    parts = {"shapes": (1, SHAPES), "vowels": (1, len(weight) - SHAPES)}
    manifest.record(NAME, os.path.basename(network.path), network.inputs, {"answers": (1, len(weight))}, path,
                    parts=manifest.spelt({name: shape for name, shape in parts.items() if shape[1]}))


def tell(material, path=manifest.MANIFEST, say=print):
    """Fit the vowels on the material's speakers and silent portraits and write the network and its row."""
    source = Source(manifest.read(path)[NAME].path)
    drawn = speakers(shards.find(material, ("speakers_*.npz",)))
    portraits = silent(faces.load(material, ("val_faces.npz",))[0])
    sets = [(name, one) for name, one in (("speakers", drawn), ("silent portraits", portraits)) if len(one["luma"])]
    seen = [_rows(source, one, lambda i: i % HELD > 0, LOOKS[name]) for name, one in sets]
    features, said = (np.concatenate(arrays) for arrays in zip(*seen))
    rows, bias = regression(features, said, np.where(said.any(1), 1.0, QUIET))
    for name, one in sets:
        features, said = _rows(source, one, lambda i: i % HELD == 0, 0)
        say("%s: %s" % (name, judged(shares(features @ rows.T + bias), said)))
    write(source.model, np.concatenate([source.last[0][:SHAPES], rows]), np.concatenate([source.last[1][:SHAPES], bias]), path)


def _rows(source, drawn, chosen, looks):
    """(features (N, F), said (N, 5)) of the pictures that are chosen by their number."""
    which = [i for i in range(len(drawn["luma"])) if chosen(i)]
    some = {k: v[which] for k, v in drawn.items()}
    return source(crops(some, looks)), np.repeat(some["said"], max(1, looks), axis=0)


def judged(found, said):
    """What to say of (N, 5) shares beside the truth: of pictures that say one vowel by half and more the share told
    right, and all that is told of those that say none."""
    alone = (said.max(1) > 0.5) & (said.max(1) == said.sum(1))
    right = ["%s %.0f %%" % (name, 100 * (found[here].argmax(1) == k).mean()) for k, name in enumerate(VOWELS)
             for here in [alone & (said[:, k] > 0)] if here.any()]
    quiet = found[~said.any(1)].sum(1)
    return "%s; of silence %.2f in the middle, %.2f in one of twenty" % (
        ", ".join(right) or "no vowels", np.median(quiet), np.quantile(quiet, 0.95)) if len(quiet) else ", ".join(right)
