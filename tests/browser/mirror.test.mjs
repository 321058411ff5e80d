// The Mirror view: left is left, and nothing of it is loaded before it is opened.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, go, play, played, shot, visit } from "./house.mjs";
import { vrm } from "./vrm.mjs";

const TURNED = 50;          // frame of the clip whose head is turned to its own left by 40 degrees

let box, chrome;
before(async () => { [box, chrome] = await Promise.all([played(), browser()]); });
after(async () => { await chrome?.close(); box?.close(); });

// How red each pixel of the stage is, as it is on the screen.
async function seen(page) {
  await page.waitForTimeout(1500);
  const picture = await page.locator(".stage").screenshot();
  const plain = await page.context().newPage();
  const grey = await plain.evaluate(async text => {
    const image = new Image();
    image.src = "data:image/png;base64," + text;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    let grey = "";
    for (let i = 0; i < data.length; i += 4) grey += String.fromCharCode(data[i]);
    return { width: image.width, grey };
  }, picture.toString("base64"));
  await plain.close();
  return grey;
}

// How much changed left and right of the screen's middle.
function changed(a, b) {
  const sides = [0, 0];
  for (let i = 0; i < a.grey.length; i++) {
    const moved = Math.abs(a.grey.charCodeAt(i) - b.grey.charCodeAt(i)) > 24;
    sides[i % a.width < a.width / 2 ? 0 : 1] += moved;
  }
  return sides;
}

test("(played) the head blinks at the left when the left eye is shut", async t => {
  await play(box.url, { hold: 0, shapes: {} });
  t.after(() => play(box.url, { hold: null, shapes: {} }));
  const page = await visit(chrome, box.url, { view: "box" });
  t.after(() => page.context().close());
  const asked = [];
  page.on("request", request => asked.push(request.url()));
  await go(page, "mirror");
  await page.locator("canvas[data-number]").waitFor();
  const open = await seen(page);
  await play(box.url, { shapes: { eyeBlinkLeft: 1 } });
  const [left, right] = changed(open, await seen(page));
  await shot(page, "mirror-wink", false);
  assert.ok(left > 60 && right < left / 10, `changed ${left} at the left, ${right} at the right`);
  assert.ok(asked.some(url => url.endsWith("three.module.min.js")), "loaded with the view");
  assert.deepEqual(page.complaints, []);
});

test("(played) what is no VRM file is told in one line", async t => {
  const page = await visit(chrome, box.url, { view: "mirror" });
  t.after(() => page.context().close());
  await page.locator("canvas[data-number]").waitFor();
  await page.locator("input[type=file]").setInputFiles({ name: "no.vrm",
    mimeType: "model/gltf-binary", buffer: Buffer.from("not a model") });
  await page.getByText(/^no\.vrm cannot be shown: .*Choose a \.vrm file\.$/).waitFor();
});

// Where what is red lies on a stage, and how much it is.
function red({ width, grey }) {
  let [sum, count] = [0, 0];
  for (let i = 0; i < grey.length; i++) {
    if (grey.charCodeAt(i) > 90) [sum, count] = [sum + i % width, count + 1];
  }
  return { x: sum / count / width, count };
}

// As a user drops it.
async function drop(page, name, data) {
  await page.evaluate(({ name, data }) => {
    const files = new DataTransfer();
    files.items.add(new File([Uint8Array.from(atob(data), c => c.charCodeAt(0))], name));
    dispatchEvent(new DragEvent("drop", { dataTransfer: files, cancelable: true }));
  }, { name, data: data.toString("base64") });
}

for (const old of [false, true]) {
  test(`(played) a VRM file of ${old ? "0.x" : "1.0"} is shown, stays here, turns and blinks`, async t => {
    await play(box.url, { hold: 0, shapes: {} });
    t.after(() => play(box.url, { hold: null, shapes: {} }));
    const page = await visit(chrome, box.url, { view: "mirror" });
    t.after(() => page.context().close());
    await page.locator("canvas[data-number]").waitFor();
    const sent = [];
    page.on("request", request => request.method() !== "GET" && sent.push(request.url()));
    await drop(page, "me.vrm", vrm(old));
    await page.getByText("me.vrm is shown.").waitFor();
    const open = await seen(page);
    await shot(page, "mirror-vrm" + (old ? "-old" : ""), false);
    await play(box.url, { shapes: { eyeBlinkLeft: 1 } });
    const [left, right] = changed(open, await seen(page));
    assert.ok(left + right > 400, `${left + right} pixels changed`);
    await play(box.url, { hold: TURNED, shapes: {} });
    const [before, after] = [red(open), red(await seen(page))];
    assert.ok(after.x < before.x - 0.02, `from ${before.x} to ${after.x} of the width`);
    assert.ok(after.count < 0.9 * before.count, `${before.count}, then ${after.count} pixels`);
    assert.deepEqual(sent, []);
    assert.deepEqual(page.complaints, []);
    assert.deepEqual(page.strangers, []);
  });
}
