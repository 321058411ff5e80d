// The light, the camera and the turn of a model's every frame, on a canvas shown as in a mirror.

import * as THREE from "../vendor/three.module.min.js";
import { face } from "./stream.js";
import { t } from "./text.js";

const REACH = [0.07, 0.03, 0.06];       // metres aside, up, near: what stays in the picture
const USUAL = 0.004;        // share by which a picture moves what is taken for the usual place
const LOST = 1000;          // ms without a face until the page says so

export class Stage {
  constructor(canvas, over, stream) {
    Object.assign(this, { canvas, over, stream });
    this.renderer = new THREE.WebGLRenderer({ canvas, antialias: true, alpha: true });
    this.scene = new THREE.Scene();
    this.scene.add(new THREE.HemisphereLight("#ffffff", "#5d6a70", 1.6));
    for (const [x, y, z, strength] of [[-1, 1.4, 2, 1.9], [2, 0.6, 0.5, 0.7]]) {
      const light = new THREE.DirectionalLight("#ffffff", strength);
      light.position.set(x, y, z);
      this.scene.add(light);
    }
    this.camera = new THREE.PerspectiveCamera(28, 4 / 3, 0.05, 20);
    this.mover = new THREE.Group();
    this.scene.add(this.mover);
    canvas.style.transform = "scaleX(-1)";      // one's own left stays at the left
    this.seen = performance.now();
    this.last = performance.now();
    this.renderer.setAnimationLoop(now => this.turn(now));
  }

  model(model) {
    this.mover.clear();
    this.mover.add(model.scene);
    this.shown = model;
    this.start = null;
  }

  turn(now) {
    const frame = this.stream.last.frame;
    const one = face(frame);
    const names = this.stream.last.names?.blendshapes;
    if (one && names) {
      this.seen = now;
      this.shown.show(one, names);
      this.move(one.position);
      this.canvas.dataset.number = frame.number;
    }
    const words = now - this.seen > LOST ? t("mirror.nobody") : "";
    if (this.over.textContent !== words) this.over.textContent = words;
    this.shown.update(Math.min(0.1, (now - this.last) / 1000));
    this.last = now;
    this.fit();
    this.renderer.render(this.scene, this.camera);
  }

  // Aside as the head moves, from where it is most of the time.
  move([x, y, z]) {
    this.start = (this.start ?? [x, y, z]).map((at, i) => at + USUAL * ([x, y, z][i] - at));
    const way = (value, i) =>
      Math.max(-REACH[i], Math.min(REACH[i], (value - this.start[i]) / 1000));
    this.mover.position.set(way(x, 0), -way(y, 1), -way(z, 2));
  }

  fit() {
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    const scale = Math.min(2, devicePixelRatio);
    if (this.canvas.width !== Math.floor(width * scale) ||
        this.canvas.height !== Math.floor(height * scale)) {
      this.renderer.setPixelRatio(scale);
      this.renderer.setSize(width, height, false);
      this.camera.aspect = width / height || 1;
      this.camera.updateProjectionMatrix();
    }
    this.camera.position.set(0, this.shown.height, this.shown.distance);
    this.camera.lookAt(0, this.shown.height, 0);
  }

  close() {
    this.renderer.setAnimationLoop(null);
    this.renderer.dispose();
  }
}
