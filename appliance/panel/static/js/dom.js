// Elements out of a tag, attributes and children; texts come from text.js.

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  element.append(...children.flat().filter(child => child !== null && child !== undefined));
  return element;
}

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "value" || name === "checked") element[name] = value;
  else element.setAttribute(name, value === true ? "" : value);
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", "icons.svg#" + name);
  svg.append(use);
  return svg;
}

// A labelled select; options: [[value, words]]. A value that is none of them is added.
export function choice(label, options, value, changed) {
  const known = options.some(([v]) => v === value);
  const all = known || value === undefined ? options : [[value, value], ...options];
  const select = h("select", { onchange: () => changed(select.value) },
    all.map(([v, words]) => h("option", { value: v }, words)));
  if (value !== undefined) select.value = value;
  return h("label", { class: "field" }, h("span", {}, label), select);
}

export function check(label, checked, changed) {
  const box = h("input", { type: "checkbox", checked, onchange: () => changed(box.checked) });
  return h("label", { class: "check" }, box, label);
}

export function card(title, ...children) {
  return h("section", { class: "card" }, h("h2", {}, title), ...children);
}

// A name, a bar, a number: {element, show(value)}. both: from the middle, -most to most.
export function meter(label, most = 1, { both = false, digits = 2, unit = "" } = {}) {
  const fill = h("i");
  const number = h("span", { class: "number" }, "–");
  const bar = h("span", { class: both ? "bar both" : "bar", "aria-hidden": "true" }, fill);
  const show = value => {
    const there = Number.isFinite(value);
    const share = there ? Math.max(both ? -1 : 0, Math.min(1, value / most)) : 0;
    fill.style.transform = `scaleX(${both ? share / 2 : share})`;
    const text = there ? value.toFixed(digits).replace(/^-(0(\.0+)?)$/, "$1") + unit : "–";
    if (number.textContent !== text) number.textContent = text;
  };
  if (both) fill.style.width = "100%";
  return { element: h("li", { class: "meter" }, h("span", {}, label), bar, number), show };
}

export function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  return h("a", { class: "button", href: url, download: name }, name);
}
