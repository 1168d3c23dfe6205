"""Practice sheets: the cells are found where they were drawn, and no rule is left in them."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.image.clean import Gray, binarised
from tenarai.page.grid import find_grid

Edges = list[int]


def sign(picture: Gray, left: float, top: float, side: float, pen: int = 3) -> None:
    for points in ([(0.1, 0.3), (0.9, 0.3), (0.75, 0.9)], [(0.5, 0.1), (0.15, 0.9)]):
        at = np.rint(np.array([(left, top)]) + np.array(points) * side).astype(np.int32)
        cv2.polylines(picture, [at], False, 20, pen, cv2.LINE_AA)


def sheet(
    xs: Edges, ys: Edges, thick: int = 1, shade: int = 90, empty: frozenset[tuple[int, int]] = frozenset()
) -> Gray:
    """Rules at these places, a sign in every cell between them but the empty ones."""
    picture = np.full((ys[-1] + 25, xs[-1] + 30), 255, np.uint8)
    for x in xs:
        cv2.line(picture, (x, ys[0]), (x, ys[-1]), shade, thick)
    for y in ys:
        cv2.line(picture, (xs[0], y), (xs[-1], y), shade, thick)
    for row, (top, bottom) in enumerate(pairwise(ys)):
        for column, (left, right) in enumerate(pairwise(xs)):
            side = min(bottom - top, right - left)
            if (row, column) not in empty and side > 25:
                sign(picture, left + 0.15 * side, top + 0.15 * side, 0.7 * side)
    return picture


@settings(deadline=None, max_examples=25)
@given(st.integers(2, 7), st.integers(2, 7), st.integers(40, 90), st.integers(1, 3), st.sampled_from([30, 120, 200]))
def test_cells_lie_between_the_rules(columns: int, rows: int, side: int, thick: int, shade: int) -> None:
    xs = [20 + i * side for i in range(columns + 1)]
    ys = [15 + i * side for i in range(rows + 1)]
    grid = find_grid(sheet(xs, ys, thick, shade))
    assert grid.ruled and [len(row) for row in grid.cells] == [columns] * rows
    for row, top in zip(grid.cells, ys, strict=False):
        for cell, left in zip(row, xs, strict=False):
            middle = cell.center
            assert middle == (pytest.approx(left + side / 2, abs=2), pytest.approx(top + side / 2, abs=2))
            assert 0.85 * side < cell.width < side


def test_rules_are_not_left_in_the_cells() -> None:
    picture = sheet([10, 80, 150], [10, 80, 150, 220], thick=3, empty=frozenset({(0, 1), (2, 0)}))
    grid = find_grid(picture)
    for r, row in enumerate(grid.cells):
        for c, cell in enumerate(row):
            cut = grid.picture[int(cell.top) : int(cell.bottom), int(cell.left) : int(cell.right)]
            assert bool(binarised(cut).sum() > 40 and cut.min() < 100) == ((r, c) not in {(0, 1), (2, 0)})


def test_strips_for_furigana_are_no_cells() -> None:
    ys, y = [], 12
    for _ in range(4):
        ys += [y, y + 60]
        y += 60 + 18
    grid = find_grid(sheet([10 + 60 * i for i in range(6)], ys))
    assert [len(row) for row in grid.cells] == [5] * 4
    assert all(cell.height > 50 for row in grid.cells for cell in row)


def test_characters_without_rules_are_cut_at_their_gaps() -> None:
    picture = np.full((200, 500), 255, np.uint8)
    for row, count in ((20, 6), (110, 4)):
        for i in range(count):
            sign(picture, 20 + i * 78, row, 55)
    grid = find_grid(picture)
    assert not grid.ruled and [len(row) for row in grid.cells] == [6, 4]


def test_a_single_character_is_one_cell() -> None:
    picture = np.full((100, 100), 255, np.uint8)
    sign(picture, 20, 20, 60, 5)
    assert [len(row) for row in find_grid(picture).cells] == [1]


def test_blank_paper_has_no_cell() -> None:
    assert find_grid(np.full((80, 90), 255, np.uint8)).cells == ()
