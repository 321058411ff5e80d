"""Drawn people who act before a camera that stands still; how the measured head answers.

Whether it turns while only the face moves (blink, talk, smile), and how late smoothing is when it
really turns, two times a second.
"""
from collections import OrderedDict

import numpy as np

from appliance import geometry
from appliance.tracker import Tracker
from benchmarks import drawings, report, sitters
from benchmarks.tremble import RATES, unsmoothed

SIDE, FOCAL = 400, 554.3        # of the window, pixels; of a webcam's 640 at 60 degrees
FOV = float(np.degrees(2 * np.arctan(SIDE / 2 / FOCAL)))
DISTANCE = 550.0                # mm
NECK = np.array([0, 75.0, 75.0])    # mm in the head frame: where the head turns
RATE = 30                       # pictures a second of what is acted
REST, PAUSE = 20, 12            # pictures: before all, between two acts
LID = (0.4, 1.0, 1.0, 1.0, 0.7, 0.4, 0.15)      # a blink, picture by picture
EASE = (0.15, 0.5, 0.85, 1.0, 1.0, 0.85, 0.5, 0.15)     # a vowel
SMILE = {"mouthSmile": 0.9, "cheekSquint": 0.5, "mouthDimple": 0.2}
ACTS = ("blink", "talk", "smile")
SWINGS = (5.0, 15.0)            # degrees to each side: a shake of the head, a quick look round
HERTZ, PERIOD = 2.0, 30         # swings a second, pictures of one at 60 a second
SECONDS, SETTLED = 4.0, 1.0


def acts():
    """[(act, {shape: value})] of the pictures that are drawn: at rest, then each act."""
    from engines.training.render.clip import VOWELS
    found = [("rest", {})] + [("blink", {"eyeBlink": share}) for share in LID]
    for _, shape in VOWELS:
        found += [("talk", {name: value * share for name, value in shape.items()})
                  for share in EASE]
    swell = np.concatenate([np.linspace(0.2, 1, 5), np.ones(12), np.linspace(0.8, 0.2, 4)])
    return found + [("smile", {name: value * share for name, value in SMILE.items()})
                    for share in swell]


def acting(data, cache, people):
    """"pictures" (N, 400, 400) and "act" (N,), the place in ACTS or -1 at rest, of each person in
    turn through all `acts`."""
    return drawings.kept(data, cache, "acting", people, _acting)


def swinging(data, cache, people):
    """"pictures" of each person through one swing of the head of each of SWINGS, PERIOD each."""
    return drawings.kept(data, cache, "swinging", people, _swinging)


def _acting(studio, k):
    exposure = None
    for act, shapes in acts():
        one = _seated(k)
        one.blendshapes = sitters.weights(shapes)
        picture, exposure = _shot(studio, one, exposure)
        yield picture, {"act": ACTS.index(act) if act in ACTS else -1}


def _swinging(studio, k):
    exposure = None
    for angle in (swing * np.sin(2 * np.pi * turn / PERIOD)
                  for swing in SWINGS for turn in range(PERIOD)):
        one = _seated(k)
        one.angles = (one.angles[0] + angle,) + one.angles[1:]
        picture, exposure = _shot(studio, one, exposure)
        yield picture, {"yaw": one.angles[0]}


def _seated(k):
    """A person at rest at arm's length before a webcam."""
    one = sitters.at_ease(drawings.SEED + 8, k)
    one.fov = 60.0
    return one


def _shot(studio, one, exposure):
    pivot = np.array([0, 0, DISTANCE]) + NECK
    one.translation = pivot - geometry.matrix_from_angles(*one.angles).dot(NECK)
    from engines.training.render.scene import PICTURE
    corner = (np.array(PICTURE) - SIDE) / 2.0
    window = np.hstack([np.eye(2), -corner[:, None]])
    return studio.still(one, window, (SIDE, SIDE), exposure)


def trackers(config):
    """{"per picture": without smoothing, "tracked": with it}, for these pictures' camera."""
    config = config._replace(camera=config.camera._replace(fov=FOV))
    return {"per picture": Tracker(unsmoothed(config)), "tracked": Tracker(config)}


def played(labels):
    """[place of a picture] as they follow each other: rest first and between the acts. labels:
    (N,) the act of each drawn picture, -1 at rest, which comes first."""
    order = [0] * REST
    for act in range(len(ACTS)):
        order += list(np.flatnonzero(labels == act)) + [0] * PAUSE
    return order


def follow(tracker, pictures, rate):
    """[Face or None] of pictures `rate` a second, followed from the first."""
    tracker.reset()
    return [(tracker(picture, k / float(rate)) or [None])[0]
            for k, picture in enumerate(pictures)]


def turned(tracker, pictures, labels):
    """{act: [degrees]} by which the measured head turns against its mean at rest; a picture
    without a face counts as nothing."""
    order = played(labels)
    faces = follow(tracker, pictures[order], RATE)
    rest = [face.rotation for face in faces[REST // 2:REST] if face]
    middle = np.mean(rest or [np.ones(4)], axis=0)
    middle, apart = middle / np.linalg.norm(middle), {act: [] for act in ACTS}
    for place, face in zip(order, faces):
        if face and rest and labels[place] >= 0:
            turn = geometry.rotation_between(middle, face.rotation)
            apart[ACTS[labels[place]]].append(float(np.degrees(np.linalg.norm(turn))))
    return apart


def lag(late, prompt, rate):
    """(ms by which one signal is behind the other at HERTZ, its swing / the other's)."""
    phase = np.arange(len(late)) / float(rate) * HERTZ * 2 * np.pi
    waves = np.exp(-1j * phase)
    a, b = ((np.asarray(one) - np.mean(one)).dot(waves) for one in (late, prompt))
    behind = np.angle(b / a) / (2 * np.pi * HERTZ) * 1e3
    return float(behind), float(abs(a) / abs(b))


def lags(both, pictures, rate):
    """{"head", "points": (ms, share of the swing)}: the smoothed against the unsmoothed; a whole
    number of swings counts."""
    count = int(SECONDS * rate)
    order = [int(round(k * 60.0 / rate)) % PERIOD for k in range(count)]
    found = {}
    for name, tracker in both.items():
        faces = follow(tracker, pictures[order], rate)[int(SETTLED * rate):]
        if None in faces:
            return {}
        found[name] = ([face.angles[0] for face in faces],
                       [face.landmarks[30, 0] for face in faces])
    return {part: lag(late, prompt, rate) for part, late, prompt in zip(
        ("head", "points"), found["tracked"], found["per picture"])}


def measure(config, data, cache, people):
    """{"people", "turn": {way: {act: {"mean", "p95"}, "worst"}}, "lag": {"5 deg, 30 Hz": {part:
    ms}}, "swing": the same of the share of the swing that is left, "late": {part: ms where it is
    latest}}."""
    both = trackers(config)
    drawn, swung = acting(data, cache, people), swinging(data, cache, people)
    pictures = swung["pictures"].reshape((people, len(SWINGS), PERIOD) + (SIDE, SIDE))
    found = {"people": people, "turn": turns(both, drawn, people), "lag": OrderedDict(),
             "swing": OrderedDict()}
    for k, swing in enumerate(SWINGS):
        for rate in RATES:
            rows = [lags(both, one[k], rate) for one in pictures]
            for kind, at in (("lag", 0), ("swing", 1)):
                found[kind]["%g deg, %d Hz" % (swing, rate)] = {
                    part: float(np.mean([row[part][at] for row in rows if row]))
                    for part in ("head", "points") if any(rows)}
    found["late"] = {part: max(one[part] for one in found["lag"].values() if one)
                     for part in ("head", "points") if any(found["lag"].values())}
    return found


def turns(both, drawn, people):
    """{way: {act: {"mean", "p95"}, "worst"}} of `acting` by each of `trackers`, degrees."""
    labels = drawn["act"].reshape(people, -1)
    pictures = drawn["pictures"].reshape(labels.shape + (SIDE, SIDE))
    return {way: _by_act([turned(tracker, *one) for one in zip(pictures, labels)])
            for way, tracker in both.items()}


def _by_act(rows):
    apart = {act: np.concatenate([row[act] for row in rows]) for act in ACTS}
    found = {act: {"mean": float(a.mean()), "p95": float(np.percentile(a, 95))}
             for act, a in apart.items() if len(a)}
    return dict(found, worst=max(f["mean"] for f in found.values()) if found else float("nan"))


def tables(found):
    """[Markdown]: turns of the measured head while only the face moves; lag of smoothing."""
    rows = [[way] + [by[act][what] for act in ACTS for what in ("mean", "p95")]
            for way, by in found["turn"].items()]
    head = [words for act in ACTS for words in (act + ", mean deg", "of 20 one beyond")]
    late = [[case] + [found[kind][case].get(part) for part in ("head", "points")
                      for kind in ("lag", "swing")] for case in found["lag"]]
    return [report.markdown(["%d heads that stay, the face moves" % found["people"]] + head, rows),
            report.markdown(("smoothing on a turn of 2 Hz", "head late by, ms", "its swing left",
                             "points late by, ms", "their swing left"), late)]
