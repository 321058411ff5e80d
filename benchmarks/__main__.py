"""`python3 -m benchmarks NAME`: the tables of the README and of docs/benchmarks.md, one module
each."""
import argparse
import importlib
import os
import sys
from collections import OrderedDict

from appliance import quality
from appliance.errors import InputMissing, KagamiError
from benchmarks import report

DEMO = os.path.join(report.ROOT, "appliance", "demo.mp4")
DATA = os.path.join(report.ROOT, os.pardir, "shared", "data")
SOURCE = "--source", {"help": "a video's path, or a source's URL (default: the demo)"}
ACCURACY = ("stills", "clips", "renders", "eyes", "shapes", "acted", "tremble", "finding",
            "networks")
SETS = "--data", {"help": "folder of the evaluation sets (default: $KAGAMI_DATA or "
                          "../shared/data)"}


def _count(flag, default, words):
    """An option that counts something."""
    return flag, {"type": type(default), "default": default,
                  "help": "%s (default %g)" % (words, default)}


def _frames(default):
    return _count("--frames", default, "at most")


# Each is a module of this package with main(args), which may give an exit status.
BENCHMARKS = OrderedDict([
    ("accuracy", ("points, angles, gaze, lids, expression, steadiness beside the aims", (
        SETS, _count("--limit", 0, "only the first N pictures of a set, 0: all"),
        _count("--renders", 500, "heads to draw"),
        ("--cache", {"default": os.path.expanduser("~/.cache/kagami"),
                     "help": "folder where drawn heads are kept"}),
        ("--sheets", {"metavar": "DIR", "help": "where pictures of the worst photographs go, "
                                                "outside the repository (default: worst in "
                                                "--cache)"}),
        ("--only", {"nargs": "+", "choices": ACCURACY, "default": ACCURACY,
                    "help": "these parts alone"}),
        ("--quality", {"choices": tuple(quality.NETWORKS), "default": quality.STANDARD,
                       "help": "whose network places the points (default %(default)s)"})))),
    ("backends", ("every backend that works here: milliseconds, how far apart", (
        SOURCE, _frames(300)))),
    ("compare", ("against MediaPipe, or any command, in turn on one core", (
        SETS, ("--clip", {"help": "a clip of a face (default: clips/desk.mp4 of --data)"}),
        ("--mediapipe", {"metavar": "PYTHON", "help": "a Python that has mediapipe (default: one "
                                                      "is made in ~/.cache/kagami)"}),
        ("--peer", {"metavar": "COMMAND", "help": "another tracker that takes turns, as "
                                                  "benchmarks/contestant.py tells"}),
        ("--cache", {"default": os.path.expanduser("~/.cache/kagami/mediapipe"),
                     "help": "folder of the environment that is made"})))),
    ("detector", ("the detector at four scales: milliseconds, faces found by size", (
        SOURCE, _frames(200), SETS,
        _count("--faces", 200, "pasted of each width, 0: milliseconds alone")))),
    ("faces", ("one to four faces: milliseconds of the call, in turn and at once", (
        SOURCE, _frames(300)))),
    ("footprint", ("start, memory, files, allocations, processor", (
        SOURCE, _frames(450), _count("--lives", 3, "fresh processes"),
        _count("--seconds", 10.0, "of the whole program at each rate")))),
    ("latency", ("from a picture given to its datagram received, lag, drops", (
        SOURCE, _count("--seconds", 15.0, "of each case")))),
    ("memory", ("whether memory stays flat", (SOURCE, _count("--frames", 100000, "sent")))),
    ("nano", ("what a Nano needs, predicted from published timings", (SOURCE, _frames(600)))),
    ("outputs", ("milliseconds of each dialect and kind of target", (
        SOURCE, _frames(1000), _count("--paced", 120, "frames of each run at a camera's rate")))),
    ("panel", ("what the page's server costs, how old values are", (
        SOURCE, _count("--seconds", 8.0, "of each figure")))),
    ("stages", ("milliseconds of each stage, network and call", (SOURCE, _frames(4096)))),
    ("steadiness", ("tremble of a still face, before smoothing and after, and the lag", (SETS,)))])


def main(words=None):
    """Read the arguments, run one benchmark; the exit status."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    args = _parser().parse_args(words)
    import cv2
    cv2.setNumThreads(1)
    try:
        if hasattr(args, "source"):
            args.source, args.name = _source(args.source)
        if hasattr(args, "data"):
            args.data = args.data or os.environ.get("KAGAMI_DATA", DATA)
        chosen = importlib.import_module("benchmarks." + args.benchmark)
        return chosen.main(args) or 0
    except KagamiError as e:
        sys.stderr.write("kagami: error: %s\n" % e)
        return e.status


def _source(word):
    """(URL, the name to print) of a path or URL; the demo's clip where none is given."""
    path = word or DEMO
    if ":" in path or path == "test":
        return path, path
    if not os.path.exists(path):
        raise InputMissing(path, "no such file", "give another with --source, or `test`")
    return "file:" + os.path.abspath(path), os.path.basename(path)


def _parser():
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks", description=__doc__)
    tables = parser.add_subparsers(dest="benchmark", metavar="|".join(BENCHMARKS))
    tables.required = True
    for name, (words, options) in BENCHMARKS.items():
        one = tables.add_parser(name, help=words)
        for flag, how in options + (("--out", {"default": report.RESULTS,
                                               "help": "folder of the results"}),):
            one.add_argument(flag, **how)
    return parser


if __name__ == "__main__":
    sys.exit(main())
