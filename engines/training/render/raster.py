"""Mesh, lights and camera in, a luma picture with depth and material of every pixel out, through
OpenGL (EGL).

Drawn somewhat larger than asked for, to be averaged. Everything that is finer than a vertex (iris,
pores, brow hairs, strands) is painted in the fragment shader from the rest position, so that it
stays on the skin.
"""
import os
from typing import NamedTuple

import numpy as np

from engines.training.render.shaders import SHADOW_VERTEX, fragment, vertex

os.environ.setdefault("LIBGL_ALWAYS_SOFTWARE", "1")
os.environ.setdefault("LP_NUM_THREADS", "0")

# materials; 0 in the picture's map is the background
SKIN, EYE, HAIR, WET, MATTE, GLOSSY = range(6)
MATERIALS = ((SKIN, False), (SKIN, True), (EYE, False), (WET, False), (MATTE, False),
             (GLOSSY, False), (HAIR, False))
NEAR, FAR = 60.0, 4000.0                            # mm
SHADOW_SIZE = 320
SHADOW_REACH = 190.0        # mm around the middle of the head
LAYOUT = (("position", "3f"), ("normal", "3f"), ("paint", "4f"), ("rest", "3f"))


class Mesh(NamedTuple):
    """position (N, 3) mm; normal (N, 3); paint (N, 4): albedo, openness to the sky, material,
    share of hair; rest (N, 3): what textures stick to (cm; for eyes the unit vector in the eye's
    own axes); triangles (T, 3)."""

    position: np.ndarray
    normal: np.ndarray
    paint: np.ndarray
    rest: np.ndarray
    triangles: np.ndarray


def join(meshes):
    """One mesh of several."""
    start = np.cumsum([0] + [len(m.position) for m in meshes[:-1]])
    return Mesh(*[np.concatenate([m[k] for m in meshes]) for k in range(4)],
                np.concatenate([m.triangles + s for m, s in zip(meshes, start)]))


class Lights(NamedTuple):
    """directions (4, 3) towards the lights, camera frame; strengths (4,), the first one throws
    shadows; sky (9,) irradiance by direction (`world.sky_terms`); to_sky (3, 3); shadow: 0 none to
    1 black; focus (3,): the middle of what shadows fall on."""

    directions: np.ndarray
    strengths: np.ndarray
    sky: np.ndarray
    to_sky: np.ndarray
    shadow: float
    focus: np.ndarray = np.zeros(3)


class Tones(NamedTuple):
    """Albedos and textures that one picture has one of. skin: grain, oil, freckles, seed. iris:
    albedo, cosine of the pupil's rim, of the iris's rim, strength of the glint. strand (3, 3):
    rest position to strands' pattern. crease (9,): depth of each of skin.CREASES."""

    hair: float
    brow: float
    skin: tuple
    iris: tuple
    strand: np.ndarray
    crease: tuple


class Raster:
    """One OpenGL context. RuntimeError or ImportError where there is none."""

    def __init__(self):
        import moderngl
        self._gl = moderngl.create_standalone_context(backend="egl")
        self._gl.enable(moderngl.DEPTH_TEST)
        # One program per material: software rendering runs every branch of a
        # shader for every pixel.
        self._programs = {
            (kind, hairy): self._gl.program(
                vertex_shader=vertex(NEAR, FAR),
                fragment_shader=fragment(kind, hairy, SHADOW_SIZE))
            for kind, hairy in MATERIALS}
        self._shadow_program = self._gl.program(
            vertex_shader=SHADOW_VERTEX, fragment_shader="#version 330\nvoid main() {}")
        self._shadow = self._gl.depth_texture((SHADOW_SIZE, SHADOW_SIZE))
        self._shadow.compare_func = "<="
        self._shadow_target = self._gl.framebuffer(depth_attachment=self._shadow)
        self._targets, self._buffer, self._mesh = {}, None, None

    def _target(self, size):
        if size not in self._targets:
            self._targets[size] = self._gl.framebuffer(
                self._gl.texture(size, 4, dtype="f2"), self._gl.depth_renderbuffer(size))
        return self._targets[size]

    def load(self, mesh, lights, tones):
        """Takes over a mesh (camera frame) with its light; `view` then draws it as often as
        wanted."""
        if self._buffer is not None:
            self._buffer.release()
        vertices = np.hstack([mesh.position, mesh.normal, mesh.paint, mesh.rest]).astype("f4")
        self._mesh, self._buffer = mesh, self._gl.buffer(vertices.tobytes())
        self._light(lights)
        for name in ("hair", "brow"):
            self._set(name + "_albedo", getattr(tones, name))
        self._set("skin", tones.skin)
        self._set("iris", tones.iris)
        self._set("crease", tones.crease)
        self._write("strand", np.asarray(tones.strand).T)

    def view(self, focal, centre, crop, size, finer, step=1):
        """(finer h, finer w, 4) float32: radiance, material + 1 (0: nothing), depth in mm,
        openness to the sky.

        focal, centre: pixels of the whole picture. crop: (2, 3) from picture pixels to crop
        pixels. size: (w, h) of the crop. finer: samples along each axis for a pixel. step: draws
        every so manieth triangle only.
        """
        k, wide, high = finer, int(finer * size[0]), int(finer * size[1])
        to_sample = np.array([[k, 0, (k - 1) / 2], [0, k, (k - 1) / 2], [0, 0, 1.0]])
        rows = to_sample.dot(np.vstack([crop, [0, 0, 1]]))
        self._set("focal", focal)
        self._set("centre", tuple(map(float, centre)))
        self._set("row_x", tuple(rows[0]))
        self._set("row_y", tuple(rows[1]))
        self._set("size", (float(wide), float(high)))
        target = self._target((wide, high))
        target.use()
        target.clear()
        triangles = _in_view(self._mesh, focal, centre, crop, size)[::step]
        paint = self._mesh.paint
        material = paint[triangles[:, 0], 2]
        hairy = (material == SKIN) & (paint[triangles, 3] > 0.01).any(1)
        for (kind, with_hair), program in self._programs.items():
            self._render(program, triangles[(material == kind) & (hairy == with_hair)])
        pixels = np.frombuffer(target.read(components=4, dtype="f2"), "f2").reshape(high, wide, 4)
        return pixels.astype(np.float32)

    def _render(self, program, triangles):
        used = [name for name, _ in LAYOUT if name in program]
        layout = " ".join(f if name in program else "%dx" % (4 * int(f[0])) for name, f in LAYOUT)
        self._run(program, [(self._buffer, layout) + tuple(used)], triangles)

    def _run(self, program, content, triangles):
        if len(triangles):
            index = self._gl.buffer(np.ascontiguousarray(triangles, "i4").tobytes())
            array = self._gl.vertex_array(program, content, index)
            array.render()
            array.release()
            index.release()

    def _set(self, name, value):
        for program in self._programs.values():
            if name in program:
                program[name].value = value

    def _write(self, name, value):
        for program in self._programs.values():
            if name in program:
                program[name].write(np.ascontiguousarray(value, "f4").tobytes())

    def _light(self, lights):
        matrix = _light_matrix(lights.focus, SHADOW_REACH, lights.directions[0])
        self._write("to_light", matrix.T)
        self._write("direction", lights.directions)
        self._write("strength", lights.strengths)
        self._write("sky", lights.sky)
        self._write("to_sky", lights.to_sky.T)
        self._set("shadow_share", float(lights.shadow))
        if lights.shadow > 0:
            material = self._mesh.paint[self._mesh.triangles[:, 0], 2]
            casts = self._mesh.triangles[(material != EYE) & (material != WET)]
            self._cast(matrix, [(self._buffer, "3f 10x4", "position")], casts)
        self._shadow.use(0)

    def _cast(self, matrix, content, triangles):
        """Fills the shadow map."""
        self._shadow_program["to_light"].write(matrix.T.astype("f4").tobytes())
        self._shadow_target.use()
        self._shadow_target.clear()
        self._run(self._shadow_program, content, triangles)

    def seen(self, position, triangles, direction):
        """(N,) bool, whether each vertex is seen from `direction` (towards the viewer, parallel
        rays)."""
        low, high = position.min(0), position.max(0)
        matrix = _light_matrix((low + high) / 2, np.linalg.norm(high - low) / 2, direction)
        buffer = self._gl.buffer(position.astype("f4").tobytes())
        self._cast(matrix, [(buffer, "3f", "position")], triangles)
        buffer.release()
        depth = np.frombuffer(self._shadow.read(), "f4").reshape(SHADOW_SIZE, SHADOW_SIZE)
        q = position.dot(matrix[:3, :3].T) + matrix[:3, 3]
        x, y = (np.clip((q[:, k] * SHADOW_SIZE).astype(int), 0, SHADOW_SIZE - 1) for k in (0, 1))
        return q[:, 2] <= depth[y, x] + 0.008


def _in_view(mesh, focal, centre, crop, size):
    """The triangles that can be seen: shading hidden ones is what costs most without a graphics
    card."""
    p = mesh.position
    picture = p[:, :2] / np.maximum(p[:, 2:], NEAR) * focal + centre
    at = picture.dot(crop[:, :2].T) + crop[:, 2]
    away = (np.einsum("ij,ij->i", mesh.normal, p) > 0.25 * p[:, 2]) & (mesh.paint[:, 2] <= EYE)
    w, h = size
    sides = np.stack([at[:, 0] < -1, at[:, 1] < -1, at[:, 0] > w, at[:, 1] > h, away], 1)
    code = np.packbits(sides, axis=1)[:, 0]
    a, b, c = mesh.triangles.T
    return mesh.triangles[(code[a] & code[b] & code[c]) == 0]


def _light_matrix(middle, reach, direction):
    """(4, 4) from the mesh's frame to the unit cube seen from a light: x, y across, z away from
    it."""
    d = np.asarray(direction, float)
    z = -d / np.linalg.norm(d)
    x = np.cross(z, [0, 1.0, 0.1])
    x /= np.linalg.norm(x)
    axes = np.stack([x, np.cross(z, x), z])
    matrix = np.eye(4)
    matrix[:3, :3] = axes / (2 * reach)
    matrix[:3, 3] = 0.5 - axes.dot(middle) / (2 * reach)
    return matrix
