"""Page layouts in other programs' formats: one module a format, and `read_layout`, which tells them apart by content.

for page in read_layout("page/0001.xml"):
    page.source, page.lines
"""

from pathlib import Path

from tenarai.errors import DataError
from tenarai.page.formats import alto, coco, pagexml, via
from tenarai.page.formats.document import file_bytes, json_of, local, xml_of
from tenarai.page.layout import FORMAT, Page

KNOWN = "PAGE XML, ALTO, a VIA project or export, COCO or a page of tenarai"


def read_layout(path: str | Path, dpi: float | None = None) -> list[Page]:
    """The pages of a layout file: PAGE XML, ALTO, VIA 1 to 3 (JSON, CSV), COCO, or tenarai's own JSON.

    `page.source` is the name of the picture as the file has it. `dpi` is the resolution of the scan, which ALTO needs
    where it does not measure in pixels. Raises DataError for a file of none of these formats, or damaged.
    """
    path = Path(path)
    data, name = file_bytes(path), str(path)
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"<" or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        root = xml_of(data, name)
        if pagexml.recognises(root):
            return pagexml.pages_of(root, name)
        if alto.recognises(root):
            return alto.pages_of(root, name, dpi)
        raise DataError(f"{name} is XML with the root {local(root)}: expected {KNOWN}.")
    if via.recognises_csv(data):
        return via.read(data, name)
    if start == b"{":
        value = json_of(data, name)
        if via.recognises(value):
            return via.pages_of(value, name)
        if coco.recognises(value):
            return coco.pages_of(value, name)
        if value.get("format") == FORMAT:
            return [Page.from_dict(value)]
    raise DataError(f"{name} is no page layout that tenarai knows: expected {KNOWN}.")
