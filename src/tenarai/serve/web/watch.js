/** How the service does now, and the model day by day: how sure it is, and how much people change - its drift. */

import { ApiError, get } from "./api.js";
import { h, note, svg } from "./element.js";
import { percent, t } from "./language.js";

/** @typedef {import("./types.js").Figure} Figure */

/** @typedef {import("./types.js").Lately} Lately */

const AGAIN = 5000; // milliseconds between questions how the service does
const SIZE = { width: 720, height: 190, left: 46, right: 14, top: 14, bottom: 28 };

/** @param {HTMLElement} main */
export async function watchView(main) {
  /** @type {Figure[]} */
  let figures = [];
  try {
    figures = (await get("/api/figures")).figures;
  } catch (error) {
    note(t("failed", { reason: error instanceof ApiError && error.status ? error.message : t("unreachable") }), { error: true });
  }
  const body = figures.length
    ? [chart(t("watchChanged"), figures, (one) => one.changed), chart(t("watchConfidence"), figures, (one) => one.confidence), bars(t("watchLines"), figures), table(figures)]
    : [h("p.empty", {}, t("watchEmpty"))];
  main.replaceChildren(h("section.watch", {}, h("h1", {}, t("watchTitle")), h("p.lead", {}, t("watchLead")), service(), ...body));
}

/** Cards of what the service does, asked for anew as long as they are shown. @returns {HTMLElement} */
function service() {
  const cards = h("div.numbers");
  const show = async () => {
    try {
      cards.replaceChildren(...cardsOf(await get("/api/service")));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      cards.replaceChildren(); // old figures are not those of now
    }
  };
  const timer = setInterval(() => (cards.isConnected ? void show() : clearInterval(timer)), AGAIN);
  void show();
  return h("section.service", { "aria-label": t("watchService") }, h("h2", {}, t("watchService")), cards);
}

/** @param {Lately} lately */
function cardsOf({ seconds, per_second, p50, p95, lanes }) {
  const time = (/** @type {number | null} */ value) => (value === null ? "–" : t("watchSeconds", { n: value.toFixed(value < 1 ? 3 : 1) }));
  const queue = (/** @type {import("./types.js").Lane} */ lane) => `${lane.waiting} / ${lane.running}`;
  /** @type {[string, string, string][]} */
  const told = [
    ["rate", per_second.toFixed(2), t("watchRate", { n: Math.max(1, Math.round(seconds / 60)) })],
    ["p50", time(p50), t("watchHalf")],
    ["p95", time(p95), t("watchMost")],
    ["short", queue(lanes.short), t("watchShort")],
    ["long", queue(lanes.long), t("watchLong")],
  ];
  return told.map(([name, value, label]) => h("div.number-card", { "data-figure": name }, h("b", {}, value), h("span", {}, label)));
}

/** @param {Figure[]} figures @returns {string[]} */
const daysOf = (figures) => [...new Set(figures.map((one) => one.day))].sort();

/** @param {number} count */
const across = (count) => (/** @type {number} */ index) => {
  const width = SIZE.width - SIZE.left - SIZE.right;
  return SIZE.left + (count > 1 ? (index * width) / (count - 1) : width / 2);
};

/** @param {string} title @param {Element[]} marks @param {string[]} days @param {string[]} models @returns {HTMLElement} */
function frame(title, marks, days, models) {
  const place = across(days.length);
  const step = Math.max(1, Math.ceil(days.length / 8));
  const labels = days.flatMap((day, index) =>
    index % step ? [] : [svg("text", { x: place(index), y: SIZE.height - 8, "text-anchor": "middle" }, day.slice(5))],
  );
  return h(
    "figure.chart",
    {},
    h("figcaption", {}, title, ...models.map((model, index) => h("span.legend", { class: `legend series-${index % 5}` }, model))),
    svg("svg", { viewBox: `0 0 ${SIZE.width} ${SIZE.height}`, role: "img", "aria-label": title }, ...marks, ...labels),
  );
}

/** A line for each model over the days; shares. @param {string} title @param {Figure[]} figures @param {(figure: Figure) => number | null} value */
function chart(title, figures, value) {
  const days = daysOf(figures);
  const models = [...new Set(figures.map((one) => one.model))];
  if (figures.every((one) => value(one) === null)) return "";
  const most = Math.max(0.01, ...figures.map((one) => value(one) ?? 0));
  const top = most > 0.5 ? 1 : most * 1.15;
  const place = across(days.length);
  const down = (/** @type {number} */ share) => SIZE.top + (1 - share / top) * (SIZE.height - SIZE.top - SIZE.bottom);
  const grid = [0, 0.5, 1].flatMap((part) => [
    svg("line", { x1: SIZE.left, x2: SIZE.width - SIZE.right, y1: down(part * top), y2: down(part * top), class: "grid" }),
    svg("text", { x: SIZE.left - 6, y: down(part * top) + 4, "text-anchor": "end" }, percent(part * top, top < 0.1 ? 1 : 0)),
  ]);
  const lines = models.flatMap((model, index) => {
    const points = figures
      .filter((one) => one.model === model && value(one) !== null)
      .map((one) => [place(days.indexOf(one.day)), down(/** @type {number} */ (value(one)))]);
    if (!points.length) return [];
    const path = svg("polyline", { points: points.map((point) => point.join()).join(" "), class: `series series-${index % 5}` });
    return [path, ...points.map(([x, y]) => svg("circle", { cx: x, cy: y, r: 4, class: `dot series-${index % 5}` }))];
  });
  return frame(title, [...grid, ...lines], days, models);
}

/** @param {string} title @param {Figure[]} figures */
function bars(title, figures) {
  const days = daysOf(figures);
  const models = [...new Set(figures.map((one) => one.model))];
  const totals = days.map((day) => figures.filter((one) => one.day === day).reduce((sum, one) => sum + one.lines, 0));
  const most = Math.max(1, ...totals);
  const place = across(days.length);
  const room = SIZE.height - SIZE.top - SIZE.bottom;
  const width = Math.min(34, (SIZE.width - SIZE.left - SIZE.right) / days.length / 1.6);
  const marks = days.flatMap((day, at) => {
    let low = SIZE.height - SIZE.bottom;
    const parts = models.map((model, index) => {
      const lines = figures.filter((one) => one.day === day && one.model === model).reduce((sum, one) => sum + one.lines, 0);
      const height = (room * lines) / most;
      low -= height;
      return svg("rect", { x: place(at) - width / 2, y: low, width, height, class: `bar-mark series-${index % 5}` });
    });
    return [...parts, svg("text", { x: place(at), y: low - 4, "text-anchor": "middle" }, String(totals[at]))];
  });
  return frame(title, marks, days, models);
}

/** @param {Figure[]} figures */
function table(figures) {
  const names = [t("watchDay"), t("watchModel"), t("watchLines"), t("watchConfidence"), t("watchChecked"), t("watchChanged")];
  const share = (/** @type {number | null} */ value) => (value === null ? "–" : percent(value, 1));
  return h(
    "details",
    {},
    h("summary", {}, t("watchTable")),
    h(
      "div.scroll",
      { tabindex: "0", role: "region", "aria-label": t("watchTable") },
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, ...names.map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", {}, ...figures.map((one) => h("tr", {}, ...[one.day, one.model, one.lines, share(one.confidence), one.checked, share(one.changed)].map((cell) => h("td", {}, cell))))),
      ),
    ),
  );
}
