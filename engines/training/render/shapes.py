"""Simple bodies around a head (shoulders, hair, spectacles, hands, things held) as meshes in the
head frame."""
import numpy as np

from engines.training.render.raster import GLOSSY, HAIR, MATTE, SKIN, WET, Mesh


def _grid(position, closed, paint):
    """Mesh of a (rows, columns, 3) grid of points; closed: the last column joins the first."""
    rows, columns = position.shape[:2]
    i = np.arange(rows * columns).reshape(rows, columns)
    right = np.roll(i, -1, 1) if closed else i[:, 1:]
    left = i if closed else i[:, :-1]
    a, b, c, d = left[:-1].ravel(), right[:-1].ravel(), left[1:].ravel(), right[1:].ravel()
    triangles = np.r_[np.c_[a, b, c], np.c_[b, d, c]].astype(np.int32)
    p = position.reshape(-1, 3).astype(np.float32)
    n = np.zeros_like(p)
    for k in range(3):
        t = [triangles[:, (k + m) % 3] for m in range(3)]
        np.add.at(n, t[0], np.cross(p[t[1]] - p[t[0]], p[t[2]] - p[t[0]]))
    n /= np.linalg.norm(n, axis=1, keepdims=True) + 1e-9
    look = np.tile(np.asarray(paint, np.float32), (len(p), 1))
    rest = p * np.float32([0.1, -0.1, -0.1]) + np.float32([0, 3.6, 8.0])
    return Mesh(p, n, look, rest, triangles)


def ellipsoid(centre, radii, albedo, material=MATTE, rotation=np.eye(3), rows=14, columns=20):
    """Closed ellipsoid; rotation (3, 3) turns its axes."""
    t = np.linspace(0.001, np.pi - 0.001, rows)[:, None]
    f = np.linspace(0, 2 * np.pi, columns, endpoint=False)[None]
    unit = np.stack([np.sin(t) * np.cos(f), np.cos(t) + 0 * f, np.sin(t) * np.sin(f)], -1)
    return _outwards(_grid((unit * radii).dot(np.asarray(rotation).T) + centre, True,
                           (albedo, 1, material, 0)), centre)


def _outwards(mesh, centre):
    flip = np.sum(mesh.normal * (mesh.position - centre), 1).mean() < 0
    return mesh._replace(normal=-mesh.normal) if flip else mesh


def tube(points, radii, albedo, material=MATTE, sides=8):
    """Round bar along (K, 3) points with (K,) radii."""
    points = np.asarray(points, float)
    radii = np.broadcast_to(radii, len(points))
    along = np.gradient(points, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-9
    helper = np.array([0.31, 0.2, 0.93]) if abs(along[0, 2]) < 0.8 else np.array([0.9, 0.3, 0.1])
    u = np.cross(along, helper)
    u /= np.linalg.norm(u, axis=1, keepdims=True) + 1e-9
    v = np.cross(along, u)
    a = np.linspace(0, 2 * np.pi, sides, endpoint=False)[None, :, None]
    ring = np.cos(a) * u[:, None] + np.sin(a) * v[:, None]
    mesh = _grid(points[:, None] + ring * radii[:, None, None], True, (albedo, 1, material, 0))
    return mesh._replace(normal=ring.reshape(-1, 3).astype(np.float32))


def capsule_chain(points, radii, albedo, material=SKIN):
    """A finger: a bar along a few joints with a rounded tip."""
    points, radii = np.asarray(points, float), np.asarray(radii, float)
    t = np.linspace(0, len(points) - 1, 5 * len(points))
    line = np.stack([np.interp(t, np.arange(len(points)), points[:, k]) for k in range(3)], 1)
    thick = np.interp(t, np.arange(len(points)), radii)
    end = line[-1] - line[-2]
    end /= np.linalg.norm(end) + 1e-9
    caps = [0.4, 0.7, 0.9, 0.995]
    line = np.vstack([line] + [line[-1:] + end * thick[-1] * c for c in caps])
    thick = np.r_[thick, [thick[-1] * np.sqrt(1 - c * c) for c in caps]]
    return tube(line, thick, albedo, material, 10)


def shoulders(neck, albedo, rng):
    """A shirt over neck and shoulders. neck: (x, y, z) mm of the bust's foot in the head frame."""
    wide, collar = rng.uniform(0.92, 1.12), rng.uniform(0.0, 1.0)
    high = np.array([-98 + 36 * collar, -82 + 24 * collar, -69, -54, -30, 10, 85, 300])
    half = np.array([66 + 22 * collar, 84 + 14 * collar, 112, 146, 172, 190, 198, 200]) * wide
    deep = np.array([68 + 8 * collar, 80, 92, 98, 100, 102, 108, 115])
    a = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    c, s = (np.sign(f) * np.abs(f) ** 0.85 for f in (np.cos(a), np.sin(a)))
    # A collar stands lower in front than behind.
    drop = np.outer(np.interp(high, [-90, -12], [1, 0]), -s) * (8 + 14 * collar)
    rings = np.stack([np.outer(half, c), high[:, None] + drop, np.outer(deep, s)], -1)
    rings += neck + np.array([0, 0, 8])
    return [_outwards(_grid(rings, True, (albedo, 1, MATTE, 0)), rings.reshape(-1, 3).mean(0))]


def spectacles(eyes, face_width, ear_depth, rng, bridge_depth):
    """Frame of two rims, bridge and temples; and the rims as (2, K, 3) for painting lenses.

    eyes: (2, 3) lid middles (left, right); face_width: mm at the temples; ear_depth: z of the
    ears.
    """
    thick, albedo = rng.uniform(0.5, 2.4), rng.choice([0.02, 0.03, 0.1, 0.3, 0.6])
    wide, high = rng.uniform(22, 29), rng.uniform(15, 25)
    power = rng.uniform(2.0, 4.5)
    a = np.linspace(0, 2 * np.pi, 28)
    c, s = np.cos(a), np.sin(a)
    front = bridge_depth - rng.uniform(2, 8)
    drop = rng.uniform(0, 6)
    rims, meshes = [], []
    for side, eye in zip((1, -1), eyes):
        x = eye[0] + side * 1.5 + wide * np.sign(c) * np.abs(c) ** (2 / power)
        y = eye[1] + drop + high * np.sign(s) * np.abs(s) ** (2 / power)
        z = front + 0.0022 * x ** 2 + 0.08 * (y - eye[1])
        rims.append(np.stack([x, y, z], 1))
        if thick > 0.7:
            meshes.append(tube(rims[-1], thick, albedo, GLOSSY, 6))
        hinge = rims[-1][np.argmax(side * x)]
        ear = np.array([side * face_width / 2, eye[1] - 2, ear_depth])
        corner = np.array([side * face_width / 2 * 0.99, hinge[1] - 3, hinge[2] + 12])
        temple = [hinge, corner, ear, ear + (0, 18, 14)]
        meshes.append(tube(temple, thick * 0.8 + 0.3, albedo, GLOSSY, 6))
    inner = [rims[0][np.argmin(rims[0][:, 0])], rims[1][np.argmax(rims[1][:, 0])]]
    bow = (inner[0] + inner[1]) / 2 + (0, -3, -2)
    meshes.append(tube([inner[0], bow, inner[1]], thick + 0.3, albedo, GLOSSY, 6))
    return meshes, np.array(rims)


def hand(rng, centre, albedo, turn, spread):
    """Back of a hand with its fingers, in front of the face. turn (3, 3): the hand's x across, y
    to the wrist."""
    meshes = [ellipsoid((0, 0, 0), (42, 46, 14), albedo, SKIN)]
    for k, (x, length) in enumerate(zip((-32, -11, 11, 31), (62, 76, 72, 55))):
        lean = spread * (k - 1.5) * 14 + rng.normal(0, 3)
        bend = rng.uniform(0, 18)
        meshes.append(capsule_chain([(x, -30, 0), (x + 0.3 * lean, -30 - 0.55 * length, 4),
                                     (x + lean, -30 - length, 4 + bend)], (10, 9, 7.5), albedo))
    meshes.append(capsule_chain([(-30, 20, 0), (-58, -4, 6), (-66, -34, 10)], (13, 11, 9), albedo))
    meshes.append(tube([(0, 30, 0), (0, 120, 10), (0, 320, 40)], (30, 28, 38), albedo, SKIN, 12))
    return [placed(m, turn, centre) for m in meshes]


def placed(mesh, rotation, translation):
    """The mesh turned and moved; textures stay on it."""
    rotation = np.asarray(rotation, np.float32)
    moved = mesh.position.dot(rotation.T) + np.asarray(translation, np.float32)
    return mesh._replace(position=moved, normal=mesh.normal.dot(rotation.T))


def hair_shell(vertices, normals, rest, triangles, share,
               thickness, lumps, material=HAIR, albedo=1.0):
    """A second skin over the scalp. share (N,): 0 none, 1 full hair; thickness (N,): mm; lumps
    (N,): -1 to 1."""
    used = (share[triangles] > 0.02).any(1)
    index, flat = np.unique(triangles[used], return_inverse=True)
    lift = thickness[index] * np.sqrt(share[index]) * (1 + 0.5 * lumps[index])
    position = vertices[index] + normals[index] * lift[:, None]
    same = np.ones(len(index))
    paint = np.stack([albedo * same, 0.55 + 0.45 * share[index], material * same,
                      np.where(share[index] > 0.97, 1.0, share[index])], 1)
    return Mesh(position.astype(np.float32), normals[index], paint.astype(np.float32), rest[index],
                flat.reshape(-1, 3).astype(np.int32))


def curtain(vertices, rest, thickness, rng):
    """Long hair that hangs from the sides and the back of the head."""
    around = np.radians(np.linspace(75, 285, 40) + rng.normal(0, 4))
    foot = -rng.uniform(4, 17)
    height = np.linspace(9.0, foot, 16)
    centre = np.array([0, 0, 0.5])
    scale = np.ptp(vertices[:, 0]) / np.ptp(rest[:, 0]) / 10
    waves = rng.normal(0, 0.25, (2, 4))
    grid = np.empty((16, 40, 3))
    for k, y in enumerate(height):
        wide = 7.9 + thickness / 10 * 0.8 + 0.6 * np.sin(k * 0.7 + waves[0, 0]) * waves[1, 0] * 2
        shrink = np.interp(y, [-6, 2, 9.0], [0.92, 1.0, 0.88])
        lumps = 1 + 0.05 * np.sin(around * 9 + waves[0, 1] * 9) + 0.03 * np.sin(around * 23 + y)
        grid[k, :, 0] = np.sin(around) * wide * shrink * lumps
        grid[k, :, 1] = y
        grid[k, :, 2] = np.cos(around) * (wide + 1.2) * shrink * lumps + centre[2] - 0.8
    grid = grid * np.array([10.0, -10, -10]) * scale + [0, 36, 80]
    mesh = _grid(grid, False, (1.0, 0.7, HAIR, 1.0))
    share = np.ones((16, 40), np.float32)
    share[-3:] = np.array([0.85, 0.65, 0.4])[:, None]
    share[:, [0, -1]] = 0.5
    mesh.paint[:, 3] = share.ravel()
    return [_outwards(mesh, mesh.position.mean(0))]


def headband(top, ears, albedo, cups):
    """A headset's bow over the head. top: (3,) mm above the crown; ears: (2, 3) outer ear middles
    (left, right)."""
    middle = ears.mean(0)
    a = np.linspace(0, np.pi, 24)
    across, up = (ears[0] - ears[1]) / 2 * 1.08, top - middle
    bow = middle + np.cos(a)[:, None] * across + np.sin(a)[:, None] * up
    meshes = [tube(bow, 6.5, albedo, GLOSSY, 8)]
    if cups:
        meshes += [ellipsoid(e, (15, 38, 32), albedo, MATTE) for e in ears]
    return meshes


def tongue(lower_lip, upper_lip, share, albedo):
    """A tongue between the lips: share 0.3 reaches the lips, 1 hangs out over the lower one."""
    root = 0.5 * (lower_lip + upper_lip) + np.array([0, 3, 22.0])
    rim = lower_lip + np.array([0, -3.5, 2.0])
    out = share - 0.3
    tip = rim + np.array([0, 14.0, -8.0]) * max(0.0, out) + np.array([0, 0, -13.0]) * out
    t = np.linspace(0, 1, 14)[:, None]
    over = rim + np.array([0, -1.5, -4.0 * share])
    middle = (1 - t) ** 2 * root + 2 * t * (1 - t) * over + t ** 2 * tip
    wide = 15 * np.sqrt(np.clip(1 - (1.02 * t) ** 6, 0, 1))
    a = np.linspace(0, 2 * np.pi, 16, endpoint=False)[None]
    high = 4.5 * np.sin(a) - 1.5 * np.cos(a) ** 2
    grid = middle[:, None] + np.stack([np.cos(a) * wide, high * wide / 15, 0 * a * wide], -1)
    return _outwards(_grid(grid, True, (albedo, 0.9, WET, 0)), grid.reshape(-1, 3).mean(0))
