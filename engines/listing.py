"""A folder of engine files in, what is there and whether it is good out."""
import json
import os

from appliance.backends import cuda, manifest, tensorrt
from appliance.errors import KagamiError, PartMissing
from engines import networks, plan, workshop


def main(folder=None, precision="fp16", as_json=False):
    """Print every engine file, and every network that wants one and has none; 1 where there is
    such a network, 0 else. What is built elsewhere or of another ONNX file is told so; where
    TensorRT is not here, files are held against the networks alone."""
    here, why = _here()
    known, rows, good = manifest.read(), [], set()
    for path in plan.paths(folder):
        row = _row(path, known, here)
        rows.append(row)
        if not row["wrong"] and row["precision"] == precision:
            good.add(row["network"])
    missing = [name for name in workshop.wanted() if name not in good]
    for row in rows:
        print(json.dumps(row, sort_keys=True) if as_json else _line(row))
    if not as_json:
        print("\n".join(_end(folder, missing, precision, why)))
    return int(bool(missing))


def _here():
    """((TensorRT's version, kind of GPU), None) or (None, why neither is known)."""
    try:
        return (tensorrt.library().__version__, cuda.gpu().kind), None
    except PartMissing as why:
        return None, "%s: %s" % (why.what, why.why)


def _row(path, known, here):
    """What one file is worth: {"file", "network", "precision", "wrong", ...}."""
    name = plan.NAME.fullmatch(os.path.basename(path)).groupdict()
    network = networks.named(name["network"], known)
    row = dict(name, file=os.path.basename(path), wrong="")
    version, gpu = here or (name["tensorrt"], name["gpu"])
    try:
        row.update(plan.about(path))
        if network is not None:
            plan.read(path, network, version, gpu, name["precision"])
    except KagamiError as why:
        row["wrong"] = why.why
    return row


def _line(row):
    if row["wrong"]:
        return "%s: not good: %s" % (row["file"], row["wrong"])
    return "%s: good: %.2f ms, %s" % (row["file"], row["ms"][0], row["words"])


def _end(folder, missing, precision, why):
    yield "in " + plan.folder(folder)
    if why:
        yield "whether they run here cannot be told: " + why
    for name in missing:
        yield "%s: no good engine in %s; %s" % (name, precision, plan.again(name))
