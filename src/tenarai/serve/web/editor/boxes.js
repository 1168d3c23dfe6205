/**
 * The outlines of lines over the picture. All of them lie on one canvas, which is drawn anew when the picture moves; the one at
 * hand lies on a second, so that dragging it draws that one alone, however many there are.
 */

import { h } from "../element.js";
import { bounds, gripPlace, GRIPS, inside, outline } from "./geometry.js";

/** @typedef {import("../types.js").Point} Point */
/** @typedef {import("./page.js").OpenPage} OpenPage */

const TAU = 2 * Math.PI;

export class Boxes {
  /**
   * @param {OpenPage} page
   * @param {import("./viewer.js").Viewer} viewer
   */
  constructor(page, viewer) {
    this.page = page;
    this.viewer = viewer;
    /** @type {HTMLCanvasElement} */
    this.resting = h("canvas.boxes", { "aria-hidden": "true" });
    /** @type {HTMLCanvasElement} */
    this.moving = h("canvas.boxes", { "aria-hidden": "true" });
    /** @type {Point[] | null} */
    this.draft = null; // the outline at hand while it is pulled or drawn
    this.drawing = false; // the draft is a new one, not that of the active line
    /** @type {"grips" | "points"} */
    this.handles = "grips";
    /** @type {Set<number>} */
    this.chosen = new Set();
    /** @type {import("../types.js").Box | null} */
    this.light = null;
    /** @type {[Point, Point] | null} */
    this.cut = null;
    this.visible = true;
    this.numbers = true;
    this.stale = { resting: true, moving: true };
    this.asked = 0;
    this.palette = colours(viewer.element);
    viewer.onMove(() => this.draw());
    for (const name of ["lines", "active"]) page.addEventListener(name, () => this.draw());
    page.addEventListener("line", (event) => {
      if (this.states.get(/** @type {CustomEvent} */ (event).detail) !== page.state(/** @type {CustomEvent} */ (event).detail)) this.draw();
    });
    /** @type {Map<number, string>} */
    this.states = new Map();
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.scheme.addEventListener("change", () => {
      this.palette = colours(viewer.element);
      this.draw();
    });
  }

  /** Asks for both canvases to be drawn before the next frame. */
  draw() {
    this.stale.resting = true;
    this.drawMoving();
  }

  /** Asks for the outline at hand only. */
  drawMoving() {
    this.stale.moving = true;
    this.asked ||= requestAnimationFrame(() => {
      this.asked = 0;
      if (this.stale.resting) this.drawResting();
      this.drawActive();
      this.stale = { resting: false, moving: false };
    });
  }

  /** @param {HTMLCanvasElement} canvas @returns {CanvasRenderingContext2D} in pixels of the element, empty */
  clear(canvas) {
    const { clientWidth: width, clientHeight: height } = this.viewer.element;
    const ratio = Math.min(2, devicePixelRatio || 1);
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    return pen;
  }

  drawResting() {
    const pen = this.clear(this.resting);
    const { page } = this;
    this.states = new Map(page.order.map((id) => [id, page.state(id)]));
    if (!this.visible) return;
    const affine = this.viewer.affine();
    const view = { width: this.viewer.element.clientWidth, height: this.viewer.element.clientHeight };
    /** @type {Record<string, Path2D>} */
    const paths = { todo: new Path2D(), doubtful: new Path2D(), done: new Path2D() };
    /** @type {[string, number, number][]} */
    const labels = [];
    page.order.forEach((id, index) => {
      const line = page.line(id);
      const points = outline(line);
      const box = bounds(points.length > 8 ? [...pointsOf(line.box, affine)] : points.map((point) => onScreen(point, affine)));
      if (box[2] < 0 || box[3] < 0 || box[0] > view.width || box[1] > view.height) return;
      const [x, y] = onScreen([line.direction === "vertical" ? (line.box[0] + line.box[2]) / 2 : line.box[0], line.box[1]], affine);
      if (line.direction === "vertical" ? box[2] - box[0] > 7 : box[3] - box[1] > 7) labels.push(line.direction === "vertical" ? [String(index + 1), x + 8, y - 13] : [String(index + 1), x, y]);
      if (id !== page.active || (this.draft && this.drawing)) trace(paths[page.state(id)], points, affine);
    });
    for (const [state, path] of Object.entries(paths)) {
      pen.fillStyle = this.palette[`${state}-fill`];
      pen.strokeStyle = this.palette[state];
      pen.lineWidth = 1.25;
      pen.fill(path);
      pen.stroke(path);
    }
    if (this.numbers) this.drawNumbers(pen, labels);
  }

  /** Numbers stand outside of the boxes, off the ink. @param {CanvasRenderingContext2D} pen @param {[string, number, number][]} labels */
  drawNumbers(pen, labels) {
    pen.font = "600 11px system-ui, sans-serif";
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    pen.lineWidth = 3;
    pen.strokeStyle = this.palette.halo;
    pen.fillStyle = this.palette.number;
    for (const [text, x, y] of labels) {
      pen.strokeText(text, x - 4, y + 5);
      pen.fillText(text, x - 4, y + 5);
    }
  }

  drawActive() {
    const pen = this.clear(this.moving);
    const { page, palette } = this;
    const affine = this.viewer.affine();
    if (this.light) {
      const path = new Path2D();
      trace(path, [...cornersOf(this.light)], affine);
      pen.fillStyle = palette["light-fill"];
      pen.strokeStyle = palette.light;
      pen.lineWidth = 2;
      pen.fill(path);
      pen.stroke(path);
    }
    const line = page.active ? page.lines.get(page.active) : undefined;
    if (line && this.visible && !(this.draft && this.drawing)) this.drawOutline(pen, this.draft ?? outline(line), affine, true);
    for (const id of this.chosen) {
      const other = page.lines.get(id);
      if (other && id !== page.active) this.drawOutline(pen, outline(other), affine, false);
    }
    if (this.draft && this.drawing) this.drawOutline(pen, this.draft, affine, false, this.draft.length < 3);
    if (this.cut) {
      const [from, to] = this.cut.map((point) => onScreen(point, affine));
      pen.strokeStyle = palette.danger;
      pen.lineWidth = 2;
      pen.beginPath();
      pen.moveTo(...from);
      pen.lineTo(...to);
      pen.stroke();
    }
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {Point[]} points
   * @param {import("./viewer.js").Affine} affine
   * @param {boolean} handles
   * @param {boolean} [open]
   */
  drawOutline(pen, points, affine, handles, open = false) {
    const { palette } = this;
    const path = new Path2D();
    trace(path, points, affine, open);
    pen.fillStyle = palette["active-fill"];
    pen.strokeStyle = palette.active;
    pen.lineWidth = 2;
    if (!open) pen.fill(path);
    pen.stroke(path);
    if (!handles) return;
    pen.fillStyle = palette.grip;
    pen.lineWidth = 1.5;
    for (const place of this.handlePlaces(points)) {
      const [x, y] = onScreen(place, affine);
      pen.beginPath();
      if (this.handles === "points") pen.arc(x, y, 4, 0, TAU);
      else pen.rect(x - 3.5, y - 3.5, 7, 7);
      pen.fill();
      pen.stroke();
    }
  }

  /** @param {Point[]} points @returns {Point[]} */
  handlePlaces(points) {
    if (this.handles === "points") return points;
    const box = bounds(points);
    return GRIPS.map((_, grip) => gripPlace(box, grip));
  }

  /**
   * The handle of the active line under a place, or -1.
   *
   * @param {number} x pixels of the element
   * @param {number} y
   * @param {number} reach
   */
  handleAt(x, y, reach) {
    const line = this.page.active ? this.page.lines.get(this.page.active) : undefined;
    if (!line || !this.visible) return -1;
    const affine = this.viewer.affine();
    let best = -1;
    let nearest = reach;
    this.handlePlaces(outline(line)).forEach((place, index) => {
      const [px, py] = onScreen(place, affine);
      const distance = Math.hypot(px - x, py - y);
      if (distance < nearest) [best, nearest] = [index, distance];
    });
    return best;
  }

  /** The line under a place on the page: the active one before others, the smaller before the larger. @param {Point} place */
  lineAt(place) {
    const { page } = this;
    const hit = (/** @type {number} */ id) => {
      const line = page.line(id);
      const [left, top, right, bottom] = line.box;
      const near = place[0] >= left - 1 && place[0] <= right + 1 && place[1] >= top - 1 && place[1] <= bottom + 1;
      return near && inside(outline(line), place);
    };
    if (page.active && page.lines.has(page.active) && hit(page.active)) return page.active;
    const area = (/** @type {number} */ id) => {
      const [left, top, right, bottom] = page.line(id).box;
      return (right - left) * (bottom - top);
    };
    return page.order.filter(hit).sort((a, b) => area(a) - area(b))[0] ?? null;
  }
}

/** @param {Point} point @param {import("./viewer.js").Affine} affine @returns {Point} */
function onScreen([x, y], [a, b, c, d, e, f]) {
  return [a * x + c * y + e, b * x + d * y + f];
}

/** @param {import("../types.js").Box} box @returns {Generator<Point>} */
function* cornersOf([left, top, right, bottom]) {
  yield [left, top];
  yield [right, top];
  yield [right, bottom];
  yield [left, bottom];
}

/** @param {import("../types.js").Box} box @param {import("./viewer.js").Affine} affine */
function* pointsOf(box, affine) {
  for (const point of cornersOf(box)) yield onScreen(point, affine);
}

/** @param {Path2D} path @param {Point[]} points @param {import("./viewer.js").Affine} affine @param {boolean} [open] */
function trace(path, points, affine, open = false) {
  points.forEach((point, index) => {
    const [x, y] = onScreen(point, affine);
    if (index) path.lineTo(x, y);
    else path.moveTo(x, y);
  });
  if (!open) path.closePath();
}

/** The colours of the style sheet, which a canvas does not see by itself. @param {Element} element @returns {Record<string, string>} */
function colours(element) {
  const style = getComputedStyle(element);
  const names = ["todo", "todo-fill", "doubtful", "doubtful-fill", "done", "done-fill", "active", "active-fill", "grip", "light", "light-fill", "number", "halo", "danger"];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--box-${name}`).trim()]));
}
