"""Plain text and Markdown: what is written says the same as the page."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layout_strategies import pages
from markdown_it import MarkdownIt

from tenarai.errors import DataError
from tenarai.page.formats import markdown, plain
from tenarai.page.layout import Box, Line, Page, Region

ROWS = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\f\r\0\ufeff"), max_size=9), max_size=4)


def page_of(*regions: tuple[str, ...], kind: str = "text") -> Page:
    box = Box(0, 0, 9, 9)
    return Page(9, 9, tuple(Region(box, tuple(Line(box, "horizontal", t) for t in r), kind=kind) for r in regions))


@settings(deadline=None)
@given(st.lists(ROWS.filter(lambda rows: rows != [""]), min_size=1, max_size=3))
def test_text_round_trip(several: list[list[str]]) -> None:
    data = plain.write([page_of(tuple(rows)) for rows in several])
    found = plain.read(data, "a.txt", "a.png")
    assert [page.text for page in found] == ["\n".join(rows) for rows in several]
    for page in found:
        assert page.source == "a.png" and page.note("places") == "made up"
        assert all(a.box.bottom == b.box.top for a, b in pairwise(page.lines))


@settings(max_examples=30, deadline=None)
@given(pages())
def test_text_is_that_of_the_page(page: Page) -> None:
    assert plain.write(page) == (page.text + "\n").encode()


@pytest.mark.parametrize("data", [b"\xff\xfe\x00a", b"a\0b", "手".encode("cp932")])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(DataError, match=r"a\.txt"):
        plain.read(data, "a.txt")


def rendered(data: bytes) -> list[str]:
    """What a reader of the Markdown sees: the text of each block, a row for each hard break."""
    tokens = MarkdownIt("commonmark").parse(data.decode())
    assert {token.type for token in tokens} <= {
        "paragraph_open", "paragraph_close", "inline", "hr", "heading_open", "heading_close",
    }  # fmt: skip
    blocks = []
    for token in tokens:
        if token.type == "inline":
            assert {child.type for child in token.children or []} <= {"text", "hardbreak", "text_special"}
            blocks.append("".join("\n" if c.type == "hardbreak" else c.content for c in token.children or []))
    return blocks


MARKUP = st.text(st.sampled_from("ab あ手。`*_[]()<>#+-=.!|~&;\\1\"':/@"), max_size=14)


@settings(deadline=None)
@given(st.lists(st.lists(MARKUP, max_size=3), max_size=3))
def test_markdown_shows_the_characters_of_the_page(regions: list[list[str]]) -> None:
    shown = rendered(markdown.write(page_of(*map(tuple, regions))))
    expected = [[row.strip(" ") for row in region if row.strip(" ")] for region in regions]
    assert shown == ["\n".join(rows) for rows in expected if rows]


@pytest.mark.parametrize(
    "text", ["# a", "- a", "1. a", "1) a", "---", "===", "> a", "    a", "```", "[a]: b", "![a](b)", "<b>", "&amp;",
             "a_b_c", "**a**", "~~~", "+", "2026. 年", "http://a.b", "a\\"],
)  # fmt: skip
def test_markdown_escapes(text: str) -> None:
    assert rendered(markdown.write(page_of(("first", text)))) == [f"first\n{text.strip()}"]
    assert rendered(markdown.write(page_of((text,)))) == [text.strip()]


def test_markdown_headings_and_pages() -> None:
    data = markdown.write([page_of(("letter", "of Anna"), kind="heading"), page_of(("拝啓",))])
    assert data.decode() == "# letter of Anna\n\n---\n\n拝啓\n"
    assert not re.search(rb"\S", markdown.write(page_of()))
