"""The newest results of every part in, the score card out: one table, and what fails and why.

The page docs/accuracy.md holds it between two marks; whoever measures with the results' own
folder renews the page, so that no figure on it is another than the one in the results.
"""
import json
import os

from appliance import files
from benchmarks import report
from benchmarks.aims import AIMS

PAGE = os.path.join(report.ROOT, "docs", "accuracy.md")
BEGIN, END = "<!-- the card: made by benchmarks accuracy -->", "<!-- the card ends -->"
HEADER = ("what", "aim", "MediaPipe", "OpenSeeFace", "Kagami", "met", "`--only`")


def results(folder):
    """{part: {"figures", "date", "commit", ...}} of the parts that lie in a folder."""
    found = {}
    for part in sorted({aim.part for aim in AIMS}):
        path = os.path.join(folder, "accuracy_%s.json" % part)
        if os.path.exists(path):
            with open(path) as f:
                one = json.load(f)
            found[part] = dict(one, figures=one["figures"].get(part.split("_")[-1], {}))
    return found


def figure(found, aim):
    """The number of a row, None where it was not measured."""
    value = found.get(aim.part, {}).get("figures")
    for key in aim.path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def met(aim, value):
    """Whether the aim is met; None where there is none or nothing was measured."""
    if aim.aim is None or value is None:
        return None
    return value >= aim.aim if aim.more else value <= aim.aim


def table(found):
    """Markdown: a row an aim."""
    rows = []
    for aim in AIMS:
        value = figure(found, aim)
        words = {True: "yes", False: "**no**", None: "-"}[met(aim, value)]
        rows.append((aim.words, _bound(aim), aim.mediapipe or "-", aim.openseeface or "-",
                     _shown(aim, value), words, "`%s`" % aim.part))
    return report.markdown(HEADER, rows)


def _bound(aim):
    if aim.aim is None:
        return "-"
    return "%g or %s" % (aim.aim, "more" if aim.more else "less") if aim.aim else "none"


def _shown(aim, value):
    return "not measured" if value is None else "%.*f" % (aim.digits, value)


def failures(found):
    """Markdown: what is not met, what it is made of, and what was not measured; the worst (in
    parts of its aim) first."""
    missed, blank = [], []
    for aim in AIMS:
        value = figure(found, aim)
        if value is None:
            blank.append("- %s: not measured." % aim.words)
        elif met(aim, value) is False:
            far = (aim.aim + 1e-9) / (value + 1e-9) if aim.more else value / (aim.aim + 1e-9)
            why = ": " + aim.why if aim.why else ""
            missed.append((far, "- %s: %s, aim %s%s." % (aim.words, _shown(aim, value),
                                                        _bound(aim), why)))
    lines = [words for _, words in sorted(missed, key=lambda one: -one[0])] + blank
    return "\n".join(lines) or "- Nothing: every aim is met."


def text(folder):
    """The card of a folder's results: measured when, the table, what fails."""
    found = results(folder)
    when = ["%s: %s, commit %s" % (part, one["date"], one["commit"])
            for part, one in found.items()]
    counted = [met(aim, figure(found, aim)) for aim in AIMS]
    summary = "%d of %d aims are met, %d are missed, %d were not measured." % (
        counted.count(True), sum(aim.aim is not None for aim in AIMS), counted.count(False),
        sum(figure(found, aim) is None for aim in AIMS))
    return "\n\n".join((summary, table(found), "Measured by part (%s)." % "; ".join(when),
                        "### What fails, the furthest first", failures(found)))


def write(folder):
    """Renew the page where the folder is the results' own, else write folder/accuracy.md."""
    if os.path.realpath(folder) != os.path.realpath(report.RESULTS):
        files.write(os.path.join(folder, "accuracy.md"), text(folder) + "\n")
        return
    with open(PAGE, encoding="utf-8") as f:
        before, _, rest = f.read().partition(BEGIN)
    files.write(PAGE, "%s%s\n\n%s\n\n%s%s" % (before, BEGIN, text(folder), END,
                                              rest.partition(END)[2]))
