/** The editor: the page on one side, its lines on the other, and what acts on them. */

import { ApiError, author, get, patch, post } from "../api.js";
import { announce, fill, h, iconButton, note } from "../element.js";
import { t } from "../language.js";
import { showRules } from "../rules.js";
import { Boxes } from "./boxes.js";
import { showConflict } from "./conflict.js";
import { Drawer } from "./drawer.js";
import { Field } from "./field.js";
import { showKeys } from "./help.js";
import { showHistory } from "./history.js";
import { LineList } from "./lines.js";
import { OpenPage } from "./page.js";
import { lineBar, pictureBar, thresholdSlider } from "./bars.js";
import { Tools } from "./tools.js";
import { Viewer } from "./viewer.js";

const WIDTH = "tenarai-picture-width";

export class Editor {
  /**
   * @param {HTMLElement} main
   * @param {import("../queue.js").Queue} queue
   */
  constructor(main, queue) {
    this.main = main;
    this.page = new OpenPage(queue);
    this.field = new Field(this.page);
    this.lines = new LineList(this.page, this.field);
    this.drawer = new Drawer((text) => this.field.insert(text));
    this.drawer.element.addEventListener("shut", () => this.field.focus());
    this.head = h("div.editor-head");
    this.osd = h("div.osd");
    /** @type {HTMLElement} */
    this.stage = h("div.stage", { tabindex: "0", role: "application", "aria-label": t("picture"), "data-tool": "select" }, this.osd);
    this.left = h("section.picture-pane", { "aria-label": t("picture") });
    this.right = h("section.line-pane", { "aria-label": t("lines") });
    this.element = h("div.editor", {}, this.left, this.divider(), this.right);
    this.left.append(this.stage); // measured and coloured as soon as it is made, so it has to be on the page
    main.replaceChildren(this.head, this.element, this.drawer.element);
    this.viewer = new Viewer(this.osd);
    this.boxes = new Boxes(this.page, this.viewer);
    this.stage.append(this.boxes.resting, this.boxes.moving);
    this.tools = new Tools(this.page, this.viewer, this.boxes, this.stage);
    this.left.append(pictureBar(this));
    this.bar = lineBar(this);
    this.empty = h("div.empty", { hidden: true }, h("p", {}, t("noLines")), h("button.primary", { type: "button", onclick: () => void this.read() }, t("readPage")));
    this.right.append(this.empty, this.lines.element, this.bar);
    this.wire();
  }

  wire() {
    const { page } = this;
    /** @type {import("../types.js").Box | null} */
    let caret = null;
    const boxOf = (/** @type {Event} */ event) => {
      const { line, index } = /** @type {CustomEvent} */ (event).detail;
      return line && index !== null ? (page.characters(line)[index]?.box ?? null) : null;
    };
    const light = (/** @type {import("../types.js").Box | null} */ box) => {
      if (this.boxes.light === box) return;
      this.boxes.light = box;
      this.boxes.drawMoving();
    };
    page.addEventListener("caret", (event) => light((caret = boxOf(event))));
    page.addEventListener("point", (event) => light(boxOf(event) ?? caret));
    page.addEventListener("active", () => {
      light((caret = null));
      if (page.active) this.viewer.reveal(page.line(page.active).box);
    });
    page.addEventListener("lines", () => {
      this.empty.hidden = page.order.length > 0;
      this.showHead();
    });
    page.addEventListener("line", () => this.showProgress());
    page.addEventListener("text", () => this.field.focus());
    page.addEventListener("end", () => this.ended());
    this.onConflict = (/** @type {Event} */ event) => this.conflict(/** @type {CustomEvent} */ (event).detail);
    this.onKey = (/** @type {KeyboardEvent} */ event) => this.key(event);
    page.queue.addEventListener("conflict", this.onConflict);
    document.addEventListener("keydown", this.onKey);
  }

  close() {
    this.page.queue.removeEventListener("conflict", /** @type {any} */ (this.onConflict));
    document.removeEventListener("keydown", /** @type {any} */ (this.onKey));
    this.page.close();
    this.lines.close();
    this.viewer.close();
  }

  /** @param {number} id @param {number | null} [line] to begin with */
  async open(id, line = null) {
    const { page } = this;
    page.active = line;
    /** @type {import("../types.js").Layout} */
    const layout = await get(`/api/pages/${id}`);
    const { sha256, width, height } = layout.page;
    const vertical = layout.lines.filter((one) => one.direction === "vertical").length * 2 > layout.lines.length;
    this.viewer.open(`/api/pages/${id}/picture?v=${sha256}`, width, height, !vertical && height > width); // before the many of lines
    page.show(layout);
    this.lines.activate();
    if (page.active) {
      this.field.focus();
      this.field.element.setSelectionRange(0, 0);
    }
    const held = page.queue.edits.find((edit) => page.queue.held.has(edit.line) && edit.page === id);
    if (held) page.queue.held.delete(held.line), void page.queue.flush();
    void this.neighbours();
  }

  /** Ways to the pages before and after. */
  async neighbours() {
    /** @type {import("../types.js").PageRow[]} */
    const all = await get("/api/pages").then(({ pages }) => pages, () => []);
    const at = all.findIndex((one) => one.id === this.page.row.id);
    this.before = all[at - 1];
    this.after = all[at + 1];
    this.showHead();
  }

  showHead() {
    const { row } = this.page;
    if (!row) return;
    /** @param {import("../types.js").PageRow | undefined} page @param {string} name @param {string} label */
    const way = (page, name, label) => iconButton(name, label, () => page && (location.hash = `#/page/${page.id}`), { class: page ? "" : "off" });
    const mine = row.claimed_by === author();
    const done = row.state === "done";
    this.progress = h("progress", { max: 1, value: 0, "aria-label": t("progress", { done: 0, total: 0 }) });
    this.count = h("span.quiet");
    fill(
      this.head,
      h("div.row", {}, way(this.before, "back", t("previousPage")), h("h1", { title: row.name }, h("span", {}, String(row.number)), row.name), way(this.after, "forward", t("nextPage"))),
      h("div.row.grow", {}, this.progress, this.count),
      thresholdSlider(this),
      row.claimed_by && !mine ? h("span.chip.claim", {}, t("claimedBy", { who: row.claimed_by })) : null,
      h(
        "div.row",
        {},
        iconButton("flag", mine ? t("release") : t("claim"), () => void this.claim(mine ? "release" : "claim"), { pressed: mine }),
        iconButton("rules", t("rules"), () => void showRules(), { key: "Alt+R" }),
        iconButton("keys", t("keys"), () => showKeys(), { key: "?" }),
        h("button.page-state", { type: "button", "aria-pressed": String(done), onclick: () => void this.setState(done ? "todo" : "done") }, done ? t("pageTodo") : t("pageDone")),
      ),
    );
    this.showProgress();
  }

  showProgress() {
    const { page } = this;
    if (!this.progress) return;
    const done = page.order.filter((id) => page.state(id) === "done").length;
    const doubtful = page.order.filter((id) => page.state(id) === "doubtful").length;
    const text = t("linesOf", { done, total: page.order.length });
    this.progress.max = Math.max(1, page.order.length);
    this.progress.value = done;
    this.progress.setAttribute("aria-label", text);
    this.count.textContent = doubtful ? `${text} · ${t("doubtfulLines", { n: doubtful })}` : text;
  }

  /** @param {"claim" | "release"} what */
  async claim(what) {
    await this.tried(() => post(`/api/pages/${this.page.row.id}/${what}`, { who: author() }));
  }

  /** @param {import("../types.js").State} state */
  async setState(state) {
    await this.page.saveAll();
    await this.page.queue.settled();
    await this.tried(() => patch(`/api/pages/${this.page.row.id}`, { state }));
  }

  /** @param {() => Promise<any>} act */
  async tried(act) {
    try {
      await act();
      await this.page.reload();
      await this.neighbours();
    } catch (error) {
      note(t("failed", { reason: error instanceof ApiError ? error.message : String(error) }), { error: true });
    }
  }

  async read() {
    await this.tried(() => post("/api/jobs", { kind: "read", pages: [this.page.row.id], options: {} }));
    note(t("readStarted", { n: 1 }));
  }

  /** The model reads the line at hand once more. */
  async readLine() {
    const { page } = this;
    const id = page.active;
    if (!id) return;
    const { corrected } = page.line(id);
    if (corrected && !confirm(t("readForce"))) return;
    await page.change(() => post(`/api/lines/${id}/read${corrected ? "?force=true" : ""}`));
    this.field.focus();
  }

  history() {
    if (this.page.active) void showHistory(this.page, this.page.active);
  }

  /** The server says that this page has changed: shown at once, unless someone is just typing. @param {number} id */
  async changed(id) {
    if (this.page.row?.id !== id || this.field.composing || this.page.drafts.size || this.boxes.draft) return;
    const first = this.page.order.length === 0;
    try {
      await this.page.reload();
    } catch (error) {
      if (error instanceof ApiError) return; // said when something is to be saved; looked at again with the next change
      throw error;
    }
    if (first) this.lines.activate();
  }

  ended() {
    const text = t("linesOf", { done: this.page.order.filter((id) => this.page.state(id) === "done").length, total: this.page.order.length });
    note(text);
    announce(text);
  }

  /** @param {{edit: import("../queue.js").Edit, current: import("../types.js").LineRow}} conflict */
  conflict({ edit, current }) {
    if (edit.page === this.page.row?.id) showConflict(this.page, edit, current);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.isComposing || event.keyCode === 229 || document.querySelector("dialog[open]")) return;
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLSelectElement;
    const control = event.ctrlKey || event.metaKey;
    /** @type {(() => void) | null} */
    let act = null;
    if ((event.key === "?" && !typing) || (event.key === "/" && control)) act = showKeys;
    else if (event.altKey && !control && event.code === "KeyW") act = () => this.drawer.toggle();
    else if (event.altKey && !control && event.code === "KeyH") act = () => this.history();
    else if (event.altKey && !control && event.code === "KeyR") act = () => void showRules();
    else if (event.key === "F6") act = () => (this.stage.contains(document.activeElement) ? this.field.focus() : this.stage.focus());
    else if (control && event.key.toLowerCase() === "z" && !typing && event.target !== this.stage) act = () => void this.field.undo(event.shiftKey ? "redo" : "undo");
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** The border between picture and lines, moved by pointer or arrow keys. */
  divider() {
    const width = () => Number(localStorage.getItem(WIDTH) ?? 52);
    const set = (/** @type {number} */ share) => {
      const kept = Math.min(80, Math.max(20, share));
      localStorage.setItem(WIDTH, String(Math.round(kept)));
      this.element?.style.setProperty("--picture", `${kept}%`);
      divider.setAttribute("aria-valuenow", String(Math.round(kept)));
    };
    /** @type {HTMLElement} */
    const divider = h("div.divider", { role: "separator", tabindex: "0", "aria-label": t("splitter"), "aria-orientation": "vertical", "aria-valuemin": 20, "aria-valuemax": 80, "aria-valuenow": width() });
    divider.addEventListener("pointerdown", (event) => divider.setPointerCapture(event.pointerId));
    divider.addEventListener("pointermove", (event) => {
      if (!divider.hasPointerCapture(event.pointerId)) return;
      const box = this.element.getBoundingClientRect();
      const across = getComputedStyle(this.element).flexDirection.startsWith("row");
      set(100 * (across ? (event.clientX - box.left) / box.width : (event.clientY - box.top) / box.height));
    });
    divider.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -2, ArrowUp: -2, ArrowRight: 2, ArrowDown: 2 }[event.key];
      if (by) set(width() + by);
    });
    queueMicrotask(() => set(width()));
    return divider;
  }
}
