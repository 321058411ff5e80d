// Small drawings of values over time.

import { h } from "./dom.js";

const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// As many canvas pixels as the screen shows; null while it is not shown.
function fitted(canvas) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight]
    .map(side => Math.round(side * devicePixelRatio));
  if (!width || !height) return null;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, width, height);
  return [context, width, height];
}

// The last ten seconds of one value, -1 to 1.
export class Trace {
  constructor(label) {
    this.canvas = h("canvas", { class: "trace", role: "img", "aria-label": label });
    this.values = [];
  }

  add(value) {
    this.values.push(value);
    if (this.values.length > 150) this.values.shift();
    const [context, width, height] = fitted(this.canvas) ?? [];
    if (!context) return;
    context.strokeStyle = colour("--fill");
    context.lineWidth = 1.5 * devicePixelRatio;
    context.beginPath();
    let pen = "moveTo";
    this.values.forEach((at, i) => {
      if (!Number.isFinite(at)) { pen = "moveTo"; return; }
      context[pen](width * i / 149, height * (0.5 - 0.45 * Math.max(-1, Math.min(1, at))));
      pen = "lineTo";
    });
    context.stroke();
  }
}

// Milliseconds of the stages over time, one upon the other. points: [{at, ms}].
export function stages(canvas, points, names, colours, seconds) {
  const [context, width, height] = fitted(canvas) ?? [];
  if (!context) return;
  const scale = devicePixelRatio;
  const sum = point => names.reduce((total, name) => total + (point.ms[name] ?? 0), 0);
  const most = Math.max(5, ...points.map(sum)) * 1.15;
  const now = points.length ? points[points.length - 1].at : 0;
  const left = 34 * scale;
  const x = at => width - (width - left) * (now - at) / (1000 * seconds);
  const y = value => height - 4 * scale - (height - 12 * scale) * value / most;
  axis(context, width, left, most, y, scale);
  const base = points.map(() => 0);
  names.forEach((name, k) => {
    context.fillStyle = colours[k];
    context.beginPath();
    points.forEach((point, i) => context[i ? "lineTo" : "moveTo"](x(point.at), y(base[i])));
    points.forEach((point, i) => { base[i] += point.ms[name] ?? 0; });
    [...points].reverse().forEach((point, i) =>
      context.lineTo(x(point.at), y(base[points.length - 1 - i])));
    context.fill();
  });
  context.clearRect(0, 0, left - 4 * scale, height);
  axis(context, width, left, most, y, scale, true);
}

function axis(context, width, left, most, y, scale, words = false) {
  context.font = `${11 * scale}px system-ui, sans-serif`;
  context.fillStyle = colour("--soft");
  context.strokeStyle = colour("--line");
  context.lineWidth = scale;
  const step = [1, 2, 5, 10, 20, 50, 100].find(size => most / size <= 5) ?? 200;
  for (let value = 0; value < most; value += step) {
    if (words) context.fillText(String(value), 4 * scale, y(value) + (value ? 4 : -1) * scale);
    else {
      context.beginPath();
      context.moveTo(left, y(value));
      context.lineTo(width, y(value));
      context.stroke();
    }
  }
}
