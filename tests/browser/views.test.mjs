// Every view, at both sizes, in both colours and languages: nothing complained of, nothing cut.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { VIEWS, browser, clipped, foreign, go, missing, play, played, real, serious, shot,
  visit } from "./house.mjs";

let box, stand_in, chrome;
before(async () => {
  [box, stand_in, chrome] = await Promise.all([real(), played(), browser()]);
  const refused = { version: "0.6.0", reason: "after 60 s it is not ready" };
  await play(stand_in.url, {
    versions: { current: "0.5.0", previous: "0.4.0", trial: null, refused },
    engines: [{ name: "detector", state: "ready", progress: 1 },
      { name: "landmarks", state: "building", progress: 0.4 },
      { name: "iris", state: "waiting", progress: 0 }] });
});
after(async () => {
  await chrome?.close();
  stand_in?.close();
  await box?.close();
});

// Each size, colour and language, and where pictures are taken, each of their combinations.
const LOOKS = [["desktop", "light", "en"], ["desktop", "dark", "ja"], ["phone", "dark", "en"],
  ["phone", "light", "ja"], ...process.env.SHOTS ? [["desktop", "dark", "en"],
    ["desktop", "light", "ja"], ["phone", "light", "en"], ["phone", "dark", "ja"]] : []];

const BACK = { en: "Go back", ja: "前に戻す" };

async function whole(t, url, views, [size, theme, language], said = "") {
  const page = await visit(chrome, url, { size, theme, language });
  t.after(() => page.context().close());
  for (const view of views) {
    await go(page, view);
    if (view === "connect") await page.locator("input[value=vseeface]").check();
    await page.waitForTimeout(view === "mirror" ? 2500 : 1500);
    await shot(page, `${view}-${size}-${theme}-${language}${said}`);
    if (language === "ja") assert.deepEqual(await foreign(page), [], view + ": not Japanese");
    assert.deepEqual(await missing(page), [], view + ": not to be seen");
    assert.deepEqual(await clipped(page), [], view + ": cut");
    assert.deepEqual(await serious(page), [], view + ": axe-core");
  }
  if (said) {         // the box is the last: its question
    await page.getByRole("button", { name: BACK[language] }).click();
    await page.waitForTimeout(300);
    await shot(page, `question-${size}-${theme}-${language}`, false);
    assert.deepEqual(await clipped(page), [], "question: cut");
    assert.deepEqual(await serious(page), [], "question: axe-core");
  }
  assert.deepEqual(page.complaints, [], "console");
  assert.deepEqual(page.strangers, [], "asked others");
}

for (const look of LOOKS) {
  test(`every view is whole: ${look.join(", ")}`, t => whole(t, box.url, VIEWS, look));

  test(`(played) many found, long names and lessons fit: ${look.join(", ")}`, t =>
    whole(t, stand_in.url, ["connect", "calibrate", "box"], look, "-played"));
}
