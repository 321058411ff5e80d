// Asking the box and telling it; its mistakes are one line: what, why, what to do.

import { heard, t } from "./text.js";

export class Mistake extends Error {
  constructor({ what, why, do: way }, status = 0) {
    super([what, why].filter(Boolean).map(heard).join(t("mark.why")) +
      (way ? t("mark.do") + heard(way) : ""));
    this.status = status;
  }
}

export async function post(name, body = {}) {
  return ask("api/" + name, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
}

export async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { cache: "no-store", ...options });
  } catch {
    throw new Mistake({ what: t("error.box"), why: t("error.silent"), do: t("error.wait") });
  }
  const document = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const plain = { what: t("error.box"), why: `HTTP ${answer.status}`, do: t("error.reload") };
    throw new Mistake(document.error ?? plain, answer.status);
  }
  return document;
}
