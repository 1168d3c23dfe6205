/** The lines beside the page: each its picture, and directly under it - beside it, when vertical - its text. */

import { h } from "../element.js";
import { t } from "../language.js";
import { Places } from "./place.js";
import { characterAt, fitText, lightText, showText } from "./text.js";

/** @typedef {import("./page.js").OpenPage} OpenPage */

const CUT = 96; // pixels across a line on the pictures asked for

export class LineList {
  /**
   * @param {OpenPage} page
   * @param {import("./field.js").Field} field
   */
  constructor(page, field) {
    this.page = page;
    this.field = field;
    /** @type {number | null} */
    this.pointedAt = null;
    this.places = new Places();
    /** @type {Map<number, HTMLElement>} */
    this.rows = new Map();
    /** @type {HTMLElement} */
    this.element = h("div.lines", { role: "group", "aria-label": t("lines") });
    this.resized = new ResizeObserver(() => this.fitAll());
    this.resized.observe(this.element);
    page.addEventListener("lines", () => this.showAll());
    page.addEventListener("line", (event) => this.refresh(/** @type {CustomEvent} */ (event).detail));
    page.addEventListener("active", () => this.activate());
    page.addEventListener("point", (event) => void this.light(/** @type {CustomEvent} */ (event).detail));
    page.addEventListener("caret", (event) => void this.light(/** @type {CustomEvent} */ (event).detail, true));
  }

  /** Builds the list anew: one group for each run of lines of a direction. */
  showAll() {
    const { page, field } = this;
    const focused = document.activeElement === field.element;
    const dragged = new Map(this.rows);
    this.rows.clear();
    /** @type {HTMLElement[]} */
    const groups = [];
    for (const id of page.order) {
      const { direction } = page.line(id);
      if (groups.at(-1)?.dataset.direction !== direction) {
        const start = page.number(id);
        groups.push(h(`ol.${direction}`, { "data-direction": direction, start }));
      }
      const row = this.row(id, dragged.get(id));
      this.rows.set(id, row);
      groups.at(-1)?.append(row);
    }
    this.element.replaceChildren(...groups);
    this.element.classList.toggle("all-vertical", groups.length === 1 && groups[0].dataset.direction === "vertical");
    this.activate(false);
    if (focused) field.focus();
    requestAnimationFrame(() => this.fitAll()); // pictures that were kept do not load again
  }

  /**
   * @param {number} id
   * @param {HTMLElement | undefined} before the row as it was, whose picture is kept where it still fits
   * @returns {HTMLElement}
   */
  row(id, before) {
    const line = this.page.line(id);
    const number = this.page.number(id);
    const key = `${JSON.stringify(line.polygon)} ${line.direction}`;
    /** @type {HTMLImageElement | null | undefined} */
    let image = before?.dataset.key === key ? before.querySelector("img") : null;
    if (!image) {
      image = /** @type {HTMLImageElement} */ (h("img", { alt: "", loading: "lazy", decoding: "async", draggable: "false" }));
      image.addEventListener("load", () => this.fit(id));
      image.src = `/api/lines/${id}/picture?height=${CUT}&v=${encodeURIComponent(line.box.join())}`; // v: another cut, another address
      const [left, top, right, bottom] = line.box;
      image.style.aspectRatio = `${Math.max(1, right - left)} / ${Math.max(1, bottom - top)}`;
    }
    const ink = h("div.ink", { onpointermove: (/** @type {PointerEvent} */ e) => void this.overInk(id, e), onpointerleave: () => this.away() }, image, h("div.spot", { hidden: true }));
    const over = { onpointermove: (/** @type {PointerEvent} */ e) => this.overText(id, e), onpointerleave: () => this.away() };
    const row = h(
      "li.line",
      { "data-id": id, "data-key": key, onclick: (/** @type {MouseEvent} */ event) => this.clicked(id, event) },
      h("button.number", { type: "button", tabindex: "-1", draggable: "true" }, String(number), h("span.state")),
      h("div.both", {}, ink, h("div.writing", over, h("div.text"))),
    );
    this.dragging(row, id);
    this.fill(row, id);
    return row;
  }

  /** @param {HTMLElement} row @param {number} id */
  fill(row, id) {
    const { page } = this;
    const state = page.state(id);
    row.dataset.state = state;
    row.classList.toggle("unsaved", page.drafts.has(id) || page.queue.of(id) !== undefined);
    const label = { todo: t("todo"), doubtful: t("doubtful"), done: t("doneState") }[state];
    row.querySelector("button.number")?.setAttribute("aria-label", `${t("line", { n: page.number(id) })}, ${label}: ${page.text(id)}`);
    showText(/** @type {HTMLElement} */ (row.querySelector(".text")), page, id);
  }

  /** @param {number} id */
  refresh(id) {
    const row = this.rows.get(id);
    if (!row) return;
    this.fill(row, id);
    if (id === this.page.active) this.field.show();
  }

  /** Colours all lines anew, after the threshold moved. */
  recolour() {
    for (const [id, row] of this.rows) this.fill(row, id);
  }

  activate(scroll = true) {
    const { page, field } = this;
    this.element.querySelector("li.active")?.classList.remove("active");
    this.element.querySelector("li[aria-current]")?.removeAttribute("aria-current");
    const row = page.active ? this.rows.get(page.active) : undefined;
    if (!row || !page.active) {
      field.element.remove();
      return;
    }
    row.classList.add("active");
    row.setAttribute("aria-current", "true");
    for (const button of this.element.querySelectorAll("button.number")) button.setAttribute("tabindex", row.contains(button) ? "0" : "-1");
    const focused = document.activeElement === field.element;
    row.querySelector(".writing")?.append(field.element);
    field.show();
    if (focused) field.focus();
    this.fit(page.active);
    if (scroll) row.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  fitAll() {
    this.element.style.setProperty("--tall", `${this.element.clientHeight}px`);
    for (const id of this.rows.keys()) this.fit(id);
  }

  /** @param {number} id */
  fit(id) {
    const row = this.rows.get(id);
    const image = row?.querySelector("img");
    if (!row || !image || !this.page.lines.has(id)) return;
    const vertical = this.page.line(id).direction === "vertical";
    fitText(/** @type {HTMLElement} */ (row.querySelector(".writing")), this.page.text(id), vertical ? image.clientHeight : image.clientWidth);
  }

  /** @param {number} id @param {MouseEvent} event */
  clicked(id, event) {
    const { page, field } = this;
    const target = /** @type {Element} */ (event.target);
    if (target === field.element) return;
    const text = /** @type {HTMLElement} */ (this.rows.get(id)?.querySelector(".text"));
    const at = target.closest(".ink") ? this.pointedAt : characterAt(text, event.clientX, event.clientY);
    page.activate(id);
    field.focus();
    if (at !== null && at !== undefined && event.detail > 0) field.choose(at, target.closest(".ink") ? at + 1 : at);
  }

  /** @param {number} id @param {PointerEvent} event */
  overText(id, event) {
    if (event.pointerType === "touch") return;
    const text = /** @type {HTMLElement} */ (this.rows.get(id)?.querySelector(".text"));
    this.page.tell("point", { line: id, index: characterAt(text, event.clientX, event.clientY) });
  }

  /** @param {number} id @param {PointerEvent} event */
  async overInk(id, event) {
    const box = /** @type {HTMLElement} */ (event.currentTarget).querySelector("img")?.getBoundingClientRect();
    if (!box?.width || !box.height) return;
    const x = (event.clientX - box.left) / box.width;
    const y = (event.clientY - box.top) / box.height;
    const line = this.page.line(id);
    const seen = this.page.characters(id);
    const vertical = line.direction === "vertical";
    for (const [index, one] of seen.entries()) {
      if (!one) continue;
      const [left, top, right, bottom] = await this.places.share(line, one);
      if (vertical ? y >= top && y < bottom : x >= left && x < right) {
        this.pointedAt = index;
        this.page.tell("point", { line: id, index });
        return;
      }
    }
    this.pointedAt = null;
  }

  away() {
    this.pointedAt = null;
    this.page.tell("point", { line: null, index: null });
  }

  /** @param {{line: number | null, index: number | null}} place @param {boolean} [caret] */
  async light(place, caret = false) {
    const kind = caret ? ".spot.caret" : ".spot:not(.caret)";
    for (const spot of /** @type {Iterable<HTMLElement>} */ (this.element.querySelectorAll(kind))) {
      if (caret) spot.remove();
      else spot.hidden = true;
    }
    if (!caret) for (const text of this.element.querySelectorAll(".lit")) text.classList.remove("lit");
    const row = place.line ? this.rows.get(place.line) : undefined;
    if (!row || !place.line || place.index === null) return;
    if (!caret) lightText(/** @type {HTMLElement} */ (row.querySelector(".text")), place.index);
    const seen = this.page.characters(place.line)[place.index];
    if (!seen) return;
    const [left, top, right, bottom] = await this.places.share(this.page.line(place.line), seen);
    const ink = row.querySelector(".ink");
    if (caret) ink?.querySelector(kind)?.remove();
    let spot = /** @type {HTMLElement | null | undefined} */ (ink?.querySelector(kind));
    if (!spot && caret) ink?.append((spot = /** @type {HTMLElement} */ (h("div.spot.caret"))));
    if (!spot) return;
    spot.hidden = false;
    Object.assign(spot.style, { left: `${left * 100}%`, top: `${top * 100}%`, width: `${(right - left) * 100}%`, height: `${(bottom - top) * 100}%` });
  }

  /** Lines are put in order by dragging their numbers. @param {HTMLElement} row @param {number} id */
  dragging(row, id) {
    row.addEventListener("dragstart", (event) => {
      event.dataTransfer?.setData("application/x-tenarai-line", String(id));
      if (event.dataTransfer) event.dataTransfer.effectAllowed = "move";
    });
    row.addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("application/x-tenarai-line")) return;
      event.preventDefault();
      row.classList.add("target");
    });
    row.addEventListener("dragleave", () => row.classList.remove("target"));
    row.addEventListener("drop", (event) => {
      row.classList.remove("target");
      const moved = Number(event.dataTransfer?.getData("application/x-tenarai-line"));
      if (!moved || moved === id) return;
      event.preventDefault();
      const forwards = this.page.number(moved) < this.page.number(id);
      void this.page.reorder(() => {
        const ids = this.page.order.filter((one) => one !== moved);
        ids.splice(ids.indexOf(id) + (forwards ? 1 : 0), 0, moved);
        return ids;
      });
    });
  }

  close() {
    this.resized.disconnect();
  }
}
