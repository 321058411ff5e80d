"""One to four faces in one picture in, milliseconds of the whole call out: each network shown the
faces one after the other, or at once; and what the engines for several cost. Two tables.

The pictures are a clip four times, small and side by side, each from another moment on. Both ways
take turns in one process, TURN pictures at a time: call upon call, and as a camera of 30 pictures
a second gives them, which finds the caches cold.
"""
import gc
import itertools
import os
import time
from collections import OrderedDict
from time import perf_counter

import cv2
import numpy as np

from appliance import config as configuration
from appliance.errors import DataError, PartMissing
from appliance.tracker import Tracker
from benchmarks import chart, report
from benchmarks.backends import working
from benchmarks.fed import resident_mib
from benchmarks.stages import pictures

KINDS = (("onnxruntime", "cpu", "auto"), ("openvino", "cpu", "auto"), ("tensorrt", "cpu", "auto"))
MOST, WIDE, HIGH, GREY = 4, 320, 240, 110       # faces; pixels of each one's part of the picture
TURN, STARTING = 25, 20     # pictures of one way before it is the other's turn; not counted
FAST = 25       # percentile of a turn that is compared: above it lies what other programs take
PACES = OrderedDict([("call upon call", 0.0), ("30 a second", 1 / 30.0)])
WAYS = IN_TURN, AT_ONCE = "in turn", "at once"


class InTurn:
    """A backend without engines for several faces."""

    def __init__(self, backend):
        self._backend = backend

    def load(self, name, faces=1):
        """Engine of the backend for one face."""
        if faces > 1:
            raise PartMissing("engine of %d faces" % faces, "not wanted here", "-")
        return self._backend.load(name)


def group(frames, faces):
    """(480, 640) luma pictures with so many of the clip's faces, one a quarter, the rest grey."""
    found, small = [], [cv2.resize(luma, (WIDE, HIGH), interpolation=cv2.INTER_AREA)
                        for luma in frames]
    for number in range(len(small)):
        picture = np.full((2 * HIGH, 2 * WIDE), GREY, np.uint8)
        for part in range(faces):
            top, left = HIGH * (part // 2), WIDE * (part % 2)
            picture[top:top + HIGH, left:left + WIDE] = small[
                (number + part * len(small) // MOST) % len(small)]
        found.append(picture)
    return found


def wanted(faces):
    """The options with which so many are followed."""
    config = configuration.defaults()
    return config._replace(tracker=config.tracker._replace(max_faces=faces))


def race(trackers, frames, faces, period=0.0):
    """{way: [[seconds of a call]]}, a list each TURN pictures, of {way: tracker}; a picture in
    which not all faces are followed does not count. period: seconds from call to call, or 0."""
    taken = OrderedDict((way, []) for way in trackers)
    for number, start in enumerate(range(0, len(frames), TURN)):
        for way in list(trackers)[::1 if number % 2 else -1]:
            calls = [_call(trackers[way], luma, due) for luma, due in zip(
                frames[start:start + TURN], _dues(period))]
            taken[way].append([seconds for seconds, found in calls if found == faces])
    return taken


def _dues(period):
    """When call after call begins; 0 is at once."""
    return itertools.count(time.monotonic() + period, period) if period else itertools.repeat(0)


def _call(tracker, luma, due):
    """(seconds, how many faces) of a call at its time."""
    time.sleep(max(0.0, due - time.monotonic()))
    start = perf_counter()
    found = tracker(luma)
    return perf_counter() - start, len(found)


def measure(backend, frames, faces):
    """{pace: {way: {"p10_ms", "p50_ms", "p95_ms", "count"}, "saved": (quarter, middle, three
    quarters)}} of so many faces; saved: % of the time, turn by turn. DataError where they are
    not all found in the clip."""
    shown, config, found = group(frames, faces), wanted(faces), OrderedDict()
    trackers = OrderedDict([(IN_TURN, Tracker(config, backend=InTurn(backend))),
                            (AT_ONCE, Tracker(config, backend=backend))])
    for tracker, luma in itertools.product(trackers.values(), shown[:STARTING]):
        tracker(luma)
    for pace, period in PACES.items():
        taken = race(trackers, shown, faces, period)
        if not all(turn for turns in taken.values() for turn in turns[:1]):
            raise DataError("clip", "%d faces side by side are not all followed in it" % faces,
                            "take a clip of one face with --source")
        found[pace] = OrderedDict((way, spread(sum(turns, []))) for way, turns in taken.items())
        found[pace]["saved"] = saved(taken)
    return found


def spread(seconds):
    """{"p10_ms", "p50_ms", "p95_ms", "count"} of durations."""
    p10, p50, p95 = (round(float(ms), 3) for ms in np.percentile(seconds, (10, 50, 95)) * 1e3)
    return {"p10_ms": p10, "p50_ms": p50, "p95_ms": p95, "count": len(seconds)}


def saved(taken):
    """(quarter, middle, three quarters) of the % by which a turn's fast calls are shorter."""
    shares = [100 * (1 - np.percentile(once, FAST) / np.percentile(turn, FAST))
              for turn, once in zip(taken[IN_TURN], taken[AT_ONCE]) if turn and once]
    return tuple(round(float(share), 1) for share in np.percentile(shares, (25, 50, 75)))


def costs(backend, luma):
    """{faces: {"load_ms", "mib"}}: what making room for one face more takes, from 2 on, engines
    having run once."""
    tracker, found = Tracker(wanted(1), backend=backend), OrderedDict()
    tracker(luma)
    for faces in range(2, MOST + 1):
        gc.collect()
        before, start = resident_mib(os.getpid()), perf_counter()
        tracker.change(wanted(faces))
        taken = perf_counter() - start
        tracker.reset()
        tracker(luma)
        tracker(luma)       # all engines at once: who is new is looked at alone
        found[faces] = {"load_ms": round(taken * 1e3, 1),
                        "mib": round(resident_mib(os.getpid()) - before, 1)}
    return found


def table(found):
    """Markdown of {backend: {faces: what measure gave}}."""
    rows = []
    for name, by in found.items():
        for pace in PACES:
            before = {way: 0.0 for way in WAYS}
            for faces, of in by.items():
                ways = [of[pace][way] for way in WAYS]
                now = {way: of[pace][way]["p10_ms"] for way in WAYS}
                rows.append([name, pace, faces]
                            + ["%.2f / %.2f / %.2f" % tuple(one[key] for key in (
                                "p10_ms", "p50_ms", "p95_ms")) for one in ways]
                            + ["%+.2f, %+.2f" % tuple(now[way] - before[way] for way in WAYS)]
                            + ["%.0f (%.0f to %.0f)" % tuple(of[pace]["saved"][i]
                                                             for i in (1, 0, 2))]
                            + [min(one["count"] for one in ways)])
                before = now
    return report.markdown(("backend", "calls", "faces", "in turn, ms (p10 / p50 / p95)",
                            "at once, ms", "the last face, ms of p10: in turn, at once",
                            "saved, % (middle half of the turns)", "pictures"), rows)


def cost_table(found):
    """Markdown of {backend: what costs gave}."""
    return report.markdown(("backend", "engines for", "loaded in, ms", "memory, MiB"), [
        [name, "%d faces" % faces, one["load_ms"], one["mib"]]
        for name, by in found.items() for faces, one in by.items()])


def drawing(found):
    """The fastest tenth, call upon call, over the number of faces."""
    pace = next(iter(PACES))
    return chart.lines("The whole call, the fastest tenth, call upon call", "faces", "ms", {
        "%s, %s" % (name, way): [(faces, of[pace][way]["p10_ms"]) for faces, of in by.items()]
        for name, by in found.items() for way in WAYS})


def main(args):
    """The command: args.source, args.frames, args.out."""
    made, lacking = working(KINDS)
    frames = pictures(args.source, args.frames)
    price = OrderedDict((name, costs(backend, group(frames[:1], MOST)[0]))
                        for name, backend in made.items())
    found = OrderedDict((name, OrderedDict(
        (faces, measure(backend, frames, faces)) for faces in range(1, MOST + 1)))
        for name, backend in made.items())
    lines = ["not here: %s: %s" % pair for pair in lacking.items()]
    report.publish("faces", [table(found), cost_table(price), "  \n".join(lines)], {
        "source": args.name, "frames": len(frames), "calls": found, "costs": price,
        "lacking": lacking}, args.out, drawing(found))
