"""Mesh, lights and camera in, a luma picture with depth and material of every pixel out, through OpenGL (EGL).

Drawn at twice the size asked for and averaged. Everything that is finer than a vertex (iris, pores, brow hairs,
strands) is painted in the fragment shader from the rest position, so that it stays on the skin.
"""
import os
from typing import NamedTuple

import numpy as np

os.environ.setdefault("LIBGL_ALWAYS_SOFTWARE", "1")
os.environ.setdefault("LP_NUM_THREADS", "1")

SKIN, EYE, HAIR, WET, MATTE, GLOSSY = range(6)      # materials; 0 in the picture's map is the background
MATERIALS = ((SKIN, False), (SKIN, True), (EYE, False), (WET, False), (MATTE, False), (GLOSSY, False),
             (HAIR, False))
NEAR, FAR = 60.0, 4000.0                            # mm
SHADOW_SIZE = 256
LAYOUT = (("position", "3f"), ("normal", "3f"), ("paint", "4f"), ("rest", "3f"))


class Mesh(NamedTuple):
    """position (N, 3) mm; normal (N, 3); paint (N, 4): albedo, openness to the sky, material, share of hair;
    rest (N, 3): what textures stick to (cm; for eyes the unit vector in the eye's own axes); triangles (T, 3)."""

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


_VERTEX = """
#version 330
in vec3 position; in vec3 normal; in vec4 paint; in vec3 rest;
uniform float focal; uniform vec2 centre; uniform vec3 row_x; uniform vec3 row_y; uniform vec2 size;
uniform mat4 to_light;
out vec3 p; out vec3 n; out vec4 look; out vec3 r; out vec4 in_light;
void main() {
    vec3 picture = vec3(focal * position.xy / position.z + centre, 1.0);
    vec2 crop = vec2(dot(row_x, picture), dot(row_y, picture));
    vec2 ndc = (crop + 0.5) / size * 2.0 - 1.0;
    float depth = (1.0 / NEAR - 1.0 / position.z) / (1.0 / NEAR - 1.0 / FAR);
    gl_Position = vec4(ndc, 2.0 * depth - 1.0, 1.0) * position.z;
    p = position; n = normal; look = paint; r = rest;
    in_light = to_light * vec4(position + 2.0 * normal, 1.0);
}
""".replace("NEAR", str(NEAR)).replace("FAR", str(FAR))

_FRAGMENT = """
#version 330
in vec3 p; in vec3 n; in vec4 look; in vec3 r; in vec4 in_light; const int kind = KIND;
uniform vec3 direction[4]; uniform float strength[4]; uniform float sky[9]; uniform mat3 to_sky;
uniform sampler2DShadow shadow; uniform float shadow_share;
uniform float hair_albedo; uniform float brow_albedo; uniform vec4 skin;   // grain, oil, freckles, seed
uniform mat3 strand; uniform vec4 iris;     // albedo, pupil cos, rim cos, glint
out vec4 colour;
float hash(vec3 q) {
    q = fract(q * vec3(0.1031, 0.1030, 0.0973)); q += dot(q, q.yxz + 33.33);
    return fract((q.x + q.y) * q.z);
}
float noise(vec3 q) {
    vec3 i = floor(q), f = fract(q); f = f * f * (3.0 - 2.0 * f);
    return mix(mix(mix(hash(i), hash(i + vec3(1,0,0)), f.x),
                   mix(hash(i + vec3(0,1,0)), hash(i + vec3(1,1,0)), f.x), f.y),
               mix(mix(hash(i + vec3(0,0,1)), hash(i + vec3(1,0,1)), f.x),
                   mix(hash(i + vec3(0,1,1)), hash(i + vec3(1,1,1)), f.x), f.y), f.z);
}
float from_sky(vec3 d) {
    d = to_sky * d;
    return max(0.02, sky[0] + sky[1] * d.y + sky[2] * d.z + sky[3] * d.x + sky[4] * d.x * d.y
        + sky[5] * d.y * d.z + sky[6] * (3.0 * d.z * d.z - 1.0) + sky[7] * d.x * d.z
        + sky[8] * (d.x * d.x - d.y * d.y));
}
void main() {
    vec3 m = normalize(n), v = normalize(-p);
    if (dot(m, v) < 0.0 && kind != 0 && kind != 1) m = -m;
    float albedo = look.x, gloss = 0.04, power = 20.0, wrap = 0.0;
    if (kind == 0) {
        wrap = 0.25;
        float grain = noise(r * 9.0 + skin.w) + 0.6 * noise(r * 23.0 + skin.w) - 0.8;
        float spots = smoothstep(0.72, 0.85, noise(r * 5.0 + 7.0 + skin.w));
        albedo *= (1.0 + skin.x * grain) * (1.0 - skin.z * spots);
        gloss = skin.y ; power = 14.0;
        if (HAIRY) {
            float strands = 0.6 * noise(vec3(r.x * 5.0, r.y * 24.0 + r.x * 9.0, r.z * 6.0) + skin.w)
                          + 0.4 * noise(r * 14.0 + 3.0);
            float cover = smoothstep(1.0 - look.w - 0.25, 1.0 - look.w + 0.25, strands);
            albedo = mix(albedo, brow_albedo, cover * min(1.0, 0.3 + look.w)); gloss *= 1.0 - cover;
        }
    } else if (kind == 1) {
        float c = r.z / length(r), rim = iris.z;
        float angle = atan(r.y, r.x);
        float fibre = 0.75 + 0.5 * noise(vec3(angle * 14.0, c * 30.0, skin.w));
        float inside = smoothstep(rim - 0.012, rim + 0.006, c);
        float pupil = smoothstep(iris.y - 0.004, iris.y + 0.002, c);
        float limbus = 1.0 - 0.55 * (1.0 - smoothstep(rim, rim + 0.022, c));
        albedo *= 0.92 + 0.16 * noise(r * 6.0);
        albedo = mix(albedo, iris.x * fibre * limbus, inside);
        albedo = mix(albedo, 0.008, pupil);
        gloss = 0.05; power = 60.0;
    } else if (kind == 2) {
        vec3 q = strand * r + skin.w;
        float locks = noise(0.25 * q), strands = 0.5 * noise(q + 2.0 * locks) + 0.3 * noise(2.7 * q) + 0.2 * locks;
        if (look.w < 1.0 && strands * 0.8 + 0.1 > look.w) discard;
        albedo = look.x * hair_albedo * (0.2 + 1.6 * strands);
        m = normalize(m + 0.9 * (locks - 0.5) * vec3(1.0, 0.3, 0.2) + 0.5 * (strands - 0.5) * vec3(0.3, 1.0, 0.3));
        gloss = 0.12 * strands; power = 9.0; wrap = 0.2;
    } else if (kind == 3) { gloss = 0.12; power = 40.0; }
    else if (kind == 4) { albedo *= 0.85 + 0.3 * noise(r * 4.0); gloss = 0.0; }
    else { gloss = 0.35; power = 50.0; }
    float lit = 1.0;
    vec3 s = in_light.xyz - vec3(0, 0, 0.004);
    if (shadow_share > 0.0) {
        lit = 0.0;
        for (int k = 0; k < 4; k++)
            lit += 0.25 * texture(shadow, s + vec3(k & 1, k >> 1, 0) * vec3(1.6, 1.6, 0) / 256.0
                                             - vec3(0.8, 0.8, 0) / 256.0);
        lit = mix(1.0, lit, shadow_share);
    }
    float ao = look.y;
    float diffuse = from_sky(m) * ao, shine = 0.0;
    vec3 mirror = reflect(-v, m);
    float fresnel = 0.35 + 0.65 * pow(1.0 - max(dot(m, v), 0.0), 3.0);
    shine += 0.5 * from_sky(mirror) * ao * (kind == 1 ? 0.8 : 1.0);
    for (int k = 0; k < 4; k++) {
        float cosine = dot(m, direction[k]);
        float here = strength[k] * (k == 0 ? lit : 0.3 + 0.7 * ao);
        diffuse += here * max(0.0, (cosine + wrap) / (1.0 + wrap));
        float toward = max(0.0, dot(mirror, direction[k]));
        shine += here * pow(toward, power) * (power + 2.0) / 8.0 * step(0.0, cosine);
        if (kind == 1) shine += here * 4.0 * iris.w * smoothstep(0.985, 0.993, toward);
    }
    colour = vec4(albedo * diffuse + gloss * fresnel * shine, float(kind + 1), p.z, look.y);
}
"""

_SHADOW_VERTEX = """
#version 330
in vec3 position; uniform mat4 to_light;
void main() { vec4 q = to_light * vec4(position, 1.0); gl_Position = vec4(q.xyz * 2.0 - 1.0, 1.0); }
"""


# Samples along each axis for a pixel: shading them is what drawing costs without a graphics card, and crops are shrunk
# and blurred later anyway.
FINER = 1.25


class Lights(NamedTuple):
    """directions (4, 3) towards the lights, camera frame; strengths (4,), the first one throws shadows; sky (9,)
    irradiance by direction (`scene.sky_terms`); to_sky (3, 3); shadow: 0 none to 1 black."""

    directions: np.ndarray
    strengths: np.ndarray
    sky: np.ndarray
    to_sky: np.ndarray
    shadow: float


class Tones(NamedTuple):
    """Albedos and textures that one picture has one of. skin: grain, oil, freckles, seed. iris: albedo, cosine of
    the pupil's rim, of the iris's rim, strength of the glint. strand (3, 3): rest position to strands' pattern."""

    hair: float
    brow: float
    skin: tuple
    iris: tuple
    strand: np.ndarray


class Raster:
    """One OpenGL context. RuntimeError or ImportError where there is none."""

    def __init__(self):
        import moderngl
        self._gl = moderngl.create_standalone_context(backend="egl")
        self._gl.enable(moderngl.DEPTH_TEST)
        # One program per material: software rendering runs every branch of a shader for every pixel.
        self._programs = {
            (kind, hairy): self._gl.program(
                vertex_shader=_VERTEX,
                fragment_shader=_FRAGMENT.replace("KIND", str(kind)).replace("HAIRY", str(hairy).lower()))
            for kind, hairy in MATERIALS}
        self._shadow_program = self._gl.program(
            vertex_shader=_SHADOW_VERTEX, fragment_shader="#version 330\nvoid main() {}")
        self._shadow = self._gl.depth_texture((SHADOW_SIZE, SHADOW_SIZE))
        self._shadow.compare_func = "<="
        self._shadow_target = self._gl.framebuffer(depth_attachment=self._shadow)
        self._targets = {}

    def _target(self, size):
        if size not in self._targets:
            self._targets[size] = self._gl.framebuffer(
                self._gl.texture(size, 4, dtype="f2"), self._gl.depth_renderbuffer(size))
        return self._targets[size]

    def draw(self, mesh, lights, tones, focal, centre, crop, size, shadow=True):
        """(FINER h, FINER w, 4) float32: radiance, material + 1 (0: nothing), depth in mm, openness to the sky.

        mesh in the camera frame. focal, centre: pixels of the whole picture. crop: (2, 3) from picture pixels to
        crop pixels. size: (w, h) of the crop.
        """
        w, h = size
        k, (wide, high) = FINER, (int(FINER * w), int(FINER * h))
        double = np.array([[k, 0, (k - 1) / 2], [0, k, (k - 1) / 2], [0, 0, 1.0]]).dot(np.vstack([crop, [0, 0, 1]]))
        vertices = np.hstack([mesh.position, mesh.normal, mesh.paint, mesh.rest]).astype("f4")
        buffer = self._gl.buffer(vertices.tobytes())
        self._set("focal", focal)
        self._set("centre", tuple(map(float, centre)))
        self._set("row_x", tuple(double[0]))
        self._set("row_y", tuple(double[1]))
        self._set("size", (float(wide), float(high)))
        self._light(mesh, lights, buffer, shadow)
        self._set("hair_albedo", tones.hair)
        self._set("brow_albedo", tones.brow)
        self._set("skin", tones.skin)
        self._set("iris", tones.iris)
        self._write("strand", np.asarray(tones.strand).T)
        target = self._target((wide, high))
        target.use()
        target.clear()
        triangles = _in_view(mesh, focal, centre, crop, size)
        material = mesh.paint[triangles[:, 0], 2]
        hairy = (material == SKIN) & (mesh.paint[triangles, 3] > 0.01).any(1)
        for (kind, with_hair), program in self._programs.items():
            self._render(program, buffer, triangles[(material == kind) & (hairy == with_hair)])
        pixels = np.frombuffer(target.read(components=4, dtype="f2"), "f2").reshape(high, wide, 4)
        buffer.release()
        return pixels.astype(np.float32)

    def _render(self, program, buffer, triangles):
        if len(triangles):
            index = self._gl.buffer(np.ascontiguousarray(triangles, "i4").tobytes())
            used = [name for name, _ in LAYOUT if name in program]
            layout = " ".join(f if name in program else "%dx" % (4 * int(f[0])) for name, f in LAYOUT)
            array = self._gl.vertex_array(program, [(buffer, layout) + tuple(used)], index)
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

    def _light(self, mesh, lights, buffer, shadow):
        matrix = _light_matrix(mesh.position, lights.directions[0])
        self._write("to_light", matrix.T)
        self._write("direction", lights.directions)
        self._write("strength", lights.strengths)
        self._write("sky", lights.sky)
        self._write("to_sky", lights.to_sky.T)
        self._set("shadow_share", float(lights.shadow) if shadow else 0.0)
        if shadow and lights.shadow > 0:
            self._shadow_program["to_light"].write(matrix.T.astype("f4").tobytes())
            self._shadow_target.use()
            self._shadow_target.clear()
            material = mesh.paint[mesh.triangles[:, 0], 2]
            casts = mesh.triangles[(material != EYE) & (material != WET)]
            index = self._gl.buffer(np.ascontiguousarray(casts, "i4").tobytes())
            array = self._gl.vertex_array(
                self._shadow_program, [(buffer, "3f 10x4", "position")], index)
            array.render()
            array.release()
            index.release()
        self._shadow.use(0)

    def depth(self, position, triangles, direction):
        """Shares: (N,) bool, whether each vertex is seen from `direction` (towards the viewer, parallel rays)."""
        matrix = _light_matrix(position, direction)
        self._shadow_program["to_light"].write(matrix.T.astype("f4").tobytes())
        self._shadow_target.use()
        self._shadow_target.clear()
        buffer = self._gl.buffer(position.astype("f4").tobytes())
        index = self._gl.buffer(triangles.astype("i4").tobytes())
        array = self._gl.vertex_array(self._shadow_program, [(buffer, "3f", "position")], index)
        array.render()
        depth = np.frombuffer(self._shadow.read(), "f4").reshape(SHADOW_SIZE, SHADOW_SIZE)
        for used in (array, buffer, index):
            used.release()
        q = position.dot(matrix[:3, :3].T) + matrix[:3, 3]
        x, y = (np.clip((q[:, k] * SHADOW_SIZE).astype(int), 0, SHADOW_SIZE - 1) for k in (0, 1))
        return q[:, 2] <= depth[y, x] + 0.008


def _in_view(mesh, focal, centre, crop, size):
    """The triangles that can be seen: shading hidden ones is what costs most without a graphics card."""
    p = mesh.position
    picture = p[:, :2] / np.maximum(p[:, 2:], NEAR) * focal + centre
    at = picture.dot(crop[:, :2].T) + crop[:, 2]
    away = (np.einsum("ij,ij->i", mesh.normal, p) > 0.25 * p[:, 2]) & (mesh.paint[:, 2] <= EYE)
    sides = np.stack([at[:, 0] < -1, at[:, 1] < -1, at[:, 0] > size[0], at[:, 1] > size[1], away], 1)
    code = np.packbits(sides, axis=1)[:, 0]
    a, b, c = mesh.triangles.T
    return mesh.triangles[(code[a] & code[b] & code[c]) == 0]


def _light_matrix(position, direction):
    """(4, 4) from the mesh's frame to the unit cube seen from a light: x, y across, z away from it."""
    d = np.asarray(direction, float)
    z = -d / np.linalg.norm(d)
    x = np.cross(z, [0, 1.0, 0.1])
    x /= np.linalg.norm(x)
    axes = np.stack([x, np.cross(z, x), z])
    low, high = position.min(0), position.max(0)
    middle, reach = (low + high) / 2, np.linalg.norm(high - low) / 2
    matrix = np.eye(4)
    matrix[:3, :3] = axes / (2 * reach)
    matrix[:3, 3] = 0.5 - axes.dot(middle) / (2 * reach)
    return matrix
