/** The rules by which everybody transcribes in this project: one sheet, one key away. */

import { ApiError, get, patch } from "./api.js";
import { dialog, h, note } from "./element.js";
import { t } from "./language.js";

export async function showRules() {
  if (document.querySelector("dialog.rules")) return;
  /** @type {import("./types.js").ProjectInfo} */
  const project = await get("/api/project");
  const name = h("input", { type: "text", value: project.name, maxlength: 200 });
  const rules = h("textarea", { rows: 14, value: project.rules, placeholder: t("rulesHint") });
  const save = async () => {
    try {
      await patch("/api/project", { name: name.value, rules: rules.value });
      document.dispatchEvent(new Event("tenarai-project"));
      note(t("saved"));
      box.close();
    } catch (error) {
      note(t("failed", { reason: error instanceof ApiError ? error.message : String(error) }), { error: true });
    }
  };
  const box = dialog(
    t("rulesTitle"),
    [
      h("label.field-row", {}, h("span", {}, t("projectName")), name),
      h("label.field-row", {}, h("span", {}, t("rulesHint")), rules),
      h("div.row.end", {}, h("button", { type: "button", onclick: () => box.close() }, t("cancel")), h("button.primary", { type: "button", onclick: () => void save() }, t("save"))),
    ],
    { wide: true, close: t("close") },
  );
  box.classList.add("rules");
  rules.focus();
}
