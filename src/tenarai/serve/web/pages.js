/** The project: its pages, how far each is, and what can be done with them. */

import { ApiError, get, post, remove } from "./api.js";
import { stateName } from "./editor/history.js";
import { h, icon, iconButton, note } from "./element.js";
import { jobRow } from "./jobs.js";
import { percent, t } from "./language.js";
import { showRules } from "./rules.js";
import { droppable, send, showExport, showImport } from "./transfer.js";

/** @typedef {import("./types.js").PageRow} PageRow */

export class PageList {
  /**
   * @param {HTMLElement} main
   * @param {import("./jobs.js").Jobs} jobs
   */
  constructor(main, jobs) {
    this.main = main;
    this.jobs = jobs;
    /** @type {PageRow[]} */
    this.pages = [];
    /** @type {Set<number>} */
    this.chosen = new Set();
    /** @type {number | undefined} */
    this.timer = undefined;
    this.work = h("div.work", { "aria-live": "off" });
    this.head = h("div.project-head");
    this.list = h("ul.pages");
    this.actions = h("div.row.actions");
    this.element = h("section.project", {}, this.head, this.work, this.actions, this.list);
    droppable(this.element, (files) => void send(files, () => void this.load()));
    main.replaceChildren(this.element);
    this.onJob = () => this.showWork();
    this.onPage = () => this.later();
    jobs.addEventListener("job", this.onJob);
    jobs.addEventListener("job", this.onPage);
    jobs.addEventListener("page", this.onPage);
    this.showWork();
    void this.load();
  }

  close() {
    clearTimeout(this.timer);
    for (const name of ["job", "page"]) for (const act of [this.onJob, this.onPage]) this.jobs.removeEventListener(name, act);
  }

  later() {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.load();
    }, 300);
  }

  async load() {
    try {
      const [{ pages }, project] = await Promise.all([get("/api/pages"), get("/api/project")]);
      this.pages = pages;
      this.project = /** @type {import("./types.js").ProjectInfo} */ (project);
    } catch (error) {
      note(t("failed", { reason: error instanceof ApiError && error.status ? error.message : t("unreachable") }), { error: true });
      return;
    }
    this.show();
  }

  show() {
    const { project, pages } = this;
    if (!project) return;
    const { lines, done, doubtful } = project.counts;
    this.head.replaceChildren(
      h("div", {}, h("h1", {}, project.name || t("pages")), h("p.quiet", {}, lines ? t("linesOf", { done, total: lines }) : "", doubtful ? ` · ${t("doubtfulLines", { n: doubtful })}` : "")),
      h("progress.wide-progress", { max: Math.max(1, lines), value: done, "aria-label": t("linesOf", { done, total: lines }) }),
    );
    this.showActions();
    const rows = new Map([...this.list.querySelectorAll("li.page")].map((row) => [/** @type {HTMLElement} */ (row).dataset.key, row]));
    const focused = document.activeElement;
    this.list.replaceChildren(...(pages.length ? pages.map((page) => rows.get(keyOf(page)) ?? this.row(page)) : [this.nothing()]));
    if (focused instanceof HTMLElement && focused.isConnected && this.list.contains(focused)) focused.focus();
  }

  showActions() {
    const some = this.chosen.size > 0;
    const all = h("input", { type: "checkbox", "aria-label": t("chooseAll"), checked: some && this.chosen.size === this.pages.length, indeterminate: some && this.chosen.size < this.pages.length });
    all.addEventListener("change", () => this.choose(all.checked ? this.pages.map((page) => page.id) : []));
    this.actions.replaceChildren(
      this.pages.length ? h("label.check", {}, all, some ? `${this.chosen.size}` : "") : "",
      h("button.primary", { type: "button", onclick: () => showImport(() => void this.load()) }, icon("plus"), t("addPages")),
      this.pages.length ? h("button", { type: "button", onclick: () => void this.read() }, some ? t("readSelected") : t("readAll")) : "",
      this.pages.length ? h("button", { type: "button", onclick: () => showExport([...this.chosen]) }, t("export")) : "",
      h("button", { type: "button", onclick: () => void showRules() }, t("rules")),
    );
  }

  /** @param {number[]} ids */
  choose(ids) {
    this.chosen = new Set(ids);
    for (const box of /** @type {Iterable<HTMLInputElement>} */ (this.list.querySelectorAll("input[type=checkbox]"))) box.checked = this.chosen.has(Number(box.value));
    this.showActions();
  }

  nothing() {
    return h("li.empty", {}, h("h2", {}, t("emptyTitle")), h("p", {}, t("emptyText")), h("button.primary", { type: "button", onclick: () => showImport(() => void this.load()) }, t("addPages")));
  }

  /** @param {PageRow} page @returns {HTMLElement} */
  row(page) {
    const box = h("input", { type: "checkbox", value: String(page.id), "aria-label": t("choosePage", { n: page.number }), checked: this.chosen.has(page.id) });
    box.addEventListener("change", () => {
      if (box.checked) this.chosen.add(page.id);
      else this.chosen.delete(page.id);
      this.showActions();
    });
    const text = page.lines ? t("linesOf", { done: page.done, total: page.lines }) : t("notRead");
    return h(
      "li.page",
      { "data-id": page.id, "data-key": keyOf(page), "data-state": page.state },
      h(
        "a.card",
        { href: `#/page/${page.id}` },
        h("span.thumb", {}, h("img", { src: `/api/pages/${page.id}/picture?width=280&v=${page.sha256}`, alt: "", loading: "lazy", decoding: "async" })),
        h("span.name", {}, h("b", {}, String(page.number)), page.name),
        h("progress", { max: Math.max(1, page.lines), value: page.done, "aria-label": text }),
        h("span.quiet", {}, text),
        h(
          "span.chips",
          {},
          page.state === "todo" ? null : h("span.chip", { "data-state": page.state }, stateName(page.state)),
          page.doubtful ? h("span.chip", { "data-state": "doubtful" }, t("doubtfulLines", { n: page.doubtful })) : null,
          page.confidence === null ? null : h("span.chip", { title: t("confidence") }, percent(page.confidence)),
          page.claimed_by ? h("span.chip.claim", {}, t("claimedBy", { who: page.claimed_by })) : null,
        ),
      ),
      h("div.card-tools", {}, box, iconButton("remove", t("deletePage", { n: page.number }), () => void this.delete(page))),
    );
  }

  /** @param {PageRow} page */
  async delete(page) {
    if (!confirm(t("deletePageAsk", { n: page.number }))) return;
    this.chosen.delete(page.id);
    await this.tried(() => remove(`/api/pages/${page.id}`));
  }

  async read() {
    const pages = this.chosen.size ? [...this.chosen] : this.pages.filter((page) => !page.lines).map((page) => page.id);
    if (!pages.length) {
      note(t("nothingUnread"));
      return;
    }
    await this.tried(() => post("/api/jobs", { kind: "read", pages, options: {} }));
    note(t("readStarted", { n: pages.length }));
    void this.jobs.ask();
  }

  /** @param {() => Promise<any>} act */
  async tried(act) {
    try {
      await act();
    } catch (error) {
      note(t("failed", { reason: error instanceof ApiError && error.status ? error.message : t("unreachable") }), { error: true });
    }
    await this.load();
  }

  showWork() {
    this.work.replaceChildren(...this.jobs.going().map(jobRow));
  }
}

/** @param {PageRow} page what its row shows */
function keyOf(page) {
  return JSON.stringify(page);
}
