// The smallest VRM file, of 1.0 or 0.x: the bones that must be there, a head of one textured
// triangle before the face, blinkLeft that moves it.

const BONES = [["hips", -1, [0, 0.9, 0]], ["spine", 0, [0, 0.2, 0]], ["neck", 1, [0, 0.35, 0]],
  ["head", 2, [0, 0.1, 0]], ...["left", "right"].flatMap((side, i) => {
    const [x, from] = [i ? -1 : 1, 4 + 6 * i];
    return [["UpperArm", 1, [0.15 * x, 0.3, 0]], ["LowerArm", from, [0.25 * x, 0, 0]],
      ["Hand", from + 1, [0.25 * x, 0, 0]], ["UpperLeg", 0, [0.1 * x, 0, 0]],
      ["LowerLeg", from + 3, [0, -0.4, 0]], ["Foot", from + 4, [0, -0.4, 0]]]
      .map(([name, ...rest]) => [side + name, ...rest]);
  })];
const RED = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLv" +
  "AAAAAElFTkSuQmCC", "base64");

export function vrm(old = false) {
  const front = old ? -0.1 : 0.1;       // a model of 0.x looks the other way
  const corners = Float32Array.of(-0.1, 0, front, 0.1, 0, front, 0, 0.2, front);
  const moves = Float32Array.of(0, 0, 0, 0, 0, 0, 0, -0.15, 0);
  const places = Float32Array.of(0, 0, 1, 0, 0.5, 1);
  const parts = [corners, moves, places].map(array => Buffer.from(array.buffer)).concat(RED);
  let end = 0;
  const views = parts.map(part => ({ buffer: 0, byteOffset: (end += part.length) - part.length,
    byteLength: part.length }));
  const nodes = BONES.map(([name, , translation], i) => ({ name, translation,
    children: BONES.flatMap(([, parent], k) => parent === i ? [k] : []) }));
  nodes[3].children.push(nodes.length);
  nodes.push({ name: "face", mesh: 0 });
  for (const node of nodes) if (!node.children?.length) delete node.children;
  const vector = { componentType: 5126, count: 3, type: "VEC3", min: [-0.1, -0.15, -0.1],
    max: [0.1, 0.2, 0.1] };
  return packed({
    asset: { version: "2.0" }, extensionsUsed: [old ? "VRM" : "VRMC_vrm"], nodes,
    scene: 0, scenes: [{ nodes: [0] }],
    meshes: [{ primitives: [{ attributes: { POSITION: 0, TEXCOORD_0: 2 }, material: 0,
      targets: [{ POSITION: 1 }] }] }],
    materials: [{ doubleSided: true, pbrMetallicRoughness: { baseColorTexture: { index: 0 } } }],
    textures: [{ source: 0 }], images: [{ bufferView: 3, mimeType: "image/png" }],
    accessors: [{ bufferView: 0, ...vector }, { bufferView: 1, ...vector },
      { bufferView: 2, componentType: 5126, count: 3, type: "VEC2" }],
    bufferViews: views, buffers: [{ byteLength: end }],
    extensions: old ? { VRM: before() } : { VRMC_vrm: now(nodes.length - 1) },
  }, Buffer.concat(parts));
}

function now(node) {
  return { specVersion: "1.0",
    meta: { name: "smallest", authors: ["Kagami"], licenseUrl: "https://vrm.dev/licenses/1.0/" },
    humanoid: { humanBones: Object.fromEntries(BONES.map(([name], i) => [name, { node: i }])) },
    expressions: { preset: { blinkLeft: {
      morphTargetBinds: [{ node, index: 0, weight: 1 }] } } } };
}

function before() {
  return { specVersion: "0.0", meta: { title: "smallest", author: "Kagami" },
    humanoid: { humanBones: BONES.map(([bone], node) => ({ bone, node })) },
    blendShapeMaster: { blendShapeGroups: [{ name: "Blink_L", presetName: "blink_l",
      binds: [{ mesh: 0, index: 0, weight: 100 }] }] } };
}

function packed(document, data) {
  const pad = (part, fill) => Buffer.concat([part, Buffer.alloc(-part.length & 3, fill)]);
  const text = pad(Buffer.from(JSON.stringify(document)), 0x20);
  const binary = pad(data, 0);
  const chunk = (type, part) => Buffer.concat([numbers(part.length, type), part]);
  const chunks = Buffer.concat([chunk(0x4e4f534a, text), chunk(0x004e4942, binary)]);
  return Buffer.concat([numbers(0x46546c67, 2, 12 + chunks.length), chunks]);
}

function numbers(...values) {
  return Buffer.from(Uint32Array.from(values).buffer);
}
