"""The painted head: albedo, shade and hair of every vertex for a person who does not exist."""
import numpy as np
from scipy.spatial import cKDTree

from appliance.face import ARKIT
from engines.training.render.face_model import PARTS
from engines.training.render.raster import EYE, HAIR, SKIN, WET


def hairline(rest):
    """(N,) degrees by which each vertex (rest position, cm) lies above a usual hairline, and how
    far a lift of one degree moves the line there."""
    d = rest - np.array([0, 4.0, 0.5], np.float32)
    around = np.abs(np.degrees(np.arctan2(d[:, 0], d[:, 2])))
    above = np.degrees(np.arctan2(d[:, 1], np.hypot(d[:, 0], d[:, 2])))
    line = np.interp(around, [0, 25, 45, 60, 70, 78, 88, 100, 112, 130, 180],
                     [38, 37, 30, 20, 0, 2, 18, 12, -25, -38, -42])
    return above - line, np.interp(around, [0, 50, 80], [1, 1, 0.2])


def beard_share(rest):
    """(N,) 0 to 1 where a full beard grows: jaw, chin, upper lip, cheeks' lower part."""
    x, y, z = rest.T
    below = np.clip((-1.9 - y + 0.42 * (np.abs(x) - 3.0).clip(0)) / 1.0, 0, 1)
    moustache = np.clip(1 - np.abs(y + 1.75) / 0.8, 0, 1) * (z > 9)
    moustache *= np.clip(1 - (np.abs(x) - 2.6) / 0.8, 0, 1)
    jaw = below * np.clip((y + 11.5) / 2.5, 0, 1) * np.clip((z - 0.5) / 1.5, 0, 1)
    return np.clip(np.maximum(jaw, moustache), 0, 1)


# What folds the skin: a side's creases and the shapes that deepen them with their shares.
CREASES = tuple({name + side: share for name, share in shares.items()} for shares, sides in (
    ({"browDown": 1.0, "noseSneer": 0.4}, ("Left", "Right")), ({"browInnerUp": 1.0}, ("",)),
    ({"browOuterUp": 1.0}, ("Left", "Right")),
    ({"cheekSquint": 1.0, "eyeSquint": 0.7}, ("Left", "Right")),
    ({"noseSneer": 1.0}, ("Left", "Right"))) for side in sides)


def creases(seed, blendshapes):
    """(9,) 0 to about 1, how deep each of CREASES is: some skins fold readily, some stay smooth,
    and in two of five some folds are there at rest."""
    rng = np.random.default_rng(seed + 3)
    folds, worn = rng.uniform(0.1, 1.0), rng.uniform(0, 0.6) * (rng.random() < 0.4)
    at_rest = worn * np.repeat(rng.uniform(0, 1, 5), (2, 1, 2, 2, 2))
    drawn = [sum(share * blendshapes[ARKIT[name]] for name, share in of.items())
             for of in CREASES]
    return tuple(float(v) for v in at_rest + folds * np.minimum(drawn, 1) ** 1.3)


class Painter:
    """Keeps what never changes of the painting of one FaceModel."""

    def __init__(self, model):
        self.model = model
        part = model.part
        self.eyes = np.isin(part, [PARTS["sclera_L"], PARTS["sclera_R"]])
        self.teeth = np.isin(part, [PARTS["teeth_upper"], PARTS["teeth_lower"]])
        self.gums = np.isin(part, [PARTS["gums_tongue"], PARTS["mouth_socket"]])
        self.socket = np.isin(part, [PARTS["eye_socket_L"], PARTS["eye_socket_R"]])
        self.lashes = np.isin(part, [PARTS["lashes_L"], PARTS["lashes_R"]])
        self.skin = ~(self.eyes | self.teeth | self.gums | self.socket | self.lashes)
        self.rim = np.exp(-(model.lid_rim / 0.13) ** 2)
        self._above, self._lift = (a.astype(np.float32) for a in hairline(model.rest))
        self.beard = beard_share(model.rest) * self.skin
        rest = model.rest
        corners = np.array([[3.1, 3.45, 9.0], [-3.1, 3.45, 9.0]])
        away = [np.hypot((rest[:, 0] - c[0]) / 1.5, rest[:, 1] - c[1]) for c in corners]
        self.eye_distance = np.min(away, 0)
        self.material = np.where(self.eyes, EYE, np.where(self.teeth | self.gums, WET, SKIN))
        self.material[self.lashes] = HAIR
        self._near_brow = np.flatnonzero((part == PARTS["face_narrow"])
                                         & (model.brow_distance < 1.6))
        self._brow = cKDTree(rest[self._near_brow])

    def above_hairline(self, lift):
        """(N,) degrees above the hairline of a person, lifted by some degrees."""
        return self._above - np.float32(lift) * self._lift

    def lumps(self, rng, *sizes):
        """(N,) smooth random pattern on the skin, about -1 to 1; sizes: cycles per 6 cm."""
        rest = self.model.rest
        ways = np.array([rng.normal(0, s, 3) for s in sizes], np.float32)
        starts = rng.uniform(0, 6, len(sizes)).astype(np.float32)
        return np.sin(rest.dot(ways.T) + starts).mean(1)

    def paint(self, rng, look):
        """(N, 4) paint (albedo, 1, material, share of hair) for the `look` of a scene. Albedos are
        linear luma."""
        tone, makeup = look["tone"], look["makeup"]
        albedo = self._complexion(rng, tone, makeup)
        near = 1.3 - self._brow_distance(look["seed"]) / look["brow_width"]
        hair = look["brow_strength"] * np.clip(near, 0, 1)
        patchy = 1 + 0.3 * self.lumps(rng, 1, 2, 4)
        beard = np.clip(self.beard * patchy - 0.15 * rng.random(), 0, 1)
        hair = np.maximum(hair, look["beard"] * beard) * self.skin
        albedo = np.where(self.eyes, rng.uniform(0.17, 0.36), albedo)
        albedo = np.where(self.teeth, rng.uniform(0.25, 0.6), albedo)
        albedo = np.where(self.gums, tone * 0.45 + 0.03, albedo)
        albedo = np.where(self.socket, tone * 0.4, albedo)
        albedo[self.lashes] = 0.012 / look["hair"]
        root = 1.1 - self.model.lid_rim[self.lashes] / 0.5
        hair[self.lashes] = look["lashes"] * np.clip(root, 0, 1)
        return np.stack([albedo, np.ones_like(albedo), self.material, hair], 1).astype(np.float32)

    def _brow_distance(self, seed):
        """(N,) cm to the line of this person's brows: higher or lower, steeper, more or less
        arched than the mesh's, and not quite alike on both sides."""
        rng = np.random.default_rng(seed + 4)
        lift, tilt, arch, apart = rng.normal(0, (0.13, 0.09, 0.07, 0.03))
        at = self.model.rest[self._near_brow]
        out = (np.abs(at[:, 0]) - 3.4) / 2.4
        rise = lift + tilt * out + arch * (0.5 - out ** 2) + apart * np.sign(at[:, 0])
        away, index = self._brow.query(at - rise[:, None] * (0, 1, 0), 3)
        weight = 1 / (away + 0.02) ** 2
        distance = self.model.brow_distance.copy()
        known = self.model.brow_distance[self._near_brow][index]
        distance[self._near_brow] = (weight * known).sum(1) / weight.sum(1)
        return distance

    def _complexion(self, rng, tone, makeup):
        x, y, z = self.model.rest.T
        albedo = tone * (1 + rng.uniform(0.02, 0.12) * self.lumps(rng, 0.3, 0.6, 1.2))
        cheeks = np.exp(-((np.abs(x) - 4.5) ** 2 + (y - 0.5) ** 2) / 5) * (z > 5)
        albedo *= 1 - rng.uniform(0, 0.15) * cheeks
        rims = np.exp(-(self.eye_distance / 1.25) ** 4)
        albedo *= 1 - (rng.uniform(0.03, 0.3) + 0.3 * makeup * rng.random()) * rims
        albedo *= 1 - rng.uniform(0.1, 0.5 + 0.4 * makeup) * self.rim * (z > 8)
        lips = rng.uniform(0.45, 0.95) - 0.25 * makeup * rng.random()
        return albedo * (1 - (1 - lips) * self.model.lips)
