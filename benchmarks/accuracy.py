"""How right the answers are, beside the peers': still sets, clips, drawn heads.

What is not there is named and left out.
"""
import os

from appliance import quality
from appliance.errors import InputMissing, PartMissing
from appliance.tracker import Tracker
from benchmarks import clips, renders, report, rotation, stills
from benchmarks.stages import of_quality


def of_stills(args):
    """(tables, figures) of the still sets."""
    tracker = Tracker(of_quality(args.quality))
    found = {name: stills.measure(tracker, os.path.join(args.data, name), args.limit)
             for name in stills.SETS}
    found = _here(found, "set")
    points = {name: stills.figures(answers) for name, answers in found.items()}
    turned = {name: rotation.figures(answers) for name, answers in found.items()}
    tables = [stills.table(points, args.data), rotation.table(turned, args.data)] if found else []
    return tables, {"points": points, "rotation": turned}


def of_clips(args):
    """(tables, figures) of the clips."""
    tracker = Tracker(of_quality(args.quality))
    found = _here({name: clips.measure(tracker, args.data, name, args.limit)
                   for name in clips.CLIPS}, "clip")
    return ([clips.table(found, args.data)] if found else []), found


def of_renders(args):
    """(tables, figures) of heads kept out of training."""
    people = min(renders.PEOPLE, args.renders)
    try:
        found = renders.measure(Tracker(of_quality(args.quality, renders.view())), args.data,
                                args.cache, args.renders, people)
    except PartMissing as missing:
        print("renders: not measured: %s" % missing)
        return [], {}
    return [renders.table(found)], found


PARTS = {"stills": of_stills, "clips": of_clips, "renders": of_renders}


def _here(found, kind):
    for name, answer in found.items():
        if answer is None:
            print("%s %s: not here" % (kind, name))
    return {name: answer for name, answer in found.items() if answer is not None}


def main(args):
    """The command: args.data, args.only, args.limit, args.renders, args.cache, args.quality,
    args.out."""
    quality.check(args.quality)
    tables, figures = [], {}
    for part in args.only:
        shown, figures[part] = PARTS[part](args)
        tables += shown
    if not tables:
        raise InputMissing(args.data, "nothing to measure on", "give the folder with --data")
    whole = len(args.only) == len(PARTS)
    words = [] if args.quality == quality.STANDARD else [args.quality]
    name = "_".join(["accuracy"] + words + ([] if whole else args.only))
    report.publish(name, ["quality = " + word for word in words] + tables, figures, args.out)
