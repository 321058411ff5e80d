"""A source in, milliseconds out: every stage, the networks alone, the whole call. One table."""
from contextlib import closing
from time import perf_counter

import numpy as np

from appliance import backends, config as configuration
from appliance.backends import manifest
from appliance.sources import endless, open_source
from appliance.timing import ROWS, Timing
from appliance.tracker import Tracker
from benchmarks import report

TURNS = 300                                     # runs of each network alone
OUTSIDE = ("capture", "publish", "total")       # rows of the loop, not of the tracker


def pictures(url, most):
    """Copies of up to `most` luma pictures of a source: in memory, decoding costs nothing."""
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


def networks(backend=None, turns=TURNS):
    """{"network NAME": figures} of every network of the manifest alone."""
    backend = backend or backends.choose()
    found = {}
    for name in sorted(manifest.read()):
        engine, seconds = backend.load(name), []
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
    if not seconds:
        return {"p50_ms": 0.0, "p95_ms": 0.0, "count": 0}
    p50, p95 = np.percentile(seconds, [50, 95]) * 1e3
    return {"p50_ms": round(float(p50), 3), "p95_ms": round(float(p95), 3), "count": len(seconds)}


def table(rows):
    """The Markdown of what `stages` and `networks` gave."""
    return report.markdown(("stage", "p50 ms", "p95 ms", "count"), [
        (row, "%.3f" % f["p50_ms"], "%.3f" % f["p95_ms"], f["count"]) for row, f in rows.items()])


def main(args):
    """The command: args.source, args.frames, args.out."""
    frames = pictures(args.source, args.frames)
    rows = stages(frames)
    rows.update(networks())
    report.publish("stages", [table(rows)], {"source": args.name, "frames": len(frames),
                                             "rows": rows}, args.out)
