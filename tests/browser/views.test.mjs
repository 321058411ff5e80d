// Every view, at both sizes, in both colours and languages: nothing complained of, nothing cut.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { VIEWS, browser, clipped, go, panel, serious, shot, visit } from "./house.mjs";

let box, chrome;
before(async () => { [box, chrome] = await Promise.all([panel(), browser()]); });
after(async () => { await chrome?.close(); box?.close(); });

const LOOKS = [["desktop", "light", "en"], ["desktop", "dark", "ja"], ["phone", "dark", "en"],
  ["phone", "light", "ja"]];

for (const [size, theme, language] of LOOKS) {
  test(`every view is whole: ${size}, ${theme}, ${language}`, async t => {
    const page = await visit(chrome, box.url, { size, theme, language });
    t.after(() => page.context().close());
    for (const view of VIEWS) {
      await go(page, view);
      if (view === "connect") await page.locator("input[value=vseeface]").check();
      await page.waitForTimeout(view === "mirror" ? 2500 : 1200);
      await shot(page, `${view}-${size}-${theme}-${language}`);
      assert.deepEqual(await clipped(page), [], view + ": cut");
      assert.deepEqual(await serious(page), [], view + ": axe-core");
    }
    assert.deepEqual(page.complaints, [], "console");
    assert.deepEqual(page.strangers, [], "asked others");
  });
}
