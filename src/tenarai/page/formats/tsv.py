"""A page as a table, for spreadsheets and scripts: UTF-8, tabs between columns, one row for everything on the page.

The first row names the columns. A row's `level` is page, region, line or character; `page`, `region`, `line` and
`character` count from 1 within what is around them, 0 where they do not apply. Sides are in pixels. The `text` of a
page is the name of its picture, that of a region its kind. An empty `confidence` is unknown. Tabs, new lines and
backslashes in a text are written \\t, \\n, \\r and \\\\. Polygons, alternatives and notes are left out.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from tenarai.errors import DataError
from tenarai.page.formats.document import text_of
from tenarai.page.formats.shape import number_of
from tenarai.page.layout import Box, Character, Line, Page, Region

COLUMNS = (
    "level", "page", "region", "line", "character", "left", "top", "right", "bottom", "direction", "confidence", "text",
)  # fmt: skip
_HEADER = "\t".join(COLUMNS)
_LEVELS = ("page", "region", "line", "character")
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_PLAIN = {escaped: plain for plain, escaped in _ESCAPES.items()}
_Node = tuple[Any, list[Any]]  # what a row says, and the rows within it


def recognises(data: bytes) -> bool:
    """Whether a file begins with the row of column names."""
    return data.removeprefix(b"\xef\xbb\xbf").startswith(_HEADER.encode())


def write(pages: Page | Iterable[Page]) -> bytes:
    """The table of one page or several."""
    rows = [_HEADER]
    for number, page in enumerate([pages] if isinstance(pages, Page) else pages, 1):
        rows += ["\t".join(row) for row in _rows(page, number)]
    return ("\n".join(rows) + "\n").encode()


def _rows(page: Page, number: int) -> Iterator[list[str]]:
    yield _row("page", (number, 0, 0, 0), Box(0, 0, page.width, page.height), "", None, page.source)
    for r, region in enumerate(page.regions, 1):
        yield _row("region", (number, r, 0, 0), region.box, region.direction, None, region.kind)
        for n, line in enumerate(region.lines, 1):
            yield _row("line", (number, r, n, 0), line.box, line.direction, line.confidence, line.text)
            for c, own in enumerate(line.characters, 1):
                yield _row("character", (number, r, n, c), own.box, line.direction, own.confidence, own.text)


def _row(
    level: str, place: tuple[int, ...], box: Box, direction: str, confidence: float | None, text: str
) -> list[str]:
    sides = [f"{side:.0f}" if side == int(side) else repr(side) for side in (box.left, box.top, box.right, box.bottom)]
    share = "" if confidence is None else repr(confidence)
    plain = "".join(_ESCAPES.get(character, character) for character in text)
    return [level, *map(str, place), *sides, direction, share, plain]


def read(data: bytes, name: str) -> list[Page]:
    """The pages of a table. Rows stand in the order in which they were written; `page` and the like are not counted
    again, so rows may be taken out. Raises DataError for another table, or a row that does not fit."""
    # Not splitlines: text may hold characters that Python takes for the end of a line.
    rows = [row.removesuffix("\r") for row in text_of(data, name).split("\n")]
    if rows[0] != _HEADER:
        raise DataError(f"{name} is no table of tenarai: its first row must be {' '.join(COLUMNS)}.")
    pages: list[_Node] = []
    for number, row in enumerate(rows[1:], 2):
        if not row:
            continue
        try:
            depth, value = _value(row.split("\t"))
            inside = pages
            for _ in range(depth):
                inside = inside[-1][1]
            inside.append((value, []))
        except IndexError:
            raise DataError(f"Row {number} of {name} belongs to nothing: what is around it stands above it.") from None
        except (DataError, ValueError) as error:
            raise DataError(f"Row {number} of {name} does not fit ({error}): correct it or take it out.") from None
    return [_closed(page) for page in pages]


def _value(cells: list[str]) -> tuple[int, Any]:
    """How deep a row stands, and what it says, still without what is in it."""
    if len(cells) != len(COLUMNS):
        raise DataError(f"it has {len(cells)} columns, not {len(COLUMNS)}")
    level, direction = cells[0], cells[9]
    box = Box(*(number_of(cell, "A side") for cell in cells[5:9]))
    share = number_of(cells[10], "The confidence") if cells[10] else None
    text = re.sub(r"\\[\\tnr]", lambda found: _PLAIN[found[0]], cells[11])
    value: Any
    match level:
        case "page":
            value = Page(int(box.right), int(box.bottom), (), text)
        case "region":
            value = Region(box, (), direction, text)  # type: ignore[arg-type]  # Region refuses other words
        case "line":
            value = Line(box, direction, text, share)  # type: ignore[arg-type]
        case "character":
            value = Character(text, box, share)
        case _:
            raise DataError(f"{level[:20]!r} is no level")
    return _LEVELS.index(level), value


def _closed(page: _Node) -> Page:
    regions = []
    for region, lines in page[1]:
        whole = tuple(replace(line, characters=tuple(c for c, _ in own)) for line, own in lines)
        regions.append(replace(region, lines=whole))
    whole_page: Page = replace(page[0], regions=tuple(regions))
    return whole_page
