"""Plain text: the lines of a page one a row, pages parted by a form feed. Read and written, UTF-8.

Plain text does not say where anything stands. Lines that are read from it lie one below the other in rows of a made up
height, so that they keep their order in formats that store places; `page.note("places")` says so.
"""

from collections.abc import Iterable

from tenarai.errors import DataError
from tenarai.page.formats.document import text_of
from tenarai.page.layout import Box, Line, Page, Region

ROW = 40  # pixels: the height of a made up row, and the width of a character in it
_NEW_PAGE = "\f"


def write(pages: Page | Iterable[Page]) -> bytes:
    """The text of one page or several, in reading order."""
    texts = [page.text for page in ([pages] if isinstance(pages, Page) else pages)]
    return ("\n" + _NEW_PAGE).join(texts).encode() + b"\n"


def read(data: bytes, name: str, source: str = "") -> list[Page]:
    """The pages of a text; `source` is the picture that it belongs to. Raises DataError if it is not UTF-8, or holds
    what no text does."""
    text = text_of(data, name).replace("\r\n", "\n")
    if "\0" in text:
        raise DataError(f"{name} is no plain text: it has zero bytes.")
    return [_page(part.removesuffix("\n"), source) for part in text.split(_NEW_PAGE)]


def _page(text: str, source: str) -> Page:
    rows = text.split("\n") if text else []
    width = ROW * max((len(row) for row in rows), default=0)
    lines = tuple(
        Line(Box(0, ROW * place, ROW * len(row), ROW * (place + 1)), "horizontal", row)
        for place, row in enumerate(rows)
    )
    size = Box(0, 0, width, ROW * len(rows))
    regions = (Region(size, lines),) if lines else ()
    return Page(width, ROW * len(rows), regions, source, (("places", "made up"),))
