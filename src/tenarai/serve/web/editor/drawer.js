/** The writing pad and the table of rare characters, in a corner of the editor. */

import { h, iconButton } from "../element.js";
import { t } from "../language.js";
import { pad } from "../pad.js";

const RECENT = "tenarai-recent";

/** What keyboards lack: [name, characters], for people who transcribe old books. */
const TABLE = [
  ["々", "々〻ゝゞヽヾ〱〲〳〴〵ゟヿ〆〇〓※"],
  ["ゐ", "ゐゑヰヱゔヴヵヶㇰㇱㇲㇳ゛゜ー"],
  ["「", "「」『』（）〔〕【】〈〉《》、。・…―〜"],
  ["㐂", "㐂躰國學會體來實變澤邊齋廣嶋峯舊觀轉經濟醫"],
  ["ſ", "ſßæœÆŒçéèêëàâäîïôöùûüÿñ"],
  ["—", "–—‘’“”«»§¶†‡°½¼¾×·ꝑꝓꝗꝛ⁊"],
];

export class Drawer {
  /** @param {(text: string) => void} insert */
  constructor(insert) {
    this.insert = (/** @type {string} */ text) => {
      remember(text);
      insert(text);
      this.showRecent();
    };
    const writing = pad(this.insert);
    this.focus = writing.focus;
    this.recent = h("div.keys-row", { lang: "ja" });
    /** @type {HTMLElement} */
    this.element = h(
      "aside.drawer",
      { "aria-label": t("pad"), hidden: true },
      h("header", {}, h("h2", {}, t("pad")), iconButton("close", t("close"), () => this.toggle(false))),
      writing.element,
      h("details", {}, h("summary", {}, t("palette")), this.recent, ...TABLE.map(([, characters]) => h("div.keys-row", { lang: "ja" }, ...keys(characters, this.insert)))),
    );
    this.element.addEventListener("keydown", (event) => event.key === "Escape" && this.toggle(false));
    this.showRecent();
  }

  /** @param {boolean} [open] */
  toggle(open = Boolean(this.element.hidden)) {
    this.element.hidden = !open;
    if (open) this.focus();
    else this.element.dispatchEvent(new Event("shut"));
  }

  showRecent() {
    this.recent.replaceChildren(...keys(localStorage.getItem(RECENT) ?? "", this.insert));
  }
}

/** @param {string} characters @param {(text: string) => void} insert @returns {HTMLElement[]} */
function keys(characters, insert) {
  return Array.from(characters).map((text) => h("button", { type: "button", onclick: () => insert(text) }, text));
}

/** @param {string} text */
function remember(text) {
  if (Array.from(text).length > 1) return;
  const before = Array.from(localStorage.getItem(RECENT) ?? "").filter((one) => one !== text);
  localStorage.setItem(RECENT, [text, ...before].slice(0, 16).join(""));
}
