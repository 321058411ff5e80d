// The Mirror view: left is left, and nothing of it is loaded before it is opened.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, go, play, played, shot, visit } from "./house.mjs";
import { vrm } from "./vrm.mjs";

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

test("(played) a VRM file is shown, stays here, and blinks", async t => {
  await play(box.url, { hold: 0, shapes: {} });
  t.after(() => play(box.url, { hold: null, shapes: {} }));
  const page = await visit(chrome, box.url, { view: "mirror" });
  t.after(() => page.context().close());
  await page.locator("canvas[data-number]").waitFor();
  const sent = [];
  page.on("request", request => request.method() !== "GET" && sent.push(request.url()));
  await page.locator("input[type=file]").setInputFiles({ name: "me.vrm",
    mimeType: "model/gltf-binary", buffer: vrm() });
  await page.getByText("me.vrm is shown.").waitFor();
  const open = await seen(page);
  await shot(page, "mirror-vrm", false);
  await play(box.url, { shapes: { eyeBlinkLeft: 1 } });
  const [left, right] = changed(open, await seen(page));
  assert.ok(left + right > 400, `${left + right} pixels changed`);
  assert.deepEqual(sent, []);
  assert.deepEqual(page.complaints, []);
  assert.deepEqual(page.strangers, []);
});
