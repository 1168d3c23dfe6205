/** Long work of the server as it goes on: told by the server, asked for where that fails. Events: "job", "page". */

import { get, remove } from "./api.js";
import { h, iconButton } from "./element.js";
import { t } from "./language.js";

/** @typedef {import("./types.js").Job} Job */

const ASK = 2000; // milliseconds between questions where the server's stream does not come through

export class Jobs extends EventTarget {
  constructor() {
    super();
    /** @type {Map<number, Job>} */
    this.known = new Map();
    /** @type {number | undefined} */
    this.timer = undefined;
  }

  start() {
    const stream = new EventSource("/api/events");
    stream.addEventListener("job", (event) => this.take(JSON.parse(event.data)));
    stream.addEventListener("page", (event) => this.tell("page", JSON.parse(event.data)));
    stream.addEventListener("open", () => {
      clearInterval(this.timer);
      void this.ask(); // the server ends each stream after a while: what happened before the next is caught up
    });
    stream.addEventListener("error", () => {
      clearInterval(this.timer);
      this.timer = setInterval(() => void this.ask(), ASK);
    });
  }

  async ask() {
    try {
      for (const job of (await get("/api/jobs")).jobs) this.take(job);
    } catch {
      // asked again soon
    }
  }

  /** @param {Job} job */
  take(job) {
    const before = this.known.get(job.id);
    if (before && (isOver(before) || JSON.stringify(before) === JSON.stringify(job))) return;
    this.known.set(job.id, job);
    this.tell("job", job);
  }

  /** Work that is not over, oldest first. @param {Job["kind"]} [kind] */
  going(kind) {
    return [...this.known.values()].filter((job) => !isOver(job) && (!kind || job.kind === kind)).sort((a, b) => a.id - b.id);
  }

  /** @param {Job["kind"]} kind @returns {Job | undefined} */
  newest(kind) {
    return [...this.known.values()].filter((job) => job.kind === kind).sort((a, b) => b.id - a.id)[0];
  }

  /** @param {string} name @param {any} detail */
  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** @param {Job} job */
export function isOver(job) {
  return job.state === "done" || job.state === "failed" || job.state === "cancelled";
}

/** @param {Job} job */
export function jobName(job) {
  return { read: t("reading"), learn: t("learning"), check: t("checking"), export: t("exporting") }[job.kind] ?? job.kind;
}

/** A job with its progress and a way to end it. @param {Job} job @returns {HTMLElement} */
export function jobRow(job) {
  const counted = job.total > 0;
  const says = counted ? t("progress", { done: job.done, total: job.total }) : job.state === "waiting" ? t("waiting") : t("running");
  return h(
    "div.job",
    { role: "group", "aria-label": jobName(job) },
    h("span", {}, jobName(job)),
    h("progress", { "aria-label": `${jobName(job)}: ${says}`, max: counted ? job.total : null, value: counted ? job.done : undefined, class: counted ? null : "unknown" }),
    h("span.quiet", {}, says),
    iconButton("close", t("cancelJob"), () => void remove(`/api/jobs/${job.id}`)),
  );
}
