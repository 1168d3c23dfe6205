/** Two people changed one line: both texts, what differs, and three ways out. Nothing is sent until one is taken. */

import { dialog, h } from "../element.js";
import { t } from "../language.js";
import { shownDifference } from "./history.js";

/**
 * @param {import("./page.js").OpenPage} page
 * @param {import("../queue.js").Edit} edit
 * @param {import("../types.js").LineRow} current
 */
export function showConflict(page, edit, current) {
  page.drafts.delete(edit.line);
  page.take(current);
  const text = h("textarea", { rows: 2, "aria-label": t("mergeEdit"), value: edit.text });
  /** @param {string | null} kept */
  const settle = (kept) => {
    void page.queue.settle(edit, current, kept).then(() => page.tell("line", edit.line));
    box.close();
  };
  const box = dialog(
    t("conflictTitle", { n: page.number(edit.line) || "?" }),
    [
      h("p", {}, t("conflictText", { who: current.author })),
      h("h3", {}, t("theirs")),
      h("p.difference", {}, current.text || t("noText")),
      h("h3", {}, t("mine")),
      shownDifference(current.text, edit.text),
      h("label.merge", {}, h("span.quiet", {}, t("mergeEdit")), text),
      h(
        "div.row.end",
        {},
        h("button", { type: "button", "data-act": "theirs", onclick: () => settle(null) }, t("takeTheirs")),
        h("button", { type: "button", "data-act": "merged", onclick: () => settle(text.value) }, t("keepMerged")),
        h("button.primary", { type: "button", "data-act": "mine", onclick: () => settle(edit.text) }, t("keepMine")),
      ),
    ],
    { close: t("close") },
  );
  box.classList.add("conflict");
  box.addEventListener("cancel", (event) => event.preventDefault()); // Escape would settle nothing
  box.querySelector("header button")?.remove();
}
