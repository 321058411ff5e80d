"""How right the answers are, beside the peers' and the aims: still sets, clips, drawn heads.

Each part writes its own results; docs/accuracy.md is the score card over the newest of each. What
is not there is named and left out.
"""
import os
from collections import OrderedDict

import numpy as np

from appliance import quality
from appliance.errors import InputMissing, PartMissing
from appliance.tracker import Tracker
from benchmarks import (acted, card, clips, eyes, finding, groups, networks, occluded, renders,
                        report, rotation, shapes, sheets, sigma, sitters, stills, tremble)
from benchmarks.stages import of_quality
from benchmarks.stills import size

COVERED = "desk"        # the clip whose face is covered for a while


def of_stills(args):
    """(tables, figures, chart) of the still sets, narrow views too: cut out of larger pictures."""
    tracker = Tracker(renders.view(args.config))
    found = _here(OrderedDict((name, stills.measure(tracker, os.path.join(args.data, name),
                                                    args.limit)) for name in stills.SETS), "set")
    if not found:
        return [], {}, None
    points = {name: stills.figures(answers) for name, answers in found.items()}
    turned = {name: rotation.figures(answers) for name, answers in found.items()}
    sure = OrderedDict((name, sigma.figures(answers.off, answers.sigma))
                       for name, answers in found.items())
    for name, answers in found.items():
        sheets.write(args.sheets, name, stills.worst(answers, os.path.join(args.data, name)))
    return ([stills.table(points, args.data), rotation.table(turned, args.data),
             sigma.table(sure)],
            {"points": points, "rotation": turned, "sigma": sure}, sigma.drawing(sure))


def of_clips(args):
    """(tables, figures, chart) of the clips."""
    tracker = Tracker(args.config)
    found = _here(OrderedDict((name, clips.measure(tracker, args.data, name, args.limit,
                                                   args.sheets)) for name in clips.CLIPS), "clip")
    if COVERED in found and not args.limit:
        path = os.path.join(args.data, "clips", COVERED + ".mp4")
        found[COVERED]["covered"] = occluded.measure(tracker, path)
    tables = [clips.table(found)] + [occluded.line(f["covered"]) for f in found.values()
                                     if "covered" in f]
    return (tables if found else []), found, None


def of_renders(args):
    """(tables, figures, chart) of heads kept out of training."""
    tracker = Tracker(renders.view(args.config))
    found, faces, drawn = renders.measure(tracker, args.data, args.cache, args.renders,
                                          min(renders.PEOPLE, args.renders))
    units = np.array([100 / size(true) for true in drawn["points"]])
    off = np.array([face.landmarks for face in faces]) - drawn["points"]
    said = np.array([face.sigma for face in faces]) * units[:, None]
    sure = {"drawn heads": sigma.figures(off * units[:, None, None], said)}
    toned = sitters.tones(args.data, args.cache, _people(args, 8))
    by = groups.figures(groups.errors(renders.answers(tracker, toned), toned),
                        groups.tones(toned))
    by.update(groups.figures(groups.errors(faces, drawn), groups.people(drawn)))
    sheets.write(args.out, args.name + "renders_worst", renders.worst(faces, drawn))
    return ([renders.table(found), groups.table(by), sigma.table(sure)],
            dict(found, groups=by, sigma=sure), sigma.drawing(sure))


def of_eyes(args):
    """(tables, figures, chart) of drawn eyes: gaze behind glasses and in dim light, winks."""
    found = eyes.measure(Tracker(renders.view(args.config)), args.data, args.cache,
                         _people(args, 4))
    return eyes.tables(found), found, None


def of_shapes(args):
    """(tables, figures, chart) of each shape alone, vowels, faces at rest."""
    found = shapes.measure(Tracker(renders.view(args.config)), args.data, args.cache,
                           _people(args, 50))
    return shapes.tables(found), found, None


def of_acted(args):
    """(tables, figures, chart) of drawn people before a camera that stands still."""
    found = acted.measure(args.config, args.data, args.cache, _people(args, 60))
    return acted.tables(found), found, None


def of_tremble(args):
    """(tables, figures, chart) of still pictures under noise."""
    found = _here(tremble.measure(args.config, args.data, args.limit), "pictures")
    return ([tremble.table(found, args.data)] if found else []), found, None


def of_finding(args):
    """(tables, figures, chart) of faces that are found without a box."""
    found = finding.measure(Tracker(args.config), args.data, args.limit)
    return ([finding.table(found, args.data)] if found else []), found, None


def of_networks(args):
    """(tables, figures, chart) of what the networks cost."""
    found = networks.measure()
    return [networks.table(found)], found, None


PARTS = OrderedDict([
    ("stills", of_stills), ("clips", of_clips), ("renders", of_renders), ("eyes", of_eyes),
    ("shapes", of_shapes), ("acted", of_acted), ("tremble", of_tremble),
    ("finding", of_finding), ("networks", of_networks)])


def _people(args, share):
    """How many people are drawn where each is drawn again and again."""
    return max(2, args.renders // share)


def _here(found, kind):
    for name, answer in found.items():
        if answer is None:
            print("%s %s: not here" % (kind, name))
    return OrderedDict((name, answer) for name, answer in found.items() if answer is not None)


def main(args):
    """The command: args.data, args.only, args.limit, args.renders, args.cache, args.sheets,
    args.quality, args.out."""
    quality.check(args.quality)
    words = [] if args.quality == quality.STANDARD else [args.quality]
    args.config, args.name = of_quality(args.quality), "_".join(["accuracy"] + words + [""])
    args.sheets = os.path.join(sheets.outside(args.sheets or os.path.join(args.cache, "worst")),
                               *words)
    measured = 0
    for part in args.only:
        try:
            tables, figures, chart = PARTS[part](args)
        except PartMissing as missing:
            print("%s: not measured: %s" % (part, missing))
            continue
        if tables:
            tables = ["quality = " + word for word in words] + tables
            report.publish(args.name + part, tables, {part: figures}, args.out, chart)
            measured += 1
    if not measured:
        raise InputMissing(args.data, "nothing to measure on", "give the folder with --data")
    card.write(args.out)
