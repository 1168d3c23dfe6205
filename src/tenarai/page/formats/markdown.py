"""Markdown (CommonMark 0.31), written: regions as paragraphs, headings as headings, lines kept as they were written.

Whatever Markdown would take for markup is escaped, so that a renderer shows the very characters of the page. A line
ends with a hard break: a letter or a poem keeps its lines. Pages are parted by a rule.
"""

import re
from collections.abc import Iterable

from tenarai.page.layout import Page, Region

_MARKUP = re.compile(r"([\\`*_\[\]<>#|~&!])")
# What would begin a list, a rule, an underlined heading or, after four spaces, code.
_AT_START = re.compile(r"^([ \t]*)(?:([-+=])|(\d{1,9})([.)]))")
_SPACES = " \t\r\n"
_HEADINGS = ("heading", "header", "title")


def write(pages: Page | Iterable[Page]) -> bytes:
    """The text of one page or several as Markdown in UTF-8."""
    texts = ["\n\n".join(filter(None, map(_paragraph, page.regions))) for page in _several(pages)]
    return "\n\n---\n\n".join(texts).encode() + b"\n"


def _several(pages: Page | Iterable[Page]) -> Iterable[Page]:
    return [pages] if isinstance(pages, Page) else pages


def _paragraph(region: Region) -> str:
    rows = [row for line in region.lines for row in line.text.splitlines() if row.strip(_SPACES)]
    escaped = [_escaped(row) for row in rows]
    if region.kind in _HEADINGS and escaped:
        return "# " + " ".join(escaped)  # a heading is one line
    return "\\\n".join(escaped)


def _escaped(row: str) -> str:
    plain = _MARKUP.sub(r"\\\1", row.strip(_SPACES))
    return _AT_START.sub(lambda m: f"\\{m[2]}" if m[2] else f"{m[3]}\\{m[4]}", plain)
