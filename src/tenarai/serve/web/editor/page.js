/**
 * The page that is open: its lines as the server has them, what has been typed since, and which line is at hand.
 *
 * Events: "lines" (there are others, or in another order), "line" (one changed, its id in `detail`), "active", "layout".
 */

import { ApiError, editId, get, patch, post, put, remove } from "../api.js";
import { moveMarks } from "../difference.js";
import { note } from "../element.js";
import { t } from "../language.js";
import { readCharacters } from "./doubt.js";

/** @typedef {import("../types.js").LineRow} LineRow */
/** @typedef {import("../types.js").Mark} Mark */
/** @typedef {import("../types.js").State} State */

const PAUSE = 900; // milliseconds without typing, after which a line is saved

export class OpenPage extends EventTarget {
  /** @param {import("../queue.js").Queue} queue */
  constructor(queue) {
    super();
    this.queue = queue;
    /** @type {import("../types.js").PageRow} */
    this.row = /** @type {any} */ (null);
    this.version = 0;
    /** @type {import("../types.js").Region[]} */
    this.regions = [];
    /** @type {Map<number, LineRow>} */
    this.lines = new Map();
    /** @type {number[]} */
    this.order = [];
    /** @type {Map<number, {text: string, marks: Mark[]}>} */
    this.drafts = new Map();
    /** @type {Map<number, import("../types.js").ReadCharacter[]>} */
    this.readings = new Map(); // what the model saw, kept when a correction no longer fits it
    /** @type {number | null} */
    this.active = null;
    this.threshold = Number(localStorage.getItem("tenarai-threshold") ?? 0.8);
    /** @type {number | undefined} */
    this.timer = undefined;
    /** @type {Promise<any>} */
    this.changing = Promise.resolve();
    this.saved = (/** @type {Event} */ event) => this.take(/** @type {CustomEvent} */ (event).detail.row);
    queue.addEventListener("saved", this.saved);
  }

  close() {
    this.queue.removeEventListener("saved", this.saved);
    void this.saveAll();
  }

  /** @param {number} id */
  async load(id) {
    this.show(await get(`/api/pages/${id}`));
  }

  async reload() {
    await this.load(this.row.id);
  }

  /** @param {import("../types.js").Layout} layout */
  show(layout) {
    this.row = layout.page;
    this.version = layout.version;
    this.regions = layout.regions;
    this.lines = new Map(layout.lines.map((line) => [line.id, line]));
    this.order = layout.lines.map((line) => line.id);
    for (const line of layout.lines) this.remember(line);
    for (const id of this.drafts.keys()) if (!this.lines.has(id)) this.drafts.delete(id);
    if (!this.active || !this.lines.has(this.active)) {
      this.active = this.order.find((id) => this.lines.get(id)?.state !== "done") ?? this.order[0] ?? null;
    }
    this.tell("lines");
  }

  /** @param {LineRow} line */
  remember(line) {
    if (line.characters.length) this.readings.set(line.id, line.characters);
  }

  /** A line as the server has it now. @param {LineRow} row */
  take(row) {
    if (!this.lines.has(row.id)) return;
    const known = /** @type {LineRow} */ (this.lines.get(row.id));
    if (row.version < known.version) return;
    this.lines.set(row.id, row);
    this.remember(row);
    this.tell("line", row.id);
  }

  /** @param {number} id @returns {LineRow} */
  line(id) {
    return /** @type {LineRow} */ (this.lines.get(id));
  }

  /** @param {number} id */
  number(id) {
    return this.order.indexOf(id) + 1;
  }

  /** What the line says, with what was typed and is not at the server yet. @param {number} id */
  text(id) {
    return this.drafts.get(id)?.text ?? this.queue.of(id)?.text ?? this.lines.get(id)?.text ?? "";
  }

  /** @param {number} id @returns {Mark[]} */
  marks(id) {
    return this.drafts.get(id)?.marks ?? this.queue.of(id)?.marks ?? this.lines.get(id)?.marks ?? [];
  }

  /** @param {number} id @returns {State} */
  state(id) {
    return this.queue.of(id)?.state ?? this.lines.get(id)?.state ?? "todo";
  }

  /** What the model saw of each code point of the line's text. @param {number} id */
  characters(id) {
    return readCharacters(this.readings.get(id) ?? [], this.text(id));
  }

  /** @param {number | null} id */
  activate(id) {
    if (id === this.active) return;
    const before = this.active;
    this.active = id;
    if (before) void this.save(before);
    this.tell("active");
  }

  /**
   * Something was typed: shown at once, saved after a pause.
   *
   * @param {number} id
   * @param {string} text
   * @param {Mark[]} [marks] unless they are to move with the text
   */
  edit(id, text, marks) {
    this.drafts.set(id, { text, marks: marks ?? moveMarks(this.marks(id), this.text(id), text) });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.saveAll(), PAUSE);
    this.tell("line", id);
    this.queue.changed();
  }

  /**
   * Saves what was typed in a line, and its new state if there is one.
   *
   * @param {number} id
   * @param {State} [state]
   */
  async save(id, state) {
    const line = this.lines.get(id);
    if (!line) return;
    const draft = this.drafts.get(id);
    const [text, marks] = [this.text(id), this.marks(id)];
    const changed = draft && (text !== (this.queue.of(id)?.text ?? line.text) || differ(marks, this.queue.of(id)?.marks ?? line.marks));
    if (!changed && (!state || state === this.state(id))) {
      this.drafts.delete(id);
      this.queue.changed();
      return;
    }
    const saving = this.queue.add({ line: id, page: this.row.id, text, marks, state: state ?? null, expected: line.version });
    this.drafts.delete(id);
    this.tell("line", id);
    await saving;
  }

  async saveAll() {
    clearTimeout(this.timer);
    for (const id of [...this.drafts.keys()]) await this.save(id);
  }

  /**
   * A change of the page's lines: what was typed goes first, then the change, then the page as it is now. One after the other,
   * as each has to know what the one before has made of the lines.
   *
   * @param {() => Promise<any>} change
   * @returns {Promise<any>} the server's answer, or null if it said no
   */
  change(change) {
    const changed = this.changing.then(() => this.changeNow(change));
    this.changing = changed.catch(() => null);
    return changed;
  }

  /** @param {() => Promise<any>} change */
  async changeNow(change) {
    await this.saveAll();
    await this.queue.settled();
    try {
      const answer = await change();
      await this.reload();
      return answer ?? true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      note(t("failed", { reason: error.status ? error.message : t("unreachable") }), { error: true });
      if (error.status) await this.reload();
      return null;
    }
  }

  /** @param {number} id @param {() => Record<string, any>} values polygon, box, direction, region or state, once it is their turn */
  set(id, values) {
    return this.change(() => patch(`/api/lines/${id}`, { ...values(), expected: this.line(id).version, client_id: editId() }));
  }

  /** @param {import("../types.js").Point[]} polygon @param {import("../types.js").Direction} direction @param {number | null} after */
  async add(polygon, direction, after) {
    const row = await this.change(() => post(`/api/pages/${this.row.id}/lines`, { polygon, direction, after, client_id: editId() }));
    if (row?.id) this.activate(row.id);
    return row;
  }

  /** @param {number} id */
  async delete(id) {
    const at = this.order.indexOf(id);
    const next = this.order[at + 1] ?? this.order[at - 1] ?? null;
    const gone = await this.change(() => remove(`/api/lines/${id}?expected=${this.line(id).version}`));
    if (gone && next) this.activate(next);
    return gone;
  }

  /** @param {number} id @param {number} at 0 to 1 along the line @param {number} textAt code points of the text before the cut */
  split(id, at, textAt) {
    return this.change(() =>
      post(`/api/lines/${id}/split`, { at: Math.min(0.98, Math.max(0.02, at)), text_at: textAt, expected: this.line(id).version, client_id: editId() }),
    );
  }

  /** @param {number[]} ids */
  join(ids) {
    return this.change(() => post(`/api/pages/${this.row.id}/join`, { lines: ids, client_id: editId() }));
  }

  /** @param {() => number[]} ids all lines of the page, once it is their turn */
  reorder(ids) {
    return this.change(() => put(`/api/pages/${this.row.id}/order`, { lines: ids(), expected: this.version }));
  }

  /** @param {number} id @param {number} by 1 later, -1 earlier */
  move(id, by) {
    if (this.order[this.order.indexOf(id) + by] === undefined) return Promise.resolve(null);
    return this.reorder(() => {
      const to = this.order.indexOf(id) + by;
      const ids = this.order.filter((other) => other !== id);
      ids.splice(Math.max(0, to), 0, id);
      return ids;
    });
  }

  /** Takes back what was typed since the last save, else the last change of this page. @param {"undo" | "redo"} way */
  async undo(way) {
    const typed = this.active && way === "undo" ? this.drafts.get(this.active) : undefined;
    if (this.active && typed && typed.text !== (this.queue.of(this.active)?.text ?? this.line(this.active).text)) {
      this.drafts.delete(this.active);
      this.tell("line", this.active);
      this.queue.changed();
      return this.active;
    }
    const answer = await this.change(() => post(`/api/pages/${this.row.id}/${way}`));
    const rows = /** @type {LineRow[]} */ (Array.isArray(answer) ? answer : (answer?.lines ?? []));
    const id = rows.find((row) => this.lines.has(row.id))?.id ?? null;
    if (id) this.activate(id);
    else if (answer) note(t("nothingToUndo"));
    return id;
  }

  /** @param {string} name @param {any} [detail] */
  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** @param {Mark[]} one @param {Mark[]} other */
function differ(one, other) {
  return JSON.stringify(one) !== JSON.stringify(other);
}
