"""Columns are parted where small characters stand side by side, straight or slanting, and nowhere else."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenarai.page.layout import Box, Character, Line
from tenarai.page.warichu import parted, with_halves

WIDTH = 40.0


def column(bottom: float, lean: float = 0.0) -> Line:
    """From 0 to `bottom`, 100 from the left; `lean` pixels to the right for each down."""
    off = lean * bottom
    outline = ((100.0, 0.0), (100.0 + off, bottom), (100.0 + WIDTH + off, bottom), (100.0 + WIDTH, 0.0))
    xs = [x for x, _ in outline]
    return Line(Box(min(xs), 0, max(xs), bottom), "vertical", polygon=outline, source="detector")


def written(rows: str, lean: float = 0.0) -> list[Character]:
    """Characters from the top, a row each: `O` a large one, `=` two small ones side by side, `r` and `l` a small one in
    its half."""
    found, y = [], 0.0
    for row in rows:
        high = 36.0 if row == "O" else 20.0
        x = 100.0 + lean * (y + high / 2)
        places = {"O": ((2, 36),), "=": ((22, 17), (1, 17)), "r": ((22, 17),), "l": ((1, 17),)}[row]
        found += [Character("", Box(x + left, y + 1, x + left + wide, y + high - 1)) for left, wide in places]
        y += high
    return found


def height(rows: str) -> float:
    return sum(36.0 if row == "O" else 20.0 for row in rows)


@pytest.mark.parametrize("lean", [0.0, 0.1, -0.1])
def test_a_double_line_is_parted_into_its_halves_and_what_stands_around_it(lean: float) -> None:
    rows = "OOO===OO"
    before, right, left, after = parted(column(height(rows), lean), written(rows, lean))
    assert before.box.top == 0 and before.box.bottom == pytest.approx(107) and after.box.bottom == height(rows)
    assert right.box.top == left.box.top == pytest.approx(109) and after.box.top == pytest.approx(169)
    assert right.box.left > left.box.left and right.box.iou(left.box) < 0.2
    assert all(piece.direction == "vertical" and piece.source == "detector" for piece in (before, right, left, after))


@pytest.mark.parametrize("rows", ["=", "O=", "=O", "OO=OO"])
def test_one_character_in_each_half_is_enough(rows: str) -> None:
    pieces = parted(column(height(rows)), written(rows))
    assert len(pieces) == 2 + (rows[0] == "O") + (rows[-1] == "O")


def test_the_longer_half_keeps_its_last_characters() -> None:
    rows = "O==rrOO"
    _, right, left, _ = parted(column(height(rows)), written(rows))
    assert right.box.bottom - left.box.bottom == pytest.approx(40)


def test_each_double_line_of_a_column_is_parted() -> None:
    rows = "O==OO=O"
    assert len(parted(column(height(rows)), written(rows))) == 7


@pytest.mark.parametrize("rows", ["OOOO", "OrOlO", "", "rrrr"])
def test_a_column_without_pairs_stays_as_it_is(rows: str) -> None:
    line = column(max(height(rows), 50))
    assert parted(line, written(rows)) == [line]


def test_the_parts_of_a_large_character_are_no_pair() -> None:
    line = column(200)
    tree = [Character("", Box(102, 50, 119, 88)), Character("", Box(121, 50, 138, 88))]
    assert parted(line, tree) == [line]


def test_a_column_without_outline_is_parted_in_its_box_and_rows_are_left_alone() -> None:
    rows = "O=O"
    line = Line(Box(100, 0, 140, height(rows)), "vertical")
    row = Line(Box(0, 0, 300, 20), "horizontal")
    first, *pieces = with_halves([row, line], written(rows))
    assert first == row and len(pieces) == 4


@given(st.text("O=rl", min_size=1, max_size=12), st.sampled_from((0.0, 0.1, -0.2)))
def test_pieces_lie_in_their_column_one_below_the_other(rows: str, lean: float) -> None:
    line = column(height(rows), lean)
    pieces = parted(line, written(rows, lean))
    assert pieces
    for piece in pieces:
        assert line.box.top <= piece.box.top < piece.box.bottom <= line.box.bottom
        assert line.box.left - 1 <= piece.box.left < piece.box.right <= line.box.right + 1
        xs, ys = zip(*piece.polygon, strict=True)
        assert min(xs) == pytest.approx(piece.box.left) and max(ys) == pytest.approx(piece.box.bottom)
    if lean == 0:
        smaller = (min(a.box.area, b.box.area) for a, b in itertools.combinations(pieces, 2))
        shared = (a.box.intersection_area(b.box) for a, b in itertools.combinations(pieces, 2))
        assert all(part < 0.3 * least for part, least in zip(shared, smaller, strict=True))
