// The points, irises, gaze rays and axes of a face, drawn on a canvas. Units are those of /stream:
// fractions of the picture, millimetres, degrees.

const OPEN = [[0, 17], [17, 22], [22, 27], [27, 31], [31, 36]];
const CLOSED = [[36, 42], [42, 48], [48, 60], [60, 68]];
const AXIS = 60;        // mm
const GAZE = 130;       // mm
export const COLOURS = {
  line: "rgba(94, 234, 212, .8)", point: "#ffffff", iris: "#fde047", gaze: "#fde047",
  x: "#ff6b6b", y: "#7ee08a", z: "#74a8ff",
};

export function matrix([w, x, y, z]) {
  return [[1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
    [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
    [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]];
}

const times = (m, v) => m.map(row => row[0] * v[0] + row[1] * v[1] + row[2] * v[2]);
const plus = (a, b, share = 1) => a.map((value, i) => value + share * b[i]);
const radians = degrees => degrees * Math.PI / 180;

export function direction([yaw, pitch]) {
  const [a, b] = [radians(yaw), radians(pitch)];
  return [Math.sin(a) * Math.cos(b), -Math.sin(b), -Math.cos(a) * Math.cos(b)];
}

// A pen for one picture: width, height of the canvas; camera: the stream's message, or undefined.
// mirrored: left and right exchanged, as one sees oneself.
export class Pen {
  constructor(context, width, height, camera, mirrored) {
    Object.assign(this, { context, width, height, mirrored });
    this.camera = camera ?? { size: [4, 3], focal: [3.46, 3.46], centre: [2, 1.5] };
    this.unit = Math.max(1, width / 480);
    context.lineCap = context.lineJoin = "round";
  }

  face(face, { points, eyes, axes }) {
    if (points && face.points) this.points(face.points);
    if (axes) this.axes(face);
    if (eyes && face.iris) this.eyes(face);
  }

  points(values) {
    const all = [];
    for (let i = 0; i < values.length; i += 2) all.push(this.at(values[i], values[i + 1]));
    for (const [a, b] of OPEN) this.line(all.slice(a, b), COLOURS.line, 1.2);
    for (const [a, b] of CLOSED) this.line([...all.slice(a, b), all[a]], COLOURS.line, 1.2);
    for (const point of all) this.dot(point, 1.6, COLOURS.point);
  }

  eyes(face) {
    const m = matrix(face.rotation);
    [["left", 0], ["right", 3]].forEach(([side, i]) => {
      const [x, y, radius] = face.iris.slice(i, i + 3);
      const eye = face[side];
      if (eye.openness < 0.2) return;
      this.ring(this.at(x, y), radius * this.width, COLOURS.iris);
      const start = this.space(x, y, face.position[2]);
      const end = this.pixel(plus(start, times(m, direction(eye.gaze)), GAZE));
      if (end) this.line([this.at(x, y), end], COLOURS.gaze, 2);
    });
  }

  axes(face) {
    const m = matrix(face.rotation);
    const from = this.pixel(face.position);
    [["x", AXIS], ["y", AXIS], ["z", -AXIS]].forEach(([name, length], i) => {
      const end = this.pixel(plus(face.position, m.map(row => row[i]), length));
      if (from && end) this.line([from, end], COLOURS[name], 3);
    });
  }

  at(x, y) {
    return [(this.mirrored ? 1 - x : x) * this.width, y * this.height];
  }

  pixel([x, y, z]) {
    const { size, focal, centre } = this.camera;
    if (z < 10) return null;
    return this.at((centre[0] + focal[0] * x / z) / size[0],
      (centre[1] + focal[1] * y / z) / size[1]);
  }

  space(x, y, depth) {
    const { size, focal, centre } = this.camera;
    return [(x * size[0] - centre[0]) * depth / focal[0],
      (y * size[1] - centre[1]) * depth / focal[1], depth];
  }

  line(points, colour, width) {
    this.context.strokeStyle = colour;
    this.context.lineWidth = width * this.unit;
    this.context.beginPath();
    points.forEach((point, i) => this.context[i ? "lineTo" : "moveTo"](...point));
    this.context.stroke();
  }

  dot([x, y], radius, colour) {
    this.context.fillStyle = colour;
    this.context.beginPath();
    this.context.arc(x, y, radius * this.unit, 0, 7);
    this.context.fill();
  }

  ring([x, y], radius, colour) {
    this.context.strokeStyle = colour;
    this.context.lineWidth = 1.5 * this.unit;
    this.context.beginPath();
    this.context.arc(x, y, Math.max(1, radius), 0, 7);
    this.context.stroke();
  }
}
