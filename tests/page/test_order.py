"""Reading order on generated pages of every kind that archives hold, with uneven hands."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.errors import DataError
from tenarai.page.layout import Box, Direction, Line, Region
from tenarai.page.order import note_hosts, order_lines

Rng = np.random.Generator
SIZE = 40.0
seeds = st.integers(0, 10_000)
many = settings(max_examples=25, deadline=None)


def line(text: str, left: float, top: float, right: float, bottom: float, direction: Direction = "horizontal") -> Line:
    polygon = ((left, top), (right, top), (right, bottom), (left, bottom))
    return Line(Box(left, top, right, bottom), direction, text, polygon=polygon)


def rows(
    name: str, rng: Rng, left: float, top: float, width: float, count: int, size: float = SIZE, pitch: float = 1.6
) -> list[Line]:
    """Lines one under the other: uneven left edges, heights and lengths, the last short."""
    found = []
    for number in range(count):
        start = left + abs(rng.normal(0, 0.3)) * size
        length = width * (rng.uniform(0.75, 0.95) if number < count - 1 else rng.uniform(0.15, 0.9))
        y = top + (number * pitch + rng.normal(0, 0.07)) * size
        found.append(line(f"{name}{number}", start, y, start + length, y + size * rng.uniform(0.85, 1.15)))
    return found


def columns(
    name: str, rng: Rng, right: float, top: float, height: float, count: int, size: float = SIZE, pitch: float = 1.6
) -> list[Line]:
    """The same turned a quarter to the right: columns from right to left."""
    found = []
    for row in rows(name, rng, top, -right, height, count, size, pitch):
        box = row.box
        found.append(line(row.text, -box.bottom, box.left, -box.top, box.right, "vertical"))
    return found


def turned(lines: Sequence[Line], angle: float) -> list[Line]:
    """The page skewed about its origin: polygons turn, boxes go around them."""
    cos, sin = math.cos(angle), math.sin(angle)
    found = []
    for one in lines:
        polygon = tuple((x * cos - y * sin, x * sin + y * cos) for x, y in one.polygon)
        xs, ys = zip(*polygon, strict=True)
        found.append(replace(one, box=Box(min(xs), min(ys), max(xs), max(ys)), polygon=polygon))
    return found


def texts(regions: Sequence[Region]) -> list[str]:
    return [one.text for region in regions for one in region.lines]


def shuffled(lines: Sequence[Line], rng: Rng) -> list[Line]:
    return [lines[i] for i in rng.permutation(len(lines))]


# Kinds of pages: the lines in the order in which one reads them


def letter(rng: Rng) -> list[Line]:
    width = 900.0
    date = line("date", 700, 0, 900, 40)
    to = line("to", 10, 80, 300, 120)
    body = rows("body", rng, 0, 180, width, int(rng.integers(3, 14)))
    end = body[-1].box.bottom + rng.uniform(0.5, 2) * SIZE
    return [date, to, *body, line("from", 600, end, 880, end + SIZE)]


def two_columns(rng: Rng) -> list[Line]:
    """Under a heading; rows of the two sides level with each other or not."""
    offset = rng.uniform(0, 1.6) * SIZE if rng.random() < 0.5 else 0.0
    pitch = float(rng.uniform(1.3, 2.2))
    left = rows("left", rng, 0, 200, 450, int(rng.integers(4, 12)), pitch=pitch)
    right = rows("right", rng, 540, 200 + offset, 450, int(rng.integers(4, 12)), pitch=pitch)
    return [line("head", 150, 60, 850, 130), *left, *right]


def vertical_letter(rng: Rng) -> list[Line]:
    return columns("column", rng, 1200, 100, 900, int(rng.integers(2, 14)), pitch=float(rng.uniform(1.2, 2.2)))


def two_blocks(rng: Rng) -> list[Line]:
    """Two dan of vertical writing under each other, beside a title over both."""
    pitch = float(rng.uniform(1.3, 2.2))
    upper = columns("upper", rng, 1100, 0, 450, int(rng.integers(4, 12)), pitch=pitch)
    lower = columns("lower", rng, 1100 - rng.uniform(0, 1.5) * SIZE, 540, 450, int(rng.integers(4, 12)), pitch=pitch)
    return [line("title", 1150, 100, 1220, 900, "vertical"), *upper, *lower]


def letter_with_address(rng: Rng) -> list[Line]:
    """Vertical writing, and a horizontal address under its left end or to its left."""
    body = columns("column", rng, 1200, 0, 800, int(rng.integers(5, 10)))
    if rng.random() < 0.5:
        return [*body, *rows("address", rng, 0, 900, 350, 3)]
    return [*body, *rows("address", rng, min(one.box.left for one in body) - 500, 500, 350, 3)]


def headline(rng: Rng) -> list[Line]:
    """A horizontal headline over vertical columns."""
    return [line("headline", 100, 0, 1000, 60), *columns("column", rng, 1050, 140, 700, int(rng.integers(4, 12)))]


KINDS: list[Callable[[Rng], list[Line]]] = [
    letter,
    two_columns,
    vertical_letter,
    two_blocks,
    letter_with_address,
    headline,
]


@pytest.mark.parametrize("kind", KINDS)
@many
@given(seed=seeds)
def test_pages_come_in_reading_order(kind: Callable[[Rng], list[Line]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    lines = kind(rng)
    regions = order_lines(shuffled(lines, rng))
    assert texts(regions) == texts([Region(lines[0].box, tuple(lines))])
    for region in regions:
        assert all(region.direction == one.direction for one in region.lines)
        assert region.box.left == min(one.box.left for one in region.lines)
        assert region.box.bottom == max(one.box.bottom for one in region.lines)


@pytest.mark.parametrize("kind", KINDS)
@many
@given(seed=seeds, angle=st.floats(-0.06, 0.06))
def test_a_skewed_page_is_read_like_a_level_one(kind: Callable[[Rng], list[Line]], seed: int, angle: float) -> None:
    rng = np.random.default_rng(seed)
    lines = kind(rng)
    assert texts(order_lines(shuffled(turned(lines, angle), rng))) == [one.text for one in lines]


@pytest.mark.parametrize("angle", [-0.02, 0.02])
@pytest.mark.parametrize("kind", [letter, vertical_letter])
def test_a_little_skew_does_no_harm_without_polygons(kind: Callable[[Rng], list[Line]], angle: float) -> None:
    lines = [replace(one, polygon=()) for one in turned(kind(np.random.default_rng(3)), angle)]
    assert texts(order_lines(lines)) == [one.text for one in lines]


@pytest.mark.parametrize("kind", KINDS)
@many
@given(seed=seeds, scale=st.sampled_from([0.25, 0.5, 2.0, 8.0]), x=st.integers(-9999, 9999), y=st.integers(-9999, 9999))
def test_the_order_does_not_depend_on_place_scale_or_input(
    kind: Callable[[Rng], list[Line]], seed: int, scale: float, x: int, y: int
) -> None:
    rng = np.random.default_rng(seed)
    lines = [replace(one, polygon=()) for one in kind(rng)]
    moved = [
        replace(one, box=Box(*(round(v * 8) / 8 for v in (b.left, b.top, b.right, b.bottom))))
        for one in lines
        for b in [one.box]
    ]
    first = texts(order_lines(moved))
    assert sorted(first) == sorted(one.text for one in lines)
    changed = [replace(one, box=one.box.shifted(x, y).scaled(scale)) for one in moved]
    assert texts(order_lines(shuffled(changed, rng))) == first


@many
@given(st.lists(st.tuples(*[st.integers(0, 60)] * 4, st.booleans()), max_size=25), seeds)
def test_nothing_is_lost_or_doubled_however_boxes_lie(boxes: list[tuple[int, int, int, int, bool]], seed: int) -> None:
    lines = [
        line(str(i), x, y, x + w, y + h, "vertical" if vertical else "horizontal")
        for i, (x, y, w, h, vertical) in enumerate(boxes)
    ]
    regions = order_lines(lines)
    assert sorted(texts(regions)) == sorted(one.text for one in lines)
    assert order_lines(shuffled(lines, np.random.default_rng(seed))) == regions
    assert len(note_hosts(lines)) == len(lines)


def test_no_line_is_no_region() -> None:
    assert order_lines([]) == ()


# Notes


@many
@given(seed=seeds)
def test_furigana_stay_apart_and_with_their_column(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lines = columns("column", rng, 1200, 0, 900, 8, pitch=2.0)
    notes, hosts = [], []
    for one in lines:
        start = one.box.top
        for part in range(int(rng.integers(0, 3))):
            length = rng.uniform(0.5, 2.0) * SIZE
            left, top = one.box.right + rng.uniform(-0.05, 0.12) * SIZE, start + rng.uniform(0, 1.5) * SIZE
            if top + length > one.box.bottom:
                break
            width = rng.uniform(0.35, 0.5) * SIZE
            notes.append(line(f"{one.text} ruby {part}", left, top, left + width, top + length, "vertical"))
            hosts.append(one.text)
            start = top + length + 0.3 * SIZE
    every = shuffled([*lines, *notes], rng)
    found = [None if host is None else every[host].text for host in note_hosts(every)]
    expected = {note.text: host for note, host in zip(notes, hosts, strict=True)}
    assert found == [expected.get(one.text) for one in every]
    regions = order_lines(every)
    assert [region.kind for region in regions] == ["text", "note"][: 1 + bool(notes)]
    assert texts(regions[:1]) == [one.text for one in lines]
    assert texts(regions[1:]) == [one.text for one in notes]


def test_furigana_of_a_row_stand_above_it() -> None:
    lines = [line(f"row{i}", 0, 80 * i, 600, 80 * i + 40) for i in range(3)]
    ruby = [line(f"ruby{i}", 50, 80 * i - 20, 120, 80 * i - 2) for i in range(3)]
    every = [*ruby, *lines]
    assert note_hosts(every) == (3, 4, 5, None, None, None)
    assert texts(order_lines(every)) == ["row0", "row1", "row2", "ruby0", "ruby1", "ruby2"]


def test_small_print_under_a_heading_is_no_note() -> None:
    heading = line("heading", 0, 0, 600, 60)
    lines = [line(f"row{i}", 0, 70 + 40 * i, 590, 98 + 40 * i) for i in range(5)]
    assert note_hosts([heading, *lines]) == (None,) * 6


def test_two_small_columns_inside_a_column_are_read_in_its_place() -> None:
    """Warichu: right half, left half, and on with the large script."""
    parts = [
        line("large", 100, 0, 140, 300, "vertical"),
        line("right half", 121, 310, 140, 500, "vertical"),
        line("left half", 100, 310, 119, 480, "vertical"),
        line("large again", 100, 510, 140, 800, "vertical"),
        line("next", 20, 0, 60, 800, "vertical"),
    ]
    assert texts(order_lines(parts[::-1])) == [part.text for part in parts]


@pytest.mark.parametrize("seed", range(20))
def test_short_double_lines_are_read_in_their_column_beside_a_close_one(seed: int) -> None:
    """Warichu: piece, right half, left half, next piece - and no notes on leaning neighbours, whose boxes are wide."""
    rng = np.random.default_rng(seed)
    found = [line("first", 96, 0, 152, 1000, "vertical")]
    y, number = 0.0, 0
    while y < 600:
        number += 1
        end = y + rng.uniform(60, 200)
        found.append(line(f"piece {number}", 58, y, 90, end, "vertical"))
        y, end = end + rng.uniform(4, 20), end + rng.uniform(50, 150)
        found.append(line(f"right {number}", 75, y, 93, end, "vertical"))
        found.append(line(f"left {number}", 54, y, 72, y + rng.uniform(0.6, 1) * (end - y), "vertical"))
        y = end + rng.uniform(4, 20)
    found.append(line("last", -8, 0, 48, 1000, "vertical"))
    assert texts(order_lines(shuffled(found, rng))) == [one.text for one in found]


# Marginalia


@many
@given(seed=seeds)
def test_headnotes_come_last(seed: int) -> None:
    rng = np.random.default_rng(seed)
    body = columns("column", rng, 1200, 300, 900, int(rng.integers(6, 12)))
    notes = columns("head", rng, 1200 - rng.uniform(0, 200), 60, 180, int(rng.integers(1, 6)), size=0.55 * SIZE)
    regions = order_lines(shuffled([*body, *notes], rng))
    assert texts(regions) == [one.text for one in [*body, *notes]]
    assert [region.kind for region in regions] == ["text", "margin"]


@many
@given(seed=seeds)
def test_notes_beside_rows_come_last(seed: int) -> None:
    rng = np.random.default_rng(seed)
    body = rows("row", rng, 400, 0, 900, int(rng.integers(6, 14)))
    notes = rows("side", rng, 60, rng.uniform(0, 250), 280, 2, size=0.6 * SIZE)
    assert texts(order_lines(shuffled([*body, *notes], rng))) == [one.text for one in [*body, *notes]]


# Forms and known regions


def test_labels_and_values_closer_than_rows_are_read_row_by_row() -> None:
    lines = []
    for number in range(5):
        top = 100.0 * number
        lines += [line(f"label{number}", 0, top, 120 + 5 * number, top + 40)]
        lines += [line(f"value{number}", 190, top + 4, 380 + 20 * number, top + 42)]
    assert texts(order_lines(lines[::-1])) == [one.text for one in lines]


def test_known_regions_keep_their_box_and_kind() -> None:
    body = [line(f"body{i}", 0, 100 + 60 * i, 900, 140 + 60 * i) for i in range(4)]
    cells = [line(f"cell{i}", 10 + 300 * i, 415, 200 + 300 * i, 455) for i in range(3)]
    figure = Region(Box(0, 600, 900, 900), kind="figure")
    places = [
        figure,
        *[Region(Box(300 * i, 400, 300 * i + 290, 470), kind="cell") for i in (2, 0, 1)],
        Region(Box(-5, 90, 905, 330), kind="paragraph"),
    ]
    stray = line("stray", 0, 950, 300, 990)
    regions = order_lines([stray, *cells, *body], places)
    assert [region.kind for region in regions] == ["paragraph", "cell", "cell", "cell", "figure", "text"]
    assert texts(regions) == [one.text for one in [*body, *cells, stray]]
    assert regions[0].box == places[-1].box and figure in regions


def test_rows_in_regions_are_read_region_by_region() -> None:
    """Rows of two known columns too close to be told apart by their gap."""
    places = [Region(Box(0, 0, 295, 500)), Region(Box(296, 0, 600, 500))]
    left = [line(f"left{i}", 0, 80 * i, 290, 80 * i + 40) for i in range(5)]
    right = [line(f"right{i}", 300, 80 * i, 590, 80 * i + 40) for i in range(5)]
    assert texts(order_lines([*right, *left], places)) == [one.text for one in [*left, *right]]


def test_overlapping_lines_are_ordered_by_precedence() -> None:
    """A pinwheel: no straight cut parts it."""
    places = {"a": (0, 0, 60, 54), "b": (62, 0, 100, 100), "d": (0, 56, 34, 150), "e": (36, 102, 100, 176)}
    lines = [line(name, *place) for name, place in places.items()]
    assert texts(order_lines(lines)) == ["a", "d", "b", "e"]


def test_what_is_no_line_is_refused() -> None:
    with pytest.raises(DataError, match="Line objects"):
        order_lines([Box(0, 0, 1, 1)])  # type: ignore[list-item]
