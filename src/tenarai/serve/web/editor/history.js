/** The versions of a line: who wrote what when, what differs in colours, and the way back to each. */

import { ApiError, get, post } from "../api.js";
import { agreement, difference } from "../difference.js";
import { announce, dialog, h, note } from "../element.js";
import { moment, percent, t } from "../language.js";

/** @typedef {import("../types.js").Version} Version */

/** @type {Record<string, import("../language.js").Word>} */
const CAUSES = {
  reading: "causeReading",
  import: "causeImport",
  text: "causeText",
  state: "causeState",
  outline: "causeOutline",
  order: "causeOrder",
  add: "causeAdd",
  delete: "causeDelete",
  split: "causeSplit",
  join: "causeJoin",
  restore: "causeRestore",
  undo: "causeUndo",
  redo: "causeRedo",
};

/**
 * Two texts as one, with what is gone and what is new in colours and as <del> and <ins>.
 *
 * @param {string} before
 * @param {string} after
 * @returns {HTMLElement}
 */
export function shownDifference(before, after) {
  if (!before && !after) return h("p.difference.none", {}, t("noText"));
  return h(
    "p.difference",
    {},
    ...difference(before, after).map(({ kind, text }) => (kind === "gone" ? h("del", {}, text) : kind === "new" ? h("ins", {}, text) : text)),
  );
}

/**
 * @param {import("./page.js").OpenPage} page
 * @param {number} id
 */
export async function showHistory(page, id) {
  await page.saveAll();
  await page.queue.settled();
  /** @type {Version[]} */
  let versions;
  try {
    const answer = await get(`/api/lines/${id}/history`);
    versions = Array.isArray(answer) ? answer : (answer.versions ?? answer.history);
  } catch (error) {
    note(t("failed", { reason: error instanceof ApiError ? error.message : String(error) }), { error: true });
    return;
  }
  versions = [...versions].sort((a, b) => b.number - a.number);
  const list = h("ol.versions", { reversed: true });
  const box = dialog(t("historyOf", { n: page.number(id) }), [comparison(versions), list], { wide: true, close: t("close") });
  versions.forEach((version, index) => list.append(row(version, versions[index + 1], index === 0)));

  /** @param {Version} version @param {Version | undefined} before @param {boolean} current */
  function row(version, before, current) {
    const restore = async () => {
      const restored = await page.change(() => post(`/api/lines/${id}/restore`, { version: version.number }));
      if (!restored) return;
      announce(t("restored", { n: version.number }));
      box.close();
    };
    return h(
      "li",
      { value: version.number },
      h(
        "div.who",
        {},
        h("strong", {}, version.author),
        h("time", { datetime: version.when }, moment(version.when)),
        h("span.chip", { "data-state": version.state }, stateName(version.state)),
        version.confidence === null ? null : h("span.quiet", {}, percent(version.confidence)),
        h("span.quiet", {}, t(CAUSES[version.cause] ?? "causeText")),
        version.model ? h("span.quiet", {}, version.model) : null,
      ),
      before ? shownDifference(before.text, version.text) : h("p.difference", {}, version.text || t("noText")),
      current ? h("span.quiet", {}, t("current")) : h("button", { type: "button", onclick: () => void restore() }, t("restore")),
    );
  }
}

/** Any two versions against each other, with the share of characters on which they agree. @param {Version[]} versions newest first */
function comparison(versions) {
  const options = () => versions.map((one) => h("option", { value: String(one.number) }, `${t("version", { n: one.number })}: ${one.author}`));
  const older = h("select", { "aria-label": t("compare") }, ...options());
  const newer = h("select", { "aria-label": t("compareWith") }, ...options());
  const result = h("div", { "aria-live": "polite" });
  const show = () => {
    const [a, b] = [older, newer].map((select) => versions.find((one) => String(one.number) === select.value));
    if (a && b) result.replaceChildren(shownDifference(a.text, b.text), h("p.quiet", {}, t("agreement", { share: percent(agreement(a.text, b.text)) })));
  };
  older.value = String(versions.at(-1)?.number ?? "");
  older.addEventListener("change", show);
  newer.addEventListener("change", show);
  show();
  return h("section.compare", {}, h("div.row", {}, older, h("span.quiet", {}, t("compareWith")), newer), result);
}

/** @param {import("../types.js").State} state */
export function stateName(state) {
  return { todo: t("todo"), doubtful: t("doubtful"), done: t("doneState") }[state] ?? state;
}
