// Turns a cube by the head's rotation, as in a mirror. docs/stream.md describes /stream.
const box = new URLSearchParams(location.search).get("box") || location.host;
const canvas = document.querySelector("canvas");
const pen = canvas.getContext("2d");
const corners = [0, 1, 2, 3, 4, 5, 6, 7].map(i => [i & 1, i >> 1 & 1, i >> 2].map(b => 2 * b - 1));
const near = (a, b) => a.filter((v, axis) => v !== b[axis]).length === 1;

function turned([w, x, y, z], [a, b, c]) {      // a quaternion, a point; millimetres: y is down
  const [tx, ty, tz] = [2 * (y * c - z * b), 2 * (z * a - x * c), 2 * (x * b - y * a)];
  return [a + w * tx + y * tz - z * ty, b + w * ty + z * tx - x * tz, c + w * tz + x * ty - y * tx];
}

function draw(rotation) {
  const points = corners.map(corner => turned(rotation, corner)).map(([x, y, z]) =>
    [180 - 420 * x / (z + 5), 180 + 420 * y / (z + 5)]);       // minus x: as in a mirror
  pen.clearRect(0, 0, 360, 360);
  pen.lineWidth = 3;
  pen.strokeStyle = "#2a9d8f";
  pen.beginPath();
  corners.forEach((a, i) => corners.forEach((b, j) => {
    if (i < j && near(a, b)) {
      pen.moveTo(...points[i]);
      pen.lineTo(...points[j]);
    }
  }));
  pen.stroke();
}

function listen() {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${box}/stream`);
  socket.onmessage = event => {
    const message = JSON.parse(event.data);
    if (message.type === "frame" && message.faces.length) draw(message.faces[0].rotation);
  };
  socket.onclose = () => setTimeout(listen, 2000);
}

draw([1, 0, 0, 0]);
listen();
