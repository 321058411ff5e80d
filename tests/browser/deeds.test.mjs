// What a user does: look, connect, calibrate, record, change the language, lose the tracker.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { VIEWS, browser, go, panel, play, shown, visit } from "./house.mjs";

let box, chrome;
before(async () => { [box, chrome] = await Promise.all([panel(), browser()]); });
after(async () => { await chrome?.close(); box?.close(); });

async function opened(t, options) {
  const page = await visit(chrome, box.url, options);
  t.after(() => page.context().close());
  return page;
}

async function commands() {
  return (await fetch(box.url + "stand-in")).json();
}

// Frames of the stream as they come to the page, by number.
function frames(page) {
  const heard = new Map();
  page.on("websocket", socket => socket.on("framereceived", ({ payload }) => {
    const message = typeof payload === "string" ? JSON.parse(payload) : {};
    if (message.type === "frame") heard.set(String(message.number), message);
  }));
  return heard;
}

test("the points sit on the numbers of the stream, and the picture moves", async t => {
  const page = await opened(t, { view: "box" });
  const heard = frames(page);
  await go(page, "look");
  const drawn = async () => {
    await page.waitForFunction(() => document.querySelector(".stage canvas").dataset.picture);
    return page.evaluate(() => {
      const canvas = document.querySelector(".stage canvas");
      const { width, height } = canvas;
      const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
      let grey = "";          // of all that crosses over to the test the least
      for (let i = 0; i < data.length; i += 4) {
        grey += String.fromCharCode(Math.min(data[i], data[i + 2]));
      }
      return { number: canvas.dataset.number, width, height, grey };
    });
  };
  const first = await drawn();
  assert.ok(heard.has(first.number), "it shows a frame that came");
  const { points } = heard.get(first.number).faces[0];
  const white = [...Array(68).keys()].filter(i => {
    const x = Math.round((1 - points[2 * i]) * first.width);    // as in a mirror
    const y = Math.round(points[2 * i + 1] * first.height);
    return first.grey.charCodeAt(y * first.width + x) > 200;
  });
  assert.ok(white.length >= 60, `${white.length} of 68 points are where they belong`);
  await page.waitForFunction(number =>
    document.querySelector(".stage canvas").dataset.number !== number, first.number);
  const second = await drawn();
  assert.notEqual(second.grey, first.grey);
});

test("without a preview the points alone are drawn", async t => {
  await play(box.url, { preview: false });
  t.after(() => play(box.url, { preview: true }));
  const page = await opened(t);
  await page.waitForFunction(() => {
    const { number, picture } = document.querySelector(".stage canvas").dataset;
    return number && picture === "";
  });
  assert.deepEqual(page.complaints, []);
});

test("words tell how the face lies in the picture", async t => {
  await play(box.url, { text: "tracking, too far, face at the left edge" });
  t.after(() => play(box.url, { text: "tracking" }));
  const page = await opened(t);
  const words = page.locator(".framing span");
  await words.nth(1).waitFor();
  assert.deepEqual(await words.allTextContents(),
    ["too far: come nearer", "face at the left edge"]);
  assert.equal(await words.first().getAttribute("data-kind"), "warn");
});

test("a camera's setting is sent at once", async t => {
  const page = await opened(t);
  await page.getByLabel("Flip").selectOption("horizontal");
  await page.getByText("In force. The camera starts anew.").waitFor();
  assert.deepEqual((await commands()).pop(), ["change", { camera: { flip: "horizontal" } }]);
});

test("this device becomes a target by its program", async t => {
  const page = await opened(t, { view: "connect" });
  await page.getByLabel("VRChat", { exact: true }).check();
  await page.getByRole("button", { name: "Send to VRChat", exact: true }).click();
  const row = page.getByRole("group", { name: "vrchat", exact: true });
  await row.waitFor();
  assert.match(await row.textContent(), /vrchat@127\.0\.0\.1:9000/);
  await row.getByRole("button", { name: /^Wave/ }).click();
  await page.getByText("waves for three seconds").waitFor();
  assert.deepEqual((await commands()).pop(), ["wave", { to: "vrchat@127.0.0.1:9000" }]);
  await row.getByRole("button", { name: "Remove vrchat" }).click();
  await row.waitFor({ state: "detached" });
});

test("what was found needs one button", async t => {
  const page = await opened(t, { view: "connect" });
  await page.getByRole("button", { name: "Send to VTube Studio (DESKTOP-7)" }).click();
  await page.getByRole("group", { name: "vtube-studio", exact: true }).waitFor();
});

test("a mistake is told in one line, by the box's own words", async t => {
  const page = await opened(t, { view: "connect" });
  await page.getByLabel("Name", { exact: true }).fill("tv");
  await page.getByLabel("DIALECT@HOST:PORT").fill("vcm@192.168.1.2");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByText("target.to: 'vcm' is no dialect; did you mean vmc?").waitFor();
});

test("a step of the calibration counts down", async t => {
  const page = await opened(t, { view: "calibrate" });
  await page.getByRole("button", { name: "My eyes are shut" }).click();
  await page.getByText("In 2 …").waitFor();
  await page.getByText("Your lids are known.").waitFor();
  assert.deepEqual((await commands()).pop(), ["eyes", { which: "shut" }]);
});

test("an expression is taught by prompts, and forgotten", async t => {
  const page = await opened(t, { view: "calibrate" });
  await page.getByLabel("Name", { exact: true }).fill("grin");
  await page.getByRole("button", { name: "Teach" }).click();
  await page.getByText(/^Show grin now \(\d of 3\)$/).waitFor();
  await page.getByRole("button", { name: "Forget grin" }).click();
  await page.getByRole("button", { name: "Forget grin" }).waitFor({ state: "detached" });
});

test("ten seconds become two files", async t => {
  const page = await opened(t, { view: "values" });
  await page.getByRole("button", { name: "Record 10 s" }).click();
  const links = page.locator("a[download]");
  await links.nth(1).waitFor({ timeout: 20000 });
  const [json, csv] = await Promise.all([0, 1].map(async i => {
    const [file] = await Promise.all([page.waitForEvent("download",
      download => download.suggestedFilename().endsWith(i ? ".csv" : ".jsonl")),
    links.nth(i).click()]);
    return readFileSync(await file.path(), "utf8");
  }));
  const lines = json.trim().split("\n").map(line => JSON.parse(line));
  const rows = csv.trim().split("\r\n").map(row => row.split(","));
  assert.ok(lines.length > 30, `${lines.length} frames`);
  assert.equal(rows.length - 1, lines.reduce((sum, line) => sum + line.faces.length, 0));
  assert.ok(rows.every(row => row.length === 18 + 52));
  assert.equal(Number(rows[1][6]), lines[0].faces[0].angles[0]);
});

test("the tracker goes and comes back by itself", async t => {
  const page = await opened(t);
  await play(box.url, { reachable: false });
  t.after(() => play(box.url, { reachable: true }));
  await page.getByText("The tracker does not answer: kagami run does not answer.").waitFor();
  await play(box.url, { reachable: true });
  await page.locator("#banner").waitFor({ state: "hidden" });
  await page.locator("#state[data-kind=good]").waitFor();
});

test("the box goes and comes back by itself", async t => {
  const page = await opened(t, { view: "values" });
  await play(box.url, { silent: true });
  t.after(() => play(box.url, { silent: false }));
  await page.getByText("The box does not answer.").waitFor();
  await play(box.url, { silent: false });
  await page.locator("#banner").waitFor({ state: "hidden", timeout: 20000 });
  await page.locator("#state[data-kind=good]").waitFor();
});

test("language and colours are chosen and kept", async t => {
  const page = await opened(t);
  await page.getByLabel("Language").selectOption("ja");
  await page.getByRole("heading", { name: "映像", exact: true }).waitFor();
  await page.getByRole("button", { name: "ダーク表示" }).click();
  await page.reload();
  await shown(page, "look");
  assert.equal(await page.locator("html").getAttribute("lang"), "ja");
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
});

test("every view is reached by the keyboard", async t => {
  const page = await opened(t);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  for (let i = 0; i < 3; i++) await page.keyboard.press("Tab");
  for (const view of VIEWS) {
    assert.equal(await page.evaluate(() => document.activeElement.hash), "#" + view);
    if (view !== "box") await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await shown(page, "box");
  await page.waitForFunction(() => document.activeElement.id === "main");
});
