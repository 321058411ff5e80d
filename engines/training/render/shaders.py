"""What happens to each vertex and each pixel, in OpenGL's language: projection, light and what is
finer than a mesh."""

_VERTEX = """
#version 330
in vec3 position; in vec3 normal; in vec4 paint; in vec3 rest;
uniform float focal; uniform vec2 centre; uniform vec3 row_x; uniform vec3 row_y;
uniform vec2 size;
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
"""
_FRAGMENT = """
#version 330
in vec3 p; in vec3 n; in vec4 look; in vec3 r; in vec4 in_light; const int kind = KIND;
uniform vec3 direction[4]; uniform float strength[4]; uniform float sky[9]; uniform mat3 to_sky;
uniform sampler2DShadow shadow; uniform float shadow_share;
uniform float hair_albedo; uniform float brow_albedo; uniform vec4 skin; // grain, oil, freckles
uniform mat3 strand; uniform vec4 iris;     // albedo, pupil cos, rim cos, glint
uniform float crease[9];    // as skin.CREASES
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
float bump(float x) { return exp(-x * x); }
float ridge(float x) { return pow(0.5 + 0.5 * cos(6.2832 * x), 4.0); }
float creases() {   // 0 to about 1: frown, forehead, crow's feet, below the eye, sides of the nose
    float left = smoothstep(-0.5, 0.5, r.x), x = abs(r.x), w = noise(r * 1.3 + skin.w) - 0.5;
    float frown = mix(crease[1], crease[0], left), outer = mix(crease[4], crease[3], left);
    float squint = mix(crease[6], crease[5], left), sneer = mix(crease[8], crease[7], left);
    float d = frown * bump((r.y - 5.6) / 0.8)
        * bump((x - 0.5 - 0.4 * w - 0.1 * (r.y - 5.6)) / 0.13);
    d += 0.6 * frown * bump((r.y - 4.3 - 0.5 * w) / 0.11) * bump(x / 0.8);
    float high = smoothstep(6.5, 7.0, r.y) * (1.0 - smoothstep(8.6, 9.6, r.y));
    d += high * ridge((r.y + 0.6 * w) / 0.75)
        * (crease[2] * bump(x / 2.6) + outer * bump((x - 3.6) / 1.9));
    vec2 q = vec2(x - 4.7, r.y - 3.35);
    float far = length(q), eye = length(vec2(0.75 * (x - 3.1), r.y - 3.5));
    d += squint * step(0.0, q.x) * ridge(1.8 * atan(q.y, q.x) + w)
        * smoothstep(0.1, 0.4, far) * (1.0 - smoothstep(1.0, 1.8, far));
    d += 0.8 * squint * bump((eye - 1.05 - 0.3 * w) / 0.11) * smoothstep(3.3, 2.9, r.y);
    return d + sneer * ridge((r.y - 0.7 * x + 0.3 * w) / 0.5)
        * bump((r.y - 3.3) / 0.9) * bump((x - 0.5) / 0.6);
}
vec3 folded(vec3 m, float depth) {      // the normal of a surface sunk by so many mm
    vec3 along = dFdx(p), down = dFdy(p), a = cross(down, m), b = cross(m, along);
    float area = dot(along, a);
    return normalize(abs(area) * m + sign(area) * (dFdx(depth) * a + dFdy(depth) * b));
}
void main() {
    vec3 m = normalize(n), v = normalize(-p);
    float fold = kind == 0 && r.z > 5.0 ? creases() : 0.0;
    if (kind == 0) m = folded(m, 0.9 * fold);
    if (dot(m, v) < 0.0 && kind != 0 && kind != 1) m = -m;
    float albedo = look.x, gloss = 0.04, power = 20.0, wrap = 0.0;
    if (kind == 0) {
        wrap = 0.25;
        float grain = noise(r * 9.0 + skin.w) + 0.6 * noise(r * 23.0 + skin.w) - 0.8;
        float spots = smoothstep(0.72, 0.85, noise(r * 5.0 + 7.0 + skin.w));
        albedo *= (1.0 + skin.x * grain) * (1.0 - skin.z * spots);
        gloss = skin.y ; power = 14.0;
        if (HAIRY) {
            float strands = 0.6 * noise(
                    vec3(r.x * 5.0, r.y * 24.0 + r.x * 9.0, r.z * 6.0) + skin.w)
                          + 0.4 * noise(r * 14.0 + 3.0);
            float cover = smoothstep(1.0 - look.w - 0.25, 1.0 - look.w + 0.25, strands);
            albedo = mix(albedo, brow_albedo, cover * min(1.0, 0.3 + look.w));
            gloss *= 1.0 - cover;
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
        float locks = noise(0.25 * q);
        float strands = 0.5 * noise(q + 2.0 * locks) + 0.3 * noise(2.7 * q) + 0.2 * locks;
        if (look.w < 1.0 && strands * 0.8 + 0.1 > look.w) discard;
        albedo = look.x * hair_albedo * (0.2 + 1.6 * strands);
        m = normalize(m + 0.9 * (locks - 0.5) * vec3(1.0, 0.3, 0.2)
                      + 0.5 * (strands - 0.5) * vec3(0.3, 1.0, 0.3));
        gloss = 0.12 * strands; power = 9.0; wrap = 0.2;
    } else if (kind == 3) { gloss = 0.12; power = 40.0; }
    else if (kind == 4) { albedo *= 0.85 + 0.3 * noise(r * 4.0); gloss = 0.0; }
    else { gloss = 0.35; power = 50.0; }
    float lit = 1.0;
    vec3 s = in_light.xyz - vec3(0, 0, 0.004);
    if (shadow_share > 0.0) {
        lit = 0.0;
        for (int k = 0; k < 4; k++)
            lit += texture(shadow, s + vec3(1.6 * vec2(k & 1, k >> 1) - 0.8, 0) / SHADOW_SIZE);
        lit *= 0.25;
        vec2 off = abs(s.xy - 0.5);
        lit = mix(1.0, lit, max(off.x, off.y) < 0.49 ? shadow_share : 0.0);
    }
    float ao = look.y * (1.0 - 0.3 * min(fold, 1.0));
    float diffuse = from_sky(m) * ao, shine = 0.0;
    vec3 mirror = reflect(-v, m);
    float fresnel = 0.35 + 0.65 * pow(1.0 - clamp(dot(m, v), 0.0, 1.0), 3.0);
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

SHADOW_VERTEX = """
#version 330
in vec3 position; uniform mat4 to_light;
void main() {
    vec4 q = to_light * vec4(position, 1.0);
    gl_Position = vec4(q.xyz * 2.0 - 1.0, 1.0);
}
"""


def vertex(near, far):
    """Source of the vertex shader; near, far: mm."""
    return _VERTEX.replace("NEAR", str(near)).replace("FAR", str(far))


def fragment(kind, hairy, shadow_size):
    """Source of the fragment shader of one material (`raster.MATERIALS`)."""
    text = _FRAGMENT.replace("SHADOW_SIZE", "%.1f" % shadow_size).replace("KIND", str(kind))
    return text.replace("HAIRY", str(hairy).lower())
