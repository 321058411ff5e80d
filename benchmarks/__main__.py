"""`python3 -m benchmarks stages|outputs|footprint|panel|accuracy`: the tables of the README."""
import argparse
import os
import sys

from appliance.errors import InputMissing, KagamiError
from benchmarks import report

DEMO = os.path.join(report.ROOT, "appliance", "demo.mp4")
DATA = os.path.join(report.ROOT, os.pardir, "shared", "data")


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
        _run(args)
    except KagamiError as e:
        sys.stderr.write("kagami: error: %s\n" % e)
        return e.status
    return 0


def _run(args):
    if args.benchmark == "stages":
        from benchmarks import stages as chosen
    elif args.benchmark == "outputs":
        from benchmarks import outputs as chosen
    elif args.benchmark == "footprint":
        from benchmarks import footprint as chosen
    elif args.benchmark == "panel":
        from benchmarks import panel as chosen
    else:
        from benchmarks import accuracy as chosen
    chosen.main(args)


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
    tables = parser.add_subparsers(dest="benchmark",
                                   metavar="stages|outputs|footprint|panel|accuracy")
    tables.required = True
    stages = tables.add_parser("stages", help="milliseconds of each stage, network and call")
    outputs = tables.add_parser("outputs", help="milliseconds of each dialect and kind of target")
    outputs.add_argument("--paced", type=int, default=120,
                         help="frames of each run at a camera's rate (default 120)")
    footprint = tables.add_parser("footprint", help="start, memory, files, allocations, processor")
    footprint.add_argument("--lives", type=int, default=3, help="fresh processes (default 3)")
    panel = tables.add_parser("panel", help="what the page's server costs, how old values are")
    panel.add_argument("--seconds", type=float, default=8.0, help="of each figure (default 8)")
    panel.add_argument("--source", help="a video's path, or a source's URL (default: the demo)")
    for one, count in ((stages, 4096), (outputs, 1000), (footprint, 450)):
        one.add_argument("--source", help="a video's path, or a source's URL (default: the demo)")
        one.add_argument("--frames", type=int, default=count, help="at most (default %d)" % count)
    _accuracy(tables.add_parser("accuracy", help="points, angles, blinks, expression"))
    for one in tables.choices.values():
        one.add_argument("--out", default=report.RESULTS, help="folder of the results")
    return parser


def _accuracy(parser):
    parser.add_argument("--data", default=os.environ.get("KAGAMI_DATA", DATA),
                        help="folder of the evaluation sets (default: ../shared/data)")
    parser.add_argument("--limit", type=int, default=0, help="only the first N pictures of a set")
    parser.add_argument("--renders", type=int, default=500, help="heads to draw (default 500)")
    parser.add_argument("--cache", default=os.path.expanduser("~/.cache/kagami"),
                        help="folder where drawn heads are kept")
    parser.add_argument("--only", nargs="+", choices=("stills", "clips", "renders"),
                        default=["stills", "clips", "renders"], help="these tables alone")


if __name__ == "__main__":
    sys.exit(main())
