/** The page as a whole: its head, what is shown at which address, and whether everything is saved. */

import { ApiError, author, get, setAuthor } from "./api.js";
import { Editor } from "./editor/editor.js";
import { showKeys } from "./editor/help.js";
import { dialog, h, icon, iconButton, note } from "./element.js";
import { Jobs } from "./jobs.js";
import { language, setLanguage, t } from "./language.js";
import { LearnView } from "./learn.js";
import { padPage } from "./pad.js";
import { PageList } from "./pages.js";
import { Queue } from "./queue.js";
import { searchView } from "./search.js";
import { watchView } from "./watch.js";

/** @typedef {{close?: () => void}} View */

class App {
  constructor() {
    this.queue = new Queue();
    this.jobs = new Jobs();
    /** @type {View} */
    this.view = {};
    /** @type {import("./types.js").ProjectInfo | null} */
    this.project = null;
    this.alone = false; // the service has no project: the pad is all there is
    this.header = h("header.top");
    this.main = h("main", { id: "main", tabindex: "-1" });
    this.skip = h("a.skip", { href: "#main", onclick: (/** @type {Event} */ event) => (event.preventDefault(), this.main.focus()) });
    document.body.append(this.skip, this.header, this.main, h("div.notes", { id: "notes" }), h("div.hidden", { id: "live", role: "status", "aria-live": "polite" }));
    addEventListener("hashchange", () => void this.go());
    document.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("tenarai-project", () => void this.about());
    this.queue.addEventListener("change", () => this.showSaved());
    this.queue.addEventListener("refused", (event) => this.unsaved(/** @type {CustomEvent} */ (event).detail));
    this.queue.addEventListener("lost", (event) => this.unsaved(/** @type {CustomEvent} */ (event).detail));
    this.jobs.addEventListener("page", (event) => this.view instanceof Editor && void this.view.changed(/** @type {CustomEvent} */ (event).detail.id));
  }

  async start() {
    setLanguage(language());
    // Canvases take their colours, and texts their sizes, from the style sheets.
    if (document.readyState !== "complete") await new Promise((resolve) => addEventListener("load", resolve, { once: true }));
    await this.about();
    if (this.project) {
      await this.queue.open(this.project.id);
      this.jobs.start();
    }
    await this.go();
  }

  /** What project this is; none where the service reads only. */
  async about() {
    try {
      this.project = await get("/api/project");
    } catch (error) {
      this.alone = error instanceof ApiError && error.status === 404;
      if (!this.alone) note(t("failed", { reason: error instanceof ApiError && error.status ? error.message : t("unreachable") }), { error: true });
    }
    this.showHeader();
  }

  /** Where we are: the path for the pages of their own, else what stands after #. @returns {string[]} */
  place() {
    const hash = location.hash.replace(/^#\/?/, "").split("?")[0];
    if (hash) return hash.split("/").map(decodeURIComponent);
    const path = location.pathname.replace(/^\/|\/$/g, "");
    return [path || (this.alone ? "pad" : "pages")];
  }

  async go() {
    this.view.close?.();
    this.view = {};
    const [name, ...rest] = this.place();
    document.body.dataset.view = name;
    this.showHeader();
    const { main } = this;
    if (name === "pages") this.view = new PageList(main, this.jobs);
    else if (name === "page") await this.edit(Number(rest[0]), rest[1] ? Number(rest[1]) : null);
    else if (name === "pad") padPage(main);
    else if (name === "learn") this.view = new LearnView(main, this.jobs);
    else if (name === "watch") await watchView(main);
    else if (name === "search") await searchView(main, rest[0] ?? "");
    else main.replaceChildren(h("p.empty", {}, t("unknownPage")));
    const word = /** @type {Record<string, import("./language.js").Word>} */ ({ pages: "pages", page: "page", pad: "pad", learn: "learn", watch: "watch", search: "search" })[name];
    document.title = `${word ? t(word) : ""} - ${this.project?.name || t("product")}`;
  }

  /** @param {number} id @param {number | null} line */
  async edit(id, line) {
    const editor = new Editor(this.main, this.queue);
    this.view = editor;
    try {
      await editor.open(id, line);
    } catch (error) {
      if (this.view !== editor) return;
      editor.close();
      this.view = {};
      const gone = error instanceof ApiError && error.status === 404;
      this.main.replaceChildren(h("p.empty", {}, gone ? t("unknownPage") : t("unreachable")));
      if (!(error instanceof ApiError)) throw error;
    }
  }

  showHeader() {
    const here = this.place()[0];
    /** @type {[string, string, string][]} */
    const ways = this.alone
      ? [["pad", "/pad", t("pad")]]
      : [
          ["pages", "/#/pages", t("pages")],
          ["learn", "/#/learn", t("learn")],
          ["watch", "/#/watch", t("watch")],
          ["pad", "/#/pad", t("pad")],
        ];
    const links = ways.map(([name, href, label]) => h("a", { href, "aria-current": here === name || (here === "page" && name === "pages") ? "page" : null }, label));
    this.skip.textContent = t("skip");
    this.saved = h("span.saved", { "data-state": "saved" });
    this.header.replaceChildren(
      h("a.brand", { href: this.alone ? "/pad" : "/#/pages" }, h("span.seal", { "aria-hidden": "true", lang: "ja" }, "手"), h("span.brand-name", {}, this.project?.name || "tenarai")),
      h("nav", { "aria-label": t("menu") }, ...links),
      this.alone ? "" : this.searchBox(),
      this.alone ? "" : this.saved,
      h("button.language", { type: "button", lang: language() === "ja" ? "en" : "ja", onclick: () => this.switch() }, language() === "ja" ? "English" : "日本語"),
      this.alone ? "" : iconButton("more", t("settings"), () => this.settings()),
    );
    this.showSaved();
  }

  searchBox() {
    const input = h("input", { type: "search", placeholder: t("search"), "aria-label": t("searchAll"), value: this.place()[0] === "search" ? (this.place()[1] ?? "") : "" });
    const form = h("form.search", { role: "search" }, icon("search"), input);
    form.addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      if (input.value.trim()) location.assign(`/#/search/${encodeURIComponent(input.value.trim())}`);
    });
    return form;
  }

  switch() {
    setLanguage(language() === "ja" ? "en" : "ja");
    void this.go();
  }

  settings() {
    const name = h("input", { type: "text", value: author() === "me" ? "" : author(), placeholder: "me", maxlength: 80, autocomplete: "off" });
    const box = dialog(
      t("settings"),
      [
        h("label.field-row", {}, h("span", {}, t("yourName")), name),
        this.project ? h("p.quiet", {}, `${t("model")}: ${this.project.model.name} ${this.project.model.version}`) : "",
        h("div.row.end", {}, h("button", { type: "button", onclick: () => (box.close(), showKeys()) }, t("keys")), h("button.primary", { type: "button", onclick: () => (setAuthor(name.value), box.close()) }, t("save"))),
      ],
      { close: t("close") },
    );
  }

  /** What the server does not take, with its text. @param {{edit: import("./queue.js").Edit, reason: string}} what */
  unsaved({ edit, reason }) {
    const number = this.view instanceof Editor ? this.view.page.number(edit.line) : 0;
    note(`${t("lost", { n: number || "?", reason })} „${edit.text}“`, { error: true, stays: true });
  }

  /** Whether everything typed is at the server; said aloud only when the connection goes or comes back. */
  showSaved() {
    const { saved, queue } = this;
    if (!saved) return;
    const typed = this.view instanceof Editor && this.view.page.drafts.size > 0;
    const n = queue.pending;
    const state = n && queue.offline ? "offline" : queue.refused.size ? "refused" : n ? "saving" : typed ? "unsaved" : "saved";
    const waits = queue.answered ? t("delayed", { n }) : n === 1 ? t("offlineOne") : t("offline", { n });
    const text = { saved: t("saved"), saving: t("saving"), unsaved: t("unsaved"), refused: t("unsaved"), offline: waits }[state];
    if (state === "offline" && !this.wasOffline) note(text, { error: true });
    if (state === "saved" && this.wasOffline) note(t("backOnline"));
    if (state === "offline") this.wasOffline = true;
    else if (state === "saved") this.wasOffline = false;
    saved.dataset.state = state;
    saved.textContent = text;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLSelectElement;
    if (typing || document.querySelector("dialog[open]")) return;
    if (event.key === "/") {
      event.preventDefault();
      /** @type {HTMLElement | null} */ (document.querySelector("form.search input"))?.focus();
    } else if (event.key === "?" && !(this.view instanceof Editor)) showKeys();
  }
}

void new App().start();
