// An avatar that does what one does: the screen's left is one's own left. What draws it is loaded
// when this view is opened.

import { card, h } from "./dom.js";
import { NOTHING } from "./stream.js";
import { t } from "./text.js";

let kept = null;            // the VRM that was dropped, as long as the page is open

export function open(view, app) {
  const canvas = h("canvas", { role: "img", "aria-label": t("mirror.canvas") });
  const over = h("p", { class: "over" }, t("mirror.wait"));
  const said = h("p", { class: "note", role: "status" });
  const file = h("input", { type: "file", accept: ".vrm,model/gltf-binary", class: "unseen",
    tabindex: "-1", "aria-hidden": "true", onchange: () => take(file.files[0]) });
  const drop = h("div", { class: "drop" }, h("p", {}, t("mirror.drop")),
    h("div", { class: "row" }, h("button", { type: "button", onclick: () => file.click() },
      t("mirror.choose")), h("button", { type: "button", onclick: () => ours() },
      t("mirror.ours")), file), said);
  drop.querySelector(".row").style.justifyContent = "center";
  view.append(h("h1", {}, t("mirror.title")), h("p", { class: "lead" }, t("mirror.lead")),
    h("div", { class: "columns wide" },
      h("section", { class: "card", "aria-label": t("mirror.title") },
        h("div", { class: "stage" }, canvas, over)),
      h("div", { class: "stack" }, card(t("mirror.file"), drop),
        card(t("mirror.try"), h("ul", { class: "steps" },
          [1, 2, 3].map(i => h("li", {}, h("span", {}, t("mirror.try." + i)))))))));

  let stage = null;
  let closed = false;
  const ready = (async () => {
    const [{ Stage }, { head }] = await Promise.all([import("./theatre.js"), import("./head.js")]);
    const model = await head();
    if (closed) return;
    stage = new Stage(canvas, over, app.stream);
    stage.model(model);
    if (kept) await put(kept);
  })().catch(mistake => { over.textContent = t("mirror.none", { why: mistake.message }); });

  async function take(chosen) {
    if (!chosen) return;
    said.textContent = t("mirror.loading", { name: chosen.name });
    file.value = "";
    kept = { name: chosen.name, data: await chosen.arrayBuffer() };
    await ready;
    await put(kept);
  }
  async function put({ name, data }) {
    try {
      const { avatar } = await import("./avatar.js");
      stage.model(await avatar(data.slice(0)));
      said.textContent = t("mirror.shown", { name });
    } catch (mistake) {
      kept = null;
      said.textContent = t("mirror.broken", { name, why: mistake.message });
    }
  }
  async function ours() {
    kept = null;
    await ready;
    stage.model(await (await import("./head.js")).head());
    said.textContent = "";
  }
  const over_page = event => {
    event.preventDefault();
    drop.classList.toggle("over", event.type === "dragover");
    if (event.type === "drop") take(event.dataTransfer.files[0]);
  };
  const events = ["dragover", "dragleave", "drop"];
  for (const name of events) addEventListener(name, over_page);
  app.stream.want({ divider: 1 });
  return () => {
    closed = true;
    for (const name of events) removeEventListener(name, over_page);
    stage?.close();
    app.stream.want(NOTHING);
  };
}
