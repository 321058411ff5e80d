// What a user does, with a real panel and a real tracker that sees the drawn clip: look, connect,
// calibrate, record, change the language, lose the tracker.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { SIZES, VIEWS, browser, freeDatagram, go, real, receiver, shown, visit } from "./house.mjs";
import { grey, nearest, stage } from "./pictures.mjs";

const VMC = 39539;

let box, chrome;
before(async () => { [box, chrome] = await Promise.all([real(), browser()]); });
after(async () => { await chrome?.close(); await box?.close(); });

async function opened(t, options) {
  const page = await visit(chrome, box.url, options);
  t.after(() => page.context().close());
  return page;
}

// The newest frame of the stream whose face fits.
async function face(page, fits) {
  for (let tries = 0; tries < 100; tries++) {
    const one = page.newest?.faces[0];
    if (one && fits(one)) return one;
    await page.waitForTimeout(100);
  }
  throw new Error("no such face within 10 s");
}

// The settings as a file, and back.
async function saved(page) {
  await go(page, "box");
  const [file] = await Promise.all([page.waitForEvent("download"),
    page.getByRole("button", { name: "Save to a file" }).click()]);
  return { name: file.suggestedFilename(), mimeType: "application/json",
    buffer: readFileSync(await file.path()) };
}

async function load(page, file) {
  await go(page, "box");
  await page.locator("input[type=file]").setInputFiles(file);
  await page.getByText("The file's settings are in force.").waitFor();
}

// After something is done, and seen on the page, a receiver hears nothing more.
async function quiet(there, act, shown) {
  await act();
  await shown().waitFor();
  const many = there.heard.length;
  await new Promise(resolve => setTimeout(resolve, 500));
  assert.ok(there.heard.length - many < 5, "it hears no more");
}

for (const size of Object.keys(SIZES)) {
  test(`the points sit on the face, and the picture moves: ${size}`, async t => {
    const page = await opened(t, { size });
    const clip = grey(box.folder);
    const first = await stage(page);
    const at = nearest(first, clip, true);
    assert.ok(at.likeness > 0.9, `the clip's frame ${at.index} is alike by ${at.likeness}`);
    // A frame of the clip lasts, and a still pose has many that look the same.
    const white = box.numbers.slice(Math.max(0, at.index - 4), at.index + 5).map(([one]) =>
      one ? one.landmarks.filter(([x, y]) => first.white(1 - x / 640, y / 480)).length : 0);
    assert.ok(Math.max(...white) >= 62, `${Math.max(...white)} of 68 points are where they belong`);
    await page.waitForTimeout(2000);
    const second = await stage(page);
    assert.notEqual(nearest(second, clip, true).index, at.index);
    assert.deepEqual(page.complaints, []);
    assert.deepEqual(page.strangers, []);
  });

  test(`this device becomes a target and hears VMC: ${size}`, async t => {
    const there = await receiver(VMC);
    t.after(() => there.close());
    const page = await opened(t, { size, view: "connect" });
    await page.getByLabel("Another, by VMC").check();
    await page.getByRole("button", { name: "Send to Another, by VMC" }).click();
    const row = page.getByRole("group", { name: "vmc", exact: true });
    await row.waitFor();
    assert.match(await row.textContent(), /vmc@127\.0\.0\.1:39539/);
    await row.getByText("not refused").waitFor();
    await row.getByText("somebody hears it").waitFor();
    await row.getByText(/· 127\.0\.0\.1$/).waitFor();
    assert.ok(there.heard.some(data => data.includes("/VMC/Ext/Blend/Val")), "it hears blendshapes");
    assert.ok(there.heard.some(data => data.includes("/VMC/Ext/Bone/Pos")), "and bones");
    await row.getByRole("button", { name: /^Wave/ }).click();
    await page.getByText("waves for three seconds").waitFor();
    await quiet(there, () => row.getByLabel("On", { exact: true }).uncheck(), () => row.getByText("switched off"));
    await row.getByLabel("On", { exact: true }).check();
    await row.getByText("not refused").waitFor();
    await quiet(there, () => row.getByRole("button", { name: "Remove vmc" }).click(),
      () => page.getByText("Nobody is sent anything yet."));
  });
}

test("a mistake is told in one line, by the tracker's own words", async t => {
  const page = await opened(t, { view: "connect" });
  await page.getByLabel("Name", { exact: true }).fill("tv");
  await page.getByLabel("DIALECT@HOST:PORT").fill("vcm@192.168.1.2");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByText(/'vcm'.*did you mean vmc\?/).waitFor();
});

test("advice and mistakes are told in the page's language", async t => {
  const port = await freeDatagram();
  const page = await opened(t, { view: "connect", language: "ja" });
  const add = async (name, to) => {
    await page.getByLabel("名前", { exact: true }).fill(name);
    await page.getByLabel("形式@ホスト:ポート").fill(to);
    await page.getByRole("button", { name: "追加", exact: true }).click();
  };
  await add("tv", `vmc@127.0.0.1:${port}`);
  const row = page.getByRole("group", { name: "tv", exact: true });
  await row.getByText("受信するアプリがありません").waitFor();
  await row.getByText(`ポートが ${port} か確認してください`).waitFor();
  await row.getByRole("button", { name: "tv を削除" }).click();
  await row.waitFor({ state: "detached" });
  await add("tv", "vcm@192.168.1.2");
  await page.getByText("'vcm' という形式はありません。vmc のことですか？").waitFor();
});

test("recentered, the head looks straight ahead", async t => {
  await box.see("still.avi");
  t.after(() => box.see("demo.mp4"));
  const page = await opened(t, { view: "calibrate" });
  const before = await face(page, () => true);
  assert.ok(Math.abs(before.angles[0]) > 10, `${before.angles[0]} degrees at first`);
  await page.getByRole("button", { name: "Recenter" }).click();
  await page.getByText("This is straight ahead now.").waitFor();
  await face(page, ({ angles }) => Math.abs(angles[0]) < 1);
  const yaw = page.locator(".meters li", { hasText: /^Yaw/ }).first();
  await page.waitForFunction(element => /^Yaw\D*0°/.test(element.textContent),
    await yaw.elementHandle());
});

test("a camera's setting is in force at once, and kept", async t => {
  const page = await opened(t);
  const clip = grey(box.folder);
  await page.getByLabel("Flip").selectOption("horizontal");
  await page.getByText("In force. The camera starts anew.").waitFor();
  await page.waitForTimeout(1500);
  const there = await stage(page);
  const [turned, plain] = [false, true].map(mirrored => nearest(there, clip, mirrored).likeness);
  assert.ok(turned > 0.9 && turned > plain, `alike by ${turned}, unturned by ${plain}`);
  assert.match(readFileSync(box.folder + "/settings.conf", "utf8"), /flip = horizontal/);
  await page.getByLabel("Flip").selectOption("none");
  await box.until(state => state.camera?.flip === "none");
});

test("an expression is taught by prompts, goes along in a file, and is forgotten", async t => {
  const page = await opened(t, { view: "calibrate" });
  await page.getByLabel("Name", { exact: true }).fill("grin");
  await page.getByRole("button", { name: "Teach" }).click();
  await page.getByText(/^Show grin now \(1 of 3\)/).waitFor({ timeout: 20000 });
  await page.getByText(/^Show grin now \(3 of 3\)/).waitFor({ timeout: 60000 });
  const forget = page.getByRole("button", { name: "Forget grin" });
  await forget.waitFor({ timeout: 60000 });
  const file = await saved(page);
  await go(page, "calibrate");
  await forget.click();
  await forget.waitFor({ state: "detached" });
  await load(page, file);
  await go(page, "calibrate");
  await forget.click();
  await forget.waitFor({ state: "detached" });
});

test("settings become a file, and the file settings", async t => {
  const page = await opened(t, { view: "calibrate" });
  const smoothed = () => fetch(box.url + "api/state").then(answer => answer.json())
    .then(state => state.config.smoothing.head_cutoff);
  const slide = async value => {
    await page.locator("input[type=range]").first().fill(value);
    await box.until(state => state.config.smoothing.head_cutoff === value);
  };
  await slide("2.5");
  const file = await saved(page);
  await go(page, "calibrate");
  await slide("1");
  await load(page, file);
  assert.equal(await smoothed(), "2.5");
});

test("ten seconds become two files", async t => {
  const page = await opened(t, { view: "values" });
  await page.getByRole("button", { name: "Record 10 s" }).click();
  const links = page.locator("a[download]");
  await links.nth(1).waitFor({ timeout: 20000 });
  const taken = [];
  for (const i of [0, 1]) {     // one after the other: two at once a browser may hold back
    const [file] = await Promise.all([page.waitForEvent("download"), links.nth(i).click()]);
    assert.ok(file.suggestedFilename().endsWith(i ? ".csv" : ".jsonl"));
    taken.push(readFileSync(await file.path(), "utf8"));
  }
  const [json, csv] = taken;
  const lines = json.trim().split("\n").map(line => JSON.parse(line));
  const rows = csv.trim().split("\r\n").map(row => row.split(","));
  assert.ok(lines.length > 200, `${lines.length} frames`);
  assert.equal(rows.length - 1, lines.reduce((sum, line) => sum + line.faces.length, 0));
  assert.ok(rows.every(row => row.length === 18 + 52));
  assert.equal(Number(rows[1][6]), lines.find(line => line.faces.length).faces[0].angles[0]);
});

for (const size of Object.keys(SIZES)) {
  test(`the tracker goes and comes back by itself: ${size}`, async t => {
    const page = await opened(t, { size });
    await stage(page);
    await box.lose();
    await page.getByText("The tracker does not answer").waitFor();
    await box.see("demo.mp4");
    await page.locator("#banner").waitFor({ state: "hidden" });
    await page.locator("#state[data-kind=good]").waitFor();
    const { number } = await stage(page);
    await page.waitForFunction(number =>     // a tracker that begins anew counts anew
      Number(document.querySelector(".stage canvas").dataset.picture) !== Number(number), number);
  });
}

test("the page's server goes and comes back by itself", async t => {
  const page = await opened(t, { view: "values" });
  box.panel.kill("SIGKILL");
  await page.getByText("The box does not answer.").waitFor();
  box.panel = box.start("panel");
  await page.locator("#banner").waitFor({ state: "hidden", timeout: 20000 });
  await page.locator("#state[data-kind=good]").waitFor();
});

test("the tracker starts anew when asked to", async t => {
  const page = await opened(t, { view: "box" });
  await box.until(state => state.uptime > 5);
  await page.getByRole("button", { name: "Restart" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Not now" }).click();
  await page.getByRole("button", { name: "Restart" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Restart" }).click();
  await page.getByText("The tracker starts again.").waitFor();
  await box.until(state => state.state === "tracking" && state.uptime < 5);
  await page.locator("#state[data-kind=good]").waitFor();
});

test("a page of one's own turns a cube", async t => {
  const page = await opened(t);
  await page.goto(box.url + "example/cube.html");
  const cube = () => page.evaluate(() => document.querySelector("canvas").toDataURL());
  const still = await cube();
  await page.waitForFunction(still => document.querySelector("canvas").toDataURL() !== still,
    still);
  assert.deepEqual(page.complaints, []);
  assert.deepEqual(page.strangers, []);
});

test("a password protects the picture and every change, and nothing else", async t => {
  const page = await opened(t, { view: "box" });
  const set = async (password, said) => {
    await page.getByLabel("New password").fill(password);
    await page.getByRole("button", { name: "Set", exact: true }).click();
    await page.getByText(said).waitFor();
  };
  await set("mirror", "The password is set.");
  const stranger = await opened(t, { view: "values" });
  await stranger.locator(".meters li").first().waitFor();
  await go(stranger, "look");
  await stranger.getByRole("button", { name: /^Enter the password/ }).click();
  await stranger.getByLabel("Password").fill("mirror");
  await stranger.getByRole("button", { name: "Go in" }).click();
  await stage(stranger);
  await set("", "There is no password any more.");
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

test("how soon the page can be used", async t => {
  const context = await chrome.newContext({ viewport: SIZES.desktop });
  t.after(() => context.close());
  const soon = [];
  for (let i = 0; i < 5; i++) {
    const page = await context.newPage();
    await page.goto(box.url);
    soon.push(await page.evaluate(() => new Promise(resolve => {
      const times = [];
      const look = () => {
        if (document.querySelector("#view[data-view=look]")) times[0] ??= performance.now();
        if (document.querySelector("#state[data-kind=good]")) times[1] ??= performance.now();
        if (times[0] && times[1]) resolve(times.map(Math.round));
        else setTimeout(look, 5);
      };
      look();
    })));
    await page.close();
  }
  t.diagnostic("ms until its view stands there / the tracker's state: " +
    soon.map(times => times.join(" / ")).join(", ") + "; the first time with nothing kept");
});
