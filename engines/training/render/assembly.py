"""A scene turned into one mesh: the head with its hair, what it wears, and what is held before
it."""
import numpy as np

from appliance import geometry
from appliance.face import ARKIT
from engines.training.render import shapes
from engines.training.render.raster import join

# mm in the head frame: where the head turns on the spine.
NECK = np.array([0, 75, 75], np.float32)

def strands(look):
    """(3, 3) rest position (cm) to the pattern of the hair: fine across the strands, slow along
    them."""
    rng = np.random.default_rng(look["seed"] + 2)
    along = np.array([rng.normal(0, 0.35), 1, rng.normal(0, 0.35)])
    along /= np.linalg.norm(along)
    fine = rng.uniform(9, 18)
    return fine * (np.eye(3) - (0.85 - 0.6 * look["curl"]) * np.outer(along, along))


def build(scene, world, fine=True):
    """(mesh in the camera frame, head vertices in the head frame, rims of the spectacles or None,
    rng).

    fine: every triangle of the face model, for pictures in which an eye is more than some 20
    pixels wide.
    """
    look, model = scene.look, world.model
    rng = np.random.default_rng(look["seed"])
    v = model.vertices(scene.identity, scene.blendshapes, scene.gaze)
    n = model.normals(v)
    paint = world.painter.paint(rng, look)
    if scene.albedo is not None:
        known = np.isfinite(scene.albedo) & world.painter.skin
        paint[known, 0], paint[known, 3] = scene.albedo[known], 0
    paint[:, 1] = world.shade(scene.blendshapes, v, n)
    textured = np.where(world.painter.eyes[:, None], model.eye, model.rest)
    meshes = [shapes.Mesh(v, n, paint, textured, _visible(scene, world, v, fine))]
    meshes += _hair(rng, look, v, n, world.painter) + _worn(rng, look, v, n, world.painter)
    meshes += _tongue(scene, model.landmarks(v))
    neck = v[v[:, 1] > np.percentile(v[:, 1], 99.5)].mean(0)
    meshes += shapes.shoulders(neck, look["cloth"], rng)
    more, rims = [], None
    if look["glasses"]:
        lm = model.landmarks(v)
        middles = np.array([lm[[42, 45]].mean(0), lm[[36, 39]].mean(0)])
        more, rims = shapes.spectacles(middles, np.ptp(lm[[0, 16], 0]) + 4,
                                       lm[[0, 16], 2].mean(), rng, lm[27, 2] - 2)
    mesh = join([_bent(join(meshes), scene), *more, *_held(rng, look, scene)])
    mesh = shapes.placed(mesh, scene.rotation, scene.translation)
    return mesh, v, rims, rng


def _bent(mesh, scene):
    """The mesh (head frame) with the neck bent so that the shoulders keep their own direction."""
    if scene.body is None:
        return mesh
    turn = scene.rotation.T.dot(geometry.matrix_from_angles(*scene.body)).astype(np.float32)
    share = np.clip((-9.5 - mesh.rest[:, 1:2]) / 6.0, 0, 1)
    share = (share * share * (3 - 2 * share)).astype(np.float32)
    turned = (mesh.position - NECK).dot(turn.T) + NECK
    return mesh._replace(position=mesh.position + share * (turned - mesh.position),
                         normal=mesh.normal + share * (mesh.normal.dot(turn.T) - mesh.normal))


def _visible(scene, world, v, fine):
    """The head's triangles; without the mouth's inside while the lips are shut."""
    inner = world.model.landmarks(v)
    gap = np.linalg.norm(inner[[61, 62, 63]] - inner[[67, 66, 65]], axis=1).max()
    if gap > 1.2 or scene.blendshapes[ARKIT["tongueOut"]] > 0:
        return world.triangles[fine]
    return world.mouth_shut[fine]


def _tongue(scene, lm):
    share = scene.blendshapes[ARKIT["tongueOut"]]
    if share == 0:
        return []
    return [shapes.tongue(lm[66], lm[62], share, 0.5 * scene.look["tone"] + 0.04)]


def _hair(rng, look, v, n, painter):
    model = painter.model
    above = painter.above_hairline(look["hairline"]) + 3 * painter.lumps(rng, 1, 2, 4)
    if look["bangs"]:
        front = np.clip(1 - np.abs(model.rest[:, 0]) / 6.5, 0, 1) * (model.rest[:, 2] > 5)
        above = above + front * rng.uniform(8, 20)
    share = np.clip(above / rng.uniform(3, 9), 0, 1) * (model.part <= 2)
    if look["bald"]:
        share *= (np.abs(model.rest[:, 0]) > 6) * (rng.random() < 0.5) * 0.7
    if look["worn"] == "hood" or share.max() <= 0.02:
        return []
    lumps = painter.lumps(rng, 0.7, 0.7, 1.2)
    top = np.clip(model.rest[:, 1] / 12, 0.3, 1) ** rng.uniform(0, 2)
    thick = look["volume"] * (0.4 if look["worn"] else 1) * top
    out = [shapes.hair_shell(v, n, model.rest, model.coarse, share * a, thick * b, lumps)
           for a, b in ((1.0, 0.5), (0.9, 0.85), (0.75, 1.0))]
    if look["long"] and not look["bald"]:
        out += shapes.curtain(v, model.rest, look["volume"], rng)
    return out


def _worn(rng, look, v, n, painter):
    """Headsets and hats."""
    model, kind = painter.model, look["worn"]
    albedo = np.exp(rng.uniform(np.log(0.01), np.log(0.6)))
    if kind == "headset":
        lm = model.landmarks(v)
        ears = lm[[16, 0]] + np.array([[6, -5, 24], [-6, -5, 24]])
        top = np.array([0, v[:, 1].min() - 6, ears[:, 2].mean() - rng.uniform(-10, 25)])
        return shapes.headband(top, ears, albedo, rng.random() < 0.75)
    if kind == "band":
        share = ((np.abs(painter.above_hairline(rng.uniform(-8, 8)) - 4)
                 < rng.uniform(4, 8)) & (model.part <= 2)) * 1.0
        return [shapes.hair_shell(v, n, model.rest, model.coarse, share,
                                  7 + 0 * share, 0 * share, shapes.MATTE, albedo)]
    if kind in ("cap", "hood"):
        lift = rng.uniform(-14, 4) if kind == "cap" else 0
        above = painter.above_hairline(lift) + (12 if kind == "hood" else 0)
        if kind == "cap":
            above = np.where(model.rest[:, 1] < 4.5, -1, above)
        share = (above > 0) * (model.part <= 2) * 1.0
        lumps = painter.lumps(rng, 0.4, 0.8)
        thick = rng.uniform(10, 16) + 0 * share
        out = [shapes.hair_shell(v, n, model.rest, model.coarse, share, thick, 0.4 * lumps,
                                 shapes.MATTE, albedo)]
        front = v[(share > 0) & (model.rest[:, 2] > 6)]
        if kind == "cap" and rng.random() < 0.6 and len(front):
            low = front[:, 1] > np.percentile(front[:, 1], 80)
            edge = front[low].mean(0)
            out.append(shapes.ellipsoid(edge + (0, 2, -38), (62, 4, 62), albedo, shapes.MATTE))
        return out
    return []


def _held(rng, look, scene):
    """Things in front of the face, placed in the head frame."""
    if look["occluder"] == "hand":
        turn = geometry.matrix_from_angles(
            rng.uniform(-30, 30), rng.uniform(-30, 30), rng.uniform(-120, 120))
        centre = np.array([rng.normal(0, 45), rng.normal(40, 50), rng.uniform(-95, -70)])
        tone = look["tone"] * rng.uniform(0.8, 1.1)
        return shapes.hand(rng, centre, tone, turn, rng.uniform(0, 1.2))
    if look["occluder"] == "microphone":
        tip = np.array([rng.normal(0, 30), rng.uniform(55, 95), rng.uniform(-110, -80)])
        end = tip + np.array([rng.normal(0, 60), 150, rng.normal(-10, 30)])
        return [shapes.ellipsoid(tip, np.full(3, rng.uniform(15, 30)), 0.05),
                shapes.tube([tip, end], rng.uniform(8, 14), 0.04, shapes.GLOSSY, 12)]
    if look["occluder"] == "mug":
        foot = np.array([rng.normal(0, 20), rng.uniform(75, 120), rng.uniform(-110, -90)])
        tilt = np.array([0, -1, rng.uniform(0, 0.6)]) * rng.uniform(70, 95)
        albedo = rng.uniform(0.03, 0.7)
        return [shapes.tube([foot, foot + tilt], rng.uniform(32, 42), albedo, shapes.GLOSSY, 20),
                shapes.ellipsoid(foot, (36, 4, 36), albedo, shapes.GLOSSY)]
    return []
