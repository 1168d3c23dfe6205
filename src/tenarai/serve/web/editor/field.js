/**
 * The one text field of the editor. It lies over the text of the line at hand and moves from line to line.
 *
 * Keys that an input method may mean are left to it: nothing is done while `isComposing` is set or the key code is 229, which is
 * all that WebKit says of the Enter that ends a composition.
 */

import { characters } from "../difference.js";
import { announce, h, note } from "../element.js";
import { percent, t } from "../language.js";
import { isDoubtful, toPoints, toUnits } from "./doubt.js";
import { toggleMark } from "./marks.js";
import { JAPANESE } from "./text.js";

/** @typedef {import("./page.js").OpenPage} OpenPage */

/** @type {Record<string, import("../types.js").MarkKind>} */
const MARK_KEYS = { KeyU: "unclear", KeyG: "gap", KeyX: "deletion", KeyI: "insertion" };

export class Field {
  /** @param {OpenPage} page */
  constructor(page) {
    this.page = page;
    this.composing = false;
    /** @type {HTMLTextAreaElement} */
    this.element = h("textarea.field", {
      rows: 1,
      spellcheck: "false",
      autocomplete: "off",
      autocapitalize: "off",
      enterkeyhint: "next",
      oninput: (/** @type {InputEvent} */ event) => this.typed(event.isComposing),
      oncompositionstart: () => this.compose(true),
      oncompositionend: () => this.compose(false),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event),
      onblur: () => page.active && void page.save(page.active),
    });
    this.element.addEventListener("selectionchange", () => this.pointed());
    for (const name of ["keyup", "pointerup", "focus"]) this.element.addEventListener(name, () => this.pointed());
  }

  /** Shows the line at hand. */
  show() {
    const { page, element } = this;
    const id = page.active;
    if (!id || this.composing) return;
    const text = page.text(id);
    if (element.value !== text) {
      const [start, end] = [element.selectionStart, element.selectionEnd];
      element.value = text;
      if (document.activeElement === element) element.setSelectionRange(Math.min(start, text.length), Math.min(end, text.length));
    }
    element.setAttribute("aria-label", t("lineText", { n: page.number(id) }));
    element.lang = JAPANESE.test(text) ? "ja" : "";
  }

  focus() {
    this.element.tabIndex = 0;
    this.element.focus({ preventScroll: true });
  }

  /** @param {boolean} composing */
  compose(composing) {
    this.composing = composing;
    this.element.parentElement?.classList.toggle("composing", composing);
    if (!composing) this.typed(false);
  }

  /** @param {boolean} composing */
  typed(composing) {
    const { page, element } = this;
    if (composing || this.composing || !page.active) return;
    if (/[\r\n]/.test(element.value)) element.value = element.value.replace(/[\r\n]+/g, " ");
    if (element.value !== page.text(page.active)) page.edit(page.active, element.value);
  }

  /** Which code points are chosen: (start, end), the same where there is only a caret. @returns {[number, number]} */
  selection() {
    const { value, selectionStart, selectionEnd } = this.element;
    return [toPoints(value, selectionStart), toPoints(value, selectionEnd)];
  }

  /** @param {number} start code points @param {number} end */
  choose(start, end) {
    const { element } = this;
    this.focus();
    element.setSelectionRange(toUnits(element.value, start), toUnits(element.value, end));
    this.pointed();
  }

  /** Tells the page which character is at hand. */
  pointed() {
    const { page } = this;
    if (this.composing || !page.active || document.activeElement !== this.element) return;
    const length = characters(this.element.value).length;
    const at = Math.min(this.selection()[0], Math.max(0, length - 1));
    page.tell("caret", { line: page.active, index: length ? at : null });
  }

  /**
   * Puts text where the caret is, over what is chosen.
   *
   * @param {string} text
   */
  insert(text) {
    const { element, page } = this;
    if (!page.active) return;
    const { selectionStart, selectionEnd, value } = element;
    element.value = value.slice(0, selectionStart) + text + value.slice(selectionEnd);
    this.typed(false);
    element.setSelectionRange(selectionStart + text.length, selectionStart + text.length);
    this.pointed();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const act = this.meaning(event);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  /** @param {KeyboardEvent} event @returns {(() => void) | null} what a key does here */
  meaning(event) {
    const { key, code, shiftKey: shift, altKey: alt } = event;
    const control = event.ctrlKey || event.metaKey;
    const vertical = this.page.active !== null && this.page.line(this.page.active).direction === "vertical";
    const plain = !control && !alt && !shift;
    if (key === "Enter") {
      if (control) return () => this.split();
      if (alt) return () => this.accept("doubtful");
      return shift ? () => this.step(-1) : () => this.accept("done");
    }
    if (plain && key === (vertical ? "ArrowRight" : "ArrowUp")) return () => this.step(-1);
    if (plain && key === (vertical ? "ArrowLeft" : "ArrowDown")) return () => this.step(1);
    if (key === "Tab" && !control && !alt) return this.doubt(shift ? -1 : 1);
    if (key === "Escape") return () => this.leave();
    if (control && !alt && key.toLowerCase() === "z") return () => void this.undo(shift ? "redo" : "undo");
    if (control && !alt && key.toLowerCase() === "y") return () => void this.undo("redo");
    if (!alt || control) return null;
    if (shift && key === "ArrowUp") return () => void this.move(-1);
    if (shift && key === "ArrowDown") return () => void this.move(1);
    if (/^Digit[1-5]$/.test(code)) return () => this.alternative(Number(code.slice(5)) - 1);
    if (MARK_KEYS[code]) return () => this.mark(MARK_KEYS[code]);
    return null;
  }

  /** Accepts the line, or leaves it as doubtful, and goes on. @param {import("../types.js").State} state */
  accept(state) {
    const { page } = this;
    if (!page.active) return;
    void page.save(page.active, state);
    if (page.number(page.active) === page.order.length) page.tell("end");
    else this.step(1);
  }

  /** @param {number} by lines */
  step(by) {
    const { page } = this;
    const next = page.order[page.order.indexOf(page.active ?? -1) + by];
    if (!next) return;
    page.activate(next);
    this.focus();
    this.element.setSelectionRange(0, 0);
    announce(`${t("lineOf", { n: page.number(next), total: page.order.length })}: ${page.text(next)}`);
  }

  /** Leaves the field for the line's number, from where Tab goes on to what comes after the lines: Tab means doubt inside. */
  leave() {
    this.element.tabIndex = -1;
    /** @type {HTMLElement | null} */ (this.element.closest("li")?.querySelector("button.number"))?.focus();
  }

  /**
   * A way to the next or last doubtful character, or null where there is none and Tab may leave the field.
   *
   * @param {1 | -1} way
   * @returns {(() => void) | null}
   */
  doubt(way) {
    const { page } = this;
    if (!page.active) return null;
    const [start, end] = this.selection();
    const first = page.order.indexOf(page.active);
    for (let at = first; at >= 0 && at < page.order.length; at += way) {
      const id = page.order[at];
      if (page.state(id) === "done" && at !== first) continue;
      const places = page.characters(id).flatMap((seen, index) => (isDoubtful(seen, page.threshold) ? [index] : []));
      const from = start === end ? start - 1 : start; // a caret before a doubtful character has not chosen it yet
      const left = at !== first ? places : places.filter((place) => (way > 0 ? place > from : place < start));
      const place = way > 0 ? left[0] : left.at(-1);
      if (place !== undefined) return () => this.toDoubt(id, place);
    }
    return way > 0 ? () => this.noDoubt() : null;
  }

  noDoubt() {
    note(t("noDoubt"));
    this.leave();
  }

  /** @param {number} id @param {number} place */
  toDoubt(id, place) {
    const { page } = this;
    page.activate(id);
    this.choose(place, place + 1);
    const seen = page.characters(id)[place];
    if (!seen) return;
    const others = seen.alternatives.map(([text], index) => `${index + 1} ${text}`).join(", ") || t("noAlternatives");
    announce(t("alternativesOf", { text: seen.text, share: percent(seen.confidence ?? 0), others }));
  }

  /** What else the character at hand could be. @returns {{at: number, length: number, others: [string, number][]}} */
  alternatives() {
    const { page } = this;
    const seen = page.active ? page.characters(page.active) : [];
    const at = Math.min(this.selection()[0], Math.max(0, seen.length - 1));
    const here = seen[at];
    if (!here) return { at, length: 1, others: [] };
    const length = seen.filter((other) => other === here).length;
    return { at: seen.indexOf(here), length, others: here.alternatives.filter(([text]) => text !== here.text).slice(0, 5) };
  }

  /** @param {number} which */
  alternative(which) {
    const { at, length, others } = this.alternatives();
    const other = others[which];
    if (!other) return;
    this.choose(at, at + length);
    this.insert(other[0]);
    announce(other[0]);
  }

  /** @param {import("../types.js").MarkKind | null} kind null takes marks off */
  mark(kind) {
    const { page } = this;
    if (!page.active) return;
    const [start, end] = this.selection();
    const text = page.text(page.active);
    const changed = toggleMark(text, page.marks(page.active), start, end, kind);
    if (!changed) {
      note(t("markNothing"));
      return;
    }
    this.element.value = changed.text;
    page.edit(page.active, changed.text, changed.marks);
    this.choose(changed.start, changed.end);
    if (kind) announce(t(kind));
  }

  split() {
    const { page } = this;
    if (!page.active) return;
    const id = page.active;
    const [at] = this.selection();
    void page.split(id, shareAlong(page, id, at), at).then((done) => done && announce(t("lineSplit")));
  }

  /** @param {number} by */
  async move(by) {
    if (this.page.active) await this.page.move(this.page.active, by);
    this.focus();
  }

  /** @param {"undo" | "redo"} way */
  async undo(way) {
    const id = await this.page.undo(way);
    if (id) announce(t("undone", { n: this.page.number(id) }));
    this.show();
    this.focus();
  }
}

/**
 * How far along its line a place in the text lies, 0 to 1, by the boxes of the characters around it.
 *
 * @param {OpenPage} page
 * @param {number} id
 * @param {number} at code points
 */
export function shareAlong(page, id, at) {
  const line = page.line(id);
  const seen = page.characters(id);
  const vertical = line.direction === "vertical";
  const [low, high] = vertical ? [line.box[1], line.box[3]] : [line.box[0], line.box[2]];
  const before = seen.slice(0, at).findLast((one) => one !== null)?.box;
  const after = seen.slice(at).find((one) => one !== null)?.box;
  const ends = [before?.[vertical ? 3 : 2], after?.[vertical ? 1 : 0]].filter((end) => end !== undefined);
  if (!ends.length) return at / Math.max(1, seen.length);
  return (ends.reduce((sum, end) => sum + end, 0) / ends.length - low) / Math.max(1, high - low);
}
