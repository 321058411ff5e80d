// A browser and a panel: the one at $KAGAMI_PANEL, or the stand-in, which is started for the test.

import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../..", import.meta.url));
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const browsers = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome"];
export const VIEWS = ["look", "connect", "calibrate", "mirror", "values", "box"];
export const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };

export async function panel() {
  if (process.env.KAGAMI_PANEL) return { url: process.env.KAGAMI_PANEL, close() {} };
  const port = await free();
  const cache = process.env.KAGAMI_DEMO ?? root + "build/demo.jsonl";
  const server = spawn(process.env.PYTHON ?? root + ".venv/bin/python",
    ["-m", "tests.panel.stand_in", "--port", String(port), "--cache", cache, "--every", "4"],
    { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve, reject) => {
    server.stdout.once("data", resolve);
    server.once("exit", code => reject(new Error("the stand-in ended with " + code)));
  });
  return { url: `http://127.0.0.1:${port}/`, close: () => server.kill() };
}

async function free() {
  const server = createServer();
  await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise(resolve => server.close(resolve));
  return port;
}

export async function browser() {
  return chromium.launch({
    executablePath: browsers.find(path => path && existsSync(path)),
    // WebGL by software, but pages painted without it: that takes a tenth of the time.
    args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
      "--disable-gpu-compositing", "--disable-gpu-rasterization",
      "--disable-accelerated-2d-canvas"],
  });
}

// A page that notes what it complains of and what it asks others for.
export async function visit(chrome, url, { size = "desktop", theme = "light", language = "en",
  motion = "no-preference", view = "look" } = {}) {
  const context = await chrome.newContext({ viewport: SIZES[size], colorScheme: theme,
    locale: language, reducedMotion: motion, acceptDownloads: true, deviceScaleFactor: 1 });
  const page = await context.newPage();
  page.complaints = [];
  page.strangers = [];
  page.on("console", message => ["error", "warning"].includes(message.type()) &&
    !/GPU stall|GroupMarkerNotSet/.test(message.text()) && page.complaints.push(message.text()));
  page.on("pageerror", error => page.complaints.push(String(error)));
  page.on("request", request => new URL(request.url()).host !== new URL(url).host &&
    !/^(blob|data):/.test(request.url()) && page.strangers.push(request.url()));
  await page.goto(url + "#" + view);
  await shown(page, view);
  return page;
}

export async function shown(page, view) {
  await page.locator(`#view[data-view="${view}"]`).waitFor();
}

export async function go(page, view) {
  await page.locator(`nav a[href="#${view}"]`).click();
  await shown(page, view);
}

export async function serious(page) {
  if (!await page.evaluate(() => "axe" in window)) {
    await page.evaluate(readFileSync(axe, "utf8"));
  }
  const found = await page.evaluate(() => window.axe.run(document, {
    resultTypes: ["violations"] }));
  return found.violations.filter(one => ["serious", "critical"].includes(one.impact))
    .map(one => `${one.id}: ${one.nodes.slice(0, 3).map(node => node.target).join("; ")}`);
}

// What sticks out of the window or has its text cut.
export async function clipped(page) {
  return page.evaluate(() => [...document.querySelectorAll("body *")].filter(element => {
    const box = element.getBoundingClientRect();
    if (!box.width || element.closest(".unseen, .skip, option, svg")) return false;
    const style = getComputedStyle(element);
    const cut = style.overflowX === "hidden" && element.scrollWidth > element.clientWidth + 1 &&
      !element.closest(".bar, .stage");
    return cut || box.right > innerWidth + 1 || box.left < -1;
  }).map(({ tagName, className, textContent }) =>
    `${tagName}.${className} ${textContent.slice(0, 40)}`));
}

// Tell the stand-in what to play.
export async function play(url, what) {
  const answer = await fetch(url + "stand-in", { method: "POST", body: JSON.stringify(what),
    headers: { "Content-Type": "application/json" } });
  return answer.json();
}

// A picture of the page, where $SHOTS names a folder for them.
export async function shot(page, name, whole = true) {
  if (!process.env.SHOTS) return;
  mkdirSync(process.env.SHOTS, { recursive: true });
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, fullPage: whole });
}
