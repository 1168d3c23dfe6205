/** What pointer and keys do on the picture: choose, draw, move, pull, cut, join, put in order. */

import { characters } from "../difference.js";
import { announce, note } from "../element.js";
import { t } from "../language.js";
import { bounds, corners, moved, nearestEdge, onPage, outline, pulled, stretched } from "./geometry.js";

/** @typedef {import("../types.js").Point} Point */
/** @typedef {"select" | "box" | "polygon" | "points" | "split" | "order"} Tool */

const STILL = 5; // pixels of the screen that a click may move
const IDLE = 600; // milliseconds after the last key, when a box moved by keys is saved

/** @type {Record<string, Tool>} */
const TOOL_KEYS = { v: "select", b: "box", p: "polygon", a: "points", s: "split", o: "order" };

export class Tools extends EventTarget {
  /**
   * @param {import("./page.js").OpenPage} page
   * @param {import("./viewer.js").Viewer} viewer
   * @param {import("./boxes.js").Boxes} boxes
   * @param {HTMLElement} stage
   */
  constructor(page, viewer, boxes, stage) {
    super();
    this.page = page;
    this.viewer = viewer;
    this.boxes = boxes;
    this.stage = stage;
    /** @type {Tool} */
    this.tool = "select";
    /** @type {number[]} */
    this.sequence = []; // lines clicked so far, by the order tool
    /** @type {{kind: "box" | "move" | "grip" | "click", x: number, y: number, from: Point, outline: Point[], handle: number, far: boolean} | null} */
    this.drag = null;
    /** @type {number | undefined} */
    this.timer = undefined;
    stage.addEventListener("pointerdown", (event) => this.down(event), true);
    stage.addEventListener("pointermove", (event) => this.move(event), true);
    stage.addEventListener("pointerup", (event) => this.up(event), true);
    stage.addEventListener("pointercancel", () => this.cancel(), true);
    stage.addEventListener("pointerleave", () => page.tell("point", { line: null, index: null }));
    stage.addEventListener("dblclick", () => this.tool === "polygon" && this.closePolygon());
    stage.addEventListener("keydown", (event) => this.key(event));
  }

  /** @param {Tool} tool */
  use(tool) {
    this.cancel();
    this.tool = tool;
    this.stage.dataset.tool = tool;
    this.boxes.handles = tool === "points" ? "points" : "grips";
    if (tool === "polygon") note(t("polygonHint"));
    if (tool === "order") note(t("orderHint"));
    this.boxes.draw();
    this.dispatchEvent(new Event("tool"));
  }

  cancel() {
    this.drag = null;
    this.sequence = [];
    this.boxes.draft = null;
    this.boxes.drawing = false;
    this.boxes.cut = null;
    this.boxes.chosen.clear();
    this.boxes.draw();
  }

  /** @param {PointerEvent} event @returns {[number, number]} pixels of the stage */
  at(event) {
    const box = this.stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  /** @param {PointerEvent} event */
  down(event) {
    if (!event.isPrimary || event.button !== 0 || /** @type {Element} */ (event.target).closest("button, input")) return;
    const [x, y] = this.at(event);
    const from = this.viewer.toPage(x, y);
    const touch = event.pointerType === "touch";
    const { page, boxes } = this;
    const line = page.active ? page.lines.get(page.active) : undefined;
    const start = { x, y, from, outline: line ? outline(line) : [], handle: -1, far: false };
    if (this.tool === "box") this.drag = { ...start, kind: "box" };
    else if (this.tool === "select" || this.tool === "points") {
      const handle = boxes.handleAt(x, y, touch ? 22 : 9);
      if (handle >= 0) this.drag = { ...start, kind: "grip", handle };
      else if (!touch && this.tool === "select" && line && !event.shiftKey && boxes.lineAt(from) === line.id) this.drag = { ...start, kind: "move" };
      else this.drag = { ...start, kind: "click" };
    } else this.drag = { ...start, kind: "click" };
    this.stage.focus({ preventScroll: true });
    if (this.drag.kind === "click") return; // the picture may be dragged
    event.stopPropagation();
    event.preventDefault();
    this.stage.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  move(event) {
    const [x, y] = this.at(event);
    const { drag, boxes } = this;
    if (!drag) {
      this.hover(x, y);
      return;
    }
    drag.far ||= Math.hypot(x - drag.x, y - drag.y) > STILL;
    if (drag.kind === "click" || !drag.far) return;
    event.stopPropagation();
    const place = this.viewer.toPage(x, y);
    const [dx, dy] = [place[0] - drag.from[0], place[1] - drag.from[1]];
    const first = boxes.draft === null;
    if (drag.kind === "box") {
      boxes.drawing = true;
      boxes.draft = corners(bounds([drag.from, place]));
    } else if (drag.kind === "move") boxes.draft = moved(drag.outline, dx, dy);
    else if (this.tool === "points") boxes.draft = drag.outline.map((point, index) => (index === drag.handle ? [point[0] + dx, point[1] + dy] : point));
    else {
      const box = bounds(drag.outline);
      boxes.draft = stretched(drag.outline, box, pulled(box, drag.handle, dx, dy));
    }
    if (first && drag.kind === "box") boxes.draw();
    else boxes.drawMoving();
  }

  /** @param {PointerEvent} event */
  up(event) {
    const { drag, boxes, page } = this;
    this.drag = null;
    if (!drag) return;
    if (!drag.far) {
      boxes.draft = this.tool === "polygon" ? boxes.draft : null;
      if (!/** @type {Element} */ (event.target).closest("button")) this.click(drag.from, event);
      return;
    }
    if (drag.kind === "click" || !boxes.draft) return;
    event.stopPropagation();
    const points = this.rounded(boxes.draft);
    if (drag.kind === "box") {
      const box = bounds(points);
      if ((box[2] - box[0]) * this.viewer.scale > STILL && (box[3] - box[1]) * this.viewer.scale > STILL) void this.create(points);
      else this.cancel();
    } else if (page.active) void this.keep(page.active, points);
  }

  /** @param {Point[]} points */
  rounded(points) {
    return onPage(points, this.page.row.width, this.page.row.height);
  }

  /** Saves an outline; it stays as drawn until the server has answered. @param {number} id @param {Point[]} points */
  async keep(id, points) {
    await this.page.set(id, () => ({ polygon: points }));
    this.boxes.draft = null;
    this.boxes.draw();
  }

  /** @param {Point[]} points of a new line */
  async create(points) {
    const [left, top, right, bottom] = bounds(points);
    const { page } = this;
    const around = page.active ? page.lines.get(page.active) : undefined;
    const direction = (bottom - top) / (right - left) > 1.5 ? "vertical" : (right - left) / (bottom - top) > 1.5 ? "horizontal" : (around?.direction ?? "horizontal");
    await page.add(points, direction, page.active);
    this.use("select");
  }

  /** @param {Point} place @param {PointerEvent} event */
  click(place, event) {
    const { page, boxes } = this;
    const id = boxes.lineAt(place);
    if (this.tool === "polygon") {
      boxes.drawing = true;
      boxes.draft = [...(boxes.draft ?? []), place];
      boxes.draw();
    } else if (this.tool === "split" && id) void this.splitAt(id, place);
    else if (this.tool === "order" && id) {
      this.sequence = this.sequence.includes(id) ? this.sequence.filter((one) => one !== id) : [...this.sequence, id];
      boxes.chosen = new Set(this.sequence);
      announce(`${this.sequence.length}: ${t("line", { n: page.number(id) })}`);
      boxes.drawMoving();
    } else if (event.shiftKey && id) {
      if (boxes.chosen.has(id)) boxes.chosen.delete(id);
      else boxes.chosen.add(id);
      boxes.drawMoving();
    } else if (this.tool === "points" && id && id === page.active) this.addPoint(id, place);
    else if (id) {
      boxes.chosen.clear();
      page.activate(id);
    }
  }

  /** A new point where the outline is clicked, near its edge. @param {number} id @param {Point} place */
  addPoint(id, place) {
    const points = outline(this.page.line(id));
    const [index, distance] = nearestEdge(points, place);
    if (distance * this.viewer.scale < 12) void this.keep(id, this.rounded([...points.slice(0, index), place, ...points.slice(index)]));
  }

  closePolygon() {
    const points = (this.boxes.draft ?? []).filter((point, index, all) => index === 0 || Math.hypot(point[0] - all[index - 1][0], point[1] - all[index - 1][1]) > 1);
    if (points.length > 2) void this.create(this.rounded(points));
    else this.cancel();
  }

  /** @param {number} id @param {Point} place */
  async splitAt(id, place) {
    const { page } = this;
    const { box, direction } = page.line(id);
    const vertical = direction === "vertical";
    const along = vertical ? (place[1] - box[1]) / (box[3] - box[1]) : (place[0] - box[0]) / (box[2] - box[0]);
    const seen = page.characters(id);
    const before = seen.findLastIndex((one) => one !== null && (vertical ? one.box[1] + one.box[3] < 2 * place[1] : one.box[0] + one.box[2] < 2 * place[0])) + 1;
    const at = seen.some((one) => one !== null) ? before : Math.round(along * characters(page.text(id)).length);
    if (await page.split(id, along, at)) announce(t("lineSplit"));
    this.use("select");
  }

  /** Lights up what is under the pointer; the split tool shows where it would cut. @param {number} x @param {number} y */
  hover(x, y) {
    const { page, boxes } = this;
    const place = this.viewer.toPage(x, y);
    const id = boxes.lineAt(place);
    if (this.tool === "split") {
      const box = id ? page.line(id).box : null;
      const vertical = id !== null && page.line(id).direction === "vertical";
      boxes.cut = box ? (vertical ? [[box[0], place[1]], [box[2], place[1]]] : [[place[0], box[1]], [place[0], box[3]]]) : null;
      boxes.drawMoving();
    }
    this.stage.classList.toggle("over-line", id !== null);
    const index = id ? page.characters(id).findIndex((one) => one !== null && place[0] >= one.box[0] && place[0] < one.box[2] && place[1] >= one.box[1] && place[1] < one.box[3]) : -1;
    page.tell("point", { line: id, index: index < 0 ? null : index });
  }

  async join() {
    const { page, boxes } = this;
    if (!page.active) return;
    const chosen = page.order.filter((id) => boxes.chosen.has(id) || id === page.active);
    const next = page.order[page.order.indexOf(page.active) + 1];
    const ids = chosen.length > 1 ? chosen : next ? [page.active, next] : [];
    if (ids.length < 2) return;
    boxes.chosen.clear();
    const row = await page.join(ids);
    if (!row) return;
    if (row.id) page.activate(row.id);
    announce(t("linesJoined"));
  }

  async delete() {
    const { page } = this;
    if (page.active && (await page.delete(page.active))) note(t("lineDeleted"));
  }

  async turnDirection() {
    const { page } = this;
    const id = page.active;
    if (!id) return;
    const turned = await page.set(id, () => ({ direction: page.line(id).direction === "vertical" ? "horizontal" : "vertical" }));
    if (turned) announce(t("directionIs", { direction: t(page.line(id).direction) }));
  }

  /** A new line after the one at hand, for those who do not draw: the same box, one line further on. */
  async addAfter() {
    const { page } = this;
    const line = page.active ? page.lines.get(page.active) : undefined;
    const [w, h] = [page.row.width, page.row.height];
    const box = line?.box ?? [w * 0.1, h * 0.1, w * 0.9, h * 0.15];
    const [dx, dy] = !line ? [0, 0] : line.direction === "vertical" ? [-(box[2] - box[0]) * 1.1, 0] : [0, (box[3] - box[1]) * 1.1];
    await page.add(this.rounded(moved(corners(/** @type {any} */ (box)), dx, dy)), line?.direction ?? "horizontal", page.active);
  }

  /** The clicked lines come first in the clicked order, where the first of them stood. */
  async setOrder() {
    const { page, sequence } = this;
    if (sequence.length > 1) {
      const start = Math.min(...sequence.map((id) => page.order.indexOf(id)));
      const rest = page.order.filter((id) => !sequence.includes(id));
      const head = page.order.slice(0, start).filter((id) => !sequence.includes(id)).length;
      await page.reorder(() => [...rest.slice(0, head), ...sequence, ...rest.slice(head)]);
    }
    this.use("select");
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.isComposing || event.keyCode === 229 || event.target !== this.stage) return;
    const act = this.meaning(event);
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** @param {KeyboardEvent} event @returns {(() => void) | null} */
  meaning(event) {
    const { key, altKey: alt, shiftKey: shift } = event;
    const control = event.ctrlKey || event.metaKey;
    const { page, viewer } = this;
    if (control && key.toLowerCase() === "z") return () => void page.undo(shift ? "redo" : "undo");
    if (control && key.toLowerCase() === "y") return () => void page.undo("redo");
    if (control) return null;
    if (key.startsWith("Arrow")) {
      if (alt && shift) return () => page.active && void page.move(page.active, key === "ArrowUp" || key === "ArrowRight" ? -1 : 1);
      return () => this.nudge(key, alt, shift ? 10 : 1);
    }
    if (alt) return null;
    if (key === "Enter") return () => (this.tool === "polygon" ? this.closePolygon() : this.tool === "order" ? void this.setOrder() : page.tell("text"));
    if (key === "Escape") return () => this.use("select");
    if (key === "Delete" || key === "Backspace") return () => void this.delete();
    if (key === "PageDown" || key === "PageUp") return () => page.activate(page.order[page.order.indexOf(page.active ?? -1) + (key === "PageDown" ? 1 : -1)] ?? page.active);
    const tool = TOOL_KEYS[key.toLowerCase()];
    if (tool) return () => this.use(tool);
    /** @type {Record<string, () => void>} */
    const others = {
      j: () => void this.join(),
      d: () => void this.turnDirection(),
      n: () => void this.addAfter(),
      "+": () => viewer.zoom(1.25),
      "=": () => viewer.zoom(1.25),
      "-": () => viewer.zoom(0.8),
      0: () => viewer.fit(),
      t: () => viewer.turn(),
    };
    return others[key.toLowerCase()] ?? null;
  }

  /** Moves the box at hand by a key, or with Alt its right or lower side. @param {string} key @param {boolean} side @param {number} by pixels of the page */
  nudge(key, side, by) {
    const { page, boxes } = this;
    const line = page.active ? page.lines.get(page.active) : undefined;
    if (!line) return;
    const dx = key === "ArrowLeft" ? -by : key === "ArrowRight" ? by : 0;
    const dy = key === "ArrowUp" ? -by : key === "ArrowDown" ? by : 0;
    const points = boxes.draft ?? outline(line);
    boxes.draft = side ? stretched(points, bounds(points), pulled(bounds(points), 4, dx, dy)) : moved(points, dx, dy);
    boxes.drawMoving();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => boxes.draft && void this.keep(line.id, this.rounded(boxes.draft)), IDLE);
  }
}
