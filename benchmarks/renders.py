"""Drawn heads with exact truth: each shape, what turning does to it, gaze, lids. One table."""
import numpy as np

from appliance import config as configuration, geometry
from appliance.face import ARKIT, ARKIT_NAMES
from appliance.stages.closeup import FRONT
from benchmarks import drawings, report, sheets
from benchmarks.rotation import between
from benchmarks.stills import box, distances

PEOPLE = 40             # drawn at each yaw
FOV = 20.0              # degrees: the drawn crops are narrow views; what each spans is not told
RIGHT = 0.7             # correlation from which a driven shape counts as right
OPEN = 0.3              # openness from which the gaze of an eye counts


def view(config=None):
    """The configuration (default: default.conf alone) under which crops are measured."""
    config = config or configuration.defaults()
    return config._replace(camera=config.camera._replace(fov=FOV))


def answers(tracker, drawn):
    """[Face] of every drawn picture, its true box given."""
    pairs = zip(drawn["pictures"], drawn["points"])
    return [tracker(picture, rois=[box(points)])[0] for picture, points in pairs]


def correlations(found, true):
    """(K,) correlation of each column of (N, K) arrays; NaN where one never changes."""
    a, b = found - found.mean(axis=0), true - true.mean(axis=0)
    scale = np.sqrt((a ** 2).sum(axis=0) * (b ** 2).sum(axis=0))
    product = (a * b).sum(axis=0)
    return np.where(scale > 0, product / np.where(scale > 0, scale, 1), np.nan)


def of_shapes(found, true):
    """(52,) correlations; those of a gaze over eyes that are open, a shut one shows none."""
    r = correlations(found, true)
    for side in ("Left", "Right"):
        looking = true[:, ARKIT["eyeBlink" + side]] < 1 - OPEN
        look = [i for name, i in ARKIT.items() if name.startswith("eyeLook") and side in name]
        r[look] = correlations(found[looking][:, look], true[looking][:, look])
    return r


def near(rotations):
    """(N,) bool: which of (N, 3, 3) heads are turned so little that what fades is told in full."""
    return np.array([abs(geometry.angles_from_matrix(one)[0]) <= FRONT
                     for one in np.asarray(rotations, float)])


def changes(shapes):
    """(K, 2) mean absolute change of (people, len(YAWS), K) shapes from yaw 0 to 20 and to 40."""
    yaws = np.array(drawings.YAWS)
    apart = np.abs(shapes - shapes[:, yaws == 0])
    return np.stack([apart[:, np.abs(yaws) == turn].mean(axis=(0, 1)) for turn in (20, 40)], 1)


def eyes(faces, drawn):
    """{"gaze_yaw", "gaze_pitch" (degrees), "openness", "openness_r"} over eyes that are seen."""
    pairs = [(face.left, face.right) for face in faces]
    seen = drawn["eye_visible"].astype(bool)
    gaze = np.array([[e.gaze for e in pair] for pair in pairs])
    openness = np.array([[e.openness for e in pair] for pair in pairs])
    looking = seen & (drawn["openness"] > OPEN)
    yaw, pitch = np.abs(gaze - drawn["gaze"])[looking].mean(axis=0)
    both = openness[seen][:, None], drawn["openness"][seen][:, None]
    return {"gaze_yaw": float(yaw), "gaze_pitch": float(pitch),
            "openness": float(np.abs(both[0] - both[1]).mean()),
            "openness_r": float(correlations(*both)[0])}


def measure(tracker, data, cache, count, people=PEOPLE):
    """(figures, [Face], what was drawn of them): "shapes" {name: r, active, turn20, turn40}, eyes,
    rotation, points."""
    drawn, turned = drawings.heads(data, cache, count), drawings.turning(data, cache, people)
    faces = answers(tracker, drawn)
    found = np.array([face.blendshapes for face in faces])
    shapes = np.array([face.blendshapes for face in answers(tracker, turned)])
    r, true = of_shapes(found, drawn["blendshapes"]), drawn["blendshapes"]
    there = near(drawn["rotation_crop"])
    fading = tracker.fading
    r[fading] = of_shapes(found[there], true[there])[fading]
    change = changes(shapes.reshape(people, len(drawings.YAWS), -1))
    rows = {name: {"r": float(r[k]), "fading": bool(fading[k]),
                   "active": float((true[:, k] > 0.3).mean() * 100),
                   "turn20": float(change[k, 0]), "turn40": float(change[k, 1])}
            for k, name in enumerate(ARKIT_NAMES)}
    turn = between(np.array([face.matrix for face in faces]), drawn["rotation_crop"])
    apart = [distances(face.landmarks, p).mean() for face, p in zip(faces, drawn["points"])]
    return dict(eyes(faces, drawn), heads=count, near=int(there.sum()), people=people, shapes=rows,
                rotation_mean=float(turn.mean()), rotation_median=float(np.median(turn)),
                points=float(np.mean(apart)), driven=int(np.isfinite(r).sum()),
                right=int((r >= RIGHT).sum()), least_r=float(np.nanmin(r)),
                most_turn40=float(change[:, 1].max())), faces, drawn


def worst(faces, drawn):
    """[(luma, true points, ours, words)] of the worst heads, for a sheet."""
    mean = np.array([distances(face.landmarks, true).mean()
                     for face, true in zip(faces, drawn["points"])])
    return [(drawn["pictures"][i], drawn["points"][i], faces[i].landmarks,
             "head %d %.1f %%" % (i, mean[i])) for i in sheets.worst(mean)]


def table(found):
    """Markdown: a row a shape, the rest in a line above."""
    rows = [[name + (" *" if f["fading"] else ""), f["r"], f["active"], f["turn20"], f["turn40"]]
            for name, f in found["shapes"].items()]
    line = ("%(heads)d heads: points %(points).2f %% of the box, rotation %(rotation_mean).2f deg "
            "(median %(rotation_median).2f), gaze yaw %(gaze_yaw).2f and pitch %(gaze_pitch).2f "
            "deg, openness %(openness).3f (r %(openness_r).2f); %(driven)d of 52 shapes driven, "
            "%(right)d of them with r >= 0.7 (least %(least_r).2f); most change at 40 deg of yaw: "
            "%(most_turn40).2f. * r over the %(near)d heads turned up to ") % found
    line += "%g degrees: beyond, they fade" % FRONT
    return line + "\n\n" + report.markdown(
        ("shape", "r", "active, % of heads", "change at 20 deg", "change at 40 deg"), rows)
