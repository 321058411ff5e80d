"""The steps for networks of one's own, from samples files (docs/own_networks.md): words of the command line in, a trained,
exported and scored network out.

    head FILE.h5 ... --run DIR --minutes 60    trains, exports to DIR/head.onnx, scores
    head-score FILE.h5 ... --run DIR           errors; --steady: how far answers move where nothing has
    gaze FILE.h5 ... --run DIR --minutes 30
    gaze-score FILE.h5 ... --run DIR           by person; --leave-one-person-out trains without each of them
    average RUN RUN ... --run DIR              one network of the mean weights of several
    label FILE.h5 OUT.h5 --run RUN [RUN ...]   a samples file with answers as labels
    stages FILE.h5 --run RUN --out PICTURE.jpg each stage of some rows, from picture to answer
"""
import os

from engines.training.collection import Collection

MINUTES = {"head": 60.0, "gaze": 30.0}


def add(steps):
    """Their parsers."""
    _head(steps.add_parser("head", help="train a head pose network on samples files"))
    _gaze(steps.add_parser("gaze", help="train a gaze network on samples files"))
    score = steps.add_parser("head-score", help="score a head pose network on samples files")
    _files(score)
    score.add_argument("--steady", type=int, nargs="?", const=100, metavar="N",
                       help="also disturb N pictures (default 100): how far the answer moves")
    score.add_argument("--still", action="store_true",
                       help="pictures of one person show the head in one pose: how far the answer moves in them")
    score.set_defaults(step=head_score)
    score = steps.add_parser("gaze-score", help="score a gaze network on samples files, by person")
    _files(score)
    score.add_argument("--leave-one-person-out", action="store_true",
                       help="train without each person, score on them; goes on where it stopped")
    score.add_argument("--people", nargs="+", type=int, metavar="N", help="only these folds")
    _spent(score, "gaze")
    score.set_defaults(step=gaze_score)
    label = steps.add_parser("label", help="a samples file with a run's answers as labels")
    label.add_argument("file", metavar="FILE.h5")
    label.add_argument("out", metavar="OUT.h5")
    label.add_argument("--run", nargs="+", required=True, metavar="RUN", help="the mean of several counts")
    label.add_argument("--agree", type=float, metavar="DEGREES", help="leave out rows about which two runs differ by more")
    _field_of_view(label)
    label.set_defaults(step=labelled)
    look = steps.add_parser("stages", help="each stage of a few rows, from the picture to the answer, as one picture")
    _files(look)
    look.add_argument("--rows", nargs="+", type=int, default=[0], metavar="N", help="which (default 0)")
    look.add_argument("--out", required=True, metavar="JPG")
    look.set_defaults(step=stages)
    mean = steps.add_parser("average", help="the mean weights of several runs that began alike")
    mean.add_argument("runs", nargs="+", metavar="RUN")
    mean.add_argument("--run", required=True, metavar="DIR", help="folder of the new run")
    mean.set_defaults(step=average)


def _files(parser):
    parser.add_argument("files", nargs="+", metavar="FILE.h5", help="samples; FILE.h5:0.5 for half as many of them")
    parser.add_argument("--run", required=True, metavar="DIR", help="folder of the training")
    _field_of_view(parser)


def _field_of_view(parser):
    parser.add_argument("--field-of-view", type=float, metavar="DEGREES",
                        help="across, where rotation and gaze are told in the camera's axes and pictures are whole frames")


def _spent(parser, name):
    parser.add_argument("--minutes", type=float, default=MINUTES[name],
                        help="how long in all, earlier runs included (default %g)" % MINUTES[name])
    parser.add_argument("--workers", type=int, default=1, help="processes that make crops (default 1)")
    parser.add_argument("--batch", type=int, default=64, help="crops a step (default 64)")
    parser.add_argument("--width", type=float, default=1.0, help="times the network's channels (default 1)")


def _trainer(parser, name):
    _files(parser)
    _spent(parser, name)
    parser.add_argument("--held-out", nargs="+", metavar="FILE.h5", help="score on these (default: a tenth of the rows, whole "
                        "people where they are named)")
    parser.add_argument("--start", metavar="RUN", help="begin with the weights of another run")


def _head(parser):
    _trainer(parser, "head")
    parser.add_argument("--rotation", choices=("6d", "quaternion"), default="6d")
    parser.set_defaults(step=head)


def _gaze(parser):
    _trainer(parser, "gaze")
    parser.set_defaults(step=gaze)


def head(args):
    """Train, export, score a head pose network."""
    from engines.training import head_crops, head_scores
    seen, rows, held, kept = _sources(args, head_crops.Heads)
    begin = _start(args) or (lambda net, means=seen.means(): net.start_from(*means))
    _trained(args, "head", {"rotation": args.rotation, "width": args.width}, seen, head_scores.Check(held, kept), begin)
    _head_table(args.run, held, kept)


def gaze(args):
    """Train, export, score a gaze network."""
    from engines.training import face_gaze, gaze_scores
    seen, rows, held, kept = _sources(args, face_gaze.Gazes)
    _trained(args, "gaze", {"width": args.width}, seen, gaze_scores.Check(held, kept), _start(args))
    _gaze_table(args.run, held, kept)


def _sources(args, kind):
    """(source to learn from, its rows, source to score on, rows of it)."""
    collection = Collection(args.files, args.field_of_view)
    everything = kind(collection, batch=args.batch)
    wanted(everything.rows, args.files[0], kind)
    rows, held, kept = apart(everything, args.held_out, args.field_of_view)
    wanted(rows, args.files[0], kind)
    wanted(kept, (args.held_out or args.files)[0], kind)
    print("%s: %d rows to learn from, %d kept out" % (args.name, len(rows), len(kept)), flush=True)
    return kind(collection, rows, args.batch), rows, held, kept


def apart(everything, held_out, field_of_view):
    """(rows to learn from, source to score on, rows of it): of a source of all that is usable, and other files to score on, or
    None."""
    if held_out:
        held = type(everything)(Collection(held_out, field_of_view))
        return everything.rows, held, held.rows
    kept = everything.collection.kept_out()[everything.rows]
    return everything.rows[~kept], everything, everything.rows[kept]


def wanted(rows, path, kind):
    """DataError where there are none."""
    from appliance.errors import DataError
    from engines.training.samples import DOCUMENT
    if not len(rows):
        raise DataError(path, "no row has %s, or too few to keep some out" % kind.WANTS, "import or label some: " + DOCUMENT)


def _start(args):
    """A function that gives a network the weights of --start, or None."""
    from engines.training.runs import Run
    if not args.start:
        return None
    weights = Run.read(args.start).state()["average"]
    return lambda net: net.load_state_dict(weights)


def _trained(args, name, options, source, check, start, folder=None):
    from engines.training.runs import Run
    run = Run.make(folder or args.run, name, options, {
        "files": args.files, "held_out": getattr(args, "held_out", None), "field_of_view": args.field_of_view,
        "rows": len(source.rows), "licences": sorted({reader.licence for reader in source.collection.readers if reader.licence})})
    worst = run.train(source, args.minutes, check, start, args.workers)
    print("%s: %s.onnx written, largest difference to torch %.2g" % (run.folder, name, worst), flush=True)
    return run


def head_score(args):
    """Print the table of the exported network of a run."""
    from engines.training import head_crops, head_scores, runs
    heads = head_crops.Heads(Collection(args.files, args.field_of_view))
    wanted(heads.rows, args.files[0], head_crops.Heads)
    answer = _head_table(args.run, heads, heads.rows)
    if args.steady:
        rows = heads.rows[::max(1, len(heads.rows) // args.steady)][:args.steady]
        print("the answer about one picture, of %d, moves by (root mean square)" % len(rows))
        for name, figures in head_scores.steadiness(answer, heads, rows).items():
            print("  %-44s %s" % (name, head_scores.movement(figures)))
    if args.still:
        figures = head_scores.still(answer, heads, heads.rows)
        print("  %-44s %s" % ("pictures of one pose", head_scores.movement(figures) if figures else "no person has two"))


def _head_table(folder, heads, rows):
    from engines.training import head_scores
    from engines.training.runs import Exported
    answer = Exported(folder, "head")
    seen = [heads.row(i, plain=True) for i in rows]
    score = head_scores.measure(head_scores.read(answer([row["image"] for row in seen])), seen)
    _keep(folder, score)
    print("\n".join(head_scores.table(score)), flush=True)
    return answer


def gaze_score(args):
    """Print the table of a run by person, or of one run for each person."""
    from engines.training import face_gaze, gaze_scores
    gazes = face_gaze.Gazes(Collection(args.files, args.field_of_view), batch=args.batch)
    wanted(gazes.rows, args.files[0], face_gaze.Gazes)
    if args.leave_one_person_out:
        _folds(args, gazes)
    else:
        _gaze_table(args.run, gazes, gazes.rows)


def _gaze_table(folder, gazes, rows):
    from engines.training import gaze_scores
    from engines.training.runs import Exported
    scores = gaze_scores.by_person(Exported(folder, "gaze"), gazes, rows)
    _keep(folder, scores)
    print("\n".join(gaze_scores.table(scores)), flush=True)


def _folds(args, gazes):
    """A training for each person without them, one after another, and the table of all."""
    from engines.training import face_gaze, gaze_scores
    from engines.training.runs import Exported
    people, scores = gaze_scores.people(gazes), {}
    for n, person in enumerate(args.people or people, 1):
        rows, kept = gaze_scores.fold(gazes, person)
        wanted(kept, args.files[0], face_gaze.Gazes)
        folder = gaze_scores.fold_folder(args.run, person)
        print("fold %d of %d: without person %d, %d rows to learn from" % (n, len(args.people or people), person, len(rows)),
              flush=True)
        seen = face_gaze.Gazes(gazes.collection, rows, args.batch)
        _trained(args, "gaze", {"width": args.width}, seen, gaze_scores.Check(gazes, kept), None, folder)
        scores["%d" % person] = gaze_scores.measure(Exported(folder, "gaze"), gazes, kept)
    _keep(args.run, scores)
    print("\n".join(gaze_scores.table(scores)), flush=True)


def _keep(folder, score):
    import json

    from appliance import files
    files.write(os.path.join(folder, "score.json"), json.dumps(score, indent=1) + "\n")


def labelled(args):
    """Write a samples file with a network's answers."""
    from engines.training import labelling
    print("%s: %d rows" % (args.out, labelling.write(args.file, args.out, args.run, args.agree, args.field_of_view)))


def stages(args):
    """Write a picture of the stages of some rows."""
    import cv2

    from appliance import files
    from engines.training import stages as pictures
    sheet = pictures.sheet(Collection(args.files, args.field_of_view), args.run, args.rows)
    files.write(args.out, cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes())
    print("%s: %d rows" % (args.out, len(args.rows)))


def average(args):
    """Write and score the mean of several runs."""
    from engines.training import averaging
    averaging.write(args.runs, args.run)
