"""Whether memory stays flat: the real program is fed as fast as it goes, and looked at from
outside. One table.

What is held at the end of a run is compared with what was held once it had settled.
"""
import time

from benchmarks import chart, fed, report
from benchmarks.stages import pictures

RATE = 10000.0      # pictures a second: more than it can take
LOOKS = 100         # at its memory, over the run
SETTLED = 0.1       # of the frames, after which it counts
ALLOWED = 1.0       # MiB of growth that is none: the kernel counts in batches, threads come and go


def watched(frames, count):
    """[(frames sent, MiB)] of a run of `count` frames."""
    found = []
    with fed.Program(frames, RATE) as program:
        for k in range(1, LOOKS + 1):
            program.wait(max(1, count * k // LOOKS))
            found.append((len(program.heard), fed.resident_mib(program.pid)))
    return found


def growth(looks):
    """MiB between the middles of the first and the last fifth of the looks after it settled."""
    settled = [mib for sent, mib in looks if sent >= SETTLED * looks[-1][0]]
    fifth = max(1, len(settled) // 5)
    first, last = sorted(settled[:fifth]), sorted(settled[-fifth:])
    return last[len(last) // 2] - first[len(first) // 2]


def main(args):
    """The command: args.source, args.frames, args.out; 1 where memory grew."""
    frames = [luma[::2, ::2].copy() for luma in pictures(args.source, 120)]
    began = time.monotonic()
    looks = watched(frames, args.frames)
    seconds, grown = time.monotonic() - began, growth(looks)
    flat = grown <= ALLOWED
    picked = [looks[0]] + [looks[len(looks) * k // 5 - 1] for k in range(1, 6)]
    rows = [("after %d frames" % sent, "%.1f" % mib) for sent, mib in picked]
    words = "%+.2f MiB at the end against once settled, over %d frames in %.0f s: %s" % (
        grown, looks[-1][0], seconds, "flat" if flat else "it grows")
    report.publish("memory", [report.markdown(("resident memory", "MiB"), rows), words], {
        "source": args.name, "frames": looks[-1][0], "seconds": seconds, "grown_mib": grown,
        "looks": looks}, args.out, chart.lines(
            "Memory of the program", "frames sent", "MiB", {"resident": looks}))
    return 0 if flat else 1
