// A browser; a panel with a tracker, as users have them; and a tracker that is played, for what a
// real one cannot be made to show.

import { execFileSync, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../..", import.meta.url));
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const browsers = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome"];
export const VIEWS = ["look", "connect", "calibrate", "mirror", "values", "box"];
export const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };

const python = process.env.PYTHON ?? root + ".venv/bin/python";
const cache = process.env.KAGAMI_DEMO ?? root + "build/demo.jsonl";

// The page before a tracker that is played.
export async function played() {
  const port = await free();
  const server = spawn(python,
    ["-m", "tests.panel.stand_in", "--port", String(port), "--cache", cache, "--every", "4"],
    { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve, reject) => {
    server.stdout.once("data", resolve);
    server.once("exit", code => reject(new Error("the stand-in ended with " + code)));
  });
  return { url: `http://127.0.0.1:${port}/`, close: () => server.kill() };
}

// `kagami panel` and `kagami run`, which sees the drawn clip again and again.
export async function real() {
  const box = new Box(await free(), await freeDatagram());
  await box.begin();
  return box;
}

class Box {
  constructor(port, control) {
    this.folder = mkdtempSync(tmpdir() + "/kagami-");
    execFileSync(python, ["-m", "tests.panel.clips", this.folder, cache], { cwd: root });
    this.url = `http://127.0.0.1:${port}/`;
    this.options = [`panel.port=${port}`, `control.port=${control}`, "network.discovery=no",
      "network.oscquery=no", "target.enabled=no"].flatMap(option => ["--set", option]);
  }

  start(...words) {
    return spawn(python, ["-m", "appliance", ...words, ...this.options], { cwd: this.folder,
      stdio: ["ignore", "ignore", process.env.KAGAMI_LOUD ? "inherit" : "ignore"],
      env: { ...process.env, PYTHONPATH: root, STATE_DIRECTORY: this.folder, KAGAMI_CONFIG: "/dev/null" } });
  }

  async begin() {
    this.panel = this.start("panel");
    await this.see("demo.mp4");
  }

  // Another clip in front of the camera, so to speak.
  async see(clip) {
    await this.lose();
    this.run = this.start("run", "--source", `file:${clip}`);
    await this.until(state => state.state === "tracking");
  }

  // The tracker is gone from one moment to the next.
  async lose() {
    const { run } = this;
    this.run = null;
    if (run) await new Promise(resolve => run.once("exit", resolve) && run.kill("SIGKILL"));
  }

  async until(is) {
    for (let tries = 0; tries < 150; tries++) {
      const state = await fetch(this.url + "api/state").then(answer => answer.json(), () => null);
      if (state && is(state)) return state;
      await new Promise(resolve => setTimeout(resolve, 200));
    }
    throw new Error("it does not come to that");
  }

  // What `kagami track` says of the clip, a list of faces for each of its frames.
  get numbers() {
    return readFileSync(cache, "utf8").trim().split("\n").map(line => JSON.parse(line).faces);
  }

  async close() {
    await this.lose();
    this.panel.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

// Datagrams that come to a port of this machine, as texts.
export async function receiver(port) {
  const socket = createSocket("udp4");
  const heard = [];
  socket.on("message", data => heard.push(data.toString("latin1")));
  await new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, "127.0.0.1", resolve);
  });
  return { heard, close: () => socket.close() };
}

// A UDP port of this machine where nobody listens.
export async function freeDatagram() {
  const socket = createSocket("udp4");
  await new Promise(resolve => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise(resolve => socket.close(resolve));
  return port;
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

// A page that notes what it complains of, what it asks others for, and its newest frame.
export async function visit(chrome, url, { size = "desktop", theme = "light", language = "en",
  motion = "no-preference", view = "look" } = {}) {
  const context = await chrome.newContext({ viewport: SIZES[size], colorScheme: theme,
    locale: language, reducedMotion: motion, acceptDownloads: true, deviceScaleFactor: 1 });
  const page = await context.newPage();
  page.complaints = [];
  page.strangers = [];
  page.on("console", message => ["error", "warning"].includes(message.type()) &&
    !/GPU stall|GroupMarkerNotSet|willReadFrequently/.test(message.text()) && page.complaints.push(message.text()));
  page.on("pageerror", error => page.complaints.push(String(error)));
  page.on("websocket", socket => socket.on("framereceived", ({ payload }) => {
    const message = typeof payload === "string" ? JSON.parse(payload) : {};
    if (message.type === "frame") page.newest = message;
  }));
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

// Parts of the view that take no room.
export async function missing(page) {
  return page.evaluate(() => [...document.querySelectorAll("#view > *, #view .card")]
    .filter(element => !element.hidden && !element.getBoundingClientRect().height)
    .map(({ tagName, className }) => `${tagName}.${className}`));
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

// Sentences of another language than the page's, which is Japanese; not what is meant for a program.
export async function foreign(page) {
  return page.evaluate(() => {
    const found = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const { data, parentElement } = texts.currentNode;
      const own = parentElement.closest("code, .log, noscript, option");
      if (!own && /(^|[^\w`-])[a-z]+( [a-z]+){2}/.test(data)) found.push(data);
    }
    return found;
  });
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
  const { width, height } = page.viewportSize();
  const all = whole ? await page.evaluate(() => document.documentElement.scrollHeight) : height;
  await page.setViewportSize({ width, height: all });     // what is fixed stays at the bottom
  await page.waitForTimeout(300);
  await page.screenshot({ path: `${process.env.SHOTS}/${name}.png` });
  await page.setViewportSize({ width, height });
}
