"""A person's head as a mesh: identity, ARKit weights and gaze in, vertices in our head frame out.

The head frame is that of docs/architecture.md: millimetres, x to the subject's left, y down, z to
the back of the head, origin midway between the eyeball centres, which lie 63 mm apart.
"""
import numpy as np

from scipy import sparse
from scipy.spatial import cKDTree

from appliance.face import ARKIT
from engines.training.definition import JAW, JAW_REST, LANDMARK_VERTICES

EYE_DISTANCE = 63.0
# The mesh's eyeball is wider (16 mm) than a human one (12 mm): turned by the true angle its iris
# would move 1.4 times too far. 10.4 mm is the way from a human eye's centre of rotation to the
# pupil one sees.
PUPIL_ARM = 10.4
KAPPA = 5.0             # degrees by which a human eye's optical axis points outwards of its gaze
IRIS_ANGLE = 22.0       # half angle of the iris from the mesh's eyeball centre: 5.9 mm radius
LOOK_FULL = 30.0        # degrees of gaze at which an eyeLook shape is 1
DRAWN = ("face_narrow", "face_outer", "head_neck", "mouth_socket", "eye_socket_L", "eye_socket_R",
         "gums_tongue", "teeth_upper", "teeth_lower", "sclera_L", "sclera_R", "lashes_L",
         "lashes_R")
# Size of what is drawn as one corner in the coarse mesh, cm, for each of DRAWN.
COARSENESS = (0.42, 0.55, 1.1, 0.45, 0.3, 0.3, 0.4, 0.22, 0.22, 0.3, 0.3, 0.02, 0.02)
SHIRT = (8.8, -13.0)    # cm: what lies further out and lower is under every shirt
MOLARS = 7.9            # cm: teeth behind this depth are never seen
PARTS = {name: i for i, name in enumerate(DRAWN)}
_OURS = np.array([10.0, -10.0, -10.0], np.float32)


def look_weights(gaze):
    """The eight eyeLook weights that go with a gaze: {ARKit name: 0 to 1} from ((yaw, pitch) left,
    right)."""
    weights = {}
    for side, outwards, (yaw, pitch) in (("Left", 1, gaze[0]), ("Right", -1, gaze[1])):
        for name, value in (("Out", outwards * yaw), ("In", -outwards * yaw),
                            ("Up", pitch), ("Down", -pitch)):
            weights["eyeLook" + name + side] = float(np.clip(value / LOOK_FULL, 0, 1))
    return weights


def settle(blendshapes):
    """(52,) weights made possible for the mesh: mouthClose only closes what jawOpen opened."""
    w = np.clip(blendshapes, 0, 1).astype(np.float32)
    w[ARKIT["mouthClose"]] = min(w[ARKIT["mouthClose"]], w[ARKIT["jawOpen"]])
    return w


def _lids(w):
    """Weights as the lids can follow them: a closed lid has nothing left to squint, widen or
    lower."""
    w = w.copy()
    for side in ("Left", "Right"):
        open_share = 1 - w[ARKIT["eyeBlink" + side]]
        for name in ("eyeLookUp", "eyeLookDown", "eyeWide"):
            w[ARKIT[name + side]] *= open_share
        w[ARKIT["eyeSquint" + side]] *= 0.3 + 0.7 * open_share
    return w


def gaze_direction(yaw, pitch):
    """(3,) unit vector in the head frame of a gaze in degrees."""
    yaw, pitch = np.radians((yaw, pitch))
    return np.array([np.sin(yaw) * np.cos(pitch), -np.sin(pitch), -np.cos(yaw) * np.cos(pitch)])


def _turn(a, b):
    """(3, 3) smallest rotation of the unit vector a onto b."""
    v = np.cross(a, b)
    k = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    return np.eye(3) + k + k.dot(k) / (1 + a.dot(b))


def _cross(a, b):
    """(N, 3) cross products; numpy's own takes twice as long."""
    out = np.empty_like(a)
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        out[:, i] = a[:, j] * b[:, k] - a[:, k] * b[:, j]
    return out


class FaceModel:
    """The ICT face model, cut down to the parts worth drawing.

    source: (N,) index of each kept vertex in the full mesh. part: (N,) index into DRAWN. rest: (N,
    3) the mean head in cm, x left, y up, z forward (for painting). triangles: (T, 3);
    coarse: (T', 3) the same with fewer. mirror: (N,) left-right partner.
    eye: (N, 3) unit vector of an eyeball's vertex in the eye's own axes (z along its axis), 0
    elsewhere.
    """

    def __init__(self, path):
        """path: ict_face.npz. OSError when it is not there."""
        data = np.load(path, allow_pickle=False)
        names = [str(n) for n in data["part_names"]]
        chosen = np.isin(data["tri_part"], [names.index(n) for n in DRAWN])
        teeth = np.isin(data["tri_part"], [names.index("teeth_upper"), names.index("teeth_lower")])
        chosen &= ~(teeth & (data["verts"][data["tris"], 2].max(1) < MOLARS))
        rest = data["verts"][data["tris"]]
        chosen &= ~((np.abs(rest[..., 0]) > SHIRT[0]) & (rest[..., 1] < SHIRT[1])).all(1)
        tris, tri_part = data["tris"][chosen], data["tri_part"][chosen]
        self.source = np.unique(tris)
        where = np.full(len(data["verts"]), -1)
        where[self.source] = np.arange(len(self.source))
        self.triangles = where[tris].astype(np.int32)
        self.part = np.zeros(len(self.source), np.int8)
        for name in reversed(DRAWN):
            self.part[self.triangles[tri_part == names.index(name)].ravel()] = PARTS[name]
        self.rest = data["verts"][self.source]
        self.mirror = where[data["mirror"][self.source]]
        self.brow_distance = data["brow_dist_cm"][self.source].astype(np.float32)
        self.lips = data["lip_mask"][self.source].astype(np.float32)
        self._landmarks = where[list(LANDMARK_VERTICES)]
        self._lids = where[data["lm68"][[43, 47, 44, 46, 37, 41, 38, 40]]].reshape(2, 2, 2)
        self.lid_rim = self._lid_rim(tris, tri_part, names)
        self._base = (self.rest * _OURS).ravel()
        scale = np.tile(_OURS, len(self.source))
        self._identity = data["id_q"][:, self.source].reshape(100, -1) * (data["id_step"] * scale)
        shapes = data["ex_q"][:, self.source].reshape(57, -1) * (data["ex_step"] * scale)
        self._shapes = (data["arkit_to_ict"] @ shapes).astype(np.float32)
        self._faces_of_vertex = self._incidence()
        self._prepare_eyes(data)
        self.coarse = self._coarse()
        self._known = (None, None)

    def _lid_rim(self, tris, tri_part, names):
        """(N,) cm from each vertex to the nearest lid's rim, where skin turns into the eye's
        socket."""
        skin = np.unique(tris[tri_part == names.index("face_narrow")])
        rims = [np.intersect1d(skin, tris[tri_part == names.index("eye_socket_" + side)])
                for side in "LR"]
        rim = np.searchsorted(self.source, np.concatenate(rims))
        return cKDTree(self.rest[rim]).query(self.rest)[0].astype(np.float32)

    def _coarse(self):
        """(T', 3) triangles of the same vertices with fewer of them where a face 100 px wide does
        not show it."""
        x, y, z = self.rest.T
        lips = cKDTree(self.rest[self.lips > 0]).query(self.rest)[0]
        cell = np.array(COARSENESS)[self.part]
        ear = (np.abs(x) > 6.6) & (y > -3) & (y < 6.5) & (self.part <= 2)
        nose = (np.abs(x) < 2) & (y > -1.5) & (y < 4) & (self.part == 0)
        brow = (self.part == 0) & (self.brow_distance < 0.9)
        cell = np.where(ear | nose | brow, 0.26, cell)
        shown = (self.lid_rim < 0.9) | (lips < 0.5) | (self.brow_distance < 0.5)
        cell = np.where((self.part == 0) & shown, 0.17, cell)
        nostrils = (np.abs(x) < 2.2) & (np.abs(y) < 1.4) & (z > 9.5)
        kept = (self.lid_rim < 0.25) | (self.lips > 0) | nostrils
        cell = np.where((self.part == 0) & kept, 0.02, cell)
        key = np.c_[np.rint(self.rest / cell[:, None]), self.part, cell * 100].astype(int)
        _, group = np.unique(key, axis=0, return_inverse=True)
        order = np.argsort(group.ravel(), kind="stable")
        first = order[np.searchsorted(group.ravel()[order], np.arange(group.max() + 1))]
        t = first[group.ravel()][self.triangles]
        t = t[(t[:, 0] != t[:, 1]) & (t[:, 1] != t[:, 2]) & (t[:, 0] != t[:, 2])]
        _, once = np.unique(np.sort(t, 1), axis=0, return_index=True)
        t = t[np.sort(once)]
        sclera = np.isin(self.part, [PARTS["sclera_L"], PARTS["sclera_R"]])
        hidden = sclera & (self.eye[:, 2] < 0.1)
        return t[~hidden[t].all(1)].astype(np.int32)

    def _incidence(self):
        count = len(self.triangles)
        rows = self.triangles.ravel()
        columns = np.repeat(np.arange(count), 3)
        ones = np.ones(3 * count, np.float32)
        both = np.arange(count)
        a, b, c = self.triangles.T
        self._edges = sparse.csr_matrix(
            (np.r_[ones[:count], ones[:count], -ones[:count], -ones[:count]],
             (np.r_[both, both + count, both, both + count], np.r_[b, c, a, a])),
            (2 * count, len(self.source)))
        return sparse.csr_matrix((ones, (rows, columns)), (len(self.source), count))

    def _prepare_eyes(self, data):
        self.eyes = [np.flatnonzero(self.part == PARTS["sclera_" + s]) for s in "LR"]
        self.eye = np.zeros_like(self.rest)
        self._eye_rest, self._eye_fit, self._eye_axes, self._eye_offset = [], [], [], []
        for side, index in enumerate(self.eyes):
            ours = self._base.reshape(-1, 3)[index].astype(float)
            centre = data["eye_centre"][side] * _OURS
            axis = data["eye_axis_rest"][side] * np.array([1, -1, -1.0])
            axis /= np.linalg.norm(axis)
            up = np.array([0, -1.0, 0]) - axis * -axis[1]
            up /= np.linalg.norm(up)
            left = np.cross(up, axis) * -1
            if left[0] < 0:
                left = -left
            self.eye[index] = (ours - centre).dot(np.stack([left, up, axis], 1)) / 15.77
            self._eye_axes.append((axis, up, left))
            self._eye_rest.append(centre)
            self._eye_offset.append(centre - ours.mean(0))
            self._eye_fit.append(np.linalg.pinv(np.c_[ours, np.ones(len(ours))]))

    def _neutral(self, identity):
        """Vertices of a face at rest in our frame, and its two eyeball centres."""
        key = np.asarray(identity, np.float32).tobytes()
        if self._known[0] != key:
            identity = np.asarray(identity, np.float32)
            flat = self._base + identity.dot(self._identity[:len(identity)])
            v = flat.reshape(-1, 3)
            centres = np.array([v[i].mean(0) + o for i, o in zip(self.eyes, self._eye_offset)])
            scale = EYE_DISTANCE / np.linalg.norm(centres[0] - centres[1])
            middle = centres.mean(0)
            neutral = (v - middle) * scale
            closing = self._closing(neutral, scale)
            self._known = (key, (neutral, (centres - middle) * scale, scale, closing))
        return self._known[1]

    def _closing(self, neutral, scale):
        """(2,) by how much each eye's blink must be stretched for this person's lids to meet."""
        blink = self._shapes[[ARKIT["eyeBlinkLeft"], ARKIT["eyeBlinkRight"]]]
        blink = blink.reshape(2, -1, 3)[..., 1] * scale
        upper, lower = self._lids[..., 0], self._lids[..., 1]
        gap = neutral[lower, 1] - neutral[upper, 1]
        way = np.stack([blink[k][upper[k]] - blink[k][lower[k]] for k in (0, 1)])
        return np.clip((gap + 0.2) / way, 0.9, 1.35).max(1)

    def vertices(self, identity, blendshapes, gaze=((0, 0), (0, 0))):
        """(N, 3) float32 mm. identity: up to (100,) standard deviations. blendshapes: (52,) ARKit
        weights, 0 to 1, eyeLook* among them. gaze: (2, 2) degrees, (yaw, pitch) of the left and
        the right eye, head-relative."""
        neutral, centres, scale, closing = self._neutral(identity)
        w = _lids(settle(blendshapes))
        w[[ARKIT["eyeBlinkLeft"], ARKIT["eyeBlinkRight"]]] *= closing
        active = np.flatnonzero(w)
        v = neutral + (w[active].dot(self._shapes[active]) * scale).reshape(-1, 3)
        for side, index in enumerate(self.eyes):
            # A cornea that looks up or aside would come through the closed lid, which
            # has no thickness.
            shut = 1 - 0.10 * min(1.0, 1.4 * w[ARKIT["eyeBlink" + ("Left", "Right")[side]]])
            turn = shut * self._eye_turn(side, gaze[side], scale)
            v[index] = (neutral[index] - centres[side]).dot(turn.T) + centres[side]
        return v.astype(np.float32)

    def _eye_turn(self, side, gaze, scale):
        outwards = (1, -1)[side]
        aim = gaze_direction(gaze[0] + outwards * KAPPA, gaze[1])
        arm = 15.77 * scale * np.cos(np.radians(IRIS_ANGLE))
        aim[:2] *= PUPIL_ARM / arm
        aim[2] = -np.sqrt(1 - aim[0] ** 2 - aim[1] ** 2)
        return _turn(self._eye_axes[side][0], aim)

    def landmarks(self, vertices):
        """(68, 3) points in iBUG order on any (N, 3) vertices of this mesh."""
        points = vertices[self._landmarks]
        points[JAW] += JAW_REST
        return points

    def lid_gaps(self, vertices):
        """(2, 2) mm from each eye's upper to its lower lid, at two places."""
        return vertices[self._lids[..., 1], 1] - vertices[self._lids[..., 0], 1]

    def iris(self, vertices, angle=IRIS_ANGLE):
        """(2, 5, 3) per eye (left, right): middle of the iris, and its rim towards the nose, up,
        towards the ear, down, in the eye's own axes; lids and lashes are looked through."""
        return np.stack([self._iris(side, vertices, np.radians(angle)) for side in (0, 1)])

    def _iris(self, side, vertices, angle):
        axis, up, left = self._eye_axes[side]
        ear = left * (1, -1)[side]
        directions = np.stack([0 * axis, -ear, up, ear, -up])
        points = self._eye_rest[side] + 15.77 * (np.cos(angle) * axis + np.sin(angle) * directions)
        return np.c_[points, np.ones(5)].dot(self._eye_fit[side].dot(vertices[self.eyes[side]]))

    def normals(self, vertices):
        """(N, 3) float32 unit normals out of the surface."""
        edges = self._edges.dot(vertices).reshape(2, -1, 3)
        n = self._faces_of_vertex.dot(_cross(edges[0], edges[1]))
        return (n / (np.linalg.norm(n, axis=1, keepdims=True) + 1e-9)).astype(np.float32)
