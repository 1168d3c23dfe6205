/** The language of the page: English or Japanese, chosen by the browser until someone chooses. */

import { en } from "./words/en.js";
import { ja } from "./words/ja.js";

/** @typedef {keyof typeof en} Word */

const KEY = "tenarai-language";
const LANGUAGES = { en, ja };

/** @returns {"en" | "ja"} */
export function language() {
  const chosen = localStorage.getItem(KEY) ?? navigator.language;
  return chosen.startsWith("ja") ? "ja" : "en";
}

/** @param {"en" | "ja"} name */
export function setLanguage(name) {
  localStorage.setItem(KEY, name);
  document.documentElement.lang = name;
}

/**
 * The words for something in the chosen language; `{name}` in them is replaced.
 *
 * @param {Word} word
 * @param {Record<string, string | number>} [values]
 */
export function t(word, values = {}) {
  return LANGUAGES[language()][word].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** @param {number} share 0 to 1 @param {number} [digits] */
export function percent(share, digits = 0) {
  return `${(share * 100).toFixed(digits)} %`;
}

/** @param {string | number} when ISO 8601, UTC where it says nothing; or seconds since 1970 */
export function moment(when) {
  const time = typeof when === "number" ? new Date(when * 1000) : new Date(/[zZ]|[+-]\d\d:?\d\d$/.test(when) ? when : `${when}Z`);
  return Number.isNaN(time.getTime()) ? String(when) : time.toLocaleString(language(), { dateStyle: "medium", timeStyle: "short" });
}
