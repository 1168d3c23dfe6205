/** Pages in, texts out. */

import { ApiError, post } from "./api.js";
import { dialog, h, note } from "./element.js";
import { t } from "./language.js";

const LAYOUT = /\.(xml|json|jsonl|csv|tsv|hocr|html?|xhtml)$/i;
/** What is taken of a folder, where other things lie too. */
const PAGE = /^[^.].*\.(png|jpe?g|tiff?|webp|gif|bmp|pdf|xml|json|jsonl|csv|tsv|hocr|html?|xhtml)$/i;
const ACCEPT = "image/*,.tif,.tiff,.webp,.pdf,.xml,.json,.jsonl,.csv,.tsv,.hocr,.html,.htm";

/** @type {[string, string][]} what is written: the name for the server, the name for people */
const FORMATS = [
  ["text", ""],
  ["pdf", "PDF"],
  ["pagexml", "PAGE XML"],
  ["alto", "ALTO"],
  ["hocr", "hOCR"],
  ["tsv", "TSV"],
  ["json", "JSON"],
  ["markdown", "Markdown"],
  ["via", "VIA"],
  ["coco", "COCO"],
  ["iiif", "IIIF"],
];

/**
 * Sends pictures, PDFs and layouts. A layout comes with its pictures in one go, so that it finds them.
 *
 * @param {File[]} files
 * @param {() => void} done
 */
export async function send(files, done) {
  if (!files.length) return;
  note(t("importing", { n: files.length }));
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  try {
    const answer = await post(files.some((file) => LAYOUT.test(file.name)) ? "/api/import" : "/api/pages", form);
    for (const { name, reason } of answer.refused ?? []) note(t("refused", { name, reason }), { error: true });
    if (answer.pages.length) note(t("imported", { n: answer.pages.length }));
  } catch (error) {
    note(t("failed", { reason: error instanceof ApiError && error.status ? error.message : t("unreachable") }), { error: true });
  }
  done();
}

/** @param {() => void} done */
export function showImport(done) {
  const input = h("input", { type: "file", multiple: true, accept: ACCEPT, class: "file-input" });
  const folder = h("input", { type: "file", multiple: true, webkitdirectory: true, class: "file-input" });
  const area = h("label.drop", {}, h("strong", {}, t("dropHere")), h("span.quiet", {}, t("orChoose")), input);
  const whole = h("label.choose-folder", {}, h("span.quiet", {}, t("chooseFolder")), folder);
  const box = dialog(t("importTitle"), [h("p", {}, t("importText")), area, whole], { close: t("close") });
  box.classList.add("import");
  const take = (/** @type {Iterable<File> | null} */ files) => {
    box.close();
    void send([...(files ?? [])].filter((file) => !file.name.startsWith(".")), done);
  };
  input.addEventListener("change", () => take(input.files));
  folder.addEventListener("change", () => take([...(folder.files ?? [])].filter((file) => PAGE.test(file.name)).sort((a, b) => inOrder(a.webkitRelativePath, b.webkitRelativePath))));
  droppable(area, take);
}

/** @param {HTMLElement} area @param {(files: File[]) => void} take */
export function droppable(area, take) {
  area.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    area.classList.add("over");
  });
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => {
    area.classList.remove("over");
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    void dropped(event.dataTransfer).then(take);
  });
}

/** @param {DataTransfer} transfer @returns {Promise<File[]>} with what lies in folders */
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  const files = [...transfer.files];
  if (!entries.some((entry) => entry?.isDirectory)) return files;
  return (await Promise.all(entries.map((entry) => (entry ? under(entry) : [])))).flat();
}

/** @param {FileSystemEntry} entry @returns {Promise<File[]>} */
async function under(entry) {
  if (entry.isFile) return [await new Promise((done, failed) => /** @type {FileSystemFileEntry} */ (entry).file(done, failed))];
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  /** @type {FileSystemEntry[]} */
  const inside = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((done, failed) => reader.readEntries(done, failed)); // a hundred at a time
    if (!some.length) break;
    inside.push(...some);
  }
  const meant = inside.filter((one) => one.isDirectory || PAGE.test(one.name)).sort((a, b) => inOrder(a.name, b.name));
  return (await Promise.all(meant.map(under))).flat();
}

/** Page 2 comes before page 10. @param {string} one @param {string} other */
function inOrder(one, other) {
  return one.localeCompare(other, undefined, { numeric: true });
}

/** @param {number[]} [pages] chosen pages, or all */
export function showExport(pages = []) {
  const asked = pages.map((id) => `&page=${id}`).join("");
  const links = FORMATS.map(([format, name]) =>
    h("li", {}, h("a.format", { href: `/api/export?format=${format}${asked}`, download: "", "data-format": format }, h("strong", {}, name || t("exportText2")))),
  );
  dialog(t("exportTitle"), [h("p", {}, t("exportText")), h("ul.formats", {}, ...links)], { close: t("close") }).classList.add("export");
}
