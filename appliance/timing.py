"""Durations come in by stage, percentiles go out: where the milliseconds of a frame were spent.

Each row keeps the last 4,096 durations in a ring, so a run of any length has one size and the
figures are of now.
"""
import numpy as np

ROWS = ("capture", "detector", "landmarks", "pose", "iris", "expression", "brows", "smoothing",
        "publish", "total")
RING = 4096


class Timing:
    """The rings of all rows. Row `total` runs from a frame's arrival to the datagrams handed to
    the kernel."""

    def __init__(self):
        self._rings = {row: np.zeros(RING) for row in ROWS}
        self._counts = dict.fromkeys(ROWS, 0)

    def add(self, row, seconds):
        """Count one duration in `row` (KeyError for a row that is not in ROWS)."""
        count = self._counts[row]
        self._rings[row][count % RING] = seconds
        self._counts[row] = count + 1

    def count(self, row):
        """How many durations were counted since the start."""
        return self._counts[row]

    def percentile(self, row, p, last=RING):
        """Milliseconds under which `p` percent of the newest `last` durations lie; 0.0 while there
        are none."""
        count = self._counts[row]
        n = min(count, last, RING)
        if not n:
            return 0.0
        newest = np.arange(count - n, count) % RING
        return float(np.percentile(self._rings[row][newest], p) * 1e3)

    def as_dict(self, dropped=0):
        """{"dropped": n, "rows": {row: {"p50_ms", "p95_ms", "count"}}}; rows that never ran have
        count 0."""
        return {"dropped": dropped, "rows": {row: self._figures(row) for row in ROWS}}

    def table(self, dropped=0):
        """The same for reading: one line a row, then the frames dropped."""
        lines = ["%-12s %9s %9s %9s" % ("stage", "p50 ms", "p95 ms", "count")]
        for row in ROWS:
            figures = self._figures(row)
            lines.append("%-12s %9.3f %9.3f %9d" % (row, figures["p50_ms"], figures["p95_ms"],
                                                    figures["count"]))
        return "\n".join(lines + ["%-12s %29d" % ("dropped", dropped)])

    def _figures(self, row):
        return {"p50_ms": round(self.percentile(row, 50), 3),
                "p95_ms": round(self.percentile(row, 95), 3), "count": self._counts[row]}
