/** Outlines of lines: plain computations on points in pixels of the page, y down. */

/** @typedef {import("../types.js").Point} Point */
/** @typedef {import("../types.js").Box} Box */

/** @param {Box} box @returns {Point[]} its corners, clockwise from the top left */
export function corners([left, top, right, bottom]) {
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
}

/** @param {Point[]} points @returns {Box} */
export function bounds(points) {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** @param {import("../types.js").LineRow} line @returns {Point[]} */
export function outline(line) {
  return line.polygon.length > 2 ? line.polygon : corners(line.box);
}

/** Even-odd rule. @param {Point[]} points @param {Point} place */
export function inside(points, [x, y]) {
  let within = false;
  for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
    const [xi, yi] = points[i];
    const [xj, yj] = points[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within;
  }
  return within;
}

/** @param {Point[]} points @param {number} dx @param {number} dy @returns {Point[]} */
export function moved(points, dx, dy) {
  return points.map(([x, y]) => [x + dx, y + dy]);
}

/** The outline stretched from its bounds to others. @param {Point[]} points @param {Box} from @param {Box} to @returns {Point[]} */
export function stretched(points, from, to) {
  const across = (to[2] - to[0]) / Math.max(1e-6, from[2] - from[0]);
  const down = (to[3] - to[1]) / Math.max(1e-6, from[3] - from[1]);
  return points.map(([x, y]) => [to[0] + (x - from[0]) * across, to[1] + (y - from[1]) * down]);
}

/** The grips of a box: its corners and the middles of its sides, with which sides each moves. */
export const GRIPS = /** @type {const} */ ([
  [0, 0, "nwse-resize"],
  [0.5, 0, "ns-resize"],
  [1, 0, "nesw-resize"],
  [1, 0.5, "ew-resize"],
  [1, 1, "nwse-resize"],
  [0.5, 1, "ns-resize"],
  [0, 1, "nesw-resize"],
  [0, 0.5, "ew-resize"],
]);

/** @param {Box} box @param {number} grip @returns {Point} */
export function gripPlace([left, top, right, bottom], grip) {
  const [x, y] = GRIPS[grip];
  return [left + (right - left) * x, top + (bottom - top) * y];
}

/** A box with a grip pulled, at least `least` pixels on each side. @param {Box} box @param {number} grip @param {number} dx @param {number} dy @param {number} [least] @returns {Box} */
export function pulled([left, top, right, bottom], grip, dx, dy, least = 4) {
  const [x, y] = GRIPS[grip];
  return [
    x === 0 ? Math.min(left + dx, right - least) : left,
    y === 0 ? Math.min(top + dy, bottom - least) : top,
    x === 1 ? Math.max(right + dx, left + least) : right,
    y === 1 ? Math.max(bottom + dy, top + least) : bottom,
  ];
}

/** @param {Point[]} points @param {number} width of the page @param {number} height @returns {Point[]} rounded to tenths, on the page */
export function onPage(points, width, height) {
  return points.map(([x, y]) => [
    Math.round(Math.min(width, Math.max(0, x)) * 10) / 10,
    Math.round(Math.min(height, Math.max(0, y)) * 10) / 10,
  ]);
}

/** The nearest place to put a new point: (index it takes, distance). @param {Point[]} points @param {Point} place @returns {[number, number]} */
export function nearestEdge(points, [x, y]) {
  let best = /** @type {[number, number]} */ ([0, Infinity]);
  for (let i = 0; i < points.length; i++) {
    const [ax, ay] = points[i];
    const [bx, by] = points[(i + 1) % points.length];
    const length = (bx - ax) ** 2 + (by - ay) ** 2 || 1;
    const along = Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length));
    const distance = Math.hypot(ax + along * (bx - ax) - x, ay + along * (by - ay) - y);
    if (distance < best[1]) best = [i + 1, distance];
  }
  return best;
}
