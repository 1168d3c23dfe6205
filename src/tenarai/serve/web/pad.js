/** The writing pad: pen, finger or mouse; candidates as you write; a click puts one in. */

import { ApiError, post } from "./api.js";
import { announce, h, iconButton, note } from "./element.js";
import { percent, t } from "./language.js";

/** @typedef {import("./types.js").PenPoint} PenPoint */

const WAIT = 140; // milliseconds after a stroke, before it is read
const SHOWN = 10;

/** The surface: strokes as the pen gave them, every point that the browser gathered between two frames. Event: "strokes". */
class Surface extends EventTarget {
  constructor() {
    super();
    /** @type {PenPoint[][]} */
    this.strokes = [];
    /** @type {number | null} */
    this.pointer = null;
    /** @type {HTMLCanvasElement} */
    this.element = h("canvas.surface", { tabindex: "0", role: "img", "aria-label": t("padCanvas") });
    const { element } = this;
    element.addEventListener("pointerdown", (event) => this.begin(event));
    element.addEventListener("pointermove", (event) => this.go(event));
    for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) element.addEventListener(name, (event) => this.end(event));
    element.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false }); // no scrolling while writing
    element.addEventListener("keydown", (event) => {
      if (event.key === "Backspace" || ((event.ctrlKey || event.metaKey) && event.key === "z")) {
        event.preventDefault();
        this.takeBack();
      }
    });
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(element);
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.scheme.addEventListener("change", () => this.draw());
  }

  /** @param {PointerEvent} event @returns {PenPoint} */
  point(event) {
    const box = this.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top, t: event.timeStamp };
  }

  /** @param {PointerEvent} event */
  begin(event) {
    if (this.pointer !== null || event.button !== 0) return; // one pen at a time: a palm writes nothing
    this.pointer = event.pointerId;
    this.element.setPointerCapture(event.pointerId);
    this.strokes.push([this.point(event)]);
    this.dispatchEvent(new Event("begin"));
    this.draw();
  }

  /** @param {PointerEvent} event */
  go(event) {
    if (event.pointerId !== this.pointer) return;
    const gathered = event.getCoalescedEvents?.() ?? [];
    const stroke = this.strokes[this.strokes.length - 1];
    const drawn = stroke.length;
    stroke.push(...(gathered.length ? gathered : [event]).map((one) => this.point(one)));
    this.trace(stroke.slice(Math.max(0, drawn - 2)));
  }

  /** @param {PointerEvent} event */
  end(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.draw();
    this.dispatchEvent(new Event("strokes"));
  }

  takeBack() {
    this.strokes.pop();
    this.draw();
    this.dispatchEvent(new Event("strokes"));
  }

  clear() {
    this.strokes = [];
    this.draw();
    this.dispatchEvent(new Event("strokes"));
  }

  /** @returns {CanvasRenderingContext2D} */
  pen() {
    const pen = /** @type {CanvasRenderingContext2D} */ (this.element.getContext("2d"));
    const ratio = devicePixelRatio || 1;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.lineCap = pen.lineJoin = "round";
    pen.lineWidth = Math.max(4, Math.min(this.element.clientWidth, this.element.clientHeight) / 45);
    pen.strokeStyle = pen.fillStyle = getComputedStyle(this.element).color;
    return pen;
  }

  draw() {
    const { element } = this;
    const ratio = devicePixelRatio || 1;
    element.width = Math.round(element.clientWidth * ratio);
    element.height = Math.round(element.clientHeight * ratio);
    for (const stroke of this.strokes) this.trace(stroke);
  }

  /** @param {PenPoint[]} points */
  trace(points) {
    const pen = this.pen();
    pen.beginPath();
    if (points.length === 1) {
      pen.arc(points[0].x, points[0].y, pen.lineWidth / 2, 0, 2 * Math.PI);
      pen.fill();
      return;
    }
    pen.moveTo(points[0].x, points[0].y);
    for (let i = 1; i < points.length - 1; i++) {
      const [a, b] = [points[i], points[i + 1]];
      pen.quadraticCurveTo(a.x, a.y, (a.x + b.x) / 2, (a.y + b.y) / 2);
    }
    const last = points[points.length - 1];
    pen.lineTo(last.x, last.y);
    pen.stroke();
  }
}

/**
 * A pad to write on.
 *
 * @param {(text: string) => void} insert what to do with a chosen candidate
 * @returns {{element: HTMLElement, focus: () => void}}
 */
export function pad(insert) {
  const surface = new Surface();
  const candidates = h("div.candidates", { role: "group", "aria-label": t("padCandidates") }, empty());
  /** @type {AbortController | null} */
  let asking = null;
  /** @type {number | undefined} */
  let timer;

  /** @param {string} text */
  const take = (text) => {
    insert(text);
    surface.clear();
    surface.element.focus({ preventScroll: true });
  };
  const read = async () => {
    asking?.abort();
    if (!surface.strokes.length) {
      candidates.replaceChildren(empty());
      return;
    }
    asking = new AbortController();
    const first = surface.strokes[0][0].t;
    const strokes = surface.strokes.map((stroke) => stroke.map(({ x, y, t }) => [Math.round(x * 10) / 10, Math.round(y * 10) / 10, Math.round(t - first)]));
    try {
      const { candidates: found } = await post("/v1/ink", { strokes }, asking.signal);
      show(found);
    } catch (error) {
      if (error instanceof DOMException) return;
      candidates.replaceChildren(h("p.quiet", {}, error instanceof ApiError && error.status ? error.message : t("padFailed")));
    }
  };
  /** @param {[string, number][]} found */
  const show = (found) => {
    const buttons = found.slice(0, SHOWN).map(([text, share], index) =>
      h(
        `button.candidate${index ? "" : ".best"}`,
        { type: "button", lang: "ja", "aria-label": t("padInsert", { text }), onclick: () => take(text) },
        h("span", {}, text),
        h("small", { "aria-hidden": "true" }, percent(share)),
      ),
    );
    candidates.replaceChildren(...(buttons.length ? buttons : [empty()]));
    if (found.length) announce(found.slice(0, 3).map(([text]) => text).join(", "));
  };
  surface.addEventListener("begin", () => clearTimeout(timer));
  surface.addEventListener("strokes", () => {
    clearTimeout(timer);
    timer = setTimeout(() => void read(), surface.strokes.length ? WAIT : 0);
  });
  surface.element.addEventListener("keydown", (event) => {
    const choice = event.key === "Enter" ? 0 : /^[1-9]$/.test(event.key) ? Number(event.key) - 1 : -1;
    const button = /** @type {HTMLElement | undefined} */ (candidates.querySelectorAll("button")[choice]);
    if (!button) return;
    event.preventDefault();
    button.click();
  });
  const element = h(
    "div.pad",
    {},
    h(
      "div.paper",
      {},
      surface.element,
      h("div.pad-tools", {}, iconButton("undo", t("padUndo"), () => surface.takeBack()), iconButton("close", t("padClear"), () => surface.clear())),
    ),
    candidates,
  );
  return { element, focus: () => surface.element.focus() };
}

function empty() {
  return h("p.quiet", {}, t("padEmpty"));
}

/** The pad as a page of its own. @param {HTMLElement} main */
export function padPage(main) {
  const written = h("textarea.written", { rows: 1, "aria-label": t("padWritten"), placeholder: t("padWritten"), spellcheck: "false" });
  const surface = pad((text) => {
    const [start, end] = [written.selectionStart, written.selectionEnd];
    written.setRangeText(text, start, end, "end");
  });
  const copy = async () => {
    written.select();
    try {
      await navigator.clipboard.writeText(written.value);
    } catch {
      document.execCommand("copy"); // without TLS there is no clipboard to write to
    }
    note(t("padCopied"));
  };
  main.replaceChildren(
    h(
      "section.pad-page",
      {},
      h("h1", {}, t("padTitle")),
      h("p.lead", {}, t("padText")),
      surface.element,
      h("div.row.written-row", {}, written, h("button", { type: "button", onclick: () => void copy() }, t("padCopy"))),
    ),
  );
}
