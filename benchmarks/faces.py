"""One to four faces in one picture in, milliseconds of the whole call out: each network shown the
faces one after the other, or at once; and what the engines for several cost. Two tables.

The pictures are a clip four times, small and side by side, each from another moment on. Both ways
take turns in one process, TURN pictures at a time: call upon call, and as a camera of 30 pictures
a second gives them, which finds the caches cold. They are compared by the processor time of the
thread, in which other programs have no part; waiting for a GPU is in the whole time alone.
"""
import gc
import itertools
import multiprocessing
import os
import time
from collections import OrderedDict
from time import perf_counter

import cv2
import numpy as np

from appliance import backends, config as configuration
from appliance.errors import DataError, PartMissing
from appliance.tracker import Tracker
from benchmarks import chart, report
from benchmarks.backends import working
from benchmarks.fed import resident_mib
from benchmarks.stages import pictures, spread

KINDS = (("onnxruntime", "cpu", "auto"), ("openvino", "cpu", "auto"), ("tensorrt", "cpu", "auto"))
MOST, WIDE, HIGH, GREY = 4, 320, 240, 110       # faces; pixels of each one's part of the picture
TURN, STARTING = 25, 20     # pictures of one way before it is the other's turn; not counted
PACES = OrderedDict([("call upon call", 0.0), ("30 a second", 1 / 30.0)])
WAYS = IN_TURN, AT_ONCE = "in turn", "at once"


class InTurn:
    """A backend without engines for several faces."""

    def __init__(self, backend):
        self._backend, self.networks = backend, backend.networks

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
    """{way: [[(seconds, processor seconds) of a call]]}, a list each TURN pictures, of {way:
    tracker}; a picture in which not all faces are followed does not count. period: seconds from
    call to call, or 0."""
    taken = OrderedDict((way, []) for way in trackers)
    for number, start in enumerate(range(0, len(frames), TURN)):
        for way in list(trackers)[::1 if number % 2 else -1]:
            calls = [_call(trackers[way], luma, due) for luma, due in zip(
                frames[start:start + TURN], _dues(period))]
            taken[way].append([both for both, found in calls if found == faces])
    return taken


def _dues(period):
    """When call after call begins; 0 is at once."""
    return itertools.count(time.monotonic() + period, period) if period else itertools.repeat(0)


def _call(tracker, luma, due):
    """((seconds, processor seconds), how many faces) of a call at its time."""
    time.sleep(max(0.0, due - time.monotonic()))
    start, spent = perf_counter(), _spent()
    found = tracker(luma)
    return (perf_counter() - start, _spent() - spent), len(found)


def _spent():
    return time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID)


def measure(backend, frames, faces):
    """{pace: {way: {"p50_ms", "p95_ms", "count", "processor_ms"}, "saved": (quarter, middle, three
    quarters)}} of so many faces; processor_ms: the middle. saved: % of that, turn by turn.
    DataError where they are not all found in the clip."""
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
        found[pace] = OrderedDict((way, figures(sum(turns, []))) for way, turns in taken.items())
        found[pace]["saved"] = saved(taken)
    return found


def figures(calls):
    """{"p50_ms", "p95_ms", "count", "processor_ms"} of calls, each as race gave it."""
    whole, spent = np.array(calls).T
    return dict(spread(whole), processor_ms=round(float(np.median(spent)) * 1e3, 3))


def saved(taken):
    """(quarter, middle, three quarters) of the % of processor time that a turn's middle call takes
    less."""
    shares = [100 * (1 - np.median(once, axis=0)[1] / np.median(turn, axis=0)[1])
              for turn, once in zip(taken[IN_TURN], taken[AT_ONCE]) if turn and once]
    return tuple(round(float(share), 1) for share in np.percentile(shares, (25, 50, 75)))


def costs(kind, luma):
    """What room() gives, from a process of its own: in this one memory that was given back would
    be used again."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(room, (kind, luma))


def room(kind, luma, ready=backends.ready):
    """{faces: {"load_ms", "mib"}}: what making room for one face more takes, from 2 on: processor
    time, and memory once the engines have run."""
    tracker, found = Tracker(wanted(1), backend=ready(*kind)), OrderedDict()
    tracker(luma)
    for faces in range(2, MOST + 1):
        gc.collect()
        before, start = resident_mib(os.getpid()), time.process_time()
        tracker.change(wanted(faces))
        taken = time.process_time() - start
        tracker.reset()
        tracker(luma)
        tracker(luma)       # all engines at once: who is new is looked at alone
        found[faces] = {"load_ms": round(taken * 1e3, 1),
                        "mib": round(resident_mib(os.getpid()) - before, 1)}
    return found


def table(found):
    """Markdown of {backend: {faces: what measure gave}}."""
    rows = [_row(name, pace, faces, of[pace], by[faces - 1][pace] if faces > 1 else None)
            for name, by in found.items() for pace in PACES for faces, of in by.items()]
    return report.markdown(("backend", "calls", "faces", "in turn, ms (p50 / p95)",
                            "at once, ms", "processor, in turn, ms (the last face)", "at once",
                            "saved, % (middle half of the turns)", "pictures"), rows)


def _row(name, pace, faces, now, before):
    """before: the figures of one face less, or None."""
    spent = {way: now[way]["processor_ms"] for way in WAYS}
    more = {way: spent[way] - (before[way]["processor_ms"] if before else 0.0) for way in WAYS}
    least, middle, most = now["saved"]
    return ([name, pace, faces]
            + ["%.2f / %.2f" % (now[way]["p50_ms"], now[way]["p95_ms"]) for way in WAYS]
            + ["%.2f (%+.2f)" % (spent[way], more[way]) for way in WAYS]
            + ["%.0f (%.0f to %.0f)" % (middle, least, most)]
            + [min(now[way]["count"] for way in WAYS)])


def cost_table(found):
    """Markdown of {backend: what costs gave}."""
    return report.markdown(("backend", "engines for", "processor to load, ms", "memory, MiB"), [
        [name, "%d faces" % faces, "%.0f" % one["load_ms"], "%.0f" % one["mib"]]
        for name, by in found.items() for faces, one in by.items()])


def drawing(found):
    """Processor time as a camera gives the pictures, over the number of faces."""
    pace = list(PACES)[-1]
    return chart.lines("Processor time of the whole call, " + pace, "faces", "ms", {
        "%s, %s" % (name, way): [(n, of[pace][way]["processor_ms"]) for n, of in by.items()]
        for name, by in found.items() for way in WAYS})


def main(args):
    """The command: args.source, args.frames, args.out."""
    frames, found, price, words = pictures(args.source, args.frames), OrderedDict(), {}, []
    for kind in KINDS:
        made, lacking = working((kind,))
        words += ["not here: %s: %s" % pair for pair in lacking.items()]
        for name, backend in made.items():
            price[name] = costs(kind, group(frames[:1], MOST)[0])
            found[name] = OrderedDict((faces, measure(backend, frames, faces))
                                      for faces in range(1, MOST + 1))
    report.publish("faces", [table(found), cost_table(price), "  \n".join(words)], {
        "source": args.name, "frames": len(frames), "calls": found, "costs": price,
        "lacking": words}, args.out, drawing(found))
