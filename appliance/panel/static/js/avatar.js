// A VRM file that the user has, moved by a face of the stream. It never leaves the browser.

import * as THREE from "../vendor/three.module.min.js";
import { GLTFLoader } from "../vendor/GLTFLoader.js";
import { VRMLoaderPlugin, VRMUtils } from "../vendor/three-vrm.module.min.js";
import { t } from "./text.js";

const NECK = 0.4;           // share of the head's turn that the neck takes
const LAID = { leftUpperArm: 1.25, rightUpperArm: -1.25 };      // radians: arms hang

export async function avatar(buffer) {
  const loader = new GLTFLoader();
  loader.register(parser => new VRMLoaderPlugin(parser));
  // Pictures by <img>: the other way fetches blob: addresses, which the page's policy forbids.
  loader.register(parser => {
    parser.textureLoader = new THREE.TextureLoader(parser.options.manager);
    return { name: "pictures" };
  });
  const file = await loader.parseAsync(buffer, "");
  const vrm = file.userData.vrm;
  if (!vrm) throw new Error(t("mirror.vrm"));
  return new Avatar(vrm);
}

class Avatar {
  constructor(vrm) {
    this.vrm = vrm;
    this.scene = vrm.scene;
    this.old = vrm.meta?.metaVersion === "0";
    VRMUtils.rotateVRM0(vrm);
    this.scene.traverse(object => { object.frustumCulled = false; });
    for (const [name, angle] of Object.entries(LAID)) {
      const bone = this.bone(name);
      if (bone) bone.rotation.z = this.old ? angle : -angle;
    }
    this.known = new Map((vrm.expressionManager?.expressions ?? [])
      .map(one => [one.expressionName.toLowerCase(), one.expressionName]));
    vrm.update(0);
    this.scene.updateMatrixWorld(true);
    const at = new THREE.Vector3();
    (vrm.humanoid.getRawBoneNode("head") ?? this.scene).getWorldPosition(at);
    this.height = at.y + 0.07;
    this.distance = 0.85;
  }

  bone(name) {
    return this.vrm.humanoid.getNormalizedBoneNode(name);
  }

  show(face, names) {
    const [w, x, y, z] = face.rotation;
    const whole = this.turn(x, -y, -z, w);
    const neck = new THREE.Quaternion().slerp(whole, NECK);
    this.bone("neck")?.quaternion.copy(neck);
    const rest = this.bone("neck") ? neck.invert().multiply(whole) : whole;
    this.bone("head")?.quaternion.copy(rest);
    for (const side of ["left", "right"]) this.eye(side, face[side].gaze);
    const weights = new Map(names.map((name, i) => [name.toLowerCase(), face.blendshapes[i]]));
    const shapes = this.known.has("jawopen") ? weights : presets(weights, face.vowels);
    for (const [name, value] of shapes) {
      if (this.known.has(name)) this.vrm.expressionManager.setValue(this.known.get(name), value);
    }
  }

  // A model of VRM 0 looks the other way.
  turn(x, y, z, w) {
    return new THREE.Quaternion(this.old ? -x : x, y, this.old ? -z : z, w);
  }

  eye(side, [yaw, pitch]) {
    const angles = new THREE.Euler(-pitch * Math.PI / 180, yaw * Math.PI / 180, 0, "YXZ");
    const { x, y, z, w } = new THREE.Quaternion().setFromEuler(angles);
    this.bone(side + "Eye")?.quaternion.copy(this.turn(x, y, z, w));
  }

  update(seconds) {
    this.vrm.update(seconds);
  }
}

// The presets of a model that does not know the 52 names.
function presets(weights, [aa, ih, ou, ee, oh] = [0, 0, 0, 0, 0]) {
  const w = name => weights.get(name) ?? 0;
  const mean = name => (w(name + "left") + w(name + "right")) / 2;
  const clip = value => Math.max(0, Math.min(1, value));
  return new Map([
    ["blinkleft", w("eyeblinkleft")], ["blinkright", w("eyeblinkright")],
    ["aa", aa], ["ih", ih], ["ou", ou], ["ee", ee], ["oh", oh],
    ["happy", clip((mean("mouthsmile") - 0.3) / 0.7)],
    ["angry", clip((mean("browdown") - 0.4) / 0.6)],
    ["sad", clip((mean("mouthfrown") - 0.3) / 0.7)],
    ["surprised", clip(w("browinnerup") + mean("eyewide") - 0.8)]]);
}
