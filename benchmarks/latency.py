"""How old a picture is when its datagram arrives: the real program is fed pictures at a camera's
rate, and a socket of this process hears what it sends. One table.

Lag is what a picture waits before it is taken up, counted in pictures too: those that came after
it and were there already. Newest first means none; one is allowed, for the hand-over takes time.
"""
from collections import OrderedDict

import numpy as np

from benchmarks import chart, fed, report
from benchmarks.stages import pictures

# (rate, seconds by which a stage is held up): a camera's two rates, then stages slower than it.
CASES = ((30, 0.0), (60, 0.0), (30, 0.1), (60, 0.05))
STARTING = 15       # pictures before anything counts
MOST = 1            # newer pictures that may be there when one is taken up
PERCENTS = (1, 5, 10, 25, 50, 75, 90, 95, 99, 100)


def case(frames, rate, slow, seconds):
    """[fed.Note] of some seconds of the program, and the times at which all pictures were given.
    """
    count = STARTING + int(seconds * min(rate, 1.0 / slow if slow else rate))
    with fed.Program(frames, rate, slow) as program:
        program.wait(count)
        return program.notes(STARTING), list(program.given)


def figures(notes, given, rate):
    """{"latency", "lag": {"p50_ms", "p95_ms", "most_ms"}, "newer", "lagged", "sent", "dropped"} of
    a case; lagged: pictures that more than MOST newer ones had joined."""
    latency = [note.heard - note.given for note in notes]
    lag = [note.taken - note.given for note in notes]
    ahead = [newer(note, given) for note in notes]
    first, last = notes[0].picture, notes[-1].picture
    return {"latency": _ms(latency), "lag": _ms(lag), "lag_frames": max(lag) * rate,
            "newer": max(ahead), "lagged": sum(n > MOST for n in ahead), "sent": len(notes),
            "dropped": last - first + 1 - len(notes),
            "distribution_ms": (np.percentile(latency, PERCENTS) * 1e3).round(3).tolist()}


def newer(note, given):
    """How many later pictures had been given when this one was taken up."""
    return sum(1 for when in given[note.picture + 1:] if when < note.taken)


def _ms(seconds):
    p50, p95, most = np.percentile(seconds, (50, 95, 100)) * 1e3
    return {"p50_ms": round(float(p50), 3), "p95_ms": round(float(p95), 3),
            "most_ms": round(float(most), 3)}


def name(rate, slow):
    """What a case is called."""
    return "%d a second" % rate + (", a stage held up by %.0f ms" % (slow * 1e3) if slow else "")


def table(found):
    """Markdown of {case: figures}."""
    rows = []
    for case_, f in found.items():
        cells = ["%.1f / %.1f / %.1f" % tuple(f[what][key] for key in (
            "p50_ms", "p95_ms", "most_ms")) for what in ("latency", "lag")]
        rows.append([case_] + cells + [f["newer"], f["lagged"], f["sent"], f["dropped"]])
    return report.markdown(("fed", "given to received, ms (p50 / p95 / most)",
                            "of this waiting to be taken up, ms", "newer ones there, most",
                            "lagged by more than %d" % MOST, "frames sent", "dropped"), rows)


def drawing(found):
    """Shares of the frames by their age."""
    return chart.lines("Age of a picture when its datagram arrives", "ms", "% of the frames", {
        case_: list(zip(f["distribution_ms"], PERCENTS)) for case_, f in found.items()})


def main(args):
    """The command: args.source, args.seconds, args.out; 1 where a picture lagged."""
    frames, found = pictures(args.source, 120), OrderedDict()
    for rate, slow in CASES:
        notes, given = case(frames, rate, slow, args.seconds)
        found[name(rate, slow)] = figures(notes, given, rate)
    late = [case_ for case_, f in found.items() if f["newer"] > MOST]
    words = ("%d newer pictures at most were there when one was taken up: %s" % (
        max(f["newer"] for f in found.values()),
        "lag over one picture (%s)" % "; ".join(late) if late else "never more than one picture "
        "of lag"))
    report.publish("latency", [table(found), words], {
        "source": args.name, "seconds": args.seconds, "cases": found}, args.out, drawing(found))
    return 1 if late else 0
