"""How good a network is while it trains: a network in, one line of text out, on rows kept out of its training.

Each class holds its pictures; calling it with a network in evaluation mode gives the line.
"""
import numpy as np
import torch

from appliance.stages.pose import STABLE
from engines.training import expressions, eyes, faces, losses, mistakes, pictures
from engines.training.definition import box_size
from engines.training.losses import rotation_matrix

NOISE = 4.0         # sigma of what a still picture trembles under
BELIEVED = 0.5      # score from which a face, an eye or a cell counts as seen


def shown(net, rows):
    """The network's outputs for the pictures of rows, as numpy arrays."""
    inputs = {k: torch.from_numpy(column(rows, k)) for k in ("image", "turn") if k in rows[0]}
    with torch.no_grad():
        return {k: v.numpy() for k, v in net(*losses.given(inputs, inputs)).items()}


def column(rows, name):
    """One label of all rows, stacked."""
    return np.stack([r[name] for r in rows])


def correlations(found, truth):
    """(K,) correlation of each column over the rows; NaN where the truth never changes."""
    found, truth = found - found.mean(0), truth - truth.mean(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (found * truth).sum(0) / np.sqrt((found ** 2).sum(0) * (truth ** 2).sum(0))


def geodesic(a, b):
    """(N,) degrees between rotations (N, 3, 3)."""
    trace = np.einsum("nij,nij->n", a, b)
    return np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1)))


class Landmarks:
    """Points (% of the box), rotation, missed faces; false faces among negatives; how far points and rotation come to rest
    where only noise, or only the face, moves."""

    def __init__(self, portraits, renders, backgrounds, negatives=400, most=500, hard=(), size=faces.SIZE, samples=(),
                 twice=None):
        source = faces.Faces(faces.several(portraits) + list(samples), renders, backgrounds, seed=99, size=size)
        self.sets = [("portraits", _plain(source, portraits, len(portraits["luma"])))] if portraits else []
        self.sets += [("samples", _plain(source, rows, min(most, len(rows["luma"])))) for rows, _ in samples]
        if renders is not None:
            self.sets.append(("renders", _plain(source, renders, min(most, len(renders["luma"])))))
        self.negatives = [("negatives", [source.negative() for _ in range(negatives)])]
        if len(hard):
            self.negatives.append(("mistakes", [{"image": mistakes.middle(crop, size)} for crop in hard]))
        self.twice = [("noise", [source.row(portraits, i // 2, True, grain=NOISE) for i in range(
            2 * min(most // 5, len(portraits["luma"])))])] if portraits else []
        if twice:
            self.twice.append(("acting", [source.row(twice, i, True, i // 2 * 2) for i in range(len(twice["luma"]))]))

    def mean_points(self):
        """(68, 2) mean face in crop pixels: where the network begins."""
        return column(self.sets[0][1], "points").mean(0)

    def __call__(self, net):
        """The line for the log."""
        parts = [self._set(net, name, rows) for name, rows in self.sets]
        for name, rows in self.negatives:
            false = (shown(net, rows)["score"] > BELIEVED).mean()
            parts.append("%s seen as faces %.1f %%" % (name, 100 * false))
        return "; ".join(parts + [self._rest(net, name, rows) for name, rows in self.twice])

    def _rest(self, net, name, rows):
        out, points = shown(net, rows), column(rows, "points")
        moved = (out["points"] - points).reshape(-1, 2, 68, 2)
        step = np.linalg.norm(moved[:, 0] - moved[:, 1], axis=2) / box_size(points)[::2, None] * 100
        turned = np.einsum("nij,nkj->nik", rotation_matrix(torch.from_numpy(out["rotation"])).numpy(),
                           column(rows, "rotation"))
        return "%s step %.3f stable %.3f turn %.3f" % (name, step.mean(), step[:, STABLE].mean(), geodesic(
            turned[::2], turned[1::2]).mean())

    def _set(self, net, name, rows):
        out, points = shown(net, rows), column(rows, "points")
        error = np.linalg.norm(out["points"] - points, axis=2) / box_size(points)[:, None] * 100
        turned = rotation_matrix(torch.from_numpy(out["rotation"])).numpy()
        away = geodesic(turned, column(rows, "rotation"))[column(rows, "rotation_weight") > 0]
        text = "%s 68 %.2f inner %.2f rotation %.2f missed %.1f %%" % (
            name, error.mean(), error[:, 17:].mean(), _mean(away), 100 * (out["score"] < BELIEVED).mean())
        return text


class Expression:
    """Correlation of each shape with the truth on renders, and with the teacher on portraits."""

    def __init__(self, name, renders, portraits, most=500, samples=()):
        source = expressions.Expressions(name, renders, portraits, seed=99)
        self.sets = [(name, [source.row(rows, i, True) for i in range(min(most, len(rows["luma"])))])
                     for name, rows in [("renders", renders), ("portraits", portraits)] + _own(samples)]

    def __call__(self, net):
        """The line for the log."""
        parts = []
        for name, rows in self.sets:
            c = correlations(shown(net, rows)["shapes"], column(rows, "shapes"))
            c = c[np.isfinite(c)]
            parts.append("%s r mean %.3f, 0.7 and more: %d, least %.2f" % (
                name, c.mean(), (c >= 0.7).sum(), c.min()) if len(c) else "%s: no shape known" % name)
        return "; ".join(parts)


class Iris:
    """Iris points, gaze, openness and score on eyes kept out."""

    def __init__(self, renders, heads, portraits, most=1000, samples=()):
        source = eyes.Eyes((renders, heads, portraits))
        self.sets = [(name, [source.row(rows, i, True) for i in range(min(most, len(rows["openness"])))])
                     for name, rows in [("eyes", renders), ("heads", heads), ("portraits", portraits)] + _own(samples)]

    def __call__(self, net):
        """The line for the log."""
        return "; ".join(self._set(net, name, rows) for name, rows in self.sets)

    def _set(self, net, name, rows):
        out = shown(net, rows)
        seen, openness, found = column(rows, "visible") > 0, column(rows, "openness"), out["openness"][:, 0]
        apart = np.linalg.norm(out["points"] - column(rows, "points"), axis=2).mean(1)
        gaze = np.abs(out["gaze"] - column(rows, "gaze"))
        looking = seen & (openness > 0.3)
        return ("%s iris %.2f px gaze %.2f %.2f openness %.3f r %.3f, closed %.2f open %.2f, score right %.3f" % (
            name, _mean(apart[looking]), _mean(gaze[looking, 0]), _mean(gaze[looking, 1]),
            _mean(np.abs(found - openness)[seen]), correlations(found[seen, None], openness[seen, None])[0],
            _mean(found[seen & (openness < 0.2)]), _mean(found[seen & (openness > 0.8)]),
            ((out["score"][:, 0] > BELIEVED) == seen).mean()))


class Detector:
    """Per stride: the share of cells on a face that say so, and cells off any face that say so a picture."""

    def __init__(self, portraits, backgrounds, count=160, scenes=()):
        source = pictures.Pictures(portraits, None, backgrounds, seed=123, scenes=scenes)
        self.rows = [source.row() for _ in range(count)]

    def __call__(self, net):
        """The line for the log."""
        out = shown(net, self.rows)
        return "; ".join(self._stride(out, s) for s in pictures.RANGES)

    def _stride(self, out, stride):
        score = out["score%d" % stride][..., 0]
        on, near = (column(self.rows, "%s%d" % (k, stride)) > 0 for k in ("positive", "ignore"))
        false = ((score > BELIEVED) & ~on & ~near).sum() / len(self.rows)
        return "stride %d found %.3f false a picture %.3f" % (stride, _mean(score[on] > BELIEVED), false)


def _own(samples):
    return [("samples", rows) for rows, _ in samples]


def _plain(source, rows, count):
    return [source.row(rows, i, True) for i in range(count)]


def _mean(values):
    return float(np.mean(values)) if np.size(values) else float("nan")
