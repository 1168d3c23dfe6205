/** The keys of the editor. */

import { dialog, h } from "../element.js";
import { t } from "../language.js";

/** @type {() => [string, [string, string][]][]} */
const keys = () => [
  [
    t("keysText"),
    [
      ["Enter", t("keyAccept")],
      ["Shift+Enter  ↑", t("keyBack")],
      ["↓", t("keyDown")],
      ["Tab", t("keyDoubt")],
      ["Shift+Tab", t("keyDoubtBack")],
      ["Alt+1 … Alt+5", t("keyAlternative")],
      ["Alt+Enter", t("keyDoubtful")],
      ["Alt+U  G  X  I", t("keyMarks")],
      ["Ctrl+Enter", t("keySplit")],
      ["Alt+Shift+↑ ↓", t("keyOrder")],
      ["Esc", t("keyLeave")],
    ],
  ],
  [
    t("keysEverywhere"),
    [
      ["Ctrl+Z", t("keyUndo")],
      ["Ctrl+Shift+Z", t("keyRedo")],
      ["Alt+W", t("keyPad")],
      ["Alt+H", t("keyHistory")],
      ["Alt+R", t("keyRules")],
      ["F6", t("keyPanes")],
      ["Ctrl+/  ?", t("keyHelp")],
      ["/", t("keySearch")],
    ],
  ],
  [
    t("keysPicture"),
    [
      ["V B P A S J O", t("keyTools")],
      ["← ↑ → ↓", t("keyMove")],
      ["D", t("toolDirection")],
      ["N", t("addBelow")],
      ["Delete", t("toolDelete")],
      ["+  −  0  T", t("keyZoom")],
    ],
  ],
];

export function showKeys() {
  if (document.querySelector("dialog.keys")) return;
  const groups = keys().map(([title, rows]) =>
    h(
      "section",
      {},
      h("h3", {}, title),
      h("dl", {}, ...rows.flatMap(([key, does]) => [h("dt", {}, ...key.split(/ {2,}/).map((one) => h("kbd", {}, one))), h("dd", {}, does)])),
    ),
  );
  dialog(t("keys"), [h("div.key-groups", {}, ...groups), h("p.quiet", {}, t("keysIme"))], { wide: true, close: t("close") }).classList.add("keys");
}
