// Who is sent what: this device, what was found on the network, and all targets.

import { APPS, target } from "./apps.js";
import { card, check, choice, h } from "./dom.js";
import { has, heard, t } from "./text.js";

const EVERY = 3000;         // ms between looks at rates and answers

export function open(view, app) {
  const device = card("");
  const found = h("div");
  const rows = h("div", { class: "targets" });
  view.append(h("h1", {}, t("connect.title")), h("p", { class: "lead" }, t("connect.lead")),
    h("div", { class: "columns two" },
      h("div", { class: "stack" }, device, card(t("connect.found"), found)),
      h("div", { class: "stack" }, card(t("connect.targets"), rows), other(change))));
  const list = new Targets(rows, app, change);

  async function change(body, words) {
    const answer = await app.act("change", body, words);
    if (answer) await turn();
    return answer;
  }
  async function turn() {
    try {
      await app.refresh();
      show();
    } catch (mistake) {
      app.complain(mistake);
    }
  }
  function show() {
    list.show();
    nearby(found, app.state, change);
  }
  thisDevice(device, app.state, change);
  show();
  const timer = setInterval(() => document.visibilityState === "visible" &&
    app.refresh().then(show, () => {}), EVERY);
  return () => clearInterval(timer);
}

// A section's name that is free, or that of the same target.
function section(state, wanted, to) {
  const config = state.config ?? {};
  const plain = wanted.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "app";
  for (let i = 1; ; i++) {
    const name = `target ${plain}${i > 1 ? "-" + i : ""}`;
    if (!config[name] || config[name].to === to) return name;
  }
}

function thisDevice(place, state, change) {
  const me = state.panel?.me ?? "";
  const box = state.panel?.address ?? location.hostname;
  const steps = h("div", { "aria-live": "polite" });
  place.className = "card first";
  const pick = one => {
    const to = target(one, me);
    const name = one.name ?? t(`app.${one.key}.name`);
    const add = () => change({ [section(state, one.key, to)]: { to, enabled: "yes" } },
      t("connect.sending", { name }));
    steps.replaceChildren(h("h3", {}, t("connect.steps", { name })),
      h("ol", { class: "steps" }, Array.from({ length: one.steps }, (_, i) =>
        h("li", {}, h("span", {}, t(`app.${one.key}.${i + 1}`, { box, port: one.port }))))),
      h("div", { class: "row" }, h("button", { class: "main", type: "button", onclick: add },
        t("connect.send", { name })), h("code", {}, to)));
  };
  const apps = APPS.map((one, i) => h("label", {},
    h("input", { type: "radio", name: "app", value: one.key, onchange: () => pick(one) }),
    one.name ?? t(`app.${one.key}.name`)));
  place.replaceChildren(h("h2", {}, t("connect.here")),
    h("p", {}, t("connect.me", { me })),
    h("fieldset", { class: "apps" }, h("legend", {}, t("connect.which")), apps), steps);
}

function nearby(place, state, change) {
  const all = state.found ?? [];
  const text = JSON.stringify([all, (state.targets ?? []).map(row => row.to)]);
  if (place.dataset.text === text) return;
  place.dataset.text = text;
  const rows = all.map(one => {
    const sent = (state.targets ?? []).some(row => row.to === one.to);
    const add = () => change({ [section(state, one.kind, one.to)]:
      { to: one.to, enabled: "yes" } }, t("connect.sending", { name: one.name }));
    const silent = t(one.kind === "Kagami" ? "connect.another" : "connect.deaf");
    return h("div", { class: "target row apart" },
      h("div", { class: "grow" }, h("h3", {}, one.kind),
        h("div", { class: "note" }, `${one.name}, ${one.address}`)),
      sent ? h("span", { class: "pill", "data-kind": "good" }, t("connect.sent")) :
        one.to ? h("button", { type: "button", onclick: add,
          "aria-label": t("connect.send", { name: one.name }) }, t("connect.sendto")) :
          h("span", { class: "note" }, silent));
  });
  place.replaceChildren(h("div", { class: "targets" },
    rows.length ? rows : h("p", { class: "empty" }, t("connect.nobody"))));
}

function other(change) {
  const to = h("input", { type: "text", placeholder: "vmc@192.168.1.20", required: true,
    autocapitalize: "none", spellcheck: "false" });
  const name = h("input", { type: "text", required: true,
    placeholder: t("connect.name.example") });
  const send = async event => {
    event.preventDefault();
    const body = { ["target " + name.value.trim()]: { to: to.value.trim(), enabled: "yes" } };
    if (await change(body, t("connect.sending", { name: name.value }))) to.value = name.value = "";
  };
  return card(t("connect.other"), h("form", { class: "row end", onsubmit: send },
    h("label", { class: "field grow" }, h("span", {}, t("connect.name")), name),
    h("label", { class: "field grow" }, h("span", {}, t("connect.to")), to),
    h("button", {}, t("connect.add"))));
}

// The rows of who is sent to; numbers change in place, so that nobody loses their place in it.
class Targets {
  constructor(place, app, change) {
    Object.assign(this, { place, app, change });
  }

  show() {
    const { config = {}, targets = [] } = this.app.state;
    const named = Object.keys(config).filter(key => key.startsWith("target "));
    const idle = named.filter(key => !targets.some(row => row.name === key.slice(7)))
      .map(key => ({ name: key.slice(7), to: config[key].to ?? "", off: true }));
    const all = [...targets, ...idle];
    const text = JSON.stringify(all.map(row => [row.to, row.name, row.off,
      config["target " + row.name]]));
    if (text !== this.text) this.build(all, text);
    all.forEach((row, i) => this.tell[i](row));
  }

  build(all, text) {
    const focused = document.activeElement?.dataset?.focus;
    this.text = text;
    const built = all.map(row => this.row(row));
    this.tell = built.map(one => one.tell);
    this.place.replaceChildren(...built.map(one => one.element),
      all.length ? "" : h("p", { class: "empty" }, t("connect.none")));
    if (focused) this.place.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  }

  row(row) {
    const name = row.name || row.to;
    const { config = {}, changed } = this.app.state;
    const own = config["target " + row.name];
    const options = own && { ...config.target, ...own };
    // What the page did not add stands in the user's own file, out of its reach.
    const mine = !changed || changed["target " + row.name]?.to;
    const answer = h("span", { class: "pill" });
    const rate = h("span", { class: "note number" });
    const advice = h("span", { class: "note" });
    const tell = now => {
      const [kind, words] = answered(now);
      answer.dataset.kind = kind;
      if (answer.textContent !== words) answer.textContent = words;
      const told = now.off ? "" : [t("connect.rate", { rate: now.rate.toFixed(0), why: why(now) }),
        now.address].filter(Boolean).join(t("mark.beside"));
      if (rate.textContent !== told) rate.textContent = told;
      const help = heard(now.advice ?? "");
      if (advice.textContent !== help) advice.textContent = help;
    };
    const wave = h("button", { type: "button", "data-focus": "wave " + name,
      "aria-label": t("connect.wave.at", { name }),
      onclick: () => this.app.act("wave", { to: row.to }, t("connect.waving")) },
    t("connect.wave"));
    const element = h("div", { class: "target", role: "group", "aria-label": name },
      h("div", { class: "row apart" }, h("h3", {}, name), answer),
      name === row.to ? null : h("code", {}, row.to), rate, advice,
      h("div", { class: "row" }, row.off ? null : wave,
        options ? this.settings(row, options, mine) : null));
    return { element, tell };
  }

  settings(row, options, mine) {
    const key = "target " + row.name;
    const set = (option, value) => this.change({ [key]: { [option]: value } });
    const rates = [["0", t("connect.every")],
      ...["60", "30", "15"].map(value => [value, value + " Hz"])];
    const rate = choice("", rates, options.rate ?? "0", value => set("rate", value));
    rate.firstChild.className = "unseen";
    rate.firstChild.textContent = t("connect.most", { name: row.name });
    const yes = (option, words) => {
      const box = check(words, options[option] === "yes", on => set(option, on ? "yes" : "no"));
      box.firstChild.dataset.focus = option + key;
      return box;
    };
    const remove = mine && h("button", { type: "button", class: "plain",
      "aria-label": t("connect.remove.of", { name: row.name }),
      onclick: () => this.change({ [key]: null }, t("connect.removed", { name: row.name })) },
    t("connect.remove"));
    rate.lastChild.dataset.focus = "rate" + key;
    return [yes("enabled", t("connect.enabled")), yes("mirror", t("connect.mirror")), rate,
      remove || null];
  }
}

// What the tracker knows of a receiver, in its words; those that are known in the page's.
function answered(row) {
  if (row.off) return ["", t("connect.off")];
  const answer = row.answer || "nothing sent yet";
  const quiet = ["nothing sent yet", "nobody has asked"].includes(answer);
  const good = answer === "not refused" || /^(connected|asked, .*|[\d.: a-f]+)$/.test(answer);
  const words = has("answer." + answer) ? t("answer." + answer) : heard(answer);
  return [quiet ? "" : good ? "good" : "bad", words];
}

function why(row) {
  if (row.why.startsWith("subscribed")) return t("why.subscribed");
  if (row.why.includes("USB cable")) return t("why.cable");
  if (row.why.startsWith("--")) return t("why.--to");
  return row.added || row.why === "added" ? t("why.added") : t("why.settings");
}
