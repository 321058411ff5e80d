"""`python -m engines.training STEP`: from the given data to the networks.

    prepare --face-model FaceXModel --portraits FOLDER --backgrounds FOLDER --material MATERIAL
    prepare --data ../shared/data/train --material MATERIAL      from files that were made so before
    detector|landmarks|fine|iris|expression|brows --material MATERIAL --minutes 30
    mistakes --material MATERIAL          with a detector exported, before the landmarks
    export landmarks fine iris detector expression brows --material MATERIAL
    readout --material MATERIAL           with expression exported: its vowels
    driven --material MATERIAL            with all of them exported: which shapes may be sent, by which of them
    samples import|from-material|info|show|score-detector     data of one's own: docs/own_data.md
    head|gaze|head-score|gaze-score|average|label|stages      networks of one's own: docs/own_networks.md
    adopt NETWORK FILE.onnx                        a network of one's own in the place of ours
"""
import argparse
import os
import sys

from appliance.errors import KagamiError, UsageError
from engines.training import own, own_data

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
COUNTS = {"faces": 12000, "turned": 6000, "profiles": 4000, "pairs": 2500, "eyes": 10000, "looks": 6000, "brows": 35000,
          "speakers": 6000, "held_out": 1000}
# What `prepare` makes the data folder from.
SOURCES = {
    "face_model": ("FOLDER", "FaceXModel of ICT-FaceKit"),
    "portraits": ("FOLDER", "photographs of people; a folder in it is a set, a folder in that one person"),
    "backgrounds": ("FOLDER", "pictures without people"),
    "light": ("FOLDER", "panoramas, .hdr (default: drawn ones)"),
    "landmarker": ("FILE", "MediaPipe's face_landmarker.task (without it photographs teach no expression)"),
    "openseeface": ("FILE", "lm_model0_opt.onnx of OpenSeeFace (without it nobody checks MediaPipe's points)"),
    "mediapipe": ("PYTHON", "one that has mediapipe (default: made in ~/.cache/kagami/mediapipe)")}
# Minutes on two cores that gave usable networks.
MINUTES = {"landmarks": 90.0, "fine": 33.0, "iris": 20.0, "detector": 60.0, "expression": 60.0, "brows": 48.0}
ALONE = ("landmarks", "fine", "detector")       # can be trained on samples without the material
GOING_ON = ("landmarks", "iris", "detector", "expression")      # may begin as the exported ones


def main(words=None):
    """Read the arguments and run one step; a user's mistake is one line and its exit status."""
    args = _parser().parse_args(words)
    try:
        args.step(args)
    except KagamiError as why:
        sys.exit(_told(why))
    except KeyboardInterrupt:
        sys.exit(130)       # the same command goes on


def _told(why):
    print("kagami: error: %s" % why, file=sys.stderr)
    return why.status


def _parser():
    parser = argparse.ArgumentParser(prog="engines.training", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(dest="name")
    steps.required = True
    _prepare(steps.add_parser("prepare", help="labels, renders and turned portraits into a folder"))
    for name, minutes in MINUTES.items():
        _train(steps.add_parser(name, help="train the %s network" % name), name, minutes)
    mine = steps.add_parser("mistakes", help="collect what the detector takes for faces")
    _material(mine)
    mine.set_defaults(step=collect)
    drive = steps.add_parser("driven", help="write down which shapes the networks may drive")
    _material(drive)
    drive.set_defaults(step=driven)
    read = steps.add_parser("readout", help="have the exported network of the mouth tell vowels")
    _material(read)
    read.set_defaults(step=readout)
    own_data.add(steps.add_parser("samples", help="files of samples: data of one's own"))
    own_data.add_adopt(steps.add_parser("adopt", help="an ONNX file of one's own in the place of ours"))
    _export(steps.add_parser("export", help="write trained networks and their manifest rows"))
    own.add(steps)
    return parser


def _material(parser):
    parser.add_argument("--material", required=True, help="folder of the prepared material")


def _prepare(parser):
    _material(parser)
    parser.add_argument("--data", help="folder of the face model, portraits, backgrounds and light (default: "
                        "MATERIAL/data where a source is given, else ../shared/data/train)")
    for name, (what, words) in SOURCES.items():
        parser.add_argument("--" + name.replace("_", "-"), metavar=what, help=words)
    for name, count in COUNTS.items():
        parser.add_argument("--" + name.replace("_", "-"), type=int, default=count, metavar="N",
                            help="samples to draw (default %d)" % count)
    parser.set_defaults(step=prepare)


def _train(parser, name, minutes):
    parser.add_argument("--material", required=name not in ALONE, help="folder of the prepared material")
    parser.add_argument("--samples", nargs="+", metavar="FILE.h5[:SHARE]",
                        help="files of samples to draw from beside the material, whose portraits have the share 1" + (
                            ", or instead of it" if name in ALONE else ""))
    if name in ALONE:
        parser.add_argument("--backgrounds", metavar="FOLDER", help="pictures without faces (default: the material's)")
    parser.add_argument("--run", help="folder of the checkpoint (default: MATERIAL/run/NETWORK)")
    parser.add_argument("--minutes", type=float, default=minutes,
                        help="how long in all, earlier runs included (default %g)" % minutes)
    parser.add_argument("--renders", nargs="+", metavar="PATTERN", help="which shards of the folder")
    if name in GOING_ON:
        parser.add_argument("--go-on", action="store_true", help="begin as the network that is exported")
    parser.add_argument("--workers", type=int, default=1, help="processes that make crops (default 1)")
    parser.set_defaults(step=train)


def _export(parser):
    parser.add_argument("networks", nargs="+", choices=sorted(MINUTES), metavar="NETWORK")
    parser.add_argument("--material", help="folder of the prepared material, where the checkpoints lie")
    parser.add_argument("--run", help="folder of the checkpoint, for one network")
    parser.add_argument("--out", default=os.path.join(ROOT, "engines"), help="folder of manifest.ini")
    parser.set_defaults(step=export)


def prepare(args):
    """Fill the data folder from the sources that are given, and the material folder; what is there is kept."""
    from engines.training import material, sources
    given = {name: getattr(args, name) for name in SOURCES if getattr(args, name)}
    if given and not set(given) & {"face_model", "portraits", "backgrounds", "light"}:
        raise UsageError("--" + min(given), "there is nothing to look at", "give a folder with --portraits too")
    usual = os.path.join(args.material, "data") if given else os.path.join(ROOT, "..", "shared", "data", "train")
    data = args.data or usual
    if given and sources.gather(data, python=given.pop("mediapipe", None), **given):
        material.forget_portraits(args.material)
    material.prepare(data, args.material, {name: getattr(args, name) for name in COUNTS})


def train(args):
    """Train one network until its minutes are spent."""
    from engines.training import together
    from engines.training.trainers import TRAINERS
    together.quiet()
    choice = {"renders": tuple(args.renders)} if args.renders else {}
    choice.update({name: value for name, value in (("go_on", getattr(args, "go_on", False)), ("samples", args.samples),
                                                   ("backgrounds", getattr(args, "backgrounds", None))) if value})
    if not args.material and not (args.samples and args.run):
        raise UsageError(args.name, "it is trained on the material, or on samples alone into a folder of your own",
                         "give --material, or --samples and --run")
    TRAINERS[args.name](args.material, _run(args, args.name), args.minutes, workers=args.workers, **choice)
    together.end()


def collect(args):
    """Write hard.npz."""
    from engines.training import mistakes
    print("%d crops that the detector took for faces" % mistakes.collect(args.material))


def export(args):
    """Write NETWORK.onnx and the manifest's rows."""
    from engines.training.export import write
    if not args.material and not (args.run and len(args.networks) == 1):
        raise UsageError("export", "it is not said where the checkpoints are", "give --material, or --run for one network")
    for name in args.networks:
        folder = _run(args, name)
        path = os.path.join(folder, "checkpoint.pt")
        worst = write(name, path, args.out, "python -m engines.training " + name)
        print("%s: written, largest difference to torch %.2g" % (name, worst))


def readout(args):
    """Write the exported network of the mouth with its vowels."""
    from engines.training.readout import tell
    tell(args.material)


def driven(args):
    """Write the manifest's lines `driven`."""
    from engines.training.driven import LEAST, record
    for name, (r, section, fades) in sorted(record(args.material).items(), key=lambda pair: pair[1], reverse=True):
        print("%-20s %5.2f  %s%s" % (name, r, section if r >= LEAST else "stays 0", ", from the front" if fades else ""))


def _run(args, name):
    return args.run or os.path.join(args.material, "run", name)


if __name__ == "__main__":
    main()
