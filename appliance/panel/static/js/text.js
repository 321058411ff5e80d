// Every text of the page, from one table per language: lang/<code>.json.

let table = {};
let spare = {};
let forms = [];             // what the box says with something filled in, the longest first
export let code = "en";

export async function languages() {
  return (await fetch("lang/languages.json")).json();
}

export async function speak(wanted) {
  const known = Object.keys(await languages());
  code = known.includes(wanted) ? wanted : "en";
  spare = Object.keys(spare).length ? spare : await words("en");
  table = code === "en" ? spare : await words(code);
  forms = Object.keys(table.box ?? {}).filter(said => /\{\w+\}/.test(said)).map(form)
    .sort((one, other) => other.length - one.length);
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

function form(said) {
  const parts = said.split(/\{\w+\}/);
  const pattern = parts.map(part => part.replace(/[^\w\s]/g, "\\$&")).join("(.*?)");
  return { pattern: new RegExp(`^${pattern}$`, "s"), length: parts.join("").length,
    places: said.match(/\{\w+\}/g).map(place => place.slice(1, -1)), text: table.box[said] };
}

// What the box says in its own English, in the page's language as far as its table knows it: a
// whole sentence, one with its places filled in, or the end of a line "WHAT: WHY; WHAT TO DO".
export function heard(said) {
  const whole = known(said);
  if (whole !== null) return whole;
  for (const [mark, name] of [["; ", "mark.do"], [": ", "mark.why"]]) {
    for (let at = said.indexOf(mark); at >= 0; at = said.indexOf(mark, at + 1)) {
      const rest = known(said.slice(at + mark.length));
      if (rest !== null) return heard(said.slice(0, at)) + t(name) + rest;
    }
  }
  return said;
}

function known(said) {
  const own = table.box ?? {};
  if (Object.hasOwn(own, said)) return own[said];
  for (const { pattern, places, text } of forms) {
    const found = said.match(pattern);
    if (!found) continue;
    // What is filled in may be a sentence too; a single word is somebody's name for something.
    const filled = Object.fromEntries(places.map((place, i) =>
      [place, found[i + 1].includes(" ") ? heard(found[i + 1]) : found[i + 1]]));
    return text.replace(/\{(\w+)\}/g, (whole, name) => filled[name] ?? whole);
  }
  return null;
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
  if (away) return t("state.waiting", { source: away[1], why: one(away[2]) });
  return has("state." + part) ? t("state." + part) : heard(part);
}
