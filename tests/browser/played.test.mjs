// What a real run cannot be made to show: a preview that is off, words of framing, found programs,
// a countdown by heart, mistakes. The tracker is played.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, go, play, played, visit } from "./house.mjs";

let box, chrome;
before(async () => { [box, chrome] = await Promise.all([played(), browser()]); });
after(async () => { await chrome?.close(); box?.close(); });

async function opened(t, options) {
  const page = await visit(chrome, box.url, options);
  t.after(() => page.context().close());
  return page;
}

async function commands() {
  return (await fetch(box.url + "stand-in")).json();
}

test("(played) without a preview the points alone are drawn", async t => {
  await play(box.url, { preview: false });
  t.after(() => play(box.url, { preview: true }));
  const page = await opened(t);
  await page.waitForFunction(() => {
    const { number, picture } = document.querySelector(".stage canvas").dataset;
    return number && picture === "";
  });
  assert.deepEqual(page.complaints, []);
});

test("(played) words tell how the face lies in the picture", async t => {
  await play(box.url, { text: "tracking, too far, face at the left edge" });
  t.after(() => play(box.url, { text: "tracking" }));
  const page = await opened(t);
  const words = page.locator(".framing span");
  await words.nth(1).waitFor();
  assert.deepEqual(await words.allTextContents(),
    ["too far: come nearer", "face at the left edge"]);
  assert.equal(await words.first().getAttribute("data-kind"), "warn");
});

test("(played) a camera that is away is told with its reason", async t => {
  await play(box.url, { text: "waiting for usb:/dev/video0: it does not exist" });
  t.after(() => play(box.url, { text: "tracking" }));
  const page = await opened(t);
  const words = page.locator(".framing span[data-kind=bad]");
  await words.waitFor();
  assert.equal(await words.textContent(),
    "camera is away (usb:/dev/video0): it does not exist");
});

test("(played) networks that are being built show how far they are", async t => {
  await play(box.url, { engines: [{ name: "iris", state: "building", progress: 0.4 }] });
  t.after(() => play(box.url, { engines: [] }));
  const page = await opened(t, { view: "box" });
  await page.getByText("being built, 40 %").waitFor();
  await play(box.url, { engines: [] });
  await page.getByRole("heading", { name: "Networks" }).waitFor({ state: "hidden" });
});

test("(played) the version before runs again after a question", async t => {
  const refused = { version: "0.6.0", reason: "it ended 3 times" };
  await play(box.url, { versions: { current: "0.5.0", previous: "0.4.0", trial: null, refused } });
  t.after(() => play(box.url, { versions: {} }));
  const page = await opened(t, { view: "box" });
  await page.getByText("0.6.0 did not stay: it ended 3 times").waitFor();
  await page.getByRole("button", { name: "Go back" }).click();
  const question = page.getByRole("dialog", { name: "Versions" });
  await question.getByRole("button", { name: "No" }).click();
  assert.notEqual((await commands()).pop()?.[0], "rollback");
  await page.getByRole("button", { name: "Go back" }).click();
  await question.getByRole("button", { name: "Go back" }).click();
  await page.getByText("The version before is started.").waitFor();
  assert.deepEqual((await commands()).pop(), ["rollback", {}]);
  assert.deepEqual(page.complaints, []);
});

test("(played) while a version is on trial nothing is offered", async t => {
  await play(box.url, { versions: { current: "0.5.0", previous: "0.4.0", trial: "0.5.0" } });
  t.after(() => play(box.url, { versions: {} }));
  const page = await opened(t, { view: "box" });
  await page.getByText("0.5.0 is on trial").waitFor();
  await page.getByRole("button", { name: "Go back" }).waitFor({ state: "hidden" });
  await play(box.url, { versions: {} });
  await page.getByRole("heading", { name: "Versions" }).waitFor({ state: "hidden" });
});

test("(played) what was found needs one button", async t => {
  const page = await opened(t, { view: "connect" });
  await page.getByRole("button", { name: "Send to VTube Studio (DESKTOP-7)" }).click();
  await page.getByRole("group", { name: "vtube-studio", exact: true }).waitFor();
});

test("(played) the box's own words are in the page's language, new ones as they are", async t => {
  const page = await opened(t, { view: "connect", language: "ja" });
  const row = name => page.getByRole("group", { name, exact: true });
  await row("living-room").getByText("受信するアプリがありません").waitFor();
  await row("living-room").getByText("ポートが 39539 か確認してください").waitFor();
  await row("stage").getByText("192.168.1.20 のファイアウォールで UDP 39539 を許可").waitFor();
  await page.getByLabel("名前", { exact: true }).fill("tv");
  await page.getByLabel("形式@ホスト:ポート").fill("vcm@192.168.1.2");
  await page.getByRole("button", { name: "追加", exact: true }).click();
  await page.getByText("'vcm' という形式はありません。vmc のことですか？").waitFor();
  await play(box.url, { text: "waiting for usb: none is there, never heard before" });
  t.after(() => play(box.url, { text: "tracking" }));
  await go(page, "look");
  const words = page.locator(".framing span");
  await words.nth(1).waitFor();
  assert.deepEqual(await words.allTextContents(),
    ["カメラがありません（usb）：1 台も見つかりません", "never heard before"]);
});

test("(played) every sentence of a language's table is found, with its places filled in", async t => {
  const page = await opened(t, { view: "box", language: "ja" });
  const [many, wrong] = await page.evaluate(async () => {
    const { heard } = await import("./js/text.js");
    const { box } = await (await fetch("lang/ja.json")).json();
    const filled = text => text.replace(/\{\w+\}/g, "x7");
    const all = Object.keys(box);
    return [all.length, all.filter(said => heard(filled(said)) !== filled(box[said]))];
  });
  assert.ok(many > 200, `${many} sentences`);
  assert.deepEqual(wrong, []);
});

test("(played) a step of the calibration counts down", async t => {
  const page = await opened(t, { view: "calibrate" });
  await page.getByRole("button", { name: "My eyes are shut" }).click();
  await page.getByText("In 2 …").waitFor();
  await page.getByText("Your lids are known.").waitFor();
  assert.deepEqual((await commands()).pop(), ["eyes", { which: "shut" }]);
});
