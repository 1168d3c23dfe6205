"""Page layouts in other programs' formats: one module a format, `read_layout`, which tells them apart by content, and
`write_layout`.

for page in read_layout("page/0001.xml"):
    page.source, page.lines
Path("0001.hocr").write_bytes(write_layout(page, "hocr"))
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenarai.errors import DataError, SettingsError
from tenarai.page.formats import alto, coco, hocr, iiif, markdown, pagexml, plain, tsv, via, voc
from tenarai.page.formats.document import file_bytes, json_of, local, xml_of
from tenarai.page.layout import FORMAT, Page

if TYPE_CHECKING:
    from tenarai.page.formats.pdf import Picture

KNOWN = "PAGE XML, ALTO, hOCR, a VIA project or export, COCO, VOC, an IIIF manifest, a table or a page of tenarai"


def read_layout(path: str | Path, dpi: float | None = None) -> list[Page]:
    """The pages of a layout file: PAGE XML, ALTO, hOCR, VIA 1 to 3 (JSON, CSV), COCO, VOC, IIIF manifests, tenarai's
    own JSON and TSV; and plain text, which alone is known by its name, `.txt`.

    `page.source` is the name of the picture as the file has it. `dpi` is the resolution of the scan, which ALTO needs
    where it does not measure in pixels. Raises DataError for a file of none of these formats, or damaged.
    """
    path = Path(path)
    data, name = file_bytes(path), str(path)
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if path.suffix.lower() == ".txt":
        return plain.read(data, name)
    if hocr.recognises(data):
        return hocr.read(data, name)
    if start == b"<" or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        root = xml_of(data, name)
        if pagexml.recognises(root):
            return pagexml.pages_of(root, name)
        if alto.recognises(root):
            return alto.pages_of(root, name, dpi)
        if voc.recognises(root):
            return voc.pages_of(root, name)
        raise DataError(f"{name} is XML with the root {local(root)}: expected {KNOWN}.")
    if via.recognises_csv(data):
        return via.read(data, name)
    if tsv.recognises(data):
        return tsv.read(data, name)
    if start == b"{":
        value = json_of(data, name)
        if via.recognises(value):
            return via.pages_of(value, name)
        if coco.recognises(value):
            return coco.pages_of(value, name)
        if iiif.recognises(value):
            return iiif.pages_of(value, name, path.parent)
        if value.get("format") == FORMAT:
            return [Page.from_dict(value)]
    raise DataError(f"{name} is no page layout that tenarai knows: expected {KNOWN}.")


def _alone(write: Callable[[Page], bytes], name: str) -> Callable[[Sequence[Page]], bytes]:
    """A writer for a format that holds one page."""

    def written(pages: Sequence[Page]) -> bytes:
        if len(pages) != 1:
            raise SettingsError(f"{name} holds one page, not {len(pages)}: write a file for each.")
        return write(pages[0])

    return written


def _json(pages: Sequence[Page]) -> bytes:
    return b"".join(json.dumps(page.to_dict(), ensure_ascii=False).encode() + b"\n" for page in pages)


WRITERS: dict[str, Callable[[Sequence[Page]], bytes]] = {
    "text": plain.write,
    "json": _json,
    "pagexml": _alone(pagexml.write, "PAGE XML"),
    "alto": _alone(alto.write, "ALTO"),
    "hocr": hocr.write,
    "tsv": tsv.write,
    "via": via.write,
    "coco": coco.write,
    "iiif": iiif.write,
    "markdown": markdown.write,
}


def write_layout(
    pages: Page | Sequence[Page], form: str, pictures: "Picture | Sequence[Picture | None] | None" = None
) -> bytes:
    """A page, or several, as a file of one of the formats of `WRITERS`, or "pdf". JSON is a page a row.

    A searchable PDF shows the pictures, one a page; the others need none. Raises SettingsError for another format and
    for several pages where it holds one, DataError for a page that the format cannot hold.
    """
    several = [pages] if isinstance(pages, Page) else list(pages)
    if form == "pdf":
        from tenarai.page.formats import pdf

        shown: Any = pictures if isinstance(pictures, list | tuple) else [pictures] * len(several)
        return pdf.write(list(zip(several, shown, strict=True)))
    if form not in WRITERS:
        raise SettingsError(f"{form!r} is no format to write: choose {', '.join((*WRITERS, 'pdf'))}.")
    return WRITERS[form](several)
