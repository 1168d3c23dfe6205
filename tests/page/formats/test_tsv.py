"""Tables: round trips, and rows that people have changed."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layout_strategies import pages

from tenarai.errors import DataError
from tenarai.page.formats import tsv
from tenarai.page.layout import Box, Character, Line, Page, Region

HEADER = "\t".join(tsv.COLUMNS)
LINE = Line(Box(1, 2, 30.5, 40), "vertical", "手\t習", 0.25, (Character("手", Box(1, 2, 30, 20), None),))
PAGE = Page(90, 60, (Region(Box(1, 2, 30, 40), (LINE,), "vertical", "heading"),), "a.png")


def without_polygons(page: Page) -> Page:
    regions = [replace(r, lines=tuple(replace(line, polygon=()) for line in r.lines)) for r in page.regions]
    return replace(page, regions=tuple(regions))


@settings(max_examples=80, deadline=None)
@given(st.lists(pages(), min_size=1, max_size=2))
def test_round_trip(several: list[Page]) -> None:
    assert tsv.read(tsv.write(several), "a.tsv") == [without_polygons(page) for page in several]


def test_the_table_is_as_documented() -> None:
    rows = tsv.write(PAGE).decode().split("\n")
    assert rows == [
        "level\tpage\tregion\tline\tcharacter\tleft\ttop\tright\tbottom\tdirection\tconfidence\ttext",
        "page\t1\t0\t0\t0\t0\t0\t90\t60\t\t\ta.png",
        "region\t1\t1\t0\t0\t1\t2\t30\t40\tvertical\t\theading",
        "line\t1\t1\t1\t0\t1\t2\t30.5\t40\tvertical\t0.25\t手\\t習",
        "character\t1\t1\t1\t1\t1\t2\t30\t20\tvertical\t\t手",
        "",
    ]


def test_tables_that_a_spreadsheet_saved() -> None:
    data = b"\xef\xbb\xbf" + tsv.write(PAGE).replace(b"\n", b"\r\n")
    assert tsv.recognises(data) and tsv.read(data, "a.tsv") == [PAGE]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("line\t1\t1\t1\t0\t1\t2\t3\t4\thorizontal\t\ta", "belongs to nothing"),
        ("page\t1\t0", "3 columns"),
        ("page\t1\t0\t0\t0\t0\t0\twide\t60\t\t\ta.png", "A side is 'wide'"),
        ("word\t1\t0\t0\t0\t0\t0\t9\t60\t\t\ta.png", "'word' is no level"),
        ("page\t1\t0\t0\t0\t9\t0\t0\t60\t\t\ta.png", "inside out"),
        ("page\t1\t0\t0\t0\t0\t0\tnan\t60\t\t\ta.png", "must be a number"),
    ],
)
def test_rows_that_do_not_fit_are_named(row: str, said: str) -> None:
    with pytest.raises(DataError, match=r"Row 2 of a\.tsv") as error:
        tsv.read(f"{HEADER}\n{row}\n".encode(), "a.tsv")
    assert said in str(error.value)


def test_other_tables_are_refused() -> None:
    with pytest.raises(DataError, match="first row"):
        tsv.read(b"level\tpage_num\n", "a.tsv")
