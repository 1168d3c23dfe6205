/** What differs between two texts, character by character, and what that does to places in them. */

/** @typedef {{kind: "same" | "gone" | "new", text: string}} Piece */

/** @param {string} text @returns {string[]} */
export const characters = (text) => Array.from(text);

/**
 * The shortest way from `before` to `after`: longest common subsequence, after the common ends are set aside.
 *
 * @param {string} before
 * @param {string} after
 * @returns {Piece[]}
 */
export function difference(before, after) {
  /** @type {Piece[]} */
  const pieces = [];
  /** @param {Piece["kind"]} kind @param {string} text */
  const add = (kind, text) => {
    const last = pieces.at(-1);
    if (last?.kind === kind) last.text += text;
    else if (text) pieces.push({ kind, text });
  };
  const a = characters(before);
  const b = characters(after);
  for (const [i, j] of pairs(a, b)) {
    if (i !== null && j !== null) add("same", a[i]);
    else if (i !== null) add("gone", a[i]);
    else if (j !== null) add("new", b[j]);
  }
  return pieces;
}

/**
 * Which character of `a` is which of `b`: (place in a, place in b), one of them null where only the other has it.
 *
 * @param {string[]} a
 * @param {string[]} b
 * @returns {[number | null, number | null][]}
 */
export function pairs(a, b) {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  /** @type {[number | null, number | null][]} */
  const found = [];
  for (let i = 0; i < head; i++) found.push([i, i]);
  found.push(...middle(a, b, head, a.length - tail, b.length - tail));
  for (let i = tail; i > 0; i--) found.push([a.length - i, b.length - i]);
  return found;
}

/**
 * @param {string[]} a
 * @param {string[]} b
 * @param {number} from
 * @param {number} endA
 * @param {number} endB
 * @returns {[number | null, number | null][]}
 */
function middle(a, b, from, endA, endB) {
  const rows = endA - from;
  const columns = endB - from;
  const length = Array.from({ length: rows + 1 }, () => new Uint16Array(columns + 1));
  for (let i = rows - 1; i >= 0; i--)
    for (let j = columns - 1; j >= 0; j--)
      length[i][j] =
        a[from + i] === b[from + j] ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
  /** @type {[number | null, number | null][]} */
  const found = [];
  let i = 0;
  let j = 0;
  while (i < rows || j < columns) {
    if (i < rows && j < columns && a[from + i] === b[from + j]) found.push([from + i++, from + j++]);
    else if (i < rows && (j === columns || length[i + 1][j] >= length[i][j + 1])) found.push([from + i++, null]);
    else found.push([null, from + j++]);
  }
  return found;
}

/**
 * The share of characters on which two texts agree, 0 to 1; two empty texts agree.
 *
 * @param {string} one
 * @param {string} other
 */
export function agreement(one, other) {
  const found = pairs(characters(one), characters(other));
  const same = found.filter(([i, j]) => i !== null && j !== null).length;
  return found.length ? same / found.length : 1;
}

/**
 * Marks carried over an edit: one that reaches into what was replaced keeps covering it, one that has nothing left is dropped.
 *
 * @param {import("./types.js").Mark[]} marks
 * @param {string} before
 * @param {string} after
 * @returns {import("./types.js").Mark[]}
 */
export function moveMarks(marks, before, after) {
  if (!marks.length || before === after) return marks;
  const a = characters(before);
  const b = characters(after);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const gone = a.length - tail;
  const grown = b.length - a.length;
  /** @type {import("./types.js").Mark[]} */
  const moved = marks.map(([start, end, kind]) => [
    start < head ? start : start >= gone ? start + grown : head,
    end <= head ? end : end >= gone ? end + grown : b.length - tail,
    kind,
  ]);
  return moved.filter(([start, end]) => end > start);
}
