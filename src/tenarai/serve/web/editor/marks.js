/** Marks of a transcription: unclear, gap, deleted, inserted. Marked text stays out of training. */

import { characters } from "../difference.js";

/** @typedef {import("../types.js").Mark} Mark */

export const GAP = "〓"; // the geta mark, which stands for what cannot be read

/**
 * Marks the chosen characters, or takes the mark off where they have it; a gap without a choice puts a geta mark in.
 *
 * @param {string} text
 * @param {Mark[]} marks
 * @param {number} start code points
 * @param {number} end
 * @param {import("../types.js").MarkKind | null} kind null takes off every mark that touches the choice
 * @returns {{text: string, marks: Mark[], start: number, end: number} | null} null where nothing is chosen
 */
export function toggleMark(text, marks, start, end, kind) {
  const points = characters(text);
  if (kind === null) {
    const left = marks.filter(([from, to]) => to <= start || from > Math.max(start, end - 1));
    return left.length === marks.length ? null : { text, marks: left, start, end };
  }
  if (start === end && kind === "gap") {
    const shifted = marks.map(([from, to, one]) => /** @type {Mark} */ ([from >= start ? from + 1 : from, to > start ? to + 1 : to, one]));
    points.splice(start, 0, GAP);
    return { text: points.join(""), marks: sorted([...shifted, [start, start + 1, kind]]), start: start + 1, end: start + 1 };
  }
  if (start === end) end = Math.min(points.length, start + 1); // the character at the caret
  if (start >= end) return null;
  const same = marks.find(([from, to, one]) => one === kind && from <= start && to >= end);
  if (same) return { text, marks: marks.filter((mark) => mark !== same), start, end };
  const apart = marks.filter(([from, to, one]) => one !== kind || to < start || from > end);
  const touched = marks.filter((mark) => !apart.includes(mark));
  const low = Math.min(start, ...touched.map(([from]) => from));
  const high = Math.max(end, ...touched.map(([, to]) => to));
  return { text, marks: sorted([...apart, [low, high, kind]]), start, end };
}

/** @param {Mark[]} marks */
function sorted(marks) {
  return marks.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}
