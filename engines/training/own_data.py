"""`python -m engines.training samples ...`: files of samples made, looked at, and used to score a
detector.

    import LAYOUT FOLDER FILE.h5        a public data set as it is handed out
    from-material MATERIAL FILE.h5      drawn heads, to try trainers with
    info FILE.h5                        what is in it
    show FILE.h5 [--out PAGE.png]       its pictures with their labels
    score-detector FILE.h5              average precision by the protocol of WIDER FACE
"""
import sys
import tempfile
import time

import cv2
import numpy as np

from appliance import files
from appliance.backends import duties, manifest
from appliance.backends.onnxruntime import OnnxRuntime
from appliance.errors import DataError, UsageError
from appliance.stages.detector import Detector
from engines.training import adoption, drawn_samples, precision, viewer
from engines.training.layouts import LAYOUTS, bring
from engines.training.samples import FACES, FIELDS, Reader

LEAST, MOST = 0.005, 750        # raw score and number of boxes that average precision looks at
EVERY = 2.0                     # seconds between two lines about how far it is
LOOKED = 50                     # pictures that `info` decodes


def add(parser):
    """Give the parser of `samples` its commands."""
    commands = parser.add_subparsers(dest="command")
    commands.required = True
    bring_ = commands.add_parser("import", help="a public data set becomes a file of samples")
    bring_.add_argument("layout", choices=sorted(LAYOUTS), metavar="LAYOUT",
                        help=", ".join(sorted(LAYOUTS)))
    bring_.add_argument("folder", metavar="FOLDER", help="where the data set was unpacked")
    bring_.add_argument("file", metavar="FILE.h5", help="what is written")
    bring_.add_argument("--part", help="train, val or test, where the set has lists of them")
    bring_.add_argument("--most", type=int, metavar="N", help="stop after so many rows, to try")
    bring_.set_defaults(step=imported)
    drawn_samples.add(commands)
    for name, step, words in (("info", told, "what is in a file"),
                              ("show", shown, "pages of pictures with their labels"),
                              ("score-detector", scored, "average precision of a detector")):
        command = commands.add_parser(name, help=words)
        command.add_argument("file", metavar="FILE.h5")
        command.set_defaults(step=step)
        if name == "show":
            command.add_argument("--page", type=int, default=1, help="which (default 1)")
            command.add_argument("--out", metavar="PNG", help="write it there; else a window")
        if name == "score-detector":
            command.add_argument("--manifest", default=manifest.MANIFEST, metavar="INI",
                                 help="of the detector that is scored (default: the shipped one)")
            command.add_argument("--size", metavar="WIDTHxHEIGHT",
                                 help="of the picture that the network sees (default: its own)")


def add_adopt(parser):
    """Give the parser of `adopt` its arguments."""
    parser.add_argument("network", choices=sorted(duties.DUTIES), metavar="NETWORK",
                        help=", ".join(sorted(duties.DUTIES)))
    parser.add_argument("file", metavar="FILE.onnx")
    parser.add_argument("--manifest", default=manifest.MANIFEST, metavar="INI",
                        help="whose section it becomes (default: of this clone)")
    parser.add_argument("--score", type=float, default=0.5, metavar="S",
                        help="the raw score that means as likely as not (default 0.5)")
    parser.set_defaults(step=adopted)


def adopted(args):
    """Put a network of one's own in the place of ours."""
    place = adoption.adopt(args.network, args.file, args.manifest, args.score)
    print("[%s] in %s is now %s" % (args.network, args.manifest, place))


def imported(args):
    """Write a file of samples from a data set."""
    count = bring(args.layout, args.folder, args.file, args.part, args.most)
    layout = LAYOUTS[args.layout]
    print("%s: %d rows of %s (%s)" % (args.file, count, layout.source, layout.licence))


def told(args):
    """Print what a file holds; every label is checked, and some pictures are decoded."""
    samples = Reader(args.file)
    print("%s: %d pictures" % (args.file, len(samples)))
    print("source   %s\nlicence  %s" % (samples.source or "-", samples.licence or "-"))
    for name in samples.names:
        if name in FIELDS:
            print("%-12s known of %d" % (name, samples.known(name).sum()))
    if "faces" in samples:
        print("%-12s %d, %d of them ignored" % ("faces", len(samples["faces"]),
                                                samples["face_ignored"].sum()))
        print("%-12s known of %d" % ("face_level", (samples["face_level"] > 0).sum()))
    sizes = [samples.luma(i).shape for i in _some(len(samples))]
    if sizes:
        print("pictures from %dx%d to %dx%d, of %d that were decoded" % (
            min(w for _, w in sizes), min(h for h, _ in sizes), max(w for _, w in sizes),
            max(h for h, _ in sizes), len(sizes)))
    for name in FACES:
        samples[name]       # what cannot be is told


def _some(count):
    return sorted(set(np.linspace(0, count - 1, LOOKED).astype(int).tolist())) if count else []


def shown(args):
    """Show a file page by page, or write one page."""
    samples = Reader(args.file)
    if not args.out:
        return viewer.show(samples, args.page - 1)
    _, png = cv2.imencode(".png", viewer.page(samples, args.page - 1))
    files.write(args.out, png.tobytes())
    print("%s: page %d of %d" % (args.out, args.page, viewer.pages(samples)))


def scored(args):
    """Print a detector's average precision on a file with `faces`."""
    samples = Reader(args.file)
    if "faces" not in samples:
        raise DataError(args.file, "it has no faces to find", "import wider-face, or write some")
    with tempfile.TemporaryDirectory() as folder:
        engine = OnnxRuntime(_sized(args, folder)).load("detector")
        listed = bool((samples["face_level"] > 0).any())
        every, usual = (tally.levels() for tally in tallied(engine, samples, listed))
    height, width = engine.network.inputs["image"][1:3]
    print("%s seen at %dx%d; levels by %s" % (args.file, width, height, "the set's lists" if listed
                                             else "the height of a face: not those published"))
    print("%-8s %8s %8s   %s" % ("level", "faces", "average", "as the tracker is told"))
    for name, level in every.items():
        print("%-8s %8d %8.3f   %.1f %% found, %.2f false a picture" % (
            name, level.faces, level.average, 100 * usual[name].recall, usual[name].false))


def tallied(engine, samples, listed):
    """Two Tally of all pictures of a file: of every box of a detector's engine, and of those that
    the tracker is told."""
    ways = [(Detector(engine, LEAST, MOST), precision.Tally(listed)),
            (Detector(engine), precision.Tally(listed))]
    last = time.monotonic()
    for i in range(len(samples)):
        luma = samples.luma(i)
        for detect, tally in ways:
            found = detect(luma)
            tally.add(np.array([one.box for one in found]).reshape(-1, 4),
                      np.array([one.score for one in found]), samples.faces(i))
        if time.monotonic() - last > EVERY:
            last = time.monotonic()
            print("%d of %d pictures" % (i + 1, len(samples)), file=sys.stderr, flush=True)
    return [tally for _, tally in ways]


def _sized(args, folder):
    """The path of the manifest, or of one of the same weights for pictures of another size."""
    if not args.size:
        return args.manifest
    from benchmarks import resized
    try:
        size = [int(word) for word in args.size.split("x")]
        if len(size) != 2 or min(size) < resized.MULTIPLE:
            raise ValueError
    except ValueError as why:
        raise UsageError("--size %s" % args.size, "no size of a picture", "try 640x384") from why
    return resized.detector(*resized.fitting(*size), folder=folder, path=args.manifest)
