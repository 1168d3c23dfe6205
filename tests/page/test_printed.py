"""Squares of a line that are judged: all of it is seen, paper says nothing, and the whole is the mean of its parts."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from tenarai.image.clean import Gray
from tenarai.page.printed import SIDE, SQUARES, print_chances, squares_of


def line(width: int, ink: int = 255) -> Gray:
    """Dark stripes on paper."""
    picture = np.full((SIDE, width), 255, np.uint8)
    picture[10:40, ::5] = 255 - ink
    return picture


def darkness(squares: Sequence[Gray]) -> npt.NDArray[np.float64]:
    return np.array([1 - square.mean() / 255 for square in squares])


@given(st.integers(1, 3000))
def test_squares_reach_from_end_to_end(width: int) -> None:
    squares = squares_of(line(width))
    assert 1 <= len(squares) <= SQUARES
    assert all(square.shape == (SIDE, SIDE) and square.dtype == np.uint8 for square in squares)
    if width >= 2 * SIDE:
        assert np.array_equal(squares[0], line(width)[:, :SIDE])
        assert np.array_equal(squares[-1], line(width)[:, -SIDE:])


def test_a_short_line_stands_in_the_middle_of_its_square() -> None:
    (square,) = squares_of(line(SIDE - 20))
    assert np.array_equal(square[:, 10 : SIDE - 10], line(SIDE - 20))


def test_paper_says_nothing() -> None:
    assert squares_of(line(400, ink=0)) == []
    half = np.hstack((line(5 * SIDE), line(5 * SIDE, ink=0)))
    assert len(squares_of(half)) == 5


def test_a_line_is_the_mean_of_its_squares_and_blank_ones_are_not_print() -> None:
    lines = [line(3 * SIDE), line(400, ink=0), line(7 * SIDE, ink=100)]
    first, blank, last = print_chances(lines, darkness)
    assert first == np.mean(darkness(squares_of(lines[0])))
    assert blank == 0.0
    assert last == np.mean(darkness(squares_of(lines[2])))
    assert print_chances([], darkness) == []
