/** What the model was unsure of, character by character, also once people have changed some of the characters. */

import { characters, pairs } from "../difference.js";

/**
 * @typedef {object} Seen what the model saw of one code point
 * @property {string} text the character as read, perhaps of several code points
 * @property {number | null} confidence
 * @property {import("../types.js").Box} box
 * @property {[string, number][]} alternatives
 * @property {number} index among the characters of the reading
 */

/** @type {WeakMap<object, {text: string, seen: (Seen | null)[]}>} */
const known = new WeakMap();

/**
 * For each code point of a text what the model saw there, or null where people wrote something else.
 *
 * @param {import("../types.js").ReadCharacter[]} reading
 * @param {string} text
 * @returns {(Seen | null)[]}
 */
export function readCharacters(reading, text) {
  const before = known.get(reading);
  if (before?.text === text) return before.seen;
  /** @type {Seen[]} */
  const owners = [];
  /** @type {string[]} */
  const points = [];
  reading.forEach(([read, confidence, box, alternatives], index) => {
    for (const point of characters(read)) {
      points.push(point);
      owners.push({ text: read, confidence, box, alternatives, index });
    }
  });
  const wanted = characters(text);
  /** @type {(Seen | null)[]} */
  const seen = wanted.map(() => null);
  for (const [from, to] of pairs(points, wanted)) if (from !== null && to !== null) seen[to] = owners[from];
  known.set(reading, { text, seen });
  return seen;
}

/** @param {Seen | null} seen @param {number} threshold */
export function isDoubtful(seen, threshold) {
  return seen !== null && seen.confidence !== null && seen.confidence < threshold;
}

/** How doubtful, 0 (just below the threshold) to 1 (no confidence at all). @param {Seen} seen @param {number} threshold */
export function doubt(seen, threshold) {
  return threshold > 0 ? 1 - /** @type {number} */ (seen.confidence) / threshold : 0;
}

/** @param {string} text @param {number} points code points @returns {number} UTF-16 units, which text fields count in */
export function toUnits(text, points) {
  return characters(text).slice(0, points).join("").length;
}

/** @param {string} text @param {number} units @returns {number} code points */
export function toPoints(text, units) {
  return characters(text.slice(0, units)).length;
}
