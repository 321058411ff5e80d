"""Where the 68 points lie: one definition for portraits and renders, between its three sources.

The teachers disagree by constants: MediaPipe's jaw follows its mesh's outline and its brows the upper edge, its eyes
and lips agree with iBUG to 0.7 % of the box; OpenSeeFace is near iBUG in jaw, brows and nose and 2.4 % off at the lips
(by what removing each one's mean offset is known to gain on an annotated set). So: eyes and mouth from MediaPipe, jaw,
brows and nose moved towards OpenSeeFace by the shares below. The offsets are means over frontal training portraits, in
the head's frame, as a share of the box; the face model's own 68 vertices are moved to where the result lies.
"""
import numpy as np

from engines.training.portraits import OSF_TO_IBUG

# What `vertices` gave for the training portraits: the face model's vertex under each of the 68 points.
LANDMARK_VERTICES = (
    1792, 1050, 443, 1779, 1719, 1671, 250, 1443, 966, 3657, 2491, 3878, 3924, 3982, 2684, 3270,
    3995, 270, 1009, 1031, 2039, 2026, 4223, 4235, 3251, 3229, 2511, 971, 979, 4839, 4857, 4563,
    2088, 4558, 4282, 5028, 1507, 1542, 1928, 1528, 1518, 1552, 3742, 4129, 3756, 3721, 3766, 3732,
    5681, 5719, 2081, 0, 4275, 6224, 6186, 6312, 6508, 5518, 6004, 5807, 5563, 6020, 5534, 6524,
    6068, 6487, 5519, 5983)
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


def mean_offsets(portraits, ypr, fitted68, mirror):
    """Mean offsets from MediaPipe's points, share of the box: to the definition, and to the model's 68 vertices."""
    size = box_size(portraits.points)[:, None, None]
    osf = np.array(portraits.points)
    osf[:, OSF_TO_IBUG] = portraits.osf[:, :, :2]
    frontal = (portraits.quality == 2) & (np.abs(ypr[:, 0]) < 15)
    to_osf = np.median(upright((osf - portraits.points) / size, ypr)[frontal], axis=0)
    to_model = np.median(upright((fitted68 - portraits.points) / size, ypr)[frontal], axis=0)
    return symmetric(to_osf * SHARE[:, None], mirror), symmetric(to_model, mirror)


def move(points, offsets, rotation, size):
    """points (N, 68, 2) moved by head-frame offsets (68, 2); rotation (N, 3, 3) camera_from_head (y down)."""
    flat = np.concatenate([offsets, np.zeros((68, 1))], 1)
    return points + size[:, None, None] * np.einsum("nij,kj->nki", rotation[:, :2], flat)


def vertices(ict, offsets, size_cm):
    """The 68 vertices of the face model nearest to lm68 + offsets ((68, 2), share of the box, y down) in front view.

    Candidates lie within 2 cm of the original on the face's skin and move like it when the jaw opens.
    """
    v, lm = ict["verts"], ict["lm68"].copy()
    names = [str(n) for n in ict["ex_names"]]
    jaw = ict["ex_q"][names.index("jawOpen")].astype(float) * float(ict["ex_step"])
    skin = np.zeros(len(v), bool)
    parts = [str(p) for p in ict["part_names"]]
    skin[np.unique(ict["tris"][np.isin(ict["tri_part"], [parts.index("face_narrow"), parts.index("face_outer")])])] = True
    for i, vertex in enumerate(ict["lm68"]):
        shift = offsets[i] * size_cm * [1, -1]
        if np.hypot(*shift) < 0.1:
            continue
        d = v - v[vertex]
        near = skin & (np.linalg.norm(d, axis=1) < 2.0) & (np.linalg.norm(jaw - jaw[vertex], axis=1) < 0.25)
        cost = np.hypot(d[:, 0] - shift[0], d[:, 1] - shift[1]) + 0.05 * np.abs(d[:, 2])
        lm[i] = np.where(near)[0][cost[near].argmin()]
    return lm
