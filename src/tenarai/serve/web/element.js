/** Elements of the page, made without a line of markup: nothing that anyone typed is ever read as HTML. */

/** @typedef {Node | string | number | null | undefined | false} Child */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element: `h("button.primary", {onclick: save, "aria-label": "Save"}, "Save")`.
 *
 * Functions become listeners, `class` and `data-*` and `aria-*` attributes; true gives an empty attribute, false and null none.
 *
 * @param {string} kind a tag name with classes after dots
 * @param {Record<string, any>} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {any}
 */
export function h(kind, attributes = {}, ...children) {
  const [tag, ...classes] = kind.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  assign(element, attributes);
  element.append(...children.flat().filter(isShown).map(asNode));
  return element;
}

/**
 * Gives an element other children, as `h` takes them.
 *
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter(isShown).map(asNode));
}

/** @param {Child} child */
function isShown(child) {
  return child !== null && child !== undefined && child !== false && child !== "";
}

/**
 * The same as `h` for SVG.
 *
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...Node | string} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  const element = /** @type {SVGElement} */ (document.createElementNS(SVG, tag));
  assign(element, attributes);
  element.append(...children);
  return element;
}

/** @param {Child} child @returns {Node | string} */
function asNode(child) {
  return typeof child === "number" ? String(child) : /** @type {Node | string} */ (child);
}

/** @param {Element} element @param {Record<string, any>} attributes */
function assign(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value);
    else if (value === undefined) continue;
    else if (name === "value" || name === "checked" || name === "indeterminate") /** @type {any} */ (element)[name] = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, String(value));
  }
}

/**
 * Small pictures of the toolbars: paths in a square of 24, drawn with the pen of the text.
 *
 * @type {Record<string, string>}
 */
const ICONS = {
  select: "M5 3l6 17 2.5-7L20 10.500z",
  box: "M4 6h16v12H4z",
  polygon: "M5 9l8-5 7 6-3 9H7z",
  points: "M5 9l8-5 7 6-3 9H7z M5 9v.01 M13 4v.01 M20 10v.01 M17 19v.01 M7 19v.01",
  split: "M8.500 8.500L20 18 M8.500 15.500L20 6 M6 4.500a2.500 2.500 0 1 0 .01 0z M6 14.500a2.500 2.500 0 1 0 .01 0z",
  join: "M4 12h6 M14 12h6 M7 9l3 3-3 3 M17 9l-3 3 3 3",
  remove: "M5 7h14 M10 7V4h4v3 M7 7l1 13h8l1-13",
  direction: "M6 4v16 M3 17l3 3 3-3 M11 7h10 M18 4l3 3-3 3",
  order: "M4 6h2v5 M4 16h3l-3 4h3 M11 8h9 M11 18h9",
  rotate: "M19 12a7 7 0 1 1-2-5 M17.500 3v4h-4",
  fit: "M4 9V4h5 M15 4h5v5 M20 15v5h-5 M9 20H4v-5",
  plus: "M12 5v14 M5 12h14",
  minus: "M5 12h14",
  contrast: "M12 4a8 8 0 1 0 .01 0z M12 4v16 M12 8h6 M12 12h8 M12 16h6",
  undo: "M9 6L4 10.500 9 15 M4 10.500h10a5 5 0 0 1 0 10h-3",
  redo: "M15 6l5 4.500L15 15 M20 10.500H10a5 5 0 0 0 0 10h3",
  history: "M12 7v5l3.500 2 M5 12a7.500 7.500 0 1 0 2.500-5.500L5 8.500 M5 4v4.500h4.500",
  pad: "M4 20l1-5L16 4l4 4L9 19z M14 6l4 4",
  keys: "M3 7h18v11H3z M7 11v.01 M11 11v.01 M15 11v.01 M8 15h8",
  accept: "M5 13l4.500 4.500L19 7",
  back: "M15 5l-7 7 7 7",
  forward: "M9 5l7 7-7 7",
  again: "M20 12a8 8 0 1 1-2.500-5.700 M18 3v4h-4",
  search: "M10.500 4a6.500 6.500 0 1 0 .01 0z M15.500 15.500L20 20",
  more: "M5 12v.01 M12 12v.01 M19 12v.01",
  close: "M6 6l12 12 M18 6L6 18",
  flag: "M6 21V4h12l-3 4 3 4H6",
  rules: "M6 3h9l4 4v14H6z M9 11h7 M9 15h7",
  numbers: "M6 6l2-1v7 M14 6.500c0-2 4-2 4 0 0 1.500-4 3-4 5h4 M5 19h14",
};

/** @param {string} name @returns {SVGElement} */
export function icon(name) {
  const path = svg("path", { d: ICONS[name] ?? "" });
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, path);
}

/**
 * A button that shows an icon and says its name, with its key, to those who hover and those who listen.
 *
 * @param {string} name of the icon
 * @param {string} label
 * @param {(event: MouseEvent) => void} act
 * @param {{key?: string, pressed?: boolean, text?: boolean, class?: string}} [more]
 * @returns {HTMLButtonElement}
 */
export function iconButton(name, label, act, more = {}) {
  return h(
    `button.icon-button${more.class ? `.${more.class}` : ""}`,
    {
      type: "button",
      title: more.key ? `${label} (${more.key})` : label,
      "aria-label": label,
      "aria-keyshortcuts": more.key?.replaceAll(" ", ""),
      "aria-pressed": more.pressed === undefined ? null : String(more.pressed),
      onclick: act,
    },
    icon(name),
    more.text ? h("span", {}, label) : null,
  );
}

const live = () => document.getElementById("live");

/**
 * Says something to people who listen to the page.
 *
 * @param {string} text
 */
export function announce(text) {
  const region = live();
  if (!region) return;
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 30);
}

/**
 * A note that shows for a while, and is said; an error stays longer, or until it is closed.
 *
 * @param {string} text
 * @param {{error?: boolean, stays?: boolean}} [more]
 */
export function note(text, more = {}) {
  const notes = document.getElementById("notes");
  if (!notes) return;
  const close = iconButton("close", "×", () => row.remove());
  const row = h(`div.note${more.error ? ".error" : ""}`, { role: more.error ? "alert" : "status" }, h("span", {}, text), close);
  notes.append(row);
  if (!more.stays) setTimeout(() => row.remove(), more.error ? 12000 : 5000);
}

/**
 * A dialog over the page; it is taken away once it is closed.
 *
 * @param {string} title
 * @param {Child[]} body
 * @param {{wide?: boolean, close?: string, onclose?: () => void}} [more]
 * @returns {HTMLDialogElement}
 */
export function dialog(title, body, more = {}) {
  const opener = document.activeElement;
  const name = `title-${Math.random().toString(36).slice(2)}`;
  /** @type {HTMLDialogElement} */
  const box = h(
    `dialog${more.wide ? ".wide" : ""}`,
    { "aria-labelledby": name },
    h("header", {}, h("h2", { id: name }, title), iconButton("close", more.close ?? "×", () => box.close())),
    h("div.body", {}, ...body),
  );
  box.addEventListener("close", () => {
    box.remove();
    more.onclose?.();
    if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
  });
  document.body.append(box);
  box.showModal();
  return box;
}
