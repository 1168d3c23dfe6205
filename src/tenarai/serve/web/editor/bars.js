/** The two tool bars: under the picture, and under the lines. */

import { dialog, h, iconButton } from "../element.js";
import { percent, t } from "../language.js";

/** @typedef {import("./editor.js").Editor} Editor */

/** @param {Editor} editor */
export function pictureBar(editor) {
  const { tools, viewer, boxes } = editor;
  /** @type {[import("./tools.js").Tool, string, string, string][]} */
  const named = [
    ["select", "select", t("toolSelect"), "V"],
    ["box", "box", t("toolBox"), "B"],
    ["polygon", "polygon", t("toolPolygon"), "P"],
    ["points", "points", t("toolPoints"), "A"],
    ["split", "split", t("toolSplit"), "S"],
    ["order", "order", t("toolOrder"), "O"],
  ];
  const choices = named.map(([tool, name, label, key]) => {
    const button = iconButton(name, label, () => tools.use(tool), { key, pressed: tool === "select" });
    tools.addEventListener("tool", () => button.setAttribute("aria-pressed", String(tools.tool === tool)));
    return button;
  });
  const enter = h("button.small", { type: "button", hidden: true, onclick: () => (tools.tool === "polygon" ? tools.closePolygon() : void tools.setOrder()) }, "Enter");
  tools.addEventListener("tool", () => (enter.hidden = tools.tool !== "polygon" && tools.tool !== "order"));
  return h(
    "div.bar.picture-bar",
    { role: "toolbar", "aria-label": t("tools") },
    h("div.group", {}, ...choices, enter),
    h(
      "div.group",
      {},
      iconButton("join", t("toolJoin"), () => void tools.join(), { key: "J" }),
      iconButton("direction", t("toolDirection"), () => void tools.turnDirection(), { key: "D" }),
      iconButton("plus", t("addBelow"), () => void tools.addAfter(), { key: "N" }),
      iconButton("remove", t("toolDelete"), () => void tools.delete(), { key: "Delete" }),
    ),
    h("div.group", {}, iconButton("undo", t("undo"), () => void editor.field.undo("undo"), { key: "Ctrl+Z" }), iconButton("redo", t("redo"), () => void editor.field.undo("redo"), { key: "Ctrl+Shift+Z" })),
    h(
      "div.group.end",
      {},
      iconButton("minus", t("zoomOut"), () => viewer.zoom(0.8), { key: "-" }),
      iconButton("plus", t("zoomIn"), () => viewer.zoom(1.25), { key: "+" }),
      iconButton("fit", t("fit"), () => viewer.fit(), { key: "0" }),
      iconButton("rotate", t("rotate"), () => viewer.turn(), { key: "T" }),
      iconButton("contrast", t("look"), () => showLook(viewer, boxes)),
    ),
  );
}

const LOOK = { contrast: 1, brightness: 1, invert: false };

/** @param {import("./viewer.js").Viewer} viewer @param {import("./boxes.js").Boxes} boxes */
function showLook(viewer, boxes) {
  const look = { ...LOOK, ...JSON.parse(sessionStorage.getItem("tenarai-look") ?? "{}") };
  const apply = () => {
    sessionStorage.setItem("tenarai-look", JSON.stringify(look));
    viewer.look(look);
  };
  /** @param {"contrast" | "brightness"} name */
  const slider = (name) =>
    h("label.slider", {}, h("span", {}, t(name)), h("input", { type: "range", min: 0.3, max: 3, step: 0.05, value: look[name], oninput: (/** @type {any} */ event) => ((look[name] = Number(event.target.value)), apply()) }));
  /** @param {string} label @param {boolean} checked @param {(on: boolean) => void} set */
  const check = (label, checked, set) => h("label.check", {}, h("input", { type: "checkbox", checked, onchange: (/** @type {any} */ event) => set(event.target.checked) }), label);
  const box = dialog(
    t("look"),
    [
      slider("contrast"),
      slider("brightness"),
      check(t("invert"), look.invert, (on) => ((look.invert = on), apply())),
      check(t("boxes"), boxes.visible, (on) => ((boxes.visible = on), boxes.draw())),
      check(t("numbers"), boxes.numbers, (on) => ((boxes.numbers = on), boxes.draw())),
      h("div.row.end", {}, h("button", { type: "button", onclick: () => (Object.assign(look, LOOK), apply(), box.close()) }, t("resetLook"))),
    ],
    { close: t("close") },
  );
  box.classList.add("look");
}

/** @param {Editor} editor */
export function lineBar(editor) {
  const { page, field } = editor;
  const alternatives = h("div.alternatives", { role: "group", "aria-label": t("alternatives") });
  const showAlternatives = () => {
    if (!page.active || !page.lines.has(page.active)) return alternatives.replaceChildren();
    const { others } = field.alternatives();
    alternatives.replaceChildren(
      ...(others.length
        ? others.map(([text, share], index) =>
            h(
              "button.alternative",
              { type: "button", title: `Alt+${index + 1}`, "aria-keyshortcuts": `Alt+${index + 1}`, lang: "ja", onpointerdown: (/** @type {Event} */ event) => event.preventDefault(), onclick: () => field.alternative(index) },
              h("kbd", { "aria-hidden": "true" }, String(index + 1)),
              h("span", {}, text === " " ? "␣" : text),
              h("small", {}, percent(share)),
            ),
          )
        : [h("span.quiet", {}, t("noAlternatives"))]),
    );
  };
  for (const name of ["caret", "active", "lines"]) page.addEventListener(name, showAlternatives);
  page.addEventListener("line", (event) => /** @type {CustomEvent} */ (event).detail === page.active && showAlternatives());
  /** @param {import("../types.js").MarkKind} kind @param {string} key */
  const mark = (kind, key) =>
    h(`button.mark.mark-${kind}`, { type: "button", title: `${t(kind)} (Alt+${key}) - ${t("markHint")}`, "aria-keyshortcuts": `Alt+${key}`, onpointerdown: (/** @type {Event} */ event) => event.preventDefault(), onclick: () => field.mark(kind) }, t(kind));
  return h(
    "div.bar.line-bar",
    { role: "toolbar", "aria-label": t("line", { n: "" }).trim() || t("lines") },
    h("div.bar-row", {}, alternatives, h("button.primary.accept", { type: "button", title: t("accept"), onclick: () => (field.accept("done"), field.focus()) }, t("acceptShort"), h("kbd", { "aria-hidden": "true" }, "Enter"))),
    h(
      "div.bar-row",
      {},
      h("div.group", {}, mark("unclear", "U"), mark("gap", "G"), mark("deletion", "X"), mark("insertion", "I"), iconButton("close", t("unmark"), () => field.mark(null))),
      h(
        "div.group",
        {},
        iconButton("search", t("nextDoubt"), () => field.doubt(1)?.(), { key: "Tab" }),
        iconButton("pad", t("pad"), () => editor.drawer.toggle(), { key: "Alt+W" }),
        iconButton("history", t("history"), () => editor.history(), { key: "Alt+H" }),
        iconButton("again", t("readLine"), () => void editor.readLine()),
        iconButton("split", t("splitAtCaret"), () => field.split(), { key: "Ctrl+Enter" }),
      ),
    ),
  );
}

/** From which confidence on a character counts as doubtful. @param {Editor} editor */
export function thresholdSlider(editor) {
  const { page } = editor;
  const value = h("output", {}, percent(page.threshold));
  const threshold = h("input", {
    type: "range",
    min: 0,
    max: 1,
    step: 0.01,
    value: page.threshold,
    "aria-label": t("threshold"),
    oninput: () => {
      page.threshold = Number(threshold.value);
      localStorage.setItem("tenarai-threshold", threshold.value);
      value.textContent = percent(page.threshold);
      editor.lines.recolour();
    },
  });
  return h("label.slider.threshold", { title: t("doubtColours") }, h("span", {}, t("threshold")), threshold, value);
}
