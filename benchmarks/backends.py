"""Every backend that works here: each network and the whole call, taking turns picture by picture,
and how far the answers are from the first one's. Three tables.

Each network is shown what the tracker showed it on the clip.
"""
import collections
import itertools
from collections import OrderedDict
from time import perf_counter

import numpy as np

from appliance import backends, quality
from appliance.backends import manifest
from appliance.errors import KagamiError, PartMissing
from appliance.tracker import Tracker
from benchmarks import chart, report
from benchmarks.rotation import between
from benchmarks.stages import every_picture, of_quality, pictures, spread
from benchmarks.stills import distances

# (backend, device, precision); the first that works is what the others are compared with.
KINDS = (("onnxruntime", "cpu", "auto"), ("openvino", "cpu", "f32"), ("openvino", "cpu", "bf16"),
         ("openvino", "gpu", "auto"), ("openvino", "npu", "auto"), ("tensorrt", "cpu", "auto"))
SHOWN = 100         # inputs of each network
APART = ("points", "rotation", "openness", "gaze", "shapes")
TERMS = ("points, % of the box", "rotation, degrees", "openness", "gaze, degrees",
         "blendshapes")


def working(kinds=KINDS):
    """({name: backend}, {name: why not}) of kinds; a backend is named as it names itself."""
    found, lacking = OrderedDict(), OrderedDict()
    for kind in kinds:
        try:
            backend = backends.ready(*kind)
            for name in quality.needed(manifest.read()):
                backend.load(name)
            found[str(backend)] = backend
        except KagamiError as why:
            lacking[" ".join(kind) if kind[0] == "openvino" else kind[0]] = str(why)
    return found, lacking


class Recording:
    """A backend that keeps copies of the first SHOWN inputs of each network for one face: `shown`,
    {network: [{input: array}]}."""

    def __init__(self, backend):
        self._backend, self.networks = backend, backend.networks
        self.shown = collections.defaultdict(list)

    def load(self, name, faces=1):
        """Engine of the backend, listened to."""
        engine = self._backend.load(name, faces)
        return _Listened(engine, self.shown[name]) if faces == 1 else engine


class _Listened:
    def __init__(self, engine, shown):
        self._engine, self._shown = engine, shown
        self.inputs, self.network = engine.inputs, engine.network

    def infer(self):
        """As the engine's."""
        if len(self._shown) < SHOWN:
            self._shown.append({name: value.copy() for name, value in self.inputs.items()})
        return self._engine.infer()


def qualities(made):
    """The qualities whose network each of {name: backend} has."""
    found = quality.known(manifest.read())
    for backend, word in itertools.product(made.values(), tuple(found)):
        try:
            backend.load(quality.NETWORKS[word])
        except PartMissing:
            found = [other for other in found if other != word]
    return found


def recorded(backend, frames, words=(quality.STANDARD,)):
    """{network: [inputs]} of tracking at these qualities with the detector on every picture."""
    recording = Recording(backend)
    for word in words:
        tracker = Tracker(of_quality(word, every_picture()), backend=recording)
        for luma in frames:
            tracker(luma)
    return recording.shown


def networks(made, shown):
    """{network: {backend: {"p50_ms", "p95_ms", "count", "apart"}}} of {backend: Backend} and
    {network: [inputs]}; apart: the largest absolute difference of any output to the first's."""
    found = OrderedDict()
    for name in sorted(shown):
        engines = [backend.load(name) for backend in made.values()]
        taken, apart = [[] for _ in engines], [0.0] * len(engines)
        for inputs in shown[name]:
            truth = None
            for k, engine in enumerate(engines):
                seconds, outputs = _infer(engine, inputs)
                taken[k].append(seconds)
                truth = truth or {key: value.copy() for key, value in outputs.items()}
                apart[k] = max([apart[k]] + [float(np.abs(truth[key] - value).max())
                                             for key, value in outputs.items()])
        found[name] = OrderedDict((one, dict(spread(seconds), apart=far))
                                  for one, seconds, far in zip(made, taken, apart))
    return found


def _infer(engine, inputs):
    for name, value in inputs.items():
        engine.inputs[name][...] = value
    start = perf_counter()
    outputs = engine.infer()
    return perf_counter() - start, outputs


def loop(trackers, frames):
    """{backend: {"p50_ms", "p95_ms", "count", "alone", "apart": {term: (middle, most)}}} of
    {backend: tracker}; alone: pictures in which only one of it and the first has a face."""
    taken = OrderedDict((name, []) for name in trackers)
    apart = OrderedDict((name, []) for name in trackers)
    alone = dict.fromkeys(trackers, 0)
    for luma in frames:
        first = None
        for k, (name, tracker) in enumerate(trackers.items()):
            start = perf_counter()
            faces = tracker(luma)
            taken[name].append(perf_counter() - start)
            first = faces if k == 0 else first
            if faces and first:
                apart[name].append(differences(first[0], faces[0]))
            alone[name] += bool(faces) != bool(first)
    return OrderedDict((name, dict(spread(taken[name]), alone=alone[name],
                                   apart=_summary(apart[name]))) for name in trackers)


def differences(a, b):
    """(TERMS) differences of two Faces: the mean over points, the larger eye, the largest shape.
    """
    eyes = [(getattr(a, side), getattr(b, side)) for side in ("left", "right")]
    return (float(distances(b.landmarks, a.landmarks).mean()),
            float(between(b.matrix[None], a.matrix[None])[0]),
            max(abs(one.openness - other.openness) for one, other in eyes),
            max(float(np.abs(one.gaze - other.gaze).max()) for one, other in eyes),
            float(np.abs(a.blendshapes - b.blendshapes).max()))


def _summary(rows):
    """{term: (middle, most)} of differences, over pictures."""
    if not rows:
        return {}
    values = np.array(rows)
    return OrderedDict((term, (float(np.median(column)), float(column.max())))
                       for term, column in zip(APART, values.T))


def tables(found, whole, lacking):
    """The Markdown: milliseconds, differences of networks, differences of faces."""
    names = list(whole)
    rows = [[name] + ["%.3f / %.3f" % (by[one]["p50_ms"], by[one]["p95_ms"]) for one in names]
            + [by[names[0]]["count"]] for name, by in found.items()]
    rows.append(["whole call"] + ["%.3f / %.3f" % (whole[one]["p50_ms"], whole[one]["p95_ms"])
                                  for one in names] + [whole[names[0]]["count"]])
    limits = {name: network.tolerance for name, network in manifest.read().items()}
    far = [[name, limits[name]] + ["%.2g" % by[one]["apart"] for one in names[1:]]
           for name, by in found.items()]
    lines = ["not here: %s: %s" % pair for pair in lacking.items()]
    return [report.markdown(["network, ms (p50 / p95)"] + names + ["pictures"], rows)] + (
        [report.markdown(["largest difference to %s" % names[0], "tolerance"] + names[1:], far),
         _faces(whole)] if names[1:] else []) + ["  \n".join(lines)]


def _faces(whole):
    """Markdown of the differences of whole faces, in the terms of whoever is tracked."""
    rows = []
    for name, one in list(whole.items())[1:]:
        rows.append([name] + ["%.2g / %.2g" % one["apart"][term] if one["apart"] else None
                              for term in APART] + [one["alone"]])
    return report.markdown(("of the smoothed face (middle / most)",) + TERMS
                           + ("pictures with a face in one alone",), rows)


def drawing(found, whole):
    """Milliseconds of the tracking networks and the whole call, the middles."""
    rows = [(name, [(network, by[name]["p50_ms"]) for network, by in found.items()
                    if network != "detector"]) for name in whole]
    return chart.bars("Networks of a picture while one face is followed, the middle", "ms", rows)


def main(args):
    """The command: args.source, args.frames, args.out."""
    made, lacking = working()
    frames = pictures(args.source, args.frames)
    found = networks(made, recorded(next(iter(made.values())), frames[:SHOWN], qualities(made)))
    whole = loop(OrderedDict((name, Tracker(backend=backend)) for name, backend in made.items()),
                 frames)
    report.publish("backends", tables(found, whole, lacking), {
        "source": args.name, "frames": len(frames), "networks": found, "whole": whole,
        "lacking": lacking}, args.out, drawing(found, whole))
