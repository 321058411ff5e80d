"""What is installed and what runs becomes findings: service, versions, configuration, networks'
backend and engines."""
import logging
import os

from appliance import __version__, backends, config, quality, settings
from appliance.backends import manifest
from appliance.box import board
from appliance.box.finding import BAD, OK, WARN, Finding
from appliance.box.services import PANEL, TRACKER, Services
from appliance.box.versions import Versions
from appliance.errors import KagamiError
from engines import plan, sheet

OFTEN = 5           # restarts that are worth a word
CACHE = "/var/cache/kagami"
PROGRESS = "/run/kagami/engines.json"
BUILD = "sudo systemctl start kagami-engines; its words: journalctl -u kagami-engines"
_SHOWN = ("LoadState", "ActiveState", "NRestarts", "Result", "ActiveEnterTimestamp", "StatusText")


def service(services=None):
    """[Finding] of both services; one that says so where there are none."""
    try:
        shown = [(unit, (services or Services()).shown(unit, *_SHOWN))
                 for unit in (TRACKER, PANEL)]
    except KagamiError:
        shown = []
    here = [(unit, rows) for unit, rows in shown if rows.get("LoadState") == "loaded"]
    return [_unit(unit, rows) for unit, rows in here] or [Finding(
        "service", OK, "not installed as one (deploy/install.sh does)")]


def _unit(unit, rows):
    name, state = unit.partition(".")[0], rows.get("ActiveState")
    restarts = int(rows.get("NRestarts") or 0)
    if state != "active":
        return Finding("service", BAD, "%s is %s (%s)" % (name, state, rows.get("Result")),
                       "sudo systemctl restart %s; its words: journalctl -u %s" % (name, name))
    words = "%s runs since %s" % (name, rows.get("ActiveEnterTimestamp"))
    words += ", " + rows["StatusText"] if rows.get("StatusText") else ""
    if restarts >= OFTEN:
        return Finding("service", WARN, "%s, after %d restarts" % (words, restarts),
                       "its words: journalctl -u %s" % name)
    return Finding("service", OK, words)


def versions(known=None):
    """A Finding: which version runs, which one ran before, which one is on trial."""
    known = known or Versions()
    if not known.current:
        return Finding("version", OK, __version__)
    words = "%s, before it %s" % (known.current, known.previous or "none")
    if known.trial:
        return Finding("version", WARN, "%s; %s is on trial" % (words, known.trial["to"]),
                       "wait two minutes: it stays or goes by itself")
    if known.refused:
        return Finding("version", WARN, "%s; %s did not stay: %s" % (
            words, known.refused["version"], known.refused["reason"]), "the log tells more: "
            "journalctl -u kagami-trial")
    return Finding("version", OK, words)


def configuration(path=None, overrides=(), about=None):
    """(Config to go on with, [Finding]): every mistake, and what is left out of settings.conf."""
    ear = _Ear()
    logging.getLogger("kagami.config").addHandler(ear)
    try:
        found = config.load(path, overrides, check=settings.check)
        settings.check(found)
    except KagamiError as e:
        goes_on = (about or {}).get("text", "").partition(" is wrong, ")[2]
        told = [Finding("configuration", BAD, line + (" (%s)" % goes_on if goes_on else ""),
                        "then: sudo systemctl reload kagami") for line in str(e).splitlines()]
        return config.defaults(), told
    finally:
        logging.getLogger("kagami.config").removeHandler(ear)
    places = sorted({line.origin.rpartition(":")[0] for line in found.lines} - {""})
    return found, [Finding("configuration", WARN, words, "set it anew on the page")
                   for words in ear.heard] or [
                       Finding("configuration", OK, ", ".join(places) or "the defaults")]


class _Ear(logging.Handler):
    """What is logged meanwhile: `heard`."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.heard = []

    def emit(self, record):
        """Keep one record."""
        self.heard.append(record.getMessage())


def backend(options, about=None, jetson=None):
    """A Finding: what runs the networks, and what a faster one lacks. options: [backend]."""
    jetson = bool(board.release()) if jetson is None else jetson
    try:
        words, lacking = _running(about) if about else _chosen(options)
    except KagamiError as e:
        return Finding("backend", BAD, "%s: %s" % (e.what, e.why), e.do)
    lacking = "; faster ones lack: " + lacking if lacking else ""
    if jetson and not words.startswith("TensorRT"):
        return Finding("backend", WARN, words + lacking, "see `engines` below"
                       if "No module named 'tensorrt'" not in lacking else
                       "sudo apt-get install python3-libnvinfer, then restart kagami-engines")
    return Finding("backend", OK, words + lacking)


def _chosen(options):
    found, lacking = backends.first(options.name, options.device, options.precision)
    return str(found), " | ".join("%s (%s)" % (e.what, e.why) for e in lacking)


def _running(about):
    """The same of the program that runs, as far as its log reaches back."""
    said = [line for line in about.get("log", ()) if "networks run on" in line]
    return about["backend"] or "none yet", said[-1].partition("lack: ")[2] if said else ""


def engines(folder=None, progress=PROGRESS, needed=None, wanted=quality.STANDARD):
    """A Finding: whether every network that a quality takes has its engine, or one is being built.
    """
    needed = bool(board.release()) if needed is None else needed
    if not needed:
        return Finding("engines", OK, "none are needed here")
    said = sheet.Reader(progress)()
    folder = folder or (os.path.join(CACHE, "engines") if os.path.isdir(CACHE) else plan.folder())
    names = quality.needed(manifest.read(), wanted)
    good, broken = _whole(folder)
    missing = [name for name in names if name not in good]
    if said.get("state") == "building":
        return Finding("engines", WARN, "being built: " + said["text"], "wait, 5 to 20 minutes on "
                       "a Nano; tracking goes on meanwhile")
    if said.get("state") == "failed" and missing:
        return Finding("engines", BAD, "not built: " + said["text"], BUILD)
    if broken or missing:
        return Finding("engines", BAD, "%s: %d of %d are there%s" % (
            folder, len(names) - len(missing), len(names),
            ", not good: " + ", ".join(broken) if broken else ""),
            BUILD)
    return Finding("engines", OK, "%d of %d are there" % (len(names), len(names)))


def _whole(folder):
    """({network} that has a whole file, [file that is not])."""
    good, broken = set(), []
    for path in plan.paths(folder):
        try:
            good.add(plan.about(path)["network"])
        except (KagamiError, KeyError):
            broken.append(os.path.basename(path))
    return good, broken
