"""Geometry of boxes, what a page knows of its lines, and the plain form that comes back equal."""

import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.errors import DataError
from tenarai.page.layout import Box, Character, Line, Page, Region, picture_of

numbers = st.floats(-1e6, 1e6)
shares = st.none() | st.floats(0, 1)
directions = st.sampled_from(["horizontal", "vertical"])


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, right = sorted((draw(numbers), draw(numbers)))
    top, bottom = sorted((draw(numbers), draw(numbers)))
    return Box(left, top, right, bottom)


def some(of: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, max_size=most).map(tuple)


alternatives = some(st.tuples(st.text(), st.floats(0, 1)))
characters = st.builds(Character, st.text(), boxes(), shares, alternatives)
lines = st.builds(
    Line, boxes(), directions, st.text(), shares, some(characters), some(st.tuples(numbers, numbers), 4), st.text()
)
regions = st.builds(Region, boxes(), some(lines), directions, st.text())
notes = st.dictionaries(st.text(), st.text() | numbers, max_size=3).map(lambda d: tuple(d.items()))
pages = st.builds(Page, st.integers(0, 10**6), st.integers(0, 10**6), some(regions), st.text(), notes)

BOX = Box(0, 0, 10, 4)


def line(text: str = "", confidence: float | None = None) -> Line:
    return Line(BOX, "horizontal", text, confidence)


# Boxes


def test_box_measures() -> None:
    box = Box(2, 3, 12, 7)
    assert (box.width, box.height, box.area, box.center) == (10, 4, 40, (7, 5))
    assert box.shifted(1, -1) == Box(3, 2, 13, 6)
    assert box.scaled(2) == Box(4, 6, 24, 14)
    assert box.scaled(0.5, 2) == Box(1, 6, 6, 14)


def test_boxes_together() -> None:
    left, right = Box(0, 0, 10, 10), Box(5, 5, 15, 20)
    assert left.union(right) == Box(0, 0, 15, 20)
    assert left.intersection_area(right) == 25
    assert left.iou(right) == pytest.approx(25 / (100 + 150 - 25))
    assert left.intersection_area(Box(10, 0, 20, 10)) == 0
    assert left.iou(Box(50, 50, 60, 60)) == 0
    assert Box(1, 1, 1, 1).iou(Box(1, 1, 1, 1)) == 0


@given(boxes(), boxes())
@settings(deadline=None)
def test_box_laws(one: Box, other: Box) -> None:
    union = one.union(other)
    assert union == other.union(one) and union.union(one) == union
    assert one.intersection_area(other) == other.intersection_area(one)
    assert one.intersection_area(other) <= min(one.area, other.area)
    assert one.intersection_area(union) == one.area
    assert 0.0 <= one.iou(other) <= 1.0 + 1e-9
    if one.area:
        assert one.iou(one) == 1.0


def test_numbers_become_plain_floats() -> None:
    box = Box(np.float32(1), np.int64(2), 3, 4)
    assert all(type(side) is float for side in dataclasses.astuple(box))
    assert box == Box(1.0, 2.0, 3.0, 4.0) and hash(box) == hash(Box(1, 2, 3, 4))


@pytest.mark.parametrize(
    "sides", [(2, 0, 1, 1), (0, 2, 1, 1), (0, 0, math.nan, 1), (0, 0, math.inf, 1), ("0", 0, 1, 1)]
)
def test_boxes_inside_out_or_not_finite_are_refused(sides: tuple[Any, ...]) -> None:
    with pytest.raises(DataError):
        Box(*sides)


# Pages


def test_reading_order_is_regions_then_lines() -> None:
    first, second = Region(BOX, (line("a"), line("b"))), Region(BOX, (line("縦"),), "vertical")
    page = Page(100, 50, (first, second))
    assert [found.text for found in page.lines] == ["a", "b", "縦"]
    assert page.text == "a\nb\n縦" and first.text == "a\nb"
    assert Page(1, 1).text == "" and Page(1, 1).lines == ()


def test_unknown_confidence_is_none_never_zero() -> None:
    assert line("a").confidence is None
    assert Character("a", BOX).confidence is None
    assert Page(1, 1, (Region(BOX, (line("a"),)),)).confidence is None
    assert Page(1, 1).confidence is None
    known = Page(1, 1, (Region(BOX, (line("aaa", 0.5), line("b", 0.9), line("unknown"))),))
    assert known.confidence == pytest.approx((3 * 0.5 + 0.9) / 4)
    assert Page(1, 1, (Region(BOX, (line("a", 0.0),)),)).confidence == 0.0


def test_notes() -> None:
    page = Page(1, 1, notes=(("skew", 0.01), ("polarity", "inverted")))
    assert page.note("skew") == 0.01 and page.note("polarity") == "inverted" and page.note("turn") is None
    with pytest.raises(DataError, match="twice"):
        Page(1, 1, notes=(("skew", 1.0), ("skew", 2.0)))


def test_lists_are_frozen_into_tuples() -> None:
    given_as_lists = Line(BOX, "vertical", characters=[Character("a", BOX)], polygon=np.zeros((3, 2)))  # type: ignore[arg-type]
    assert given_as_lists.characters == (Character("a", BOX),) and given_as_lists.polygon == ((0.0, 0.0),) * 3
    assert isinstance(hash(given_as_lists), int)
    with pytest.raises(dataclasses.FrozenInstanceError):
        given_as_lists.text = "b"  # type: ignore[misc]


@pytest.mark.parametrize(
    "build",
    [
        lambda: line("a", 1.5),
        lambda: line("a", -0.1),
        lambda: line("a", math.nan),
        lambda: Line(BOX, "diagonal"),  # type: ignore[arg-type]
        lambda: Line((0, 0, 1, 1), "vertical"),  # type: ignore[arg-type]
        lambda: Line(BOX, "vertical", 5),  # type: ignore[arg-type]
        lambda: Character("a", BOX, alternatives=(("b", None),)),  # type: ignore[arg-type]
        lambda: Region(BOX, ("text",)),  # type: ignore[arg-type]
        lambda: Page(-1, 5),
        lambda: Page(1.5, 5),  # type: ignore[arg-type]
        lambda: Page(1, 1, notes=(("turned", True),)),
    ],
)
def test_wrong_values_are_refused(build: Any) -> None:
    with pytest.raises(DataError):
        build()


# The plain form


@given(pages)
@settings(max_examples=60, deadline=None)
def test_round_trip_through_json(page: Page) -> None:
    plain = json.loads(json.dumps(page.to_dict()))
    back = Page.from_dict(plain)
    assert back == page and hash(back) == hash(page)
    assert back.to_dict() == plain


def test_the_plain_form() -> None:
    character = Character("い", BOX, 0.75, (("り", 0.2),))
    page = Page(
        100, 50, (Region(BOX, (Line(BOX, "vertical", "い", 0.75, (character,), ((0, 0), (1, 2)), "hand"),)),), "a.png"
    )
    assert page.to_dict() == {
        "format": "tenarai-page",
        "version": 1,
        "width": 100,
        "height": 50,
        "source": "a.png",
        "notes": {},
        "regions": [
            {
                "box": [0, 0, 10, 4],
                "direction": "horizontal",
                "kind": "text",
                "lines": [
                    {
                        "box": [0, 0, 10, 4],
                        "direction": "vertical",
                        "text": "い",
                        "confidence": 0.75,
                        "source": "hand",
                        "polygon": [[0, 0], [1, 2]],
                        "characters": [
                            {"text": "い", "box": [0, 0, 10, 4], "confidence": 0.75, "alternatives": [["り", 0.2]]}
                        ],
                    }
                ],
            }
        ],
    }


def test_what_has_a_default_may_be_left_out() -> None:
    plain = {"format": "tenarai-page", "version": 1, "width": 9, "height": 9}
    assert Page.from_dict(plain) == Page(9, 9)
    plain["regions"] = [{"box": [0, 0, 1, 1], "lines": [{"box": [0, 0, 1, 1], "direction": "vertical"}]}]
    assert Page.from_dict(plain).lines == (Line(Box(0, 0, 1, 1), "vertical"),)


def test_a_newer_version_says_to_upgrade() -> None:
    with pytest.raises(DataError, match="version 2, this tenarai knows up to 1: upgrade"):
        Page.from_dict({**Page(1, 1).to_dict(), "version": 2})


@pytest.mark.parametrize(
    "change",
    [
        {"format": "hocr"},
        {"version": "1"},
        {"version": True},
        {"version": 0},
        {"width": None},
        {"width": "wide"},
        {"height": -4},
        {"regions": None},
        {"regions": "text"},
        {"regions": [5]},
        {"regions": [{}]},
        {"regions": [{"box": [1, 2, 3]}]},
        {"regions": [{"box": [3, 2, 1, 4]}]},
        {"regions": [{"box": [0, 0, 1, 1], "lines": [{"box": [0, 0, 1, 1]}]}]},
        {"regions": [{"box": [0, 0, 1, 1], "lines": [{"box": [0, 0, 1, 1], "direction": "vertical", "confidnce": 1}]}]},
        {"regions": [{"box": [0, 0, 1, 1], "lines": [{"box": [0, 0, 1, 1], "direction": "up"}]}]},
        {"notes": [1, 2]},
        {"colour": "red"},
    ],
)
def test_damage_is_our_error(change: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        Page.from_dict({**Page(5, 5).to_dict(), **change})


LINE = {"box": [0, 0, 1, 1], "direction": "vertical"}


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ({"box": [1, 2]}, r"The box of region 1 is \[1, 2\], it must be four numbers: left, top, right, bottom"),
        ({"box": None}, "The box of region 1 is None"),
        ({}, "There is no box in region 1"),
        ({"box": [0, 0, 1, 1], "lines": [LINE, {**LINE, "box": 5}]}, "The box of line 2 of region 1 is 5"),
        ({"box": [0, 0, 1, 1], "lines": [{"box": [0, 0, 1, 1]}]}, "There is no direction in line 1 of region 1"),
        ({"box": [0, 0, 1, 1], "lines": [{**LINE, "confidnce": 1}]}, "'confidnce' of line 1 .* mean confidence"),
        ({"box": [0, 0, 1, 1], "lines": {"a": LINE}}, "The lines of region 1 are .* must be a list"),
        ({"box": [0, 0, 1, 1], "lines": ["a" * 999]}, r"expected for line 1 of region 1, not 'a{56}\.\.\.\."),
        ({"box": [0, 0, 1, 1], "lines": [{**LINE, "polygon": [[1, 2], [3]]}]}, r"polygon is \[3\], .* two numbers"),
        (
            {"box": [0, 0, 1, 1], "lines": [{**LINE, "characters": [{"text": "a", "box": [0, 0, 1]}]}]},
            "The box of character 1 of line 1 of region 1 is",
        ),
        (
            {
                "box": [0, 0, 1, 1],
                "lines": [{**LINE, "characters": [{"text": "a", "box": [0, 0, 1, 1], "alternatives": ["bcd"]}]}],
            },
            "An alternative is 'bcd', it must be a text and its confidence",
        ),
    ],
)
def test_what_is_wrong_is_named_and_where(region: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        Page.from_dict({**Page(5, 5).to_dict(), "regions": [region]})


@pytest.mark.parametrize(
    ("source", "picture"),
    [
        ("a.png", ("a.png", 1)),
        ("two.tif#2", ("two.tif", 2)),
        ("C:\\scans\\two.tif#12", ("C:\\scans\\two.tif", 12)),
        ("a#1.pdf#3", ("a#1.pdf", 3)),
        ("[x]#2.png", ("[x]#2.png", 1)),
        ("a.png#", ("a.png#", 1)),
        ("a.png#0", ("a.png#0", 1)),
        ("a.png#２", ("a.png#２", 1)),
        ("#2", ("", 2)),
        ("", ("", 1)),
    ],
)
def test_a_source_names_a_picture_and_its_page(source: str, picture: tuple[str, int]) -> None:
    assert picture_of(source) == picture


def test_something_else_is_our_error() -> None:
    for other in ([], None, "page", {}):
        with pytest.raises(DataError, match="not a page of tenarai"):
            Page.from_dict(other)  # type: ignore[arg-type]
    missing = Page(5, 5).to_dict()
    del missing["width"]
    with pytest.raises(DataError, match="width"):
        Page.from_dict(missing)
