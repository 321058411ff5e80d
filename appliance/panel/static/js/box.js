// How the box is: its load, its log, its settings as a file, and starting it again.

import { ask } from "./api.js";
import { stages } from "./chart.js";
import { card, h } from "./dom.js";
import { has, heard, t, told } from "./text.js";

const STAGES = ["capture", "detector", "landmarks", "pose_iris", "expression", "brows", "publish"];
const COLOURS = ["#8d99ae", "#e9a23b", "#2a9d8f", "#5b8def", "#b07bd8", "#8fb339", "#d96f6f"];
const EVERY = 4000;         // ms between looks at the slow things
const SECONDS = 120;        // of the chart

export function open(view, app) {
  const facts = h("dl", { class: "facts" });
  const chart = h("canvas", { class: "chart", role: "img", "aria-label": t("box.chart") });
  const key = h("ul", { class: "key" });
  const log = h("pre", { class: "log", tabindex: "0", role: "log", "aria-live": "off",
    "aria-label": t("box.log") });
  const engines = h("div");
  const networks = card(t("box.engines"), engines);
  const kept = versions(app);
  view.append(h("h1", {}, t("box.title")), h("p", { class: "lead" }, t("box.lead")),
    h("div", { class: "columns two" },
      h("div", { class: "stack" }, card(t("box.now"), facts),
        card(t("box.time"), h("p", { class: "note" }, t("box.time.what")), chart, key),
        card(t("box.log"), log)),
      h("div", { class: "stack" }, networks, settings(app), password(app), kept.card,
        again(app))));
  const show = () => {
    tell(facts, app);
    networks.hidden = !app.state.box?.engines?.length;
    made(engines, app.state.box?.engines ?? []);
    kept.show(app.state.box?.versions ?? {});
    const text = (app.state.log ?? []).join("\n");
    if (log.textContent !== text) {
      const end = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
      log.textContent = text;
      if (end) log.scrollTop = log.scrollHeight;
    }
  };
  const draw = () => {
    stages(chart, app.stream.timings, STAGES, COLOURS, SECONDS);
    legend(key, app.stream.last.timing?.ms ?? {});
  };
  show();
  draw();
  const offs = [app.stream.on("timing", draw), app.stream.on("status", () => tell(facts, app))];
  const timer = setInterval(() => document.visibilityState === "visible" &&
    app.refresh().then(show, () => {}), EVERY);
  for (const name of ["resize", "themechange"]) addEventListener(name, draw);
  return () => {
    clearInterval(timer);
    for (const name of ["resize", "themechange"]) removeEventListener(name, draw);
    for (const off of offs) off();
  };
}

function tell(list, app) {
  const { state } = app;
  const status = app.stream.last.status ?? {};
  const box = state.box ?? {};
  const rows = [
    ["state", status.text ? words(status.text) : null],
    ["fps", status.fps?.toFixed(1)], ["dropped", status.dropped],
    ["uptime", status.uptime === undefined ? null : duration(status.uptime)],
    ["temperature", status.temperature ? status.temperature.toFixed(0) + " °C" : null],
    ["memory", box.memory_mb?.map(mb => (mb / 1024).toFixed(1)).join(" / ").concat(" GB")],
    ["load", box.load?.map(value => value.toFixed(2)).join("  ")],
    ...Object.entries(box.clocks ?? {}).map(([name, mhz]) => ["clock", `${mhz} MHz`, { name }]),
    ["backend", state.backend], ["version", state.version], ["panel", state.panel?.version],
  ].filter(([, value]) => value !== null && value !== undefined);
  const text = JSON.stringify(rows);
  if (list.dataset.text === text) return;
  list.dataset.text = text;
  list.replaceChildren(...rows.map(([name, value, names]) =>
    h("div", {}, h("dt", {}, t("box." + name, names)), h("dd", {}, String(value)))));
}

function words(text) {
  return told(text).map(part => part.said).filter(Boolean).join(t("mark.also"));
}

function duration(seconds) {
  const [days, hours, minutes] = [86400, 3600, 60].map(size => Math.floor(seconds / size));
  if (days) return t("time.days", { n: days, h: hours % 24 });
  if (hours) return t("time.hours", { n: hours, m: minutes % 60 });
  return t("time.minutes", { n: minutes, s: Math.floor(seconds % 60) });
}

function legend(list, ms) {
  if (!list.children.length) {
    list.append(...[...STAGES, "total"].map((name, i) => {
      const mark = h("i");
      mark.style.background = COLOURS[i] ?? "transparent";
      return h("li", {}, mark, t("stage." + name), h("span", { class: "number" }));
    }));
  }
  [...STAGES, "total"].forEach((name, i) => {
    const text = ms[name] === undefined ? "–" : ms[name].toFixed(1) + " ms";
    list.children[i].lastChild.textContent = text;
  });
}

function made(place, engines) {
  const rows = engines.map(engine => {
    const ready = engine.state === "ready";
    const state = t("engine." + engine.state, { n: Math.round(100 * (engine.progress ?? 0)) });
    const name = has("network." + engine.name) ? t("network." + engine.name) : engine.name;
    return h("li", { class: "row apart" }, h("span", {}, name),
      h("span", { class: "pill", "data-kind": ready ? "good" : null }, state));
  });
  const text = JSON.stringify(engines);
  if (place.dataset.text === text) return;
  place.dataset.text = text;
  place.replaceChildren(h("ul", { class: "lines" }, rows));
}

function settings(app) {
  const fetched = async () => {
    try {
      const text = JSON.stringify(await ask("api/export"), null, 1);
      const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      h("a", { href: url, download: "kagami-settings.json" }).click();
      setTimeout(() => URL.revokeObjectURL(url), 1000);
    } catch (mistake) {
      app.complain(mistake);
    }
  };
  const file = h("input", { type: "file", accept: ".json,application/json", class: "unseen",
    tabindex: "-1", "aria-hidden": "true", onchange: async () => {
      const text = await file.files[0].text();
      file.value = "";
      let document;
      try {
        document = JSON.parse(text);
      } catch {
        return app.complain(new Error(t("settings.broken")));
      }
      return app.act("import", { document }, t("settings.imported"));
    } });
  return card(t("settings.title"), h("p", {}, t("settings.what")), h("div", { class: "row" },
    h("button", { type: "button", onclick: fetched }, t("settings.export")),
    h("button", { type: "button", onclick: () => file.click() }, t("settings.import")), file));
}

function password(app) {
  const word = h("input", { type: "password", autocomplete: "new-password" });
  const send = async event => {
    event.preventDefault();
    const words = word.value ? t("password.done") : t("password.none");
    if (await app.act("password", { password: word.value }, words)) word.value = "";
  };
  return card(t("password.title"), h("p", {}, t("password.what")),
    h("form", { class: "row end", onsubmit: send },
      h("label", { class: "field grow" }, h("span", {}, t("password.new")), word),
      h("button", {}, t("password.set"))));
}

function versions(app) {
  const said = h("ul", { class: "lines" });
  const back = sure("versions", () => app.act("rollback", {}, t("versions.now")));
  const whole = card(t("versions.title"), said, ...back);
  const show = known => {
    const { current, previous, trial, refused } = known;
    whole.hidden = !current;
    back[0].hidden = !previous || Boolean(trial);
    const rows = [[current, "current"], [previous, "previous"], [trial, "trial"]]
      .filter(([version]) => version).map(([version, name]) => t("versions." + name, { version }));
    if (refused) {
      rows.push(t("versions.refused", { ...refused, reason: heard(refused.reason) }));
    }
    said.replaceChildren(...rows.map(row => h("li", {}, row)));
  };
  return { card: whole, show };
}

function again(app) {
  return card(t("restart.title"), h("p", {}, t("restart.what")),
    ...sure("restart", () => app.act("restart", {}, t("restart.now"))));
}

// A button and the question that comes before what it does.
function sure(name, act) {
  const ask_first = h("dialog", { "aria-label": t(name + ".title") },
    h("p", {}, t(name + ".sure")), h("div", { class: "row" },
      h("button", { class: "main", type: "button", onclick: () => {
        ask_first.close();
        act();
      } }, t(name + ".do")),
      h("button", { type: "button", onclick: () => ask_first.close() }, t(name + ".no"))));
  return [h("button", { type: "button", onclick: () => ask_first.showModal() }, t(name + ".do")),
    ask_first];
}
