"""The face model laid over each portrait: 478 teacher points in, identity, expression and pose out.

Weak perspective (no portrait tells its camera). Alternates between the pose for a given shape and a ridge-regularised
linear least squares for the shape, expression weights kept within 0 and 1. About 10 ms a portrait.
"""
import numpy as np

IDENTITIES = 40


class Fitter:
    """Least-squares fit of identity (40,) and ARKit weights (52,) to the teacher's mesh points."""

    def __init__(self, ict):
        m = ict["mp478_to_ict"]
        spread = ict["mp478_spread_cm"].astype(float)
        self.used = np.where((m >= 0) & (spread < 0.35))[0]
        v = m[self.used]
        self.neutral = ict["verts"][v].astype(float)
        self.identity = ict["id_q"][:IDENTITIES, v].astype(float) * float(ict["id_step"])
        raw = ict["ex_q"][:, v].astype(float) * float(ict["ex_step"])
        self.expression = np.tensordot(ict["arkit_to_ict"].astype(float), raw, 1)
        # mouthClose is a corrective that must never exceed jawOpen, tongueOut has no shape: neither is fitted
        names = [str(n) for n in ict["arkit_names"]]
        self.fixed = np.array([n in ("mouthClose", "tongueOut") or n.startswith("eyeLook") for n in names])
        self.basis = np.concatenate([self.identity, self.expression]).transpose(1, 2, 0)    # (P, 3, 92)
        # one standard deviation of identity costs as much as 0.02 of the face's width of misfit on all points;
        # expressions are cheaper: they are what varies within a person
        self.ridge = np.concatenate([np.full(IDENTITIES, 1.0), np.full(52, 2.0)]) * 0.25

    def __call__(self, points, rotation, iterations=5):
        """points (478, 2) with y up, rotation (3, 3) to begin with; returns identity, weights, R, scale, offset, rms
        (rms in the unit of the points)."""
        target = points[self.used]
        coefficients = np.zeros(IDENTITIES + 52)
        r = rotation.astype(float)
        for _ in range(iterations):
            shape = self.neutral + self.basis.dot(coefficients)
            r, scale, offset = pose(shape, target, r)
            coefficients = self._shape(target, r, scale, offset)
        shape = self.neutral + self.basis.dot(coefficients)
        r, scale, offset = pose(shape, target, r)
        rms = np.sqrt(((scale * shape.dot(r[:2].T) + offset - target) ** 2).sum(1).mean())
        return coefficients[:IDENTITIES], coefficients[IDENTITIES:], r, scale, offset, rms

    def _shape(self, target, r, scale, offset):
        a = (scale * np.tensordot(self.basis, r[:2], ([1], [1]))).transpose(0, 2, 1).reshape(-1, self.basis.shape[2])
        b = (target - offset - scale * self.neutral.dot(r[:2].T)).reshape(-1)
        normal, right = a.T.dot(a) / scale ** 2, a.T.dot(b) / scale ** 2
        normal[np.diag_indices_from(normal)] += self.ridge
        free = np.concatenate([np.ones(IDENTITIES, bool), ~self.fixed])
        x = np.zeros(len(free))
        for _ in range(3):      # weights that leave 0..1 are put on the bound and the rest solved again
            x[free] = np.linalg.solve(normal[np.ix_(free, free)], right[free] - normal[np.ix_(free, ~free)].dot(x[~free]))
            w = x[IDENTITIES:]
            out = ((w < 0) | (w > 1)) & free[IDENTITIES:]
            if not out.any():
                break
            x[IDENTITIES:] = np.clip(w, 0, 1)
            free[IDENTITIES:] &= ~out
        x[IDENTITIES:] = np.clip(x[IDENTITIES:], 0, 1)
        x[:IDENTITIES] = np.clip(x[:IDENTITIES], -3, 3)
        return x


def pose(shape, target, r, iterations=3):
    """Weak-perspective pose: rotation, scale and offset that lay `shape` (P, 3) on `target` (P, 2)."""
    for _ in range(iterations):
        turned = shape.dot(r.T)
        p = turned[:, :2]
        pc, tc = p - p.mean(0), target - target.mean(0)
        scale = (pc * tc).sum() / (pc * pc).sum()
        z = turned[:, 2] - turned[:, 2].mean()
        residual = tc / scale - pc
        # small rotation w: d(x, y) = (wy z - wz y, wz x - wx z)
        a = np.zeros((len(p), 2, 3))
        a[:, 0, 1], a[:, 0, 2] = z, -pc[:, 1]
        a[:, 1, 0], a[:, 1, 2] = -z, pc[:, 0]
        w = np.linalg.lstsq(a.reshape(-1, 3), residual.reshape(-1), rcond=None)[0]
        r = turn(w).dot(r)
    p = shape.dot(r[:2].T)
    pc, tc = p - p.mean(0), target - target.mean(0)
    scale = (pc * tc).sum() / (pc * pc).sum()
    return r, scale, target.mean(0) - scale * p.mean(0)


def turn(w):
    """(3, 3) rotation by the vector w (radians), Rodrigues."""
    angle = np.linalg.norm(w)
    if angle < 1e-12:
        return np.eye(3)
    k = np.array([[0, -w[2], w[1]], [w[2], 0, -w[0]], [-w[1], w[0], 0]]) / angle
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k.dot(k)
