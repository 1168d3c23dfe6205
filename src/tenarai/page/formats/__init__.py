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
from tenarai.page.formats.document import file_bytes, json_values, local, xml_of
from tenarai.page.layout import FORMAT, Page

if TYPE_CHECKING:
    from tenarai.page.formats.pdf import Picture

KNOWN = "PAGE XML, ALTO, hOCR, a VIA project or export, COCO, VOC, an IIIF manifest, a table or a page of tenarai"

UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # how text in it begins


def read_layout(path: str | Path, dpi: float | None = None) -> list[Page]:
    """The pages of a layout file: PAGE XML, ALTO, hOCR, VIA 1 to 3 (JSON, CSV), COCO, VOC, IIIF manifests, tenarai's
    own JSON, a page a row, and TSV; and plain text, which alone is known by its name, `.txt`.

    `page.source` is the name of the picture as the file has it. `dpi` is the resolution of the scan, which ALTO needs
    where it does not measure in pixels. Raises DataError for a file of none of these formats, or damaged.
    """
    path = Path(path)
    data, name = file_bytes(path), str(path)
    if path.suffix.lower() == ".txt":
        return plain.read(data, name)
    if hocr.recognises(data):
        return hocr.read(data, name)
    if _is_xml(data):
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
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _json_pages(data, name, path.parent)
    if data[:2] in UTF_16:
        raise DataError(f"{name} is text in UTF-16: save it as UTF-8.")
    raise DataError(f"{name} is no page layout that tenarai knows: expected {KNOWN}.")


def _is_xml(data: bytes) -> bool:
    if data[:2] in UTF_16:
        return data.decode("utf-16", "replace").lstrip().startswith("<")
    return data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def _json_pages(data: bytes, name: str, folder: Path) -> list[Page]:
    values = json_values(data, name)
    if all(isinstance(value, dict) and value.get("format") == FORMAT for value in values):
        return [_own(value, name, row) for row, value in enumerate(values, 1)]
    if len(values) > 1:
        raise DataError(f"{name} has {len(values):,} JSON values, of which not all are pages of tenarai: split it.")
    (value,) = values
    if via.recognises(value):
        return via.pages_of(value, name)
    if coco.recognises(value):
        return coco.pages_of(value, name)
    if iiif.recognises(value):
        return iiif.pages_of(value, name, folder)
    raise DataError(f"{name} is no page layout that tenarai knows: expected {KNOWN}.")


def _own(value: Any, name: str, row: int) -> Page:
    """A page of tenarai. Raises DataError, which names the file and the row, where it is damaged."""
    try:
        return Page.from_dict(value)
    except DataError as error:
        raise DataError(f"{name}, page {row}: {error}") from None


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
