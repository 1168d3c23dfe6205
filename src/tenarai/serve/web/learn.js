/** The loop closes: what would be learnt, the learning, what it brought, keep or discard, and reading the rest anew. */

import { ApiError, get, post } from "./api.js";
import { h, note } from "./element.js";
import { isOver, jobRow } from "./jobs.js";
import { moment, percent, t } from "./language.js";

/** @typedef {import("./types.js").Rate} Rate */

export class LearnView {
  /**
   * @param {HTMLElement} main
   * @param {import("./jobs.js").Jobs} jobs
   */
  constructor(main, jobs) {
    this.jobs = jobs;
    this.numbers = h("div.numbers");
    this.work = h("div.work", { "aria-live": "polite" });
    this.doubts = h("section.doubts");
    this.result = h("section.result");
    this.models = h("section.models");
    main.replaceChildren(h("section.learn", {}, h("h1", {}, t("learnTitle")), h("p.lead", {}, t("learnLead")), this.numbers, this.work, this.result, this.doubts, this.models));
    this.onJob = (/** @type {Event} */ event) => {
      const job = /** @type {CustomEvent<import("./types.js").Job>} */ (event).detail;
      this.showWork();
      if (!isOver(job)) return;
      if (job.state === "failed") note(job.message || t("jobFailed"), { error: true });
      void this.load();
    };
    jobs.addEventListener("job", this.onJob);
    void this.load();
  }

  close() {
    this.jobs.removeEventListener("job", this.onJob);
  }

  async load() {
    try {
      /** @type {[import("./types.js").Learning, {models: import("./types.js").ModelRow[]}, any]} */
      const [learning, { models }] = await Promise.all([get("/api/learn"), get("/api/models"), this.jobs.ask()]);
      this.showNumbers(learning);
      this.showDoubts(learning);
      this.showModels(models);
      this.showResult(models);
    } catch (error) {
      note(t("failed", { reason: error instanceof ApiError && error.status ? error.message : t("unreachable") }), { error: true });
    }
    this.showWork();
  }

  /** @param {import("./types.js").Learning} learning */
  showNumbers(learning) {
    const going = this.jobs.going("learn").length > 0;
    this.numbers.replaceChildren(
      h("div.number-card", {}, h("b", {}, String(learning.lines)), h("span", {}, t("learnLines"))),
      h("div.number-card", {}, h("b", {}, String(learning.writers.length)), h("span", {}, t("learnWriters")), h("small.quiet", {}, learning.writers.join(", "))),
      h(
        "div.start",
        {},
        h("button.primary.large", { type: "button", disabled: !learning.ready || going, onclick: () => void this.ask("learn") }, t("learnStart")),
        h("p.quiet", {}, learning.message || (learning.lines < 20 ? t("learnMore") : "")),
      ),
    );
  }

  /** @param {import("./types.js").Learning} learning */
  showDoubts(learning) {
    const { suspicious, checked } = learning;
    const rows = suspicious.map((doubt) =>
      h(
        "li",
        {},
        h("a", { href: `#/page/${doubt.page}/${doubt.line}` }, h("img", { src: `/api/lines/${doubt.line}/picture?height=64`, alt: "", loading: "lazy" }), h("span.found", {}, doubt.text), h("span.quiet", {}, doubt.reason)),
      ),
    );
    this.doubts.replaceChildren(
      h("h2", {}, t("learnSuspicious")),
      h("p.quiet", {}, checked ? (rows.length ? t("learnSuspiciousHint") : t("learnNoSuspicious")) : t("learnUnchecked")),
      rows.length ? h("ol.hits", {}, ...rows) : "",
      checked || !learning.lines ? "" : h("button", { type: "button", onclick: () => void this.ask("check") }, t("learnCheck")),
    );
  }

  showWork() {
    this.work.replaceChildren(...this.jobs.going().map(jobRow));
  }

  /** @param {"learn" | "check"} kind */
  async ask(kind) {
    await this.tried(() => post("/api/jobs", { kind, options: kind === "learn" ? learnOptions() : {} }));
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

  /** The newest model that waits for a decision, with its figures. @param {import("./types.js").ModelRow[]} models */
  showResult(models) {
    const offered = models.findLast((model) => model.state === "offered");
    const job = this.jobs.newest("learn");
    const failed = job?.state === "failed" ? h("p.error", { role: "alert" }, job.message) : "";
    const told = !offered && job?.state === "done" && job.message ? h("p", {}, job.message) : "";
    if (!offered) {
      const kept = models.find((model) => model.active);
      this.result.replaceChildren(failed, told, kept ? this.reread() : "");
      return;
    }
    const { before, after, general, seconds } = offered.record;
    this.result.replaceChildren(
      h("h2", {}, t("learnResult")),
      before && after ? comparison(before, after) : h("p.quiet.unheld", {}, t("learnUnheld")),
      general?.before !== undefined && general?.before !== null ? h("p.quiet", {}, `${t("learnGeneral")}: ${percent(rateOf(general.before), 1)} → ${percent(rateOf(general.after), 1)}`) : "",
      seconds ? h("p.quiet", {}, `${t("learnTime")}: ${t("learnSeconds", { n: Math.round(seconds) })}`) : "",
      h(
        "div.row",
        {},
        h("button.primary.keep", { type: "button", onclick: () => void this.decide(offered.id, "keep") }, t("learnKeep")),
        h("button.discard", { type: "button", onclick: () => void this.decide(offered.id, "discard") }, t("learnDiscard")),
      ),
    );
  }

  /** @param {number} id @param {"keep" | "discard"} what */
  async decide(id, what) {
    await this.tried(async () => {
      await post(`/api/models/${id}/${what}`);
      note(t(what === "keep" ? "learnKept" : "learnDiscarded"));
    });
  }

  reread() {
    return h("div.row", {}, h("button.primary.reread", { type: "button", onclick: () => void this.tried(() => post("/api/jobs", { kind: "read", options: { find: false } })) }, t("learnReread")));
  }

  /** @param {import("./types.js").ModelRow[]} models */
  showModels(models) {
    const states = { offered: t("learnOffered"), kept: t("learnKeptState"), discarded: t("learnDiscardedState") };
    const rows = models.map((model) =>
      h(
        "li",
        {},
        h("strong", {}, model.name),
        h("time.quiet", { datetime: model.created }, moment(model.created)),
        h("span.chip", { "data-state": model.active ? "done" : null }, model.active ? t("active") : states[model.state]),
        model.record?.after ? h("span.quiet", {}, `${t("learnError")} ${percent(model.record.before.cer, 1)} → ${percent(model.record.after.cer, 1)}`) : "",
        model.active || model.state === "discarded" ? "" : h("button.small", { type: "button", onclick: () => void this.decide(model.id, "keep") }, t("use")),
      ),
    );
    this.models.replaceChildren(...(rows.length ? [h("h2", {}, t("models")), h("ul.model-list", {}, ...rows)] : []));
  }
}

/** Error rates before and after with their intervals, on one scale. @param {Rate} before @param {Rate} after */
function comparison(before, after) {
  const most = Math.max(before.interval[1], after.interval[1], before.cer, after.cer, 0.01);
  /** @param {string} name @param {Rate} rate @param {string} kind */
  const bar = (name, rate, kind) => {
    const fill = h("div.rate-fill");
    fill.style.width = `${(100 * rate.cer) / most}%`;
    const whisker = h("div.whisker");
    whisker.style.left = `${(100 * rate.interval[0]) / most}%`;
    whisker.style.width = `${(100 * (rate.interval[1] - rate.interval[0])) / most}%`;
    return h(
      `div.rate.${kind}`,
      {},
      h("span.rate-name", {}, name),
      h("div.rate-bar", { "aria-hidden": "true" }, fill, whisker),
      h("b", {}, percent(rate.cer, 1)),
      h("small.quiet", {}, t("learnInterval", { low: percent(rate.interval[0], 1), high: percent(rate.interval[1], 1) })),
    );
  };
  return h(
    "figure.rates",
    {},
    h("figcaption", {}, `${t("learnError")}. ${t("learnHeld")} (${t("linesCount", { n: after.lines ?? before.lines })}).`),
    bar(t("learnBefore"), before, "before"),
    bar(t("learnAfter"), after, "after"),
  );
}

/** @param {any} rate a number, or something with one */
function rateOf(rate) {
  return typeof rate === "number" ? rate : (rate?.cer ?? 0);
}

/** Fewer steps where someone asks for them in the address, `#/learn?steps=20`: to try the way, not to learn well. */
function learnOptions() {
  const steps = Number(/[?&]steps=(\d+)/.exec(location.hash)?.[1] ?? 0);
  return steps > 0 ? { steps } : {};
}
