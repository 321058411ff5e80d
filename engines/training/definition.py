"""Where the 68 points lie: one definition for portraits and renders, between its three sources.

The teachers disagree by constants: MediaPipe's jaw follows its mesh's outline and its brows the upper edge, its eyes
and lips agree with iBUG to 0.7 % of the box; OpenSeeFace is near iBUG in jaw, brows and nose and 2.4 % off at the lips
(by what removing each one's mean offset is known to gain on an annotated set). So: eyes and mouth from MediaPipe, jaw,
brows and nose moved towards OpenSeeFace by the shares below. The offsets are means over training portraits, in the
head's frame, as a share of the box; the face model's own 68 vertices are moved to where the result lies.

How deep the jaw lies no frontal picture tells: it is triangulated from portraits turned by up to 45 degrees.
"""
import os

import numpy as np

from engines.training.portraits import OSF_TO_IBUG

# What `vertices` gave for the training portraits: the face model's vertex under each of the 68 points.
LANDMARK_VERTICES = (
    1277, 8135, 8140, 820, 1833, 833, 1723, 2197, 965, 4388, 3928, 3074, 4035, 3061, 7413, 7408,
    3495, 270, 1009, 1031, 2039, 2026, 4223, 4235, 3251, 3229, 2511, 971, 979, 4839, 4857, 4563,
    2088, 4558, 4282, 5028, 1507, 1542, 1928, 1528, 1518, 1552, 3742, 4129, 3756, 3721, 3766, 3732,
    5681, 5719, 2081, 0, 4275, 6224, 6186, 6312, 6508, 5518, 6004, 5807, 5563, 6020, 5534, 6524,
    6068, 6487, 5519, 5983)
# How far the jaw lies from its vertices, mm in the head frame (x left, y down, z away), right ear to chin.
_REST = np.array([[1.0, 0.3, 2.9], [1.6, 1.1, -0.8], [2.8, 0.7, -1.0], [3.4, -1.1, -1.1], [2.9, -2.1, -1.7], [1.6, -3.6, 0.0],
                  [3.0, -1.9, 2.0], [3.1, -2.4, 0.1], [0.0, -1.4, 3.9]])
JAW_REST = np.concatenate([_REST, _REST[7::-1] * [-1, 1, 1]])
JAW = slice(0, 17)
OFFSETS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "offsets.csv")
# Front views with two opinions from which offsets are measured anew. 500 portraits of our own gave them to 0.8 % of the box,
# 1.4 for the model's; drawn heads keep to the constants above, so fewer would only set the two apart.
ENOUGH = 2000
SHARE = np.concatenate([np.full(17, 0.6), np.full(10, 0.55), np.full(9, 0.5), np.zeros(32)])


def box_size(points):
    """sqrt(w h) of the tight box of (N, 68, 2) points."""
    return np.sqrt(np.prod(points.max(1) - points.min(1), axis=1))


def upright(offsets, ypr):
    """(N, 68, 2) picture offsets with the head's roll (ypr degrees, roll > 0 counter-clockwise) taken out."""
    roll = np.radians(ypr[:, 2])[:, None]
    x, y = offsets[..., 0], offsets[..., 1]
    return np.stack([np.cos(roll) * x - np.sin(roll) * y, np.sin(roll) * x + np.cos(roll) * y], -1)


def symmetric(offsets, mirror):
    """(68, 2) mean offsets averaged with their mirrored selves."""
    return 0.5 * (offsets + offsets[mirror] * [-1, 1])


def triangulated(offsets, rotation, mirror):
    """(68, 3) head-frame offsets that explain the picture offsets (N, 68, 2) of heads turned by rotation (N, 3, 3).

    Least absolute deviations by reweighting, sides averaged.
    """
    seen = rotation[:, :2]
    out = np.zeros((68, 3))
    for j in range(68):
        weight = np.ones(len(seen))
        for _ in range(10):
            weighted = seen * weight[:, None, None]
            normal = np.einsum("nki,nkj->ij", weighted, seen) + 1e-3 * np.eye(3)
            out[j] = np.linalg.solve(normal, np.einsum("nki,nk->i", weighted, offsets[:, j]))
            away = np.linalg.norm(offsets[:, j] - seen.dot(out[j]), axis=1)
            weight = 1 / np.maximum(away, 0.005)
    return 0.5 * (out + out[mirror] * [-1, 1, 1])


def turned_evenly(ypr, usable, each=800):
    """Row numbers with as many portraits of each band of yaw, drawn with repetition."""
    rng, size = np.random.RandomState(0), np.abs(ypr[:, 0])
    bands = [np.where(usable & (size >= a) & (size < b))[0] for a, b in ((0, 15), (15, 25), (25, 35), (35, 60))]
    return np.concatenate([rng.choice(band, each) for band in bands if len(band)])


def offsets(portraits, ypr, fitted68, rotation, mirror):
    """`mean_offsets` of these portraits where enough of them are seen from the front by both teachers; else those that
    were measured on our own (offsets.csv)."""
    told = (portraits.quality == 2) & (np.abs(ypr[:, 0]) < 15) & np.isfinite(portraits.osf).all((1, 2))
    if told.sum() >= ENOUGH:
        return mean_offsets(portraits, ypr, fitted68, rotation, mirror)
    table = np.genfromtxt(OFFSETS, delimiter=",", skip_header=1)
    return table[:, 1:4], table[:, 4:7]


def mean_offsets(portraits, ypr, fitted68, rotation, mirror):
    """Offsets (68, 3) in the head's frame, share of the box: from MediaPipe's points to the definition, and from the
    model's 68 vertices (fitted68, picture pixels) to it. rotation: (N, 3, 3) camera_from_head of each portrait."""
    size = box_size(portraits.points)[:, None, None]
    osf = np.array(portraits.points)
    osf[:, OSF_TO_IBUG] = portraits.osf[:, :, :2]
    frontal = (portraits.quality == 2) & (np.abs(ypr[:, 0]) < 15)
    to_osf = np.median(upright((osf - portraits.points) / size, ypr)[frontal], axis=0)
    to_model = np.median(upright((fitted68 - portraits.points) / size, ypr)[frontal], axis=0)
    ours, model = (np.c_[symmetric(o, mirror), np.zeros(68)] for o in (to_osf * SHARE[:, None], to_model))
    rows = turned_evenly(ypr, portraits.quality == 2)
    from_mesh, from_model = (triangulated(((osf - p) / size)[rows], rotation[rows], mirror)
                             for p in (portraits.points, fitted68))
    ours[JAW, 2] = from_mesh[JAW, 2]
    model_to_ours = ours - model
    model_to_ours[JAW, 2] = from_model[JAW, 2]
    return ours, model_to_ours


def move(points, offsets, rotation, size):
    """points (N, 68, 2) moved by head-frame offsets (68, 3); rotation (N, 3, 3) camera_from_head (y down)."""
    return points + size[:, None, None] * np.einsum("nij,kj->nki", rotation[:, :2], offsets)


def vertices(ict, offsets, size_cm):
    """The 68 vertices of the face model nearest to lm68 + offsets ((68, 3), share of the box, y down, z away), and how
    far (17, 3) the jaw's are from there, mm (x left, y down, z away).

    Depth counts for the jaw alone, and half: elsewhere the skin itself gives it. Inner candidates lie within 2 cm of
    the original and move like it when the jaw opens.
    """
    v, lm = ict["verts"], ict["lm68"].copy()
    names = [str(n) for n in ict["ex_names"]]
    jaw = ict["ex_q"][names.index("jawOpen")].astype(float) * float(ict["ex_step"])
    parts = [str(p) for p in ict["part_names"]]
    skin = np.zeros(len(v), bool)
    shown = [parts.index(p) for p in ("face_narrow", "face_outer", "head_neck")]
    skin[np.unique(ict["tris"][np.isin(ict["tri_part"], shown)])] = True
    for i, vertex in enumerate(ict["lm68"]):
        shift = offsets[i] * size_cm * [1, -1, -1]
        if np.linalg.norm(shift) < 0.1:
            continue
        d = v - v[vertex] - shift
        depth = 0.5
        near = skin
        if i not in range(17):
            d[:, 2] += shift[2]
            depth = 0.05
            moves_alike = np.linalg.norm(jaw - jaw[vertex], axis=1) < 0.25
            near = skin & moves_alike & (np.linalg.norm(v - v[vertex], axis=1) < 2.0)
        cost = np.hypot(d[:, 0], d[:, 1]) + depth * np.abs(d[:, 2])
        lm[i] = np.where(near)[0][cost[near].argmin()]
    lm[9:17] = ict["mirror"][lm[7::-1]]
    rest = (v[ict["lm68"][JAW]] - v[lm[JAW]]) * [10, -10, -10] + offsets[JAW] * size_cm * 10
    return lm, 0.5 * (rest + rest[::-1] * [-1, 1, 1])
