// All values of the face as live bars, and ten seconds of them as files.

import { card, h, meter, save } from "./dom.js";
import { NOTHING, face } from "./stream.js";
import { t } from "./text.js";

const SECONDS = 10;
const GROUPS = ["brow", "eye", "jaw", "mouth", "other"];
const GAZE = ["gaze.yaw", "gaze.pitch"];

export function open(view, app) {
  const shows = [];
  const add = (label, most, read, options) => {
    const one = meter(label, most, options);
    shows.push(now => one.show(now ? read(now) : NaN));
    return one.element;
  };
  const degrees = { both: true, digits: 1, unit: "°" };
  const head = ["yaw", "pitch", "roll"].map((name, i) =>
    add(t("angle." + name), 90, now => now.angles[i], degrees));
  const place = ["x", "y", "z"].map((name, i) => add(t("position." + name), i < 2 ? 300 : 1500,
    now => now.position[i], { both: i < 2, digits: 0, unit: " mm" }));
  const eyes = ["left", "right"].map(side => card(t(side + ".eye"), h("ul", { class: "meters" },
    add(t("openness"), 1.3, now => now[side].openness),
    ...GAZE.map((name, i) => add(t(name), 30, now => now[side].gaze[i], degrees)))));
  const shapes = h("div", { class: "groups" });
  view.append(h("h1", {}, t("values.title")), h("p", { class: "lead" }, t("values.lead")),
    h("div", { class: "stack" }, recorder(app),
      h("div", { class: "columns two" },
        card(t("values.head"), h("ul", { class: "meters" }, head)),
        card(t("values.position"), h("ul", { class: "meters" }, place)), ...eyes),
      h("h2", {}, t("values.shapes")), shapes));

  const bars = message => {
    const driven = new Set(app.state.driven ?? message.blendshapes);
    const group = name => GROUPS.find(one => name.startsWith(one)) ?? "other";
    shapes.replaceChildren(...GROUPS.map(one => {
      const all = message.blendshapes.filter(name => group(name) === one);
      const rows = all.filter(name => driven.has(name)).map(name =>
        add(name, 1, now => now.blendshapes[message.blendshapes.indexOf(name)]));
      const names = all.filter(name => !driven.has(name)).join(", ");
      return card(t("group." + one), rows.length ? h("ul", { class: "meters" }, rows) : null,
        names ? h("p", { class: "note" }, t("values.undriven", { names })) : null);
    }));
  };
  if (app.stream.last.names) bars(app.stream.last.names);
  else {
    const once = app.stream.on("names", message => { once(); bars(message); });
  }
  app.stream.want({ divider: 1 });
  let waiting = false;
  const off = app.stream.on("frame", frame => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      const now = face(app.stream.last.frame ?? frame);
      for (const show of shows) show(now);
    });
  });
  return () => {
    off();
    app.stream.want(NOTHING);
  };
}

function recorder(app) {
  const count = h("span", { class: "note number", role: "status" }, t("record.what"));
  const files = h("div", { class: "row" });
  const button = h("button", { class: "main", type: "button" }, t("record.do", { n: SECONDS }));
  button.addEventListener("click", () => {
    const frames = [];
    button.disabled = true;
    files.replaceChildren();
    const off = app.stream.on("frame", frame => frames.push(frame));
    const began = performance.now();
    const timer = setInterval(() => {
      const passed = (performance.now() - began) / 1000;
      count.textContent = t("record.now", { n: Math.ceil(Math.max(0, SECONDS - passed)) });
      if (passed < SECONDS) return;
      clearInterval(timer);
      off();
      button.disabled = false;
      count.textContent = t("record.done", { n: frames.length });
      const name = "kagami-" + new Date().toISOString().slice(0, 19).replace(/[:T]/g, "-");
      files.replaceChildren(save(name + ".jsonl", "application/x-ndjson", jsonl(frames)),
        save(name + ".csv", "text/csv", csv(frames, app.stream.last.names.blendshapes)));
    }, 200);
  });
  return h("section", { class: "card", "aria-label": t("record.title") },
    h("div", { class: "row" }, button, count), files);
}

export function jsonl(frames) {
  return frames.map(frame => JSON.stringify(frame) + "\n").join("");
}

// A row for each face of each frame.
export function csv(frames, names) {
  const head = ["number", "time", "slot", "id", "state", "score", "yaw", "pitch", "roll",
    "x", "y", "z", "left_yaw", "left_pitch", "left_openness",
    "right_yaw", "right_pitch", "right_openness", ...names];
  const rows = frames.flatMap(frame => frame.faces.map(one => [frame.number, frame.time, one.slot,
    one.id, one.state, one.score, ...one.angles, ...one.position, ...one.left.gaze,
    one.left.openness, ...one.right.gaze, one.right.openness, ...one.blendshapes]));
  return [head, ...rows].map(row => row.join(",") + "\r\n").join("");
}
