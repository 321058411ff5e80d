// What Kagami shall know of a person: straight ahead, at rest, eyes, gaze, expressions; each
// beside the values that it changes.

import { card, check, choice, h, meter } from "./dom.js";
import { Trace } from "./chart.js";
import { NOTHING, face } from "./stream.js";
import { heard, t, told } from "./text.js";

const READY = 3;            // seconds to get ready
const NEUTRAL = 2;          // seconds of the resting face
const MOST = 9;             // of its values
const ANGLE = { both: true, digits: 0, unit: "°" };
const SMOOTH = [["head", 0], ["points", 1], ["eyes", 2], ["expression", 3]];

export function open(view, app) {
  const meters = [];
  const live = (label, most, read, options) => {
    const one = meter(label, most, options);
    meters.push(now => one.show(now ? read(now) : NaN));
    return one.element;
  };
  const rows = (...all) => h("ul", { class: "meters" }, ...all);
  const angles = () => [["yaw", 0], ["pitch", 1], ["roll", 2]].map(([name, i]) =>
    live(t("angle." + name), 60, now => now.angles[i], ANGLE));
  const eye = (side, label) => live(label, 1.3, now => now[side].openness);
  const gaze = (side, label) => ["gaze.yaw", "gaze.pitch"].map((name, i) =>
    live(label + t("mark.beside") + t(name), 30, now => now[side].gaze[i], ANGLE));
  const [left, right] = [t("left.eye"), t("right.eye")];

  view.append(h("h1", {}, t("calibrate.title")), h("p", { class: "lead" }, t("calibrate.lead")),
    h("div", { class: "columns two" }, h("div", { class: "stack" },
      step(app, "recenter", [["recenter", {}, 0]], rows(...angles())),
      step(app, "neutral", [["neutral", { seconds: NEUTRAL }, NEUTRAL]], rows(
        ...(app.state.driven ?? []).filter(name => !name.startsWith("eye")).slice(0, MOST)
          .map(name => live(name, 1, now => shape(app, now, name))))),
      step(app, "eyes", ["open", "shut"].map(which => ["eyes", { which }, 1, which]),
        rows(eye("left", left), eye("right", right))),
      step(app, "gaze", [["gaze", { yaw: 0, pitch: 0 }, 1]],
        rows(...gaze("left", left), ...gaze("right", right)))),
    h("div", { class: "stack" }, ...taught(app, live, rows), ranges(app, live, rows),
      smoothing(app, meters))));

  app.stream.want({ divider: 2 });
  const off = app.stream.on("frame", frame => {
    const now = face(frame);
    for (const show of meters) show(now);
  });
  return () => {
    off();
    app.stream.want(NOTHING);
  };
}

function shape(app, now, name) {
  return now.blendshapes[app.stream.last.names?.blendshapes.indexOf(name) ?? -1];
}

// A thing to do: some words, its buttons, a countdown, live values, and how to forget it.
// orders: [[command, body, seconds, name]].
function step(app, key, orders, values) {
  const count = h("p", { class: "count", role: "status" });
  const buttons = orders.map(([command, body, seconds, name]) => {
    const words = t(`calibrate.${key}.${name ?? "do"}`);
    const button = h("button", { type: "button", class: "main" }, words);
    button.addEventListener("click", async () => {
      buttons.forEach(one => { one.disabled = true; });
      if (seconds) await ready(count, t(`calibrate.${key}.${name ? name + ".now" : "now"}`));
      await app.act(command, body, t(`calibrate.${key}.done`));
      if (name === "shut") beep();
      count.textContent = "";
      buttons.forEach(one => { one.disabled = false; });
      button.focus();
    });
    return button;
  });
  const forget = h("button", { type: "button", class: "plain",
    "aria-label": t("calibrate.forget.of", { what: t(`calibrate.${key}`) }),
    onclick: () => app.act("clear", { what: key }, t("calibrate.forgot")) },
  t("calibrate.forget"));
  return card(t(`calibrate.${key}`), h("p", {}, t(`calibrate.${key}.what`)),
    h("div", { class: "row" }, buttons, key === "recenter" ? null : forget),
    key === "recenter" ? null : count, values);
}

async function ready(count, now) {
  for (let left = READY; left; left--) {
    count.textContent = t("calibrate.in", { n: left });
    await new Promise(resolve => setTimeout(resolve, 1000));
  }
  count.textContent = now;
}

// For those whose eyes are shut.
function beep() {
  const sound = new AudioContext();
  const tone = sound.createOscillator();
  const level = sound.createGain();
  level.gain.value = 0.1;
  tone.connect(level).connect(sound.destination);
  tone.start();
  tone.stop(sound.currentTime + 0.25);
  tone.onended = () => sound.close();
}

function taught(app, live, rows) {
  const list = h("div");
  const prompt = h("p", { class: "count", role: "status" });
  const name = h("input", { type: "text", required: true, autocapitalize: "none",
    spellcheck: "false", placeholder: "smirk" });
  const button = h("button", {}, t("teach.do"));
  const show = () => {
    const names = app.state.taught ?? [];
    list.replaceChildren(names.length ? rows(...names.map(one => entry(one))) :
      h("p", { class: "empty" }, t("teach.none")));
  };
  const entry = one => {
    const forget = h("button", { type: "button", class: "plain",
      "aria-label": t("teach.forget.of", { name: one }), onclick: async () => {
        if (await app.act("forget", { name: one }, t("teach.forgot", { name: one }))) again();
      } }, t("teach.forget"));
    const row = live(one, 1, now => now.taught?.[one]);
    return h("li", { class: "row" }, h("ul", { class: "meters grow" }, row), forget);
  };
  const again = () => app.refresh().then(show, app.complain);
  const teach = async event => {
    event.preventDefault();
    button.disabled = true;
    const off = app.stream.on("status", status => {
      const words = told(status.text).map(part => part.said);
      const asked = words.filter((said, i) => /\(\d+ of \d+\)$/.test(told(status.text)[i].words));
      if (prompt.textContent !== asked.join(" ")) prompt.textContent = asked.join(" ");
    });
    prompt.textContent = t("teach.begin");
    const answer = await app.act("teach", { name: name.value.trim(), times: 3 });
    off();
    prompt.textContent = answer ? heard(answer.said) : "";
    button.disabled = false;
    if (answer) again();
  };
  show();
  return [card(t("teach.title"), h("p", {}, t("teach.what")),
    h("form", { class: "row end", onsubmit: teach },
      h("label", { class: "field grow" }, h("span", {}, t("teach.name")), name), button),
    prompt, list)];
}

function ranges(app, live, rows) {
  const config = app.state.config ?? {};
  const set = (section, key) => on =>
    app.act("change", { [section]: { [key]: on ? "yes" : "no" } });
  return card(t("ranges.title"),
    check(t("ranges.learn"), config.calibration?.ranges === "yes", set("calibration", "ranges")),
    h("p", { class: "note" }, t("ranges.what")),
    rows(live(t("left.eye"), 1.3, now => now.left.openness),
      live("jawOpen", 1, now => shape(app, now, "jawOpen"))),
    check(t("ranges.mirror"), config.target?.mirror === "yes", set("target", "mirror")),
    h("p", { class: "note" }, t("ranges.mirror.what")),
    rows(live(t("angle.yaw"), 60, now => now.angles[0], ANGLE)));
}

// A slider for each kind of value, and a line of what it does to it.
function smoothing(app, meters) {
  const config = app.state.config?.smoothing ?? {};
  const read = {
    head: now => now.angles[0] / 60, points: now => now.position[0] / 200,
    eyes: now => now.left.gaze[0] / 30, expression: now => shape(app, now, "jawOpen") * 2 - 1,
  };
  const sliders = SMOOTH.map(([name]) => {
    const key = name + "_cutoff";
    const trace = new Trace(t("smooth.trace", { name: t("smooth." + name) }));
    meters.push(now => trace.add(now ? read[name](now) : NaN));
    const value = h("span", { class: "number" }, config[key] ? config[key] + " Hz" : "–");
    const slider = h("input", { type: "range", min: 0, max: 5, step: 0.1, value: config[key],
      oninput: () => { value.textContent = slider.value + " Hz"; },
      onchange: () => app.act("change", { smoothing: { [key]: slider.value } }) });
    return h("div", {}, h("label", { class: "field" },
      h("span", { class: "row apart" }, t("smooth." + name), value), slider), trace.canvas);
  });
  return card(t("smooth.title"), h("p", {}, t("smooth.what")),
    h("div", { class: "stack" }, sliders));
}
