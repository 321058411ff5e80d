"""A source in, milliseconds out: every stage, the networks alone, the whole call; then the stages
in the columns that DeepVTB published of a Nano. Two tables.
"""
from collections import OrderedDict
from contextlib import closing
from time import perf_counter

import numpy as np

from appliance import backends, config as configuration, quality
from appliance.backends import manifest
from appliance.errors import PartMissing
from appliance.sources import endless, open_source
from appliance.timing import ROWS, Timing
from appliance.tracker import Tracker
from benchmarks import chart, parts, report

TURNS = 300                                     # runs of each network alone
OUTSIDE = ("capture", "publish", "total")       # rows of the loop, not of the tracker
# Columns as DeepVTB has them, with our stages; `more` is what it does not do.
COLUMNS = OrderedDict([
    ("face detection", ("detector",)), ("face alignment", ("landmarks",)), ("pose", ("pose",)),
    ("iris", ("iris",)), ("more", ("expression", "brows", "smoothing"))])
# Kazawaryu/DeepVTB 772525f, README: a Jetson Nano, JetPack 4.6.1, TFLite, its stages in threads.
# The four of its second row add up to 102.2; 104.2 is what stands there.
PUBLISHED = OrderedDict([
    ("DeepVTB on a Nano", (45.5, 24.9, 48.7, 22.3, None, 141.4, 7.07)),
    ("DeepVTB on a Nano, fast detector", (12.3, 18.1, 49.2, 22.6, None, 104.2, 9.59))])


def pictures(url, most):
    """Copies of up to `most` luma pictures of a source: in memory, decoding costs nothing."""
    backends.ready()        # its libraries come before GStreamer's
    camera = configuration.defaults().camera
    found = []
    with closing(open_source(url, camera, every_frame=not endless(url))) as source:
        for frame in source:
            found.append(np.array(frame.luma))
            if len(found) >= most:
                break
    return found


def stages(frames, make=Tracker):
    """{row: figures} of a tracker on luma pictures that follow each other; "call" is the whole.

    make: called with timing=, gives the tracker.
    """
    timing, calls = Timing(), []
    tracker = make(timing=timing)
    for luma in frames:
        start = perf_counter()
        tracker(luma)
        calls.append(perf_counter() - start)
    rows = timing.as_dict()["rows"]
    found = {row: rows[row] for row in ROWS if row not in OUTSIDE}
    return dict(found, call=spread(calls))


def finer(frames, make=Tracker):
    """{"landmarks, fine", "call, fine": figures} of a tracker with the finer network; {} where the
    manifest has none, or what runs networks here has no engine of it."""
    if "fine" not in quality.known(manifest.read()):
        return {}
    try:
        rows = stages(frames, lambda timing: make(of_quality("fine"), timing))
    except PartMissing as why:
        print("landmarks, fine: not measured: %s" % why)
        return {}
    return {"%s, fine" % row: rows[row] for row in ("landmarks", "call")}


def of_quality(word, config=None):
    """Options (the defaults) with another quality."""
    config = config or configuration.defaults()
    return config._replace(tracker=config.tracker._replace(quality=word))


def networks(backend=None, turns=TURNS):
    """{"network NAME": figures} of every network of the manifest alone; without the finer one
    where it has no engine here."""
    backend = backend or backends.choose()
    found, names = {}, manifest.read()
    for name in sorted(names):
        try:
            engine, seconds = backend.load(name), []
        except PartMissing:
            if name in quality.needed(names):
                raise
            continue
        for tensor in engine.inputs.values():
            tensor[...] = 128.0
        for _ in range(turns):
            start = perf_counter()
            engine.infer()
            seconds.append(perf_counter() - start)
        found["network " + name] = spread(seconds)
    return found


def spread(seconds):
    """{"p50_ms", "p95_ms", "count"} of durations."""
    if not len(seconds):
        return {"p50_ms": 0.0, "p95_ms": 0.0, "count": 0}
    p50, p95 = np.percentile(seconds, [50, 95]) * 1e3
    return {"p50_ms": round(float(p50), 3), "p95_ms": round(float(p95), 3), "count": len(seconds)}


def table(rows):
    """The Markdown of what `stages` and `networks` gave."""
    return report.markdown(("stage", "p50 ms", "p95 ms", "count"), [
        (row, "%.3f" % f["p50_ms"], "%.3f" % f["p95_ms"], f["count"]) for row, f in rows.items()])


def every_picture():
    """The options with which the detector runs on every picture, as DeepVTB's does: one face more
    is always looked for."""
    config = configuration.defaults()
    return config._replace(tracker=config.tracker._replace(max_faces=2, detector_every=1))


def side_by_side(pictures_found):
    """{column: [ms, one a picture]} of what parts.measured gave, with "sum"; a stage that did not
    run took 0, and pictures without a face do not count."""
    faces = [rows for rows in pictures_found if "pose" in rows]
    found = OrderedDict((column, [1e3 * sum(rows.get(stage, (0.0,))[0] for stage in stages_)
                                  for rows in faces]) for column, stages_ in COLUMNS.items())
    found["sum"] = [sum(ms) for ms in zip(*found.values())]
    return found


def published_table(ours):
    """Markdown of {how it ran: what side_by_side gave}, DeepVTB's rows above."""
    header = ("tracker",) + tuple(COLUMNS) + ("sum, ms", "FPS", "pictures")
    rows = [(name,) + values + (None,) for name, values in PUBLISHED.items()]
    for name, found in ours.items():
        for p in (50, 95):
            ms = [float(np.percentile(values, p)) for values in found.values()]
            fps = 1e3 / ms[-1]
            rows.append(["%s, p%d" % (name, p)] + ms + [fps, len(found["sum"])])
    return report.markdown(header, rows)


def drawing(ours):
    """The same as a chart, with the middles."""
    rows = [(name, [(column, ms) for column, ms in zip(COLUMNS, values) if ms is not None])
            for name, values in PUBLISHED.items()]
    rows += [(name, [(column, float(np.median(found[column]))) for column in COLUMNS])
             for name, found in ours.items()]
    title = "Milliseconds of each stage: DeepVTB's of a Nano, ours of this machine"
    return chart.bars(title, "ms", rows)


def main(args):
    """The command: args.source, args.frames, args.out."""
    frames = pictures(args.source, args.frames)
    rows = stages(frames)
    rows.update(finer(frames))
    rows.update(networks())
    ours = OrderedDict((name, side_by_side(parts.measured(frames, make=make))) for name, make in (
        ("Kagami here, detector every picture", lambda **given: Tracker(every_picture(), **given)),
        ("Kagami here, as it tracks", Tracker)))
    seen = all(found["sum"] for found in ours.values())     # else nobody is in the clip
    report.publish("stages", [table(rows)] + ([published_table(ours)] if seen else []), {
        "source": args.name, "frames": len(frames), "rows": rows,
        "published": {name: dict(zip(tuple(COLUMNS) + ("sum", "fps"), values))
                      for name, values in PUBLISHED.items()},
        "side_by_side": {name: {column: spread(np.array(ms) / 1e3) for column, ms in found.items()}
                         for name, found in ours.items()}},
        args.out, drawing(ours) if seen else None)
