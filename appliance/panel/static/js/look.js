// The live picture with what is measured drawn over it, and the camera's settings.

import { card, check, choice, h } from "./dom.js";
import { Pen } from "./drawing.js";
import { NOTHING, address } from "./stream.js";
import { t, told } from "./text.js";

const HIDDEN = 4403;        // the socket's code where the preview is off
const SECRET = 4401;        // where it wants the password first
const SHARP = 2;            // canvas pixels of one of the picture
const SIZES = [[640, 480, 30], [640, 480, 60], [1280, 720, 30], [1280, 720, 60], [1920, 1080, 30]];

export function open(view, app) {
  const canvas = h("canvas", { width: 960, height: 720, role: "img",
    "aria-label": t("look.canvas") });
  const over = h("p", { class: "over" }, t("look.wait"));
  const enter = h("button", { type: "button", hidden: true, onclick: app.login },
    t("look.password"));
  const framing = h("p", { class: "framing", role: "status" });
  const layers = { points: true, eyes: true, axes: true, mirrored: true };
  const ticks = Object.keys(layers).map(name =>
    check(t("look.layer." + name), true, on => { layers[name] = on; }));
  view.append(h("h1", {}, t("look.title")), h("p", { class: "lead" }, t("look.lead")),
    h("div", { class: "columns wide" },
      h("section", { class: "card", "aria-label": t("look.picture") },
        h("div", { class: "stage" }, canvas, over), enter, framing, h("div", { class: "row" }, ticks)),
      camera(app)));
  const picture = new Picture(app.stream, canvas, over, enter, layers);
  const off = app.stream.on("status", status => words(framing, status));
  if (app.stream.last.status) words(framing, app.stream.last.status);
  return () => {
    off();
    picture.close();
  };
}

// "tracking, too far" as coloured words; nothing to mend is good.
function words(line, status) {
  const parts = told(status.text).filter(part => part.said);
  const kind = part => part.words === "tracking" ? "good" :
    /^(no camera|no picture|error$|waiting for )/.test(part.words) ? "bad" : "warn";
  const only = parts.length === 1 && parts[0].words === "tracking";
  const shown = only ? [{ ...parts[0], said: t("look.well") }] :
    parts.filter(part => part.words !== "tracking");
  const text = shown.map(part => part.said).join("|");
  if (line.dataset.text === text) return;
  line.dataset.text = text;
  line.replaceChildren(...shown.map(part => h("span", { "data-kind": kind(part) }, part.said)));
}

class Picture {
  constructor(stream, canvas, over, enter, layers) {
    Object.assign(this, { stream, canvas, over, enter, layers });
    this.count = this.drawn = 0;
    this.hidden = false;        // the preview is off: only what is measured is drawn
    this.wait = 500;
    this.off = stream.on("frame", frame => this.hidden && this.draw(null, frame));
    this.seen = () => this.turn();
    document.addEventListener("visibilitychange", this.seen);
    this.turn();
  }

  turn() {
    const looking = document.visibilityState === "visible" && !this.closed;
    if (looking && !this.socket) this.open();
    if (!looking) {
      this.socket?.close();
      this.socket = null;
    }
  }

  open() {
    const socket = this.socket = new WebSocket(address("look"));
    socket.binaryType = "arraybuffer";
    socket.onmessage = event => {
      this.wait = 500;
      if (typeof event.data === "string") this.frame = JSON.parse(event.data);
      else this.picture(event.data, this.frame);
    };
    socket.onclose = event => {
      if (socket !== this.socket) return;
      this.socket = null;
      this.enter.hidden = event.code !== SECRET;
      this.show([HIDDEN, SECRET].includes(event.code));
      this.wait = this.hidden ? 5000 : Math.min(8000, 2 * this.wait);
      this.timer = setTimeout(() => this.turn(), this.wait);
    };
  }

  // With each picture comes what is measured in it; without one the stream tells.
  show(hidden) {
    this.hidden = hidden;
    this.stream.want(hidden ? { points: 1, iris: 1, divider: 2 } : NOTHING);
  }

  async picture(data, frame) {
    const count = ++this.count;
    const image = await createImageBitmap(new Blob([data], { type: "image/jpeg" }))
      .catch(() => null);
    if (!image) return;
    if (!this.closed && count > this.drawn) {
      this.drawn = count;
      this.show(false);
      this.draw(image, frame);
    }
    image.close();
  }

  draw(image, frame) {
    const { canvas, layers } = this;
    const size = image ? [image.width, image.height] : this.stream.last.camera?.size ?? [640, 480];
    const [width, height] = [SHARP * size[0], SHARP * size[1]];
    if (canvas.width !== width || canvas.height !== height) {
      Object.assign(canvas, { width, height });
    }
    canvas.parentElement.style.aspectRatio = `${width} / ${height}`;
    const context = canvas.getContext("2d");
    context.setTransform(layers.mirrored ? -1 : 1, 0, 0, 1, layers.mirrored ? width : 0, 0);
    if (image) context.drawImage(image, 0, 0, width, height);
    else context.clearRect(0, 0, width, height);
    context.setTransform(1, 0, 0, 1, 0, 0);
    const mirrored = layers.mirrored !== Boolean(frame?.mirrored);
    const pen = new Pen(context, width, height, this.stream.last.camera, mirrored);
    // One that is just lost is not where it was any more.
    const there = (frame?.faces ?? []).filter(({ state }) => !["held", "returning"].includes(state));
    for (const face of there) pen.face(face, layers);
    canvas.dataset.number = frame?.number ?? "";
    canvas.dataset.faces = there.length;
    canvas.dataset.picture = image ? frame.number : "";
    this.over.textContent = image || frame?.faces.length || !this.enter.hidden ? "" :
      t("look.hidden");
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.seen);
    this.off();
    this.stream.want(NOTHING);
    this.turn();
  }
}

function camera(app) {
  const now = Object.fromEntries(Object.entries(app.state.camera ?? {})
    .map(([key, value]) => [key, String(value)]));
  const change = options => app.act("change", { camera: options }, t("look.applied"));
  const cameras = app.state.cameras ?? [];
  const named = cameras.map(one => [one.source, one.name]);
  const here = cameras.find(one => one.source === now.source)?.modes ?? cameras[0]?.modes ?? SIZES;
  const modes = here.map(mode => [mode.join(" "), mode_words(mode)]);
  const mode = [now.width, now.height, now.rate];
  if (now.width && !modes.some(([value]) => value === mode.join(" "))) {
    modes.unshift([mode.join(" "), mode_words(mode)]);
  }
  const spell = (key, values) => values.map(value => [value, t(`look.${key}.${value}`)]);
  return card(t("look.camera"), h("div", { class: "stack" },
    choice(t("look.source"), named, now.source, source => change({ source })),
    choice(t("look.mode"), modes, now.width && mode.join(" "), value => {
      const [width, height, rate] = value.split(" ");
      change({ width, height, rate });
    }),
    choice(t("look.flip"), spell("flip", ["none", "horizontal", "vertical", "both"]), now.flip,
      flip => change({ flip })),
    choice(t("look.rotation"), ["0", "90", "180", "270"].map(v => [v, v + "°"]), now.rotation,
      rotation => change({ rotation })),
    h("p", { class: "note" }, t("look.note"))));
}

function mode_words([width, height, rate]) {
  return `${width} × ${height}, ${rate} Hz`;
}
