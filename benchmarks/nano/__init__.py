"""Published timings, our networks and this machine's processor times in, what a Nano would need
out: predicted, none of it measured. Nothing here stands in one table with a measurement.
"""
from collections import OrderedDict

import numpy as np

from appliance.backends import manifest
from appliance.errors import UsageError
from appliance.stages.closeup import worthwhile
from benchmarks import chart, report
from benchmarks.nano import fusion, prediction, processor, roofline

# Networks of a picture while one is followed; the last drives nothing in some manifests
TRACKING = ("landmarks", "iris", "expression", "brows")
AIMS = {"tracking": 4.0, "detector": 5.0, "loop": 16.6}     # ms
DEPTHWISE = ("mobilenet_v2", "fast_scnn")
STAGES = ("capture",) + TRACKING[:1] + ("pose",) + TRACKING[1:] + ("smoothing", "publish")
RANGE = ("least", "likely", "most")


class Fitted:
    """The roofline, fitted to published rows: machine, errors of the fit and of each network left
    out, doubt. checks: rows that hold work of the host besides and are only compared."""

    def __init__(self, published):
        rows, self.checks = ([row for row in published if row.use == use]
                             for use in ("fit", "check"))
        self.rows, loads = rows, roofline.works(rows)
        self.machine = roofline.fit(rows, loads)
        self.errors = roofline.errors(self.machine, rows, loads)
        self.left_out = roofline.left_out(rows, loads, self.machine)
        self.doubt = float(np.exp(np.abs(self.left_out).max()))

    def spread(self, depthwise):
        """(root mean square, worst), in %, of networks with or without such convolutions."""
        mask = [(row.net in DEPTHWISE) == depthwise for row in self.rows]
        off = np.exp(np.abs(self.left_out[mask])) - 1
        return float(np.sqrt((off ** 2).mean()) * 100), float(off.max() * 100)


def networks(fitted, costs):
    """{network: Prediction} of the manifest; of [brows] where it drives anything."""
    known = manifest.read()
    return OrderedDict((name, prediction.network(fusion.fused(network.path), fitted.machine,
                                                 costs, fitted.doubt))
                       for name, network in sorted(known.items())
                       if name != "brows" or worthwhile(known, name))


def loop(here, made):
    """{stage: (least, most)} ms of a picture while tracking: processor stages by SLOWER, the
    networks as predicted."""
    slower = processor.slower()
    rows = OrderedDict((stage, tuple(here[stage] * k for k in slower))
                       for stage in STAGES if stage in here)
    for name in tracking(made):
        rows["network " + name] = made[name].launched[0], made[name].launched[2]
    return rows


def tracking(made):
    """Those of TRACKING that there are."""
    return [name for name in TRACKING if name in made]


def total(rows):
    """(least, most) of all rows."""
    return tuple(sum(one[end] for one in rows.values()) for end in (0, 1))


def tables(fitted, costs, made, here, rows):
    """The Markdown of everything."""
    return ["## Published, and what the fit makes of it", _published(fitted),
            _words(fitted, costs),
            "## Predicted for a Nano: networks", _networks(made), _sums(made),
            "## Measured on this machine: the work outside the networks", _here(here),
            "## Predicted for a Nano: a picture while one face is followed", _loop(rows)]


def _published(fitted):
    rows = [(row.name, row.ms, float(np.exp(fit)), float(np.exp(out)), row.source)
            for row, fit, out in zip(fitted.rows, fitted.errors, fitted.left_out)]
    checks = roofline.errors(fitted.machine, fitted.checks, roofline.works(fitted.checks))
    rows += [(row.name, row.ms, None, float(np.exp(error)), row.source + "; not fitted")
             for row, error in zip(fitted.checks, checks)]
    return report.markdown(("network", "published ms", "fit / published", "left out / published",
                            "source"), rows)


def _words(fitted, costs):
    parameters = ["%s %.3g" % (name, value)
                  for name, value in zip(roofline.NAMES, np.exp(fitted.machine))]
    return ("Fitted: %s. Each network predicted from all the others: off by %.0f %% (root mean "
            "square, at most %.0f %%) without depthwise convolutions, by %.0f %% (at most %.0f "
            "%%) with them; ours have none. All are larger than ours: for layers as small as "
            "ours the fit is an extrapolation, and the worst of these errors (x%.2f either way) "
            "is taken for the GPU's range. Launching a layer took one core of a Nano %.0f / %.0f "
            "/ %.0f us (least, middle, most of the logs).") % (
        (", ".join(parameters),) + fitted.spread(False) + fitted.spread(True) + (fitted.doubt,)
        + costs)


def _networks(made):
    return report.markdown(
        ("network", "fused layers", "of these products", "MFLOP", "MB moved", "GPU alone, ms",
         "launches, ms", "launched one by one, ms", "as a CUDA graph, ms", "waits for"),
        [(name, p.layers, p.products, p.mflop, p.mb, p.gpu, _range(p.launches),
          _range(p.launched), _range(p.graph), p.bound) for name, p in made.items()])


def _sums(made):
    rows = []
    for first in ("landmarks", "fine")[:1 + ("fine" in made)]:
        names = [first] + tracking(made)[1:]
        every = [made[name] for name in names]
        rows += [("while tracking (%s)" % ", ".join(names), AIMS["tracking"],
                  prediction.together(every)),
                 ("the same as CUDA graphs", AIMS["tracking"],
                  prediction.together(every, "graph"))]
    rows.append(("detector", AIMS["detector"], made["detector"].launched))
    return report.markdown(("networks", "aim, ms", "predicted, ms", "verdict"), [
        (name, aim, _range(ms), verdict(ms, aim)) for name, aim, ms in rows])


def verdict(ms, aim):
    """Words for (least, ..., most) against an aim."""
    if ms[-1] <= aim:
        return "met"
    return "met unless the worst comes together" if np.median(ms) <= aim else "missed"


def _here(here):
    return report.markdown(("stage", "ms, fastest tenth"), [(stage, "%.3f" % ms)
                                                     for stage, ms in here.items()])


def _loop(rows):
    least, most = total(rows)
    lines = [(stage, "%.2f" % low, "%.2f" % high) for stage, (low, high) in rows.items()]
    lines.append(("**together**", "%.2f" % least, "%.2f" % most))
    return report.markdown(("stage", "least, ms", "most, ms"), lines) + (
        "\n\nProcessor stages take %.1f to %.1f times as long as here (docs/benchmarks.md tells "
        "why). Aim %.1f ms: %s." % (processor.slower() + (
            AIMS["loop"], verdict((least, most), AIMS["loop"]))))


def _range(ms):
    return " / ".join("%.2f" % v for v in ms)


def drawing(rows):
    """The predicted picture as a chart."""
    ends = [(words, [(stage, pair[end]) for stage, pair in rows.items()])
            for end, words in enumerate(("at least", "at most"))]
    return chart.bars("Predicted for a Nano: a picture while one face is followed", "ms", ends,
                      ("60 a second", AIMS["loop"]))


def main(args):
    """The command: args.source, args.frames, args.out."""
    if "Jetson Nano" in report.circumstances()["device"]:
        raise UsageError("nano", "this is a Nano, and nothing need be predicted", "run stages")
    rows = roofline.published()
    costs = roofline.launch_costs(rows)
    fitted = Fitted(rows)
    made = networks(fitted, costs)
    here = processor.here(args.source, args.frames)
    picture = loop(here, made)
    report.publish("nano", tables(fitted, costs, made, here, picture), {
        "source": args.name, "measured_here": here,
        "fit": {"machine": dict(zip(roofline.NAMES, np.exp(fitted.machine).tolist())),
                "left_out": dict(zip((row.name for row in fitted.rows),
                                     np.exp(fitted.left_out).tolist())),
                "launch_us": costs, "doubt": fitted.doubt},
        "predicted": {"networks": {name: p._asdict() for name, p in made.items()},
                      "processor_times": processor.slower(), "picture": picture,
                      "picture_total": total(picture), "aims": AIMS}}, args.out, drawing(picture))
