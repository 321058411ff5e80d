"""ICT-FaceKit's folder of OBJ files in, ict_face.npz out: the face model as fitting and drawing read it.

    verts, tris, uv, tris_uv, tri_part, tri_mat        the neutral mesh, cut into triangles, and what each belongs to
    id_q, ex_q                                         what identities and expressions add, whole multiples of a step
    arkit_to_ict                                       the 52 shapes as weights of the model's own
    lm68, lm68_jaw_vertical, mirror                    vertices of the 68 points, partners of the other side
    mp478_to_ict, mp478_spread_cm                      vertices under MediaPipe's points (mesh478.csv)
    eye_*, brow_dist_cm, lip_mask                      what is turned and painted

Unit: about a centimetre; x to the subject's left, y up, z out of the face. The same files give the same bytes of every array.
"""
import json
import os
import re

import cv2
import numpy as np

from appliance.errors import DataError, InputMissing
from appliance.face import ARKIT
from engines.training import shards
from engines.training.sources.correspondence import mesh478

NEUTRAL, INDICES = "generic_neutral_mesh.obj", "vertex_indices.json"
IDENTITIES = 100
ID_STEP, EX_STEP = 0.001, 0.0005        # of the model's unit; deltas of up to 16 units fit into int16
BESIDES = ("PupilDilate_L", "PupilDilate_R", "cheekRaiser_L", "cheekRaiser_R")      # in the folder, not in its list
VERTICES, POLYGONS = 26719, 26384
# The first polygon of each part, from the tables of the model's README.
PARTS = (("face_narrow", 0), ("face_outer", 6560), ("head_neck", 9230), ("mouth_socket", 11144), ("eye_socket_L", 13226),
         ("eye_socket_R", 13630), ("gums_tongue", 14034), ("teeth_upper", 17006), ("teeth_lower", 19250),
         ("sclera_L", 21496), ("iris_L", 22296), ("sclera_R", 23094), ("iris_R", 23894), ("lacrimal_L", 24692),
         ("lacrimal_R", 24855), ("eyeblend_L", 25018), ("eyeblend_R", 25033), ("eyeocc_L", 25048), ("eyeocc_R", 25176),
         ("lashes_L", 25304), ("lashes_R", 25844))
FACE = slice(0, 9409)                                       # vertices of the skin in front, likewise
SCLERA = (slice(21451, 22221), slice(23021, 23791))         # left, right
IRIS = (slice(22221, 23021), slice(23791, 24591))
# The README's jaw that stays on the skin when the head turns, in place of points 0 to 7 and 9 to 16.
JAW = (1278, 1272, 12, 1834, 243, 781, 2199, 1447), (3661, 4390, 3022, 2484, 4036, 2253, 3490, 3496)
BROW_DROP, FAR = 0.35, 9.0      # the model's brow points lie that much above where hair grows; distances end at FAR


def convert(folder, path):
    """Write ict_face.npz from the folder FaceXModel; InputMissing or DataError names the file that will not do."""
    shards.save(path, arrays(folder))


def arrays(folder):
    """{key: array} of the whole model."""
    indices = _indices(folder)
    mesh = Mesh(_needed(folder, NEUTRAL))
    if (len(mesh.vertices), len(mesh.polygons)) != (VERTICES, POLYGONS):
        raise DataError(os.path.join(folder, NEUTRAL), "%d vertices and %d polygons, not %d and %d" % (
            len(mesh.vertices), len(mesh.polygons), VERTICES, POLYGONS), "give FaceXModel of ICT-FaceKit's light model")
    names = indices["expressions"] + list(BESIDES)
    identity = _deltas(folder, ["identity%03d" % k for k in range(IDENTITIES)], mesh.vertices, ID_STEP)
    expression = _deltas(folder, names, mesh.vertices, EX_STEP)
    out = dict(mesh.arrays(), id_q=identity, id_step=np.float32(ID_STEP), ex_q=expression, ex_step=np.float32(EX_STEP),
               ex_names=np.array(names), arkit_names=np.array(list(ARKIT)), arkit_to_ict=arkit(names),
               **_landmarks(indices), **mesh478(), mirror=mirrored(mesh.vertices))
    out.update(_eyes(mesh.vertices, expression, names), **_paint(mesh.vertices, out["lm68"]))
    return out


class Mesh:
    """An OBJ file: vertices (N, 3) and uv (M, 2) float32, polygons [[(vertex, uv)]], material of each."""

    def __init__(self, path):
        self.vertices, self.uv, self.polygons, self.materials = [], [], [], []
        material = ""
        try:
            with open(path, encoding="latin-1") as lines:
                for line in lines:
                    kind, _, rest = line.partition(" ")
                    if kind == "usemtl":
                        material = rest.strip()
                    elif kind == "f":
                        self.polygons.append([tuple(int(n) - 1 for n in word.split("/")[:2]) for word in rest.split()])
                        self.materials.append(material)
                    elif kind in ("v", "vt"):
                        (self.vertices if kind == "v" else self.uv).append(rest.split())
            self.vertices = np.array(self.vertices, np.float32).reshape(-1, 3)
            self.uv = np.array([row[:2] for row in self.uv], np.float32).reshape(-1, 2)
        except ValueError as why:
            raise DataError(path, "no OBJ file of triangles and quads with uv (%s)" % why, "fetch it again") from why

    def arrays(self):
        """The mesh as triangles: each polygon as a fan around its first corner."""
        fans = [[(corners[0], corners[k], corners[k + 1]) for k in range(1, len(corners) - 1)] for corners in self.polygons]
        polygon = np.repeat(np.arange(len(fans)), [len(fan) for fan in fans])
        corners = np.array([triangle for fan in fans for triangle in fan], np.int32)
        kinds = sorted(set(self.materials))
        part = np.searchsorted([first for _, first in PARTS], polygon, "right") - 1
        return dict(verts=self.vertices, uv=self.uv, tris=corners[..., 0], tris_uv=corners[..., 1],
                    tri_part=part.astype(np.int8), part_names=np.array([name for name, _ in PARTS]),
                    tri_mat=np.array([kinds.index(m) for m in self.materials], np.int8)[polygon],
                    mat_names=np.array(kinds))


def positions(path):
    """(N, 3) float32 vertices of an OBJ file, nothing else of it."""
    with open(path, encoding="latin-1") as lines:
        rows = [line[2:].split() for line in lines if line.startswith("v ")]
    try:
        return np.array(rows, np.float32).reshape(-1, 3)
    except ValueError as why:
        raise DataError(path, "a line of it is no vertex (%s)" % why, "fetch it again") from why


def arkit(names):
    """(52, K) float32: the ARKit shapes as weights of the model's; the tongue has none."""
    out = np.zeros((len(ARKIT), len(names)), np.float32)
    for name, row in ARKIT.items():
        own = re.sub("(Left|Right)$", lambda side: "_" + side.group()[0], name)
        for candidate in (name, own, name + "_L", name + "_R"):
            if candidate in names:
                out[row, names.index(candidate)] = 1
    return out


def mirrored(vertices):
    """(N,) int32: the vertex nearest to each one's mirror image."""
    from scipy.spatial import cKDTree
    return cKDTree(vertices).query(vertices * [-1, 1, 1])[1].astype(np.int32)


def _deltas(folder, names, neutral, step):
    out = np.empty((len(names),) + neutral.shape, np.int16)
    for k, name in enumerate(names):
        path = _needed(folder, name + ".obj")
        at = positions(path)
        if at.shape != neutral.shape:
            raise DataError(path, "%d vertices where %s has %d" % (len(at), NEUTRAL, len(neutral)), "fetch it again")
        out[k] = np.rint((at - neutral) / np.float32(step))
        if k % 20 == 19 or k + 1 == len(names):
            print("face model: %s, %d of %d" % (name, k + 1, len(names)), flush=True)
    return out


def _landmarks(indices):
    points = np.array(indices["idx_to_landmark_verts"], np.int32)
    fixed = points.copy()
    fixed[:8], fixed[9:17] = JAW
    return dict(lm68=points, lm68_jaw_vertical=fixed, rigid_verts=np.array(indices["idx_to_rigid_verts"], np.int32),
                fitting_verts=np.array(indices["idx_to_fitting_verts"], np.int32))


def _eyes(vertices, expression, names):
    """Spheres laid through the eyeballs, and the axis through the pupil: the middle of what a dilating pupil moves."""
    centre, radius = (np.array(values, np.float32) for values in zip(*(sphere(vertices[part]) for part in SCLERA)))
    axes, angle = [], np.full(len(vertices), -1.0)
    for side, name in enumerate("LR"):
        moved = np.abs(expression[names.index("PupilDilate_" + name)]).any(1)
        moved[:IRIS[side].start], moved[IRIS[side].stop:] = False, False
        axis = vertices[moved].mean(0) - centre[side]
        axes.append(axis / np.linalg.norm(axis))
        ray = vertices[SCLERA[side]] - centre[side]
        angle[SCLERA[side]] = np.degrees(np.arccos(np.clip(ray.dot(axes[-1]) / np.linalg.norm(ray, axis=1), -1, 1)))
    return dict(eye_centre=centre, eye_radius=radius, eye_axis_rest=np.array(axes, np.float32),
                eye_angle_deg=angle.astype(np.float16))


def sphere(points):
    """(centre (3,), radius) of the sphere nearest to points (N, 3), by least squares."""
    points = points.astype(float)
    x = np.linalg.lstsq(np.c_[2 * points, np.ones(len(points))], (points ** 2).sum(1), rcond=None)[0]
    return x[:3], np.sqrt(x[3] + (x[:3] ** 2).sum())


def _paint(vertices, points):
    """Where brows and lips are painted: cm from the brows' lines, what lies inside the outer lip seen from the front."""
    lines = [vertices[points[brow]].astype(float) - [0, BROW_DROP, 0] for brow in (slice(17, 22), slice(22, 27))]
    brow, lips = np.full(len(vertices), FAR), np.zeros(len(vertices), bool)
    brow[FACE] = np.minimum(FAR, np.min([_away(vertices[FACE].astype(float), line) for line in lines], axis=0))
    outline = vertices[points[48:60], :2]
    lips[FACE] = [cv2.pointPolygonTest(outline, (float(x), float(y)), False) >= 0 for x, y in vertices[FACE, :2]]
    return dict(brow_dist_cm=brow.astype(np.float16), lip_mask=lips)


def _away(points, line):
    """(N,) distance of points (N, 3) from a line of several pieces (K, 3)."""
    pieces = []
    for a, b in zip(line[:-1], line[1:]):
        along = np.clip((points - a).dot(b - a) / (b - a).dot(b - a), 0, 1)
        pieces.append(np.linalg.norm(points - a - along[:, None] * (b - a), axis=1))
    return np.min(pieces, axis=0)


def _indices(folder):
    path = _needed(folder, INDICES)
    try:
        with open(path, encoding="utf-8") as f:
            found = json.load(f)
        return {key: found[key] for key in ("expressions", "idx_to_landmark_verts", "idx_to_rigid_verts",
                                            "idx_to_fitting_verts")}
    except (ValueError, KeyError) as why:
        raise DataError(path, "not the list of the model's vertices (%r)" % why, "fetch it again") from why


def _needed(folder, name):
    path = os.path.join(folder, name)
    if not os.path.isfile(path):
        raise InputMissing(path, "no such file", "give the folder FaceXModel of a copy of ICT-FaceKit")
    return path
