/** Pages in, texts out. */

import { ApiError, post } from "./api.js";
import { dialog, h, note } from "./element.js";
import { t } from "./language.js";

const LAYOUT = /\.(xml|json|jsonl|csv|tsv|hocr|html?|xhtml)$/i;
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
  const box = dialog(t("importTitle"), [h("p", {}, t("importText")), area], { close: t("close") });
  box.classList.add("import");
  const take = (/** @type {Iterable<File> | null} */ files) => {
    box.close();
    void send([...(files ?? [])].filter((file) => !file.name.startsWith(".")), done);
  };
  input.addEventListener("change", () => take(input.files));
  folder.addEventListener("change", () => take(folder.files));
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
    take([...event.dataTransfer.files]);
  });
}

/** @param {number[]} [pages] chosen pages, or all */
export function showExport(pages = []) {
  const asked = pages.map((id) => `&page=${id}`).join("");
  const links = FORMATS.map(([format, name]) =>
    h("li", {}, h("a.format", { href: `/api/export?format=${format}${asked}`, download: "", "data-format": format }, h("strong", {}, name || t("exportText2")))),
  );
  dialog(t("exportTitle"), [h("p", {}, t("exportText")), h("ul.formats", {}, ...links)], { close: t("close") }).classList.add("export");
}
