// Our own low-polygon head with the 52 shapes, out of head.bin, whose form
// engines/training/panel_head.py describes.

import * as THREE from "../vendor/three.module.min.js";

const TYPES = { int16: Int16Array, uint16: Uint16Array, uint8: Uint8Array, int8: Int8Array };
const IRIS = [[9, "#16191c"], [20, "#4d7f83"], [22.5, "#2c4d52"]];      // degrees from the axis
const WHITE = "#f2f1ee";

export async function head() {
  const file = parsed(await (await fetch("head.bin")).arrayBuffer());
  return new Head(file.document, file.arrays);
}

export function parsed(buffer) {
  const view = new DataView(buffer);
  if (view.getUint32(0) !== 0x4b474844) throw new Error("head.bin is none");
  const length = view.getUint32(4, true);
  const document = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const arrays = {};
  for (const [name, [type, offset, count]] of Object.entries(document.arrays)) {
    arrays[name] = new TYPES[type](buffer, 8 + length + offset, count);
  }
  return { document, arrays };
}

class Head {
  constructor(document, arrays) {
    const geometry = new THREE.BufferGeometry();
    geometry.setAttribute("position", new THREE.BufferAttribute(ours(arrays.positions,
      document.step), 3));
    geometry.setAttribute("color", new THREE.BufferAttribute(linear(arrays.colours), 3));
    geometry.setIndex(new THREE.BufferAttribute(arrays.triangles, 1));
    geometry.morphTargetsRelative = true;
    this.names = Object.keys(document.shapes);
    geometry.morphAttributes.position = this.names.map(name =>
      new THREE.BufferAttribute(moved(document, arrays, name), 3));
    this.skin = new THREE.Mesh(geometry, new THREE.MeshStandardMaterial({
      vertexColors: true, flatShading: true, roughness: 0.8, side: THREE.DoubleSide }));
    this.skin.frustumCulled = false;
    this.eyes = document.eyes.map(([x, y, z]) => {
      const ball = eyeball(document.eye_radius);
      ball.position.set(x, -y, -z);
      return ball;
    });
    this.scene = new THREE.Group();
    this.scene.add(this.skin, ...this.eyes);
    this.scene.scale.setScalar(0.001);
    this.height = -0.025;       // metres from the eyes to what the camera looks at
    this.distance = 0.62;
  }

  // A face of the stream; names: the order of its weights.
  show(face, names) {
    const [w, x, y, z] = face.rotation;
    this.scene.quaternion.set(x, -y, -z, w);
    names.forEach((name, i) => {
      const shape = this.names.indexOf(name);
      if (shape >= 0) this.skin.morphTargetInfluences[shape] = face.blendshapes[i];
    });
    [face.left, face.right].forEach((eye, i) => {
      const [yaw, pitch] = eye.gaze.map(angle => angle * Math.PI / 180);
      this.eyes[i].rotation.set(-pitch, yaw, 0, "YXZ");
    });
  }

  update() {}
}

// y down and z to the back become y up and z to whoever looks.
function ours(values, step) {
  return Float32Array.from(values, (value, i) => i % 3 ? -value * step : value * step);
}

function linear(bytes) {
  const colour = new THREE.Color();
  const out = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i += 3) {
    colour.setRGB(bytes[i] / 255, bytes[i + 1] / 255, bytes[i + 2] / 255, THREE.SRGBColorSpace);
    colour.toArray(out, i);
  }
  return out;
}

function moved(document, arrays, name) {
  const [first, count, step] = document.shapes[name];
  const out = new Float32Array(3 * document.vertices);
  for (let i = first; i < first + count; i++) {
    const at = 3 * arrays.moved[i];
    out[at] = arrays.deltas[3 * i] * step;
    out[at + 1] = -arrays.deltas[3 * i + 1] * step;
    out[at + 2] = -arrays.deltas[3 * i + 2] * step;
  }
  return out;
}

// A ball that looks at us, each of its triangles in one colour.
function eyeball(radius) {
  const geometry = new THREE.SphereGeometry(radius, 32, 80).rotateX(Math.PI / 2).toNonIndexed();
  const position = geometry.attributes.position;
  const colours = new Float32Array(3 * position.count);
  for (let i = 0; i < position.count; i += 3) {
    const z = (position.getZ(i) + position.getZ(i + 1) + position.getZ(i + 2)) / 3 / radius;
    const angle = Math.acos(Math.min(1, z)) * 180 / Math.PI;
    const colour = new THREE.Color((IRIS.find(([most]) => angle < most) ?? [0, WHITE])[1]);
    for (let k = 0; k < 3; k++) colour.toArray(colours, 3 * (i + k));
  }
  geometry.setAttribute("color", new THREE.BufferAttribute(colours, 3));
  return new THREE.Mesh(geometry, new THREE.MeshStandardMaterial({
    vertexColors: true, roughness: 0.25 }));
}
