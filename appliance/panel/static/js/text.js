// Every text of the page, from one table per language: lang/<code>.json.

let table = {};
let spare = {};
export let code = "en";

export async function languages() {
  return (await fetch("lang/languages.json")).json();
}

export async function speak(wanted) {
  const known = Object.keys(await languages());
  code = known.includes(wanted) ? wanted : "en";
  spare = Object.keys(spare).length ? spare : await words("en");
  table = code === "en" ? spare : await words(code);
  document.documentElement.lang = code;
}

async function words(language) {
  return (await fetch(`lang/${language}.json`)).json();
}

// The text of a key, with {name} replaced; a key that is missing is taken from English.
export function t(key, values = {}) {
  const text = table[key] ?? spare[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function has(key) {
  return key in spare;
}

// The tracker's own words for its state, "tracking, too far, show smirk (1 of 3)".
export function told(text) {
  return text.split(/, (?=[a-z])/).map(part => ({ words: part, said: one(part) }));
}

function one(part) {
  const show = part.match(/^show (\S+) \((\d+) of (\d+)\)$/);
  if (show) return t("lesson.show", { name: show[1], n: show[2], of: show[3] });
  const rest = part.match(/^rest: speak$/) || part.match(/^look around \((\d+) of (\d+)\)$/);
  if (rest) return rest[1] ? t("lesson.rest", { n: rest[1], of: rest[2] }) : "";
  const away = part.match(/^waiting for (.+?): (.+)$/);
  if (away) return t("state.waiting", { source: away[1], why: away[2] });
  return has("state." + part) ? t("state." + part) : part;
}
