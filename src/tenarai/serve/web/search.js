/** Search over all text of the project. */

import { ApiError, get } from "./api.js";
import { characters } from "./difference.js";
import { h, note } from "./element.js";
import { t } from "./language.js";

/** @param {HTMLElement} main @param {string} text */
export async function searchView(main, text) {
  /** @type {import("./types.js").Hit[]} */
  let hits = [];
  try {
    if (text) hits = (await get(`/api/search?q=${encodeURIComponent(text)}`)).hits;
  } catch (error) {
    note(t("failed", { reason: error instanceof ApiError && error.status ? error.message : t("unreachable") }), { error: true });
  }
  main.replaceChildren(
    h(
      "section.search-view",
      {},
      h("h1", {}, hits.length ? t("searchFound", { n: hits.length, text }) : t("searchNone", { text })),
      h("ol.hits", {}, ...hits.map(row)),
    ),
  );
}

/** @param {import("./types.js").Hit} hit */
function row({ page_id, page_number, page_name, line_id, snippet, start, end }) {
  const points = characters(snippet);
  const part = (/** @type {number} */ from, /** @type {number} */ to) => points.slice(from, to).join("");
  return h(
    "li",
    {},
    h(
      "a",
      { href: `#/page/${page_id}/${line_id}` },
      h("img", { src: `/api/lines/${line_id}/picture?height=64`, alt: "", loading: "lazy" }),
      h("span.found", {}, part(0, start), h("mark", {}, part(start, end)), part(end, points.length)),
      h("span.quiet", {}, `${t("pageNumber", { n: page_number })} · ${page_name}`),
    ),
  );
}
