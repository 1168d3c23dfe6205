/** A line's text as it is shown: doubt coloured, marks drawn, every character a place that can be pointed at. */

import { characters } from "../difference.js";
import { h } from "../element.js";
import { doubt, isDoubtful } from "./doubt.js";

const canvas = document.createElement("canvas").getContext("2d");
export const JAPANESE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

/**
 * Fills an element with the characters of a line.
 *
 * @param {HTMLElement} element
 * @param {import("./page.js").OpenPage} page
 * @param {number} id
 */
export function showText(element, page, id) {
  const seen = page.characters(id);
  const marks = page.marks(id);
  const settled = page.state(id) === "done" && !page.drafts.has(id);
  const spans = characters(page.text(id)).map((text, index) => {
    const names = marks.filter(([start, end]) => start <= index && index < end).map(([, , kind]) => `mark-${kind}`);
    const read = seen[index] ?? null;
    const unsure = !settled && isDoubtful(read, page.threshold);
    if (unsure) names.push("doubt");
    const span = h("span", { class: names.length ? names.join(" ") : null, "data-index": index }, text);
    if (unsure && read) span.style.setProperty("--doubt", doubt(read, page.threshold).toFixed(2));
    return span;
  });
  element.lang = JAPANESE.test(page.text(id)) ? "ja" : "";
  element.replaceChildren(...spans, h("span.end", {}, "\u200b"));
}

/**
 * The character of a line under the pointer, as a place in code points, or null.
 *
 * @param {HTMLElement} element filled by `showText`
 * @param {number} x pixels of the window
 * @param {number} y
 */
export function characterAt(element, x, y) {
  for (const span of /** @type {Iterable<HTMLElement>} */ (element.querySelectorAll("[data-index]"))) {
    for (const box of span.getClientRects())
      if (x >= box.left && x < box.right && y >= box.top && y < box.bottom) return Number(span.dataset.index);
  }
  return null;
}

/**
 * Lights one character up, or none.
 *
 * @param {HTMLElement} element
 * @param {number | null} index
 */
export function lightText(element, index) {
  element.querySelector(".lit")?.classList.remove("lit");
  if (index !== null) element.querySelector(`[data-index="${index}"]`)?.classList.add("lit");
}


/** Room that the text field keeps before and after its text, with its border: style/editor.css. */
const ROOM = 12;

/**
 * Makes the text about as long as its picture, so that characters lie near their ink.
 *
 * @param {HTMLElement} element around the text, whose custom properties its style follows
 * @param {string} text
 * @param {number} length of the picture on screen, in pixels
 */
export function fitText(element, text, length) {
  const shown = element.querySelector(".text");
  if (!canvas || !shown || !text || length < 40) return;
  length -= ROOM;
  const size = 20;
  canvas.font = `${size}px ${getComputedStyle(shown).fontFamily}`;
  const natural = canvas.measureText(text).width;
  const fitted = Math.min(27, Math.max(16, (size * length) / natural));
  const space = (length - (natural * fitted) / size) / characters(text).length;
  const spread = JAPANESE.test(text) ? Math.min(fitted * 0.7, Math.max(0, space)) : Math.min(fitted * 0.06, Math.max(0, space));
  element.style.setProperty("--size", `${fitted.toFixed(1)}px`);
  element.style.setProperty("--spread", `${spread.toFixed(2)}px`);
}
