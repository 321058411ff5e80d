// The page's frame: views by address, language, colours, state, what was said.

import { ask, post } from "./api.js";
import { card, h, icon } from "./dom.js";
import { NOTHING, Stream } from "./stream.js";
import { code, heard, languages, speak, t, told } from "./text.js";

const VIEWS = ["look", "connect", "calibrate", "mirror", "values", "box"];
const $ = id => document.getElementById(id);
const kept = {
  get: name => { try { return localStorage.getItem(name); } catch { return null; } },
  set: (name, value) => { try { localStorage.setItem(name, value); } catch { /* private */ } },
};

// What every view is given.
const app = {
  stream: new Stream(),
  state: {},
  async refresh() {
    app.state = await ask("api/state");
    return app.state;
  },
  // Do something and say so, in these words or the box's own; gives the answer, or null.
  async act(name, body, words = null) {
    try {
      const answer = await post(name, body);
      say(words ?? (answer.said ? heard(answer.said) : t("done")));
      return answer;
    } catch (mistake) {
      complain(mistake);
      return null;
    }
  },
  say, complain, login: () => show("login"),
};

let close = null;
let saying = 0;

function say(words, kind = "good", seconds = 4) {
  clearTimeout(saying);
  $("told").replaceChildren(h("p", { "data-kind": kind === "bad" ? "bad" : null }, words));
  saying = setTimeout(() => $("told").replaceChildren(), 1000 * seconds);
}

function complain(mistake) {
  if (mistake.status === 401) show("login");
  say(mistake.message, "bad", 10);
}

function current() {
  const name = location.hash.slice(1);
  return VIEWS.includes(name) ? name : "look";
}

async function show(name, focus = false) {
  close?.();
  close = null;
  const view = $("view");
  const turn = view.dataset.turn = String(Number(view.dataset.turn ?? 0) + 1);
  for (const link of $("nav").querySelectorAll("a")) {
    if (link.hash === "#" + name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const [module] = await Promise.all([
    name === "login" ? { open: login } : import(`./${name}.js`), app.refresh().catch(complain)]);
  if (view.dataset.turn !== turn) return;     // another view was asked for meanwhile
  view.replaceChildren();
  document.title = `${t(name + ".title")} – Kagami`;
  close = module.open(view, app) ?? null;
  view.dataset.view = name;
  if (focus) {
    window.scrollTo(0, 0);
    $("main").focus({ preventScroll: true });
  }
}

function login(view) {
  const word = h("input", { type: "password", autocomplete: "current-password", required: true });
  const send = async event => {
    event.preventDefault();
    if (await app.act("login", { password: word.value })) show(current());
  };
  view.append(h("h1", {}, t("login.title")), card(t("login.ask"),
    h("form", { class: "row end", onsubmit: send },
      h("label", { class: "field grow" }, h("span", {}, t("login.password")), word),
      h("button", { class: "main" }, t("login.in")))));
  word.focus();
}

function words() {
  for (const element of document.querySelectorAll("[data-t]")) {
    element.textContent = t(element.dataset.t);
  }
  $("nav").setAttribute("aria-label", t("views"));
  $("nav").replaceChildren(...VIEWS.map(name =>
    h("a", { href: "#" + name }, icon(name), h("span", {}, t(name + ".nav")))));
  state();
}

function state() {
  const { connected, last, retry } = app.stream;
  const away = !connected && retry;
  const lost = last.tracker && !last.tracker.reachable;
  const banner = away ? t("away.box") :
    lost ? t("away.tracker", { why: heard(last.tracker.why) }) : "";
  if ($("banner").textContent !== banner) $("banner").textContent = banner;
  $("banner").hidden = !banner;
  const [kind, text, rate = ""] = summary(away, lost, last.status);
  if ($("state").textContent !== text + rate) {
    $("state").replaceChildren(text, h("span", { class: "rate" }, rate));
  }
  $("state").dataset.kind = kind;
}

function summary(away, lost, status) {
  if (away) return ["bad", t("state.away")];
  if (lost) return ["bad", t("state.silent")];
  if (!status) return ["wait", t("state.wait")];
  const kind = { 1: "good", 2: "warn", 3: "bad", 5: "bad" }[status.code] ?? "wait";
  const rate = status.fps ? ` · ${Math.round(status.fps)} fps` : "";
  return [kind, status.code === 3 ? t("state.no camera") : told(status.text)[0].said, rate];
}

function theme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  $("theme").setAttribute("aria-pressed", String(dark));
  window.dispatchEvent(new Event("themechange"));
}

function colours() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => kept.get("theme") ?? (system.matches ? "dark" : "light");
  theme(chosen() === "dark");
  system.addEventListener("change", () => theme(chosen() === "dark"));
  $("theme").addEventListener("click", () => {
    const dark = document.documentElement.dataset.theme !== "dark";
    kept.set("theme", dark ? "dark" : "light");
    theme(dark);
  });
}

async function begin() {
  colours();
  const names = await languages();
  const wanted = kept.get("language") ?? navigator.language.slice(0, 2);
  await speak(wanted);
  $("language").append(...Object.entries(names).map(([key, name]) =>
    h("option", { value: key, lang: key }, name)));
  $("language").value = code;
  $("language").addEventListener("change", async () => {
    kept.set("language", $("language").value);
    await speak($("language").value);
    words();
    show(current());
  });
  for (const type of ["state", "tracker", "status"]) app.stream.on(type, state);
  app.stream.on("tracker", message => message.reachable && app.refresh().catch(() => {}));
  app.stream.want(NOTHING);
  words();
  document.querySelector(".skip").addEventListener("click", event => {
    event.preventDefault();
    $("main").focus();
  });
  addEventListener("hashchange", () => show(current(), true));
  show(current());
}

begin();
