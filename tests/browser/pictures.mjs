// What the Look view shows, and which frame of the clip that is.

import { readFileSync } from "node:fs";

const [WIDTH, HEIGHT] = [80, 60];       // of grey.bin

// The canvas with a picture of a face: white(x, y) tells whether a point is drawn there, fractions.
export async function stage(page) {
  const seen = await page.waitForFunction(() => {
    const canvas = document.querySelector(".stage canvas");
    const { picture, faces } = canvas?.dataset ?? {};
    if (!picture || faces === "0") return null;
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    let text = "";              // of all that crosses over to the test the least
    for (let i = 0; i < data.length; i += 4) {
      text += String.fromCharCode(Math.min(data[i], data[i + 1], data[i + 2]));
    }
    return { number: picture, width, height, text };
  });
  const { number, width, height, text } = await seen.jsonValue();
  const white = (x, y) => {
    const [left, top] = [Math.round(x * width), Math.round(y * height)];
    for (let j = -3; j <= 3; j++) {
      for (let i = -3; i <= 3; i++) {
        if (text.charCodeAt((top + j) * width + left + i) > 235) return true;
      }
    }
    return false;
  };
  return { number, width, height, text, white };
}

// The clip's frames, 80 x 60 each.
export function grey(folder) {
  const all = readFileSync(folder + "/grey.bin");
  const size = WIDTH * HEIGHT;
  return Array.from({ length: all.length / size }, (_, i) =>
    all.subarray(i * size, (i + 1) * size));
}

// {index, likeness} of the frame that is most like a stage.
export function nearest({ width, height, text }, clip, mirrored) {
  const small = new Float64Array(WIDTH * HEIGHT);
  const count = new Float64Array(WIDTH * HEIGHT);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const column = Math.floor((mirrored ? width - 1 - x : x) * WIDTH / width);
      const at = Math.floor(y * HEIGHT / height) * WIDTH + column;
      small[at] += text.charCodeAt(y * width + x);
      count[at]++;
    }
  }
  const mine = even(small.map((sum, i) => sum / count[i]));
  return clip.map((frame, index) => {
    const other = even(Float64Array.from(frame));
    return { index, likeness: mine.reduce((sum, value, i) => sum + value * other[i], 0) };
  }).reduce((best, one) => one.likeness > best.likeness ? one : best);
}

// Without mean and of length 1.
function even(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const around = values.map(value => value - mean);
  const size = Math.hypot(...around);
  return around.map(value => value / size);
}
