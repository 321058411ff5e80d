#!/usr/bin/env python3
"""Build TensorRT engines of this machine's GPU from the networks of engines/manifest.ini.

Each is held against ONNX Runtime before it is kept; what is there and good is left alone.
docs/engines.md tells what is printed and what to do then.
"""
import os
import signal
import sys

from appliance.arguments import Parser
from appliance.errors import KagamiError, OutputError, PartMissing
from appliance.terminal import LiveLine, write

EXAMPLES = """  python3 build_engines.py
  python3 build_engines.py --list
  python3 build_engines.py --models landmarks iris --precision fp32
  python3 build_engines.py --models my_own.onnx --folder /tmp/engines"""
OF_THE_MACHINE = (PartMissing, OutputError)     # what one network lacks, the next will lack too
HEAD = ("network", "precision", "build s", "MB", "ms", "largest difference", "which is")


def build_engines(words):
    """Build this machine's TensorRT engines and hold each against ONNX Runtime."""
    args = _arguments(words)
    if args.list:
        from engines import listing
        return listing.main(args.folder, args.precision, args.json)
    from engines import plan, workshop
    from engines.progress import Progress
    names = workshop.smallest_first(args.models or workshop.wanted())
    line = LiveLine()
    progress = Progress(names, line, sys.stdout if args.json else None)
    try:
        with plan.held(args.folder) as folder:
            done, status = _build_all(names, folder, args, progress, line)
    except KagamiError as e:
        progress.end(str(e))
        raise
    if done and not args.json:
        print(table(done))
    return status


def _build_all(names, folder, args, progress, line):
    """([what each engine tells], the exit status: that of the first error)."""
    from engines import workshop
    done, status, why = [], 0, ""
    for name in names:
        request = workshop.Request(name, args.precision, args.workspace, args.libraries,
                                   args.again, folder)
        try:
            done.append(workshop.build(request, progress.of(name)))
            if not args.json:
                line.write(_told(done[-1]))
        except KagamiError as e:
            status = status or e.status
            why = why or str(e)
            line.write("kagami: error: %s" % e)
            if isinstance(e, OF_THE_MACHINE):
                break
    progress.end(why)
    return done, status


def _told(about):
    """One engine in one line."""
    if about.get("kept"):
        return "%s: there and good" % about["network"]
    return "%s: built in %.0f s, good: %s" % (about["network"], about["build_s"], about["words"])


def table(abouts):
    """The rows that end a run, as text."""
    rows = [HEAD] + [_row(about) for about in abouts]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                     for row in rows)


def _row(about):
    precision = [word for word in (about["precision"], about["flags"]) if word]
    return (about["network"], " ".join(precision), "%.1f" % about["build_s"],
            "%.1f" % (about["size"] / 1e6), "%.2f" % about["ms"][0], about["nearest"],
            about["words"])


def _arguments(words):
    parser = Parser(build_engines, EXAMPLES, "build_engines.py")
    parser.add_argument("--models", nargs="+", metavar="NAME", help="networks of the manifest, or "
                        "paths of ONNX files of your own (default: all that the configuration "
                        "needs)")
    parser.add_argument("--precision", choices=("fp16", "fp32"), default="fp16",
                        help="of sums and of what lies between layers (default fp16)")
    parser.add_argument("--workspace", type=int, default=128, metavar="MB", help="memory that one "
                        "layer may use (default 128; 256 and 16 are tried where that fails)")
    parser.add_argument("--libraries", action="store_true", help="let kernels of cuDNN and cuBLAS "
                        "take part: 400 MB more on a Nano, for a network that gains by it")
    parser.add_argument("--folder", metavar="DIR", help="where engines lie (default: engines in "
                        "$CACHE_DIRECTORY, else ~/.cache/kagami/engines)")
    parser.add_argument("--again", action="store_true", help="build also what is there and good")
    parser.add_argument("--list", action="store_true", help="only tell what is there, and whether "
                        "it is good; 1 where a network has no good engine")
    parser.add_argument("--json", action="store_true", help="lines of JSON instead of words")
    args = parser.read(words)
    if args.workspace < 1:
        parser.error("--workspace: %d MB is no memory" % args.workspace)
    return args


def main(words=None):
    """The program: `words` (else the command line's) in, exit status out."""
    words = list(sys.argv[1:] if words is None else words)
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    # As an exception, so that the builder is ended and what it had half-written taken away.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        return build_engines([word for word in words if word != "--debug"])
    except KagamiError as e:
        if "--debug" in words:
            raise
        write("kagami: error: %s" % e)
        return e.status
    except KeyboardInterrupt:
        write("kagami: stopped; engines that were told good stay, the same command goes on")
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
