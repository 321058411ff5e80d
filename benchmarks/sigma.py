"""Whether the predicted sigma of the points is what the errors are: shares, deciles, a chart."""
import numpy as np

from benchmarks import chart, report

NORMAL = (68.3, 95.4)       # % within 1 and 2 sigma of a normal distribution
DECILES = 10


def figures(off, sigma):
    """{"within1", "within2": % of the errors along an axis within so many sigma, "ratio": seen /
    predicted, root mean squares, "predicted", "seen": [% of the box] by decile of sigma}.

    off: (N, 68, 2) errors, sigma: (N, 68), both % of the box.
    """
    share = np.abs(off) / sigma[..., None]
    order = np.argsort(sigma.reshape(-1))
    squares = (off ** 2).mean(axis=2).reshape(-1)[order]
    said = (sigma ** 2).reshape(-1)[order]
    deciles = [(np.sqrt(a.mean()), np.sqrt(b.mean())) for a, b in zip(
        np.array_split(said, DECILES), np.array_split(squares, DECILES))]
    predicted, seen = zip(*deciles)
    return {"within1": float((share < 1).mean() * 100), "within2": float((share < 2).mean() * 100),
            "ratio": float(np.sqrt(squares.mean() / said.mean())),
            "predicted": [float(v) for v in predicted], "seen": [float(v) for v in seen]}


def table(found):
    """Markdown of {set: figures}."""
    rows = [[name, f["within1"], f["within2"], f["ratio"]]
            + ["%.1f: %.1f" % pair for pair in zip(f["predicted"], f["seen"])]
            for name, f in found.items()]
    return report.markdown(
        ["predicted sigma", "within 1, %% (normal: %g)" % NORMAL[0],
         "within 2, %% (%g)" % NORMAL[1], "seen / predicted"]
        + ["decile %d, predicted: seen, %% of the box" % (k + 1) for k in range(DECILES)], rows)


def drawing(found):
    """Seen against predicted by decile as a chart, the line where they are the same beside."""
    most = max(max(f["predicted"]) for f in found.values())
    series = dict([("as predicted", [(0, 0), (most, most)])]
                  + [(name, list(zip(f["predicted"], f["seen"]))) for name, f in found.items()])
    return chart.lines("Predicted sigma and the errors that are seen", "predicted, % of the box",
                       "seen, % of the box", series)
