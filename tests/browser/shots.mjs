// The docs' pictures of the page: node tests/browser/shots.mjs docs/images

import { browser, go, real, receiver, visit } from "./house.mjs";

const TURNED = [8, 20];     // degrees that the head may have turned in a picture
const SEEN = 1;             // seconds for which the face has been there
const folder = process.argv[2];
const [box, chrome, there] = await Promise.all([real(), browser(), receiver(39539)]);
const page = await visit(chrome, box.url);

async function posed() {
  for (let tries = 0; tries < 400; tries++) {
    const { angles: [yaw], age, state } = page.newest?.faces[0] ?? { angles: [0], age: 0 };
    const well = state === "tracked" && await page.locator("#state[data-kind=good]").count();
    if (well && age > SEEN && Math.abs(yaw) > TURNED[0] && Math.abs(yaw) < TURNED[1]) return;
    await page.waitForTimeout(50);
  }
}

async function taken(name) {
  await page.mouse.move(0, 0);
  if (name !== "connect") await posed();
  await page.screenshot({ path: `${folder}/panel_${name}.png` });
}

await page.waitForFunction(() => document.querySelector(".stage canvas").dataset.picture);
await page.waitForTimeout(3000);
await taken("look");
await go(page, "connect");
await page.getByLabel("VSeeFace").check();
const body = { "target stage": { to: "vmc@127.0.0.1:39539", enabled: "yes" } };
await page.evaluate(body => fetch("api/change", { method: "POST", body: JSON.stringify(body),
  headers: { "Content-Type": "application/json" } }), body);
await page.getByText("not refused").waitFor();
await page.waitForTimeout(4000);
await taken("connect");
await go(page, "calibrate");
await page.waitForTimeout(4000);
await taken("calibrate");
await go(page, "mirror");
await page.waitForTimeout(3000);
await taken("mirror");
there.close();
await chrome.close();
await box.close();
